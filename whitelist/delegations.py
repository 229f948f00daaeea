"""Delegations: a platform operator acts for a service provider, as long as that is recorded and both are in order.

`decide` is pure, and asks `access` for what either of them may by itself. The operator's token stays the operator's: it
names for whom it acts (`on_behalf_of`), and whatever ends the delegation ends what was asked under it.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from ca import clock, journal
from ca.profiles import Purpose
from whitelist import access
from whitelist.access import Applicant, Ask, Check, Decision, Reason, Window
from whitelist.errors import DelegationInvalid, DelegationMissing, DelegationOver
from whitelist.models import Case, Credential, Delegation, Organisation, RelyingParty

# What is wrong with the operator itself is told as that: the citizen and the provider know only the provider.
_OPERATORS = {
    Reason.NOT_REGISTERED: Reason.OPERATOR_NOT_VALID,
    Reason.OTHER_REALM: Reason.OPERATOR_NOT_VALID,
    Reason.SUSPENDED: Reason.OPERATOR_NOT_VALID,
    Reason.REGISTRATION_EXPIRED: Reason.OPERATOR_NOT_VALID,
    Reason.MINISTERIAL_CERTIFICATION_MISSING: Reason.OPERATOR_CERTIFICATION_NOT_VALID,
    Reason.MINISTERIAL_CERTIFICATION_EXPIRED: Reason.OPERATOR_CERTIFICATION_NOT_VALID,
    Reason.MINISTERIAL_CERTIFICATION_WITHDRAWN: Reason.OPERATOR_CERTIFICATION_NOT_VALID,
}


@dataclass(frozen=True)
class Mandate:
    """One delegation from one provider to one operator: for which purposes, from when until before when."""

    purposes: frozenset[Purpose]
    not_before: datetime
    not_after: datetime | None = None
    ended_at: datetime | None = None

    def holds(self, purpose: Purpose, now: datetime) -> bool:
        """Return whether it covers `purpose` at `now`."""
        return (
            purpose in self.purposes
            and self.not_before <= now
            and (self.not_after is None or now < self.not_after)
            and (self.ended_at is None or now < self.ended_at)
        )


def decide(
    operator: Applicant | None,
    provider: Applicant | None,
    mandates: Collection[Mandate],
    question: Callable[[Applicant], Decision],
    *,
    purpose: Purpose,
    realm: str,
    credential: Window,
    now: datetime,
) -> Decision:
    """Return whether `operator` may ask for `provider` what `question` asks `access` about an applicant.

    The operator must be a platform operator in order, whose certification holds (for either purpose: it does all the
    verifying of others); a mandate must cover the purpose; and the provider must be allowed the same by its own entry.
    There it counts as certified by the operator's certification (施行規則29条1項, jpki-facts 5.1).
    """
    own = access.decide_check(operator, Check.STATUS, purpose, realm=realm, credential=credential, now=now)
    if not own.allowed or operator is None:
        reason = own.reason or Reason.NOT_REGISTERED
        return _no(_OPERATORS.get(reason, reason))
    if operator.kind != RelyingParty.Kind.PLATFORM_OPERATOR or operator.basis == RelyingParty.Basis.OPERATOR:
        return _no(Reason.OPERATOR_NOT_VALID)
    if operator.basis in access.CERTIFIED_BY_MINISTERS and not any(
        access.certification_holds(each, now) for each in operator.certifications
    ):
        return _no(Reason.OPERATOR_CERTIFICATION_NOT_VALID)
    if provider is None or not any(each.holds(purpose, now) for each in mandates):
        return _no(Reason.DELEGATION_NOT_VALID)
    if provider.basis in access.CERTIFIED_BY_MINISTERS:
        provider = replace(provider, basis=RelyingParty.Basis.OPERATOR, operator=operator)
    return question(provider)


def of(relying_party: RelyingParty, ask: Ask, *, credential: Credential, now: datetime) -> Decision:
    """Return whether `credential` may ask a phone for `relying_party`, its own or one that it has a delegation of."""
    if credential.relying_party_id == relying_party.pk:
        return access.of(relying_party, ask, credential=credential, now=now)
    window = access.window(credential)
    return _of(
        relying_party,
        lambda provider: access.decide(provider, ask, credential=window, now=now),
        purpose=ask.purpose,
        credential=credential,
        now=now,
    )


def check_of(
    relying_party: RelyingParty, kind: Check, purpose: Purpose, *, credential: Credential, now: datetime
) -> Decision:
    """Return whether `credential` may ask the authorities of its realm for `relying_party`, as `of` does for phones."""
    realm = credential.relying_party.realm
    if credential.relying_party_id == relying_party.pk:
        return access.check_of(relying_party, kind, purpose, realm=realm, credential=credential, now=now)
    window = access.window(credential)

    def question(provider: Applicant) -> Decision:
        return access.decide_check(provider, kind, purpose, realm=realm.slug, credential=window, now=now)

    decision = Decision(allowed=True)
    # The counterpart of the other purpose takes a mandate for both.
    for each in Purpose if kind == Check.PURPOSE_COUNTERPART else (purpose,):
        decision = _of(relying_party, question, purpose=each, credential=credential, now=now)
        if not decision.allowed:
            break
    return decision


def _of(
    provider: RelyingParty,
    question: Callable[[Applicant], Decision],
    *,
    purpose: Purpose,
    credential: Credential,
    now: datetime,
) -> Decision:
    operator = credential.relying_party
    return decide(
        access.applicant(operator),
        access.applicant(provider),
        _mandates(operator, provider),
        question,
        purpose=purpose,
        realm=operator.realm.slug,
        credential=access.window(credential),
        now=now,
    )


def acting_for(credential: Credential, client_id: str) -> RelyingParty:
    """Return for whom a request is: `client_id`, or whose credential it is when that is empty.

    Raise `DelegationMissing` for one who never delegated anything to it, exactly as for one that doesn't exist.
    Whether the delegation holds now is `of`'s to say.
    """
    own = credential.relying_party
    if client_id in ("", own.client_id):
        return own
    found = (
        RelyingParty.objects.select_related("realm")
        .filter(client_id=client_id, realm=own.realm, delegations_given__operator=own)
        .first()
    )
    if found is None:
        raise DelegationMissing("nobody of that name has delegated anything to you")
    return found


def holding(credential: Credential, provider: RelyingParty, purpose: Purpose) -> bool:
    """Return whether the operator of `credential` has a delegation of `provider` that covers `purpose` now."""
    operator = credential.relying_party
    now = clock.now(operator.realm)
    return any(each.holds(purpose, now) for each in _mandates(operator, provider))


def newest(operator: RelyingParty, provider: RelyingParty) -> Delegation | None:
    """Return the delegation between the two that is, or last was, in force."""
    return _between(operator, provider).last()


def record(
    operator: RelyingParty,
    provider: RelyingParty,
    purposes: Iterable[Purpose],
    *,
    by: str,
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    document: str = "",
    case: Case | None = None,
) -> Delegation:
    """Write down that the provider leaves these purposes to the operator, from now on unless told otherwise.

    One that is in force between the two ends with it. A provider that is registered under a platform operator stands
    under one alone: that takes a decided `case`, and ends what it had with others. Raise `DelegationInvalid` for two
    who can't be in such a relation.
    """
    if operator.kind != RelyingParty.Kind.PLATFORM_OPERATOR:
        raise DelegationInvalid("only a platform operator acts for others", member="operator")
    if operator.pk == provider.pk or operator.realm_id != provider.realm_id:
        raise DelegationInvalid("they must be two, in one register", member="operator")
    under = provider.basis == RelyingParty.Basis.OPERATOR
    if under and case is None:
        raise DelegationInvalid("registered under an operator: another one takes a case", member="service")
    told = sorted({Purpose(each) for each in purposes})
    if not told:
        raise DelegationInvalid("a delegation is for a purpose", member="purposes")
    now = clock.now(operator.realm)
    begin = not_before or now
    if not_after is not None and not_after <= max(begin, now):
        raise DelegationInvalid("it would be over before it begins", member="not_after")
    try:
        with transaction.atomic():
            journal.take(operator.realm)
            for one in _between(operator, provider).filter(ended_at=None):
                Delegation.objects.filter(pk=one.pk).update(ended_at=now, ended_by=by)
                _write(one, "ended", by)
            made = Delegation.objects.create(
                operator=operator,
                provider=provider,
                purposes=[str(each) for each in told],
                not_before=begin,
                not_after=not_after,
                document=document,
                case=case,
                recorded_by=by,
                recorded_at=now,
            )
            if under:
                RelyingParty.objects.filter(pk=provider.pk).update(operator=operator)
                for other in Delegation.objects.filter(provider=provider, ended_at=None).exclude(pk=made.pk):
                    Delegation.objects.filter(pk=other.pk).update(ended_at=now, ended_by=by)
                    _write(other, "ended", by)
            _write(made, "recorded", by, purposes=made.purposes, document=document)
    except IntegrityError:
        raise DelegationOver("another delegation was recorded at the same moment") from None
    return made


def end(delegation: Delegation, *, by: str) -> None:
    """End a delegation at once; who is registered under the operator stands under nobody from then on.

    Raise `DelegationOver` when it had ended before.
    """
    now = clock.now(delegation.operator.realm)
    with transaction.atomic():
        journal.take(delegation.operator.realm)
        if not Delegation.objects.filter(pk=delegation.pk, ended_at=None).update(ended_at=now, ended_by=by):
            raise DelegationOver("the delegation has ended before")
        under = RelyingParty.objects.filter(
            pk=delegation.provider_id, basis=RelyingParty.Basis.OPERATOR, operator=delegation.operator_id
        )
        under.update(operator=None)
        _write(delegation, "ended", by)
    delegation.refresh_from_db()


def of_organisation(organisation: Organisation) -> QuerySet[Delegation]:
    """Return the delegations that an organisation's services gave or received, newest first."""
    return (
        Delegation.objects.filter(Q(operator__organisation=organisation) | Q(provider__organisation=organisation))
        .select_related("operator__realm", "provider__realm", "operator__organisation", "provider__organisation")
        .order_by("-pk")
    )


