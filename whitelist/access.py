"""May this relying party ask this of a phone, now? One pure decision, one reason.

Every way to a phone asks here, and asks again when the citizen opens the request and when the phone answers: a
suspension works from its moment.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from ca.profiles import Purpose
from whitelist.models import Credential, RelyingParty


class Reason(StrEnum):
    """Why not. Each is a code of the catalogue of problems."""

    NOT_REGISTERED = "not_registered"
    SUSPENDED = "suspended"
    CREDENTIAL_NOT_VALID = "credential_not_valid"
    RETURN_URL_NOT_REGISTERED = "return_url_not_registered"
    PURPOSE_NOT_REGISTERED = "purpose_not_registered"
    MINISTERIAL_CERTIFICATION_MISSING = "ministerial_certification_missing"
    MINISTERIAL_CERTIFICATION_EXPIRED = "ministerial_certification_expired"
    MINISTERIAL_CERTIFICATION_WITHDRAWN = "ministerial_certification_withdrawn"


@dataclass(frozen=True)
class Decision:
    """Yes, or no with the one reason that is looked at first."""

    allowed: bool
    reason: Reason | None = None


@dataclass(frozen=True)
class Certification:
    """A ministerial certification: the days it was granted for (Japanese calendar days, both inclusive)."""

    granted_on: date
    valid_until: date
    withdrawn_at: datetime | None = None


@dataclass(frozen=True)
class Window:
    """The time in which a credential is good: from `not_before` until before `not_after`, unless disabled."""

    not_before: datetime
    not_after: datetime
    disabled_at: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Return whether the credential is good at `now`."""
        return self.not_before <= now < self.not_after and (self.disabled_at is None or now < self.disabled_at)


@dataclass(frozen=True)
class Applicant:
    """What the register says of who asks."""

    state: RelyingParty.State
    basis: RelyingParty.Basis
    purposes: frozenset[Purpose] = frozenset()
    callbacks: frozenset[str] = frozenset()
    certifications: tuple[Certification, ...] = ()


@dataclass(frozen=True)
class Ask:
    """What is asked: for which purpose, and where the citizen goes afterwards."""

    purpose: Purpose
    return_url: str


JAPAN = ZoneInfo("Asia/Tokyo")

# Not (or not any more) in the register: whoever asks learns nothing else.
NOT_LISTED = frozenset({RelyingParty.State.DRAFT, RelyingParty.State.EXPIRED, RelyingParty.State.REMOVED})
# Article 17(1): items 1 to 4 are verifiers by what they are; items 5 and 6 by the ministers' certification.
CERTIFIED_BY_MINISTERS = frozenset({RelyingParty.Basis.ITEM_5, RelyingParty.Basis.ITEM_6})


def decide(applicant: Applicant | None, ask: Ask, *, credential: Window, now: datetime) -> Decision:
    """Return whether `applicant` may ask `ask` at `now`; `None` stands for somebody who is not in the register at all.

    The order of the reasons is part of the interface: who is not registered learns nothing about the rest.
    """
    if applicant is None or applicant.state in NOT_LISTED:
        return _no(Reason.NOT_REGISTERED)
    if applicant.state == RelyingParty.State.SUSPENDED:
        return _no(Reason.SUSPENDED)
    if not credential.holds(now):
        return _no(Reason.CREDENTIAL_NOT_VALID)
    # To the letter: an address that merely begins like a registered one may belong to somebody else.
    if ask.return_url not in applicant.callbacks:
        return _no(Reason.RETURN_URL_NOT_REGISTERED)
    if ask.purpose not in applicant.purposes:
        return _no(Reason.PURPOSE_NOT_REGISTERED)
    # Briefing 2022-06, table 1 row 4: without it a private body may not verify signatures of a phone either.
    if ask.purpose == Purpose.SIGNATURE and applicant.basis in CERTIFIED_BY_MINISTERS:
        reason = _certification(applicant.certifications, now)
        if reason is not None:
            return _no(reason)
    return Decision(allowed=True)


def of(relying_party: RelyingParty, ask: Ask, *, credential: Credential, now: datetime) -> Decision:
    """Return the decision for rows of the register, as they stand in the database at this moment."""
    return decide(applicant(relying_party), ask, credential=window(credential), now=now)


def applicant(relying_party: RelyingParty) -> Applicant:
    """Return what the register says of `relying_party`, read anew."""
    row = RelyingParty.objects.prefetch_related("purposes", "applications", "ministerial_certifications").get(
        pk=relying_party.pk
    )
    return Applicant(
        state=RelyingParty.State(row.state),
        basis=RelyingParty.Basis(row.basis),
        purposes=frozenset(Purpose(use.purpose) for use in row.purposes.all()),
        callbacks=frozenset(_callbacks(application.callback_urls for application in row.applications.all())),
        certifications=tuple(
            Certification(each.granted_on, each.valid_until, each.withdrawn_at)
            for each in row.ministerial_certifications.all()
        ),
    )


def window(credential: Credential) -> Window:
    """Return the time in which `credential` is good."""
    return Window(credential.not_before, credential.not_after, credential.disabled_at)


def certification_holds(certification: Certification, now: datetime) -> bool:
    """Return whether a ministerial certification holds at `now`, by the calendar of Japan."""
    return _certification((certification,), now) is None


def _certification(certifications: Iterable[Certification], now: datetime) -> Reason | None:
    today = now.astimezone(JAPAN).date()
    reason = Reason.MINISTERIAL_CERTIFICATION_MISSING
    for each in certifications:
        if each.granted_on > today:
            continue
        if each.withdrawn_at is not None and each.withdrawn_at <= now:
            reason = Reason.MINISTERIAL_CERTIFICATION_WITHDRAWN
        elif each.valid_until < today:
            reason = Reason.MINISTERIAL_CERTIFICATION_EXPIRED
        else:
            return None
    return reason


def _callbacks(lists: Iterable[object]) -> Iterable[str]:
    for urls in lists:
        if isinstance(urls, list):
            yield from (url for url in urls if isinstance(url, str))


def _no(reason: Reason) -> Decision:
    return Decision(allowed=False, reason=reason)
