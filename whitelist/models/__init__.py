"""Rows of the register: relying parties, and what each may do."""

from whitelist.models.attachment import Attachment
from whitelist.models.case import Case, CaseSection, CaseVersion
from whitelist.models.case_message import CaseMessage, CaseReading
from whitelist.models.case_remark import CaseRemark
from whitelist.models.conformance_report import ConformanceReport
from whitelist.models.credential import AccessToken, Credential, UsedAssertion
from whitelist.models.delegation import Delegation
from whitelist.models.logo import Logo
from whitelist.models.ministerial_certification import MinisterialCertification
from whitelist.models.organisation import Organisation
from whitelist.models.probe import ProbeResult, ProbeRun
from whitelist.models.purpose_of_use import PurposeOfUse
from whitelist.models.register import RegisterRecord, RegisterStatement
from whitelist.models.registered_application import RegisteredApplication
from whitelist.models.relying_party import RelyingParty
from whitelist.models.review import CheckAnswer, EndingNotice, EntryNotice, EntryProposal, Proposal, Review, Suspension
from whitelist.models.verification import VerificationLog

__all__ = [
    "AccessToken",
    "Attachment",
    "Case",
    "CaseMessage",
    "CaseReading",
    "CaseRemark",
    "CaseSection",
    "CaseVersion",
    "CheckAnswer",
    "ConformanceReport",
    "Credential",
    "Delegation",
    "EndingNotice",
    "EntryNotice",
    "EntryProposal",
    "Logo",
    "MinisterialCertification",
    "Organisation",
    "ProbeResult",
    "ProbeRun",
    "Proposal",
    "PurposeOfUse",
    "RegisterRecord",
    "RegisterStatement",
    "RegisteredApplication",
    "RelyingParty",
    "Review",
    "Suspension",
    "UsedAssertion",
    "VerificationLog",
]
