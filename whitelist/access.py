"""May this relying party ask this, now? One pure decision, one reason.

Every way to a phone asks here, and asks again when the citizen opens the request and when the phone answers: a
suspension works from its moment. Questions to the authorities (status, counterpart) are decided by the same table.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import partial

from ca import clock
from ca.models import Realm
from ca.profiles import Purpose
from whitelist.models import Credential, RegisteredApplication, RelyingParty


class Reason(StrEnum):
    """Why not, in the order in which it is looked at. Each is a code of the catalogue of problems."""

    NOT_REGISTERED = "not_registered"
    OTHER_REALM = "other_realm"
    SUSPENDED = "suspended"
    REGISTRATION_EXPIRED = "registration_expired"
    OPERATOR_NOT_VALID = "operator_not_valid"
    DELEGATION_NOT_VALID = "delegation_not_valid"
    CREDENTIAL_NOT_VALID = "credential_not_valid"
    APPLICATION_NOT_REGISTERED = "application_not_registered"
    RETURN_URL_NOT_REGISTERED = "return_url_not_registered"
    PURPOSE_NOT_REGISTERED = "purpose_not_registered"
    OPERATOR_CERTIFICATION_NOT_VALID = "operator_certification_not_valid"
    MINISTERIAL_CERTIFICATION_MISSING = "ministerial_certification_missing"
    MINISTERIAL_CERTIFICATION_EXPIRED = "ministerial_certification_expired"
    MINISTERIAL_CERTIFICATION_WITHDRAWN = "ministerial_certification_withdrawn"


@dataclass(frozen=True)
class Application:
    """A registered application, and the addresses that belong to it. `name` is origin, package or bundle."""

    kind: RegisteredApplication.Kind
    name: str
    callbacks: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Decision:
    """Yes, with the application that the citizen returns to; or no with the one reason that is looked at first."""

    allowed: bool
    reason: Reason | None = None
    application: Application | None = None


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
    # Slug of the realm whose credential it is.
    realm: str = ""

    def holds(self, now: datetime) -> bool:
        """Return whether the credential is good at `now`."""
        return self.not_before <= now < self.not_after and (self.disabled_at is None or now < self.disabled_at)


@dataclass(frozen=True)
class Applicant:
    """What the register says of who asks."""

    state: RelyingParty.State
    basis: RelyingParty.Basis
    kind: RelyingParty.Kind = RelyingParty.Kind.SERVICE_PROVIDER
    # Slug of the realm in whose register it stands.
    realm: str = ""
    purposes: frozenset[Purpose] = frozenset()
    applications: tuple[Application, ...] = ()
    certifications: tuple[Certification, ...] = ()
    # The last day in the register, by Japan's calendar.
    valid_until: date | None = None
    # Under whom it stands, where the basis is a platform operator.
    operator: "Applicant | None" = None


@dataclass(frozen=True)
class Ask:
    """What is asked of a phone: for which purpose, where the citizen goes afterwards, and in which realm the phone is.

    `application` names the registered application that asks, where the request tells it.
    """

    purpose: Purpose
    return_url: str
    realm: str = ""
    application: str = ""


class Check(StrEnum):
    """A question to the authorities about a certificate (the Act, articles 18 and 37)."""

    STATUS = "status"
    # 18(4): the card's serial number for the phone's, or the other way round.
    MEDIUM_COUNTERPART = "medium_counterpart"
    # 18(5): the signature certificate's for the user authentication certificate's; only who verifies both.
    PURPOSE_COUNTERPART = "purpose_counterpart"


# Not (or not any more) in the register: whoever asks learns nothing else.
NOT_LISTED = frozenset({RelyingParty.State.DRAFT, RelyingParty.State.REMOVED})
# Article 17(1): items 1 to 4 are verifiers by what they are; items 5 and 6 by the ministers' certification.
CERTIFIED_BY_MINISTERS = frozenset({RelyingParty.Basis.ITEM_5, RelyingParty.Basis.ITEM_6})

Rule = tuple[Reason, Callable[[], bool]]


def decide(applicant: Applicant | None, ask: Ask, *, credential: Window, now: datetime) -> Decision:
    """Return whether `applicant` may ask `ask` at `now`; `None` stands for somebody who is not in the register at all.

    The order of the reasons is part of the interface: who is not registered learns nothing about the rest.
    """
    if applicant is None:
        return _no(Reason.NOT_REGISTERED)
    asking = [each for each in applicant.applications if ask.application in ("", each.name)]
    # To the letter: an address that merely begins like a registered one may belong to somebody else.
    returning = next((each for each in asking if ask.return_url in each.callbacks), None)
    reason = _first(
        (
            *_standing(applicant, credential, ask.realm, now),
            (Reason.APPLICATION_NOT_REGISTERED, lambda: bool(ask.application) and not asking),
            (Reason.RETURN_URL_NOT_REGISTERED, lambda: returning is None),
            *_purpose(applicant, ask.purpose, now),
        )
    )
    return _no(reason) if reason else Decision(allowed=True, application=returning)


def decide_check(
    applicant: Applicant | None, kind: Check, purpose: Purpose, *, realm: str, credential: Window, now: datetime
) -> Decision:
    """Return whether `applicant` may ask the authorities about certificates of `purpose` in `realm` (a slug) at `now`.

    A counterpart of the other purpose is told only to who may verify both.
    """
    if applicant is None:
        return _no(Reason.NOT_REGISTERED)
    needed = tuple(Purpose) if kind == Check.PURPOSE_COUNTERPART else (purpose,)
    rules = [rule for each in needed for rule in _purpose(applicant, each, now)]
    rules.sort(key=lambda rule: _ORDER[rule[0]])
    reason = _first((*_standing(applicant, credential, realm, now), *rules))
    return _no(reason) if reason else Decision(allowed=True)


def of(relying_party: RelyingParty, ask: Ask, *, credential: Credential, now: datetime) -> Decision:
    """Return the decision for rows of the register, as they stand in the database at this moment."""
    return decide(applicant(relying_party), ask, credential=window(credential), now=now)


def check_of(
    relying_party: RelyingParty, kind: Check, purpose: Purpose, *, realm: Realm, credential: Credential, now: datetime
) -> Decision:
    """Return `decide_check` for rows of the register; the certificates asked about are `realm`'s."""
    return decide_check(
        applicant(relying_party), kind, purpose, realm=realm.slug, credential=window(credential), now=now
    )


