"""The causes: why a certificate stops to be valid, as the law and the steps of issuing have them. A table.

What becomes of a certificate that a cause befalls, `ca.revocation` says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from cryptography.x509 import ReasonFlags
from django.db.models import TextChoices

from ca.models import Certificate
from ca.profiles import Medium, Purpose


class Event(StrEnum):
    """What can befall a certificate."""

    ACTIVATE = "activate"
    HOLD = "hold"
    RELEASE = "release"
    REVOKE = "revoke"


class Cause(TextChoices):
    """Why a certificate is not, or no longer, valid: the grounds of the law and the steps of issuing."""

    HOLDER_REQUEST = "holder_request"
    KEY_COMPROMISE = "key_compromise"
    AUTHORITY_KEY_COMPROMISE = "authority_key_compromise"
    ATTRIBUTES_CHANGED = "attributes_changed"
    RECORD_ERROR = "record_error"
    DEATH = "death"
    PHONE_USE_ENDED = "phone_use_ended"
    CARD_CERTIFICATE_REVOKED = "card_certificate_revoked"
    SUPERSEDED = "superseded"
    NOT_DELIVERED = "not_delivered"
    LOSS = "loss"
    AWAITING_ACTIVATION = "awaiting_activation"
    EXPIRY = "expiry"


class Party(StrEnum):
    """Who brings a cause."""

    HOLDER = "holder"  # by the phone, or signed with the card
    OFFICER = "officer"  # of a municipality or of the authorities, by a decision with a name and a ground
    HELP_DESK = "help_desk"  # having made sure who calls
    SYSTEM = "system"  # the authorities' own rules: issuing, linkage


@dataclass(frozen=True)
class Rule:
    """What a cause does: its RFC 5280 reason, the events that it can bring and who may bring each, media, purposes.

    It can be undone when RELEASE is among the events; a revocation never can.
    """

    reason: ReasonFlags
    events: Mapping[Event, frozenset[Party]]
    media: frozenset[Medium] = frozenset(Medium)
    purposes: frozenset[Purpose] = frozenset(Purpose)

    def concerns(self, certificate: Certificate) -> bool:
        """Tell whether the cause can be one of this certificate's, by what it is."""
        return certificate.medium in self.media and certificate.purpose in self.purposes


def _revoked_by(*parties: Party) -> Mapping[Event, frozenset[Party]]:
    return {Event.REVOKE: frozenset(parties)}


_HOLDER, _OFFICER, _HELP_DESK, _SYSTEM = Party
_PHONE = frozenset({Medium.PHONE})
_SIGNATURE = frozenset({Purpose.SIGNATURE})

# Grounds: 公的個人認証法 15条 and the briefing; reasons as J-LIS uses them, jpki-facts 2. [G] where it does not say.
# tests/ca/expected/causes.txt shows the table.
RULES: Mapping[str, Rule] = {
    # 本人申請: an officer enters what a holder applies for at the counter.
    Cause.HOLDER_REQUEST: Rule(ReasonFlags.cessation_of_operation, _revoked_by(_HOLDER, _OFFICER)),
    # 秘密鍵漏えい等届出
    Cause.KEY_COMPROMISE: Rule(ReasonFlags.key_compromise, _revoked_by(_HOLDER, _OFFICER)),
    Cause.AUTHORITY_KEY_COMPROMISE: Rule(ReasonFlags.ca_compromise, _revoked_by(_OFFICER)),
    # 異動等, told by the residents' register; the user authentication certificate names none of them and survives.
    Cause.ATTRIBUTES_CHANGED: Rule(ReasonFlags.affiliation_changed, _revoked_by(_OFFICER), purposes=_SIGNATURE),
    Cause.RECORD_ERROR: Rule(ReasonFlags.affiliation_changed, _revoked_by(_OFFICER)),  # [G]
    Cause.DEATH: Rule(ReasonFlags.cessation_of_operation, _revoked_by(_OFFICER)),  # [G]
    # 移動端末設備の使用停止
    Cause.PHONE_USE_ENDED: Rule(ReasonFlags.cessation_of_operation, _revoked_by(_HOLDER, _OFFICER), _PHONE),
    # 連動失効
    Cause.CARD_CERTIFICATE_REVOKED: Rule(ReasonFlags.cessation_of_operation, _revoked_by(_SYSTEM), _PHONE),  # [G]
    Cause.SUPERSEDED: Rule(ReasonFlags.superseded, _revoked_by(_SYSTEM)),
    # 交付前に破棄
    Cause.NOT_DELIVERED: Rule(ReasonFlags.unspecified, _revoked_by(_OFFICER, _SYSTEM)),
    # 安全性に疑義, 一時保留. J-LIS's rule says that a hold is not undone; phones can be used again (facts 4.2), and how
    # the two meet is not public. Here a hold for loss can be released, by who has made sure who asks for it.
    Cause.LOSS: Rule(
        ReasonFlags.certificate_hold,
        {
            Event.HOLD: frozenset({_HOLDER, _OFFICER, _HELP_DESK}),
            Event.RELEASE: frozenset({_OFFICER, _HELP_DESK}),
        },
    ),
    # Not a ground of the law: the pair is issued, the phone has not yet proved that it can use it.
    Cause.AWAITING_ACTIVATION: Rule(ReasonFlags.certificate_hold, {Event.ACTIVATE: frozenset({_SYSTEM})}),
    # Validity ends by itself; RFC 5280 knows no entry for it.
    Cause.EXPIRY: Rule(ReasonFlags.unspecified, {}),
}


def brought_by(party: Party, event: Event) -> list[str]:
    """Return the causes for which a party may bring an event."""
    return [str(cause) for cause, rule in RULES.items() if party in rule.events.get(event, ())]


# CRLReason, RFC 5280 5.3.1
REASON_CODES: Mapping[ReasonFlags, int] = {
    ReasonFlags.unspecified: 0,
    ReasonFlags.key_compromise: 1,
    ReasonFlags.ca_compromise: 2,
    ReasonFlags.affiliation_changed: 3,
    ReasonFlags.superseded: 4,
    ReasonFlags.cessation_of_operation: 5,
    ReasonFlags.certificate_hold: 6,
}
