"""The verdict: what an answer about a certificate or a signature says, in words from two fixed lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from ca.models import Certificate
from ca.profiles import Medium, Purpose


class Standing(StrEnum):
    """What a verdict comes to. Only VALID is a yes."""

    VALID = "valid"
    INVALID = "invalid"
    UNDECIDED = "undecided"  # rightly signed by the authority, but nothing says whether it was revoked


class Reason(StrEnum):
    """Why a verdict is not VALID."""

    MALFORMED = "malformed"
    CHAIN_BROKEN = "chain_broken"
    UNKNOWN_CERTIFICATE = "unknown_certificate"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    ON_HOLD = "on_hold"
    WRONG_PURPOSE = "wrong_purpose"
    WRONG_MEDIUM = "wrong_medium"
    SIGNATURE_WRONG = "signature_wrong"
    REVOCATION_UNKNOWN = "revocation_unknown"  # what was handed in does not cover it


_UNDECIDED = [[Reason.UNKNOWN_CERTIFICATE], [Reason.REVOCATION_UNKNOWN]]


@dataclass(frozen=True)
class Verdict:
    """The answer: `reasons` is empty if and only if `standing` is VALID.

    `certificate` is our record, None when there is none of exactly these octets, or when none was asked; `purpose` and
    `medium` are what the certificate itself says, None when it says none of ours.
    """

    standing: Standing
    reasons: tuple[Reason, ...]
    certificate_id: int | None
    medium: Medium | None
    purpose: Purpose | None

    @cached_property
    def certificate(self) -> Certificate | None:
        """Read the row, of which the verdict itself needs only a part."""
        return Certificate.objects.get(pk=self.certificate_id) if self.certificate_id is not None else None


def of(
    reasons: Sequence[Reason], certificate_id: int | None, medium: Medium | None, purpose: Purpose | None
) -> Verdict:
    """Return the verdict that these reasons, all that there are, come to."""
    if not reasons:
        standing = Standing.VALID
    elif reasons in _UNDECIDED:
        standing = Standing.UNDECIDED
    else:
        standing = Standing.INVALID
    return Verdict(standing, tuple(reasons), certificate_id, medium, purpose)