def applicant(relying_party: RelyingParty) -> Applicant:
    """Return what the register says of `relying_party`, read anew."""
    rows = RelyingParty.objects.select_related("realm", "operator__realm").prefetch_related(
        "purposes", "applications", "ministerial_certifications", "operator__ministerial_certifications"
    )
    return _applicant(rows.get(pk=relying_party.pk))


def _applicant(row: RelyingParty) -> Applicant:
    return Applicant(
        state=RelyingParty.State(row.state),
        basis=RelyingParty.Basis(row.basis),
        kind=RelyingParty.Kind(row.kind),
        realm=row.realm.slug,
        purposes=frozenset(Purpose(use.purpose) for use in row.purposes.all()),
        applications=tuple(
            Application(RegisteredApplication.Kind(each.kind), each.origin, frozenset(_texts(each.callback_urls)))
            for each in row.applications.all()
        ),
        certifications=_certifications(row),
        valid_until=row.valid_until,
        operator=_operator(row.operator) if row.operator else None,
    )


def _operator(row: RelyingParty) -> Applicant:
    return Applicant(
        state=RelyingParty.State(row.state),
        basis=RelyingParty.Basis(row.basis),
        kind=RelyingParty.Kind(row.kind),
        realm=row.realm.slug,
        certifications=_certifications(row),
        valid_until=row.valid_until,
    )


def window(credential: Credential) -> Window:
    """Return the time in which `credential` is good, and where."""
    realm = credential.relying_party.realm.slug
    return Window(credential.not_before, credential.not_after, credential.disabled_at, realm)


def certification_holds(certification: Certification, now: datetime) -> bool:
    """Return whether a ministerial certification holds at `now`, by the calendar of Japan."""
    return _certification((certification,), now) is None


