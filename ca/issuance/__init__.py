"""Issuance: from a request to a certificate, in an order that survives crashes. What other rooms may use of it."""

from ca.issuance.acceptance import require_free
from ca.issuance.chunks import issue, issue_many
from ca.issuance.continuation import left_behind, mark_continued, ripe_continuations
from ca.issuance.issuing import Outcome
from ca.issuance.request import find, find_all, request, request_all
from ca.issuance.signing import sign, signing
from ca.issuance.terms import (
    lease,
    newest_generation,
    policy,
    responder_url,
    signing_generation,
    take_serial_number,
)

__all__ = [
    "Outcome",
    "find",
    "find_all",
    "issue",
    "issue_many",
    "lease",
    "left_behind",
    "mark_continued",
    "newest_generation",
    "policy",
    "request",
    "request_all",
    "require_free",
    "responder_url",
    "ripe_continuations",
    "sign",
    "signing",
    "signing_generation",
    "take_serial_number",
]