def is_over(delegation: Delegation, now: datetime) -> bool:
    """Return whether it holds no more at `now`."""
    return delegation.ended_at is not None or (delegation.not_after is not None and delegation.not_after <= now)


def _between(operator: RelyingParty, provider: RelyingParty) -> QuerySet[Delegation]:
    return Delegation.objects.filter(operator=operator, provider=provider).order_by("pk")


def _mandates(operator: RelyingParty, provider: RelyingParty) -> list[Mandate]:
    """Return what the provider left to the operator; nothing where it is registered under another, or nobody now."""
    registered_under = RelyingParty.objects.filter(pk=provider.pk, basis=RelyingParty.Basis.OPERATOR)
    if registered_under.exclude(operator=operator).exists():
        return []
    return [_mandate(row) for row in _between(operator, provider)]


def _mandate(row: Delegation) -> Mandate:
    known = {str(each) for each in Purpose}
    return Mandate(
        frozenset(Purpose(each) for each in row.purposes if each in known), row.not_before, row.not_after, row.ended_at
    )


def _write(delegation: Delegation, what: str, by: str, **told: object) -> None:
    journal.record(
        delegation.operator.realm,
        f"delegation.{what}",
        delegation.provider.client_id,
        operator=delegation.operator.client_id,
        reference=str(delegation.reference),
        by=by,
        **told,
    )


def _no(reason: Reason) -> Decision:
    return Decision(allowed=False, reason=reason)