def is_over(valid_until: date | None, now: datetime) -> bool:
    """Return whether the last day in the register has passed, by the calendar of Japan."""
    return valid_until is not None and valid_until < clock.day(now)


_ORDER = {reason: place for place, reason in enumerate(Reason)}


def _first(rules: Iterable[Rule]) -> Reason | None:
    return next((reason for reason, holds in rules if holds()), None)


def _standing(applicant: Applicant, credential: Window, realm: str, now: datetime) -> tuple[Rule, ...]:
    """Return what must not be so of whoever asks whatever."""
    return (
        (Reason.NOT_REGISTERED, lambda: applicant.state in NOT_LISTED),
        # The credential's, the relying party's and the subject's: no question crosses realms.
        (Reason.OTHER_REALM, lambda: not credential.realm == applicant.realm == realm),
        (Reason.SUSPENDED, lambda: applicant.state == RelyingParty.State.SUSPENDED),
        (Reason.REGISTRATION_EXPIRED, lambda: _expired(applicant, now)),
        (Reason.OPERATOR_NOT_VALID, lambda: _is_under(applicant) and not _operates(applicant.operator, realm, now)),
        (Reason.CREDENTIAL_NOT_VALID, lambda: not credential.holds(now)),
    )


def _purpose(applicant: Applicant, purpose: Purpose, now: datetime) -> tuple[Rule, ...]:
    """Return what must not be so of whoever asks for this purpose."""
    # Briefing 2022-06, table 1 row 4: without it a private body may not verify signatures of a phone either.
    certified = purpose == Purpose.SIGNATURE and applicant.basis in CERTIFIED_BY_MINISTERS
    missing = _certification(applicant.certifications, now) if certified else None
    return (
        (Reason.PURPOSE_NOT_REGISTERED, lambda: purpose not in applicant.purposes),
        (
            Reason.OPERATOR_CERTIFICATION_NOT_VALID,
            lambda: _is_under(applicant) and not _operator_certified(applicant.operator, now),
        ),
        *((reason, partial(missing.__eq__, reason)) for reason in _CERTIFICATION_REASONS if missing is not None),
    )


_CERTIFICATION_REASONS = (
    Reason.MINISTERIAL_CERTIFICATION_MISSING,
    Reason.MINISTERIAL_CERTIFICATION_EXPIRED,
    Reason.MINISTERIAL_CERTIFICATION_WITHDRAWN,
)


def _expired(applicant: Applicant, now: datetime) -> bool:
    return applicant.state == RelyingParty.State.EXPIRED or is_over(applicant.valid_until, now)


def _is_under(applicant: Applicant) -> bool:
    return applicant.basis == RelyingParty.Basis.OPERATOR


def _operates(operator: Applicant | None, realm: str, now: datetime) -> bool:
    """Return whether somebody may stand under this operator, who stands under nobody."""
    return (
        operator is not None
        and operator.kind == RelyingParty.Kind.PLATFORM_OPERATOR
        and operator.basis != RelyingParty.Basis.OPERATOR
        and operator.realm == realm
        and operator.state == RelyingParty.State.REGISTERED
        and not is_over(operator.valid_until, now)
    )


def _operator_certified(operator: Applicant | None, now: datetime) -> bool:
    # Whoever stands under an operator has nothing of its own: without the certification nothing is left of either
    # purpose, unlike for the operator itself.
    return operator is not None and (
        operator.basis not in CERTIFIED_BY_MINISTERS or _certification(operator.certifications, now) is None
    )


def _certification(certifications: Iterable[Certification], now: datetime) -> Reason | None:
    today = clock.day(now)
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


def _certifications(row: RelyingParty) -> tuple[Certification, ...]:
    rows = row.ministerial_certifications.all()
    return tuple(Certification(each.granted_on, each.valid_until, each.withdrawn_at) for each in rows)


def _texts(urls: object) -> Iterable[str]:
    if isinstance(urls, list):
        yield from (url for url in urls if isinstance(url, str))


def _no(reason: Reason) -> Decision:
    return Decision(allowed=False, reason=reason)
