"""The rows of the `ca` app, one noun a file."""

from ca.models.authority import Authority, Generation, ResponderKey
from ca.models.card_order import CardOrder
from ca.models.certificate import Certificate
from ca.models.crl import Crl
from ca.models.holder import Holder
from ca.models.issuance import Issuance
from ca.models.journal import JournalEntry, JournalHead, JournalNode, JournalSeal
from ca.models.journal_watch import JournalWatch
from ca.models.key_use import KeyUse
from ca.models.linkage import CardRevocation, Recheck
from ca.models.lint import PkilintPass
from ca.models.lost_certificate import LostCertificate
from ca.models.partition import Partition
from ca.models.realm import Realm
from ca.models.status_answer import StatusAnswer

__all__ = [
    "Authority",
    "CardOrder",
    "CardRevocation",
    "Certificate",
    "Crl",
    "Generation",
    "Holder",
    "Issuance",
    "JournalEntry",
    "JournalHead",
    "JournalNode",
    "JournalSeal",
    "JournalWatch",
    "KeyUse",
    "LostCertificate",
    "Partition",
    "PkilintPass",
    "Realm",
    "Recheck",
    "ResponderKey",
    "StatusAnswer",
]
