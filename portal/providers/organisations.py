"""Organisations and their people: made, renamed; roles changed, ownership handed over, members removed, or leaving.

Everything of one organisation happens under its realm's turn in the journal, so that of two owners who leave at the
same moment one stays.
"""

import unicodedata
from datetime import timedelta

from django.conf import settings
from django.db import transaction

from ca import clock, journal
from portal.accounts import signing_in, staff
from portal.accounts.models import Account
from portal.providers.errors import LastOwner, MemberGone, NameUnfit, TooMany
from portal.providers.models import Invitation, Membership
from whitelist.models import Organisation

Role = Membership.Role
LONGEST = 100
DAY = timedelta(days=1)
# Within so long, the same name again is the same form again.
TWICE = timedelta(seconds=30)
# Everything but owner, which is handed over.
ROLES = (Role.DEVELOPER, Role.LEGAL, Role.VIEWER)


def create(account: Account, *, name_ja: str, name_en: str = "") -> Membership:
    """Make an organisation in the account's realm; its owner is the account. Raises NameUnfit, TooMany.

    A form that was sent twice makes one.
    """
    name_ja, name_en = name(name_ja), name(name_en, optional=True)
    now = clock.machine()
    with transaction.atomic():
        journal.take(account.realm)
        made = Membership.objects.filter(account=account, role=Role.OWNER, since__gt=now - DAY)
        twin = made.select_related("organisation").filter(since__gt=now - TWICE, organisation__name_ja=name_ja).first()
        if twin is not None:
            return twin
        if made.count() >= settings.PROVIDER_ORGANISATIONS:
            raise TooMany("so many organisations in a day")
        organisation = Organisation.objects.create(
            realm=account.realm, name_ja=name_ja, name_en=name_en, created_at=clock.now(account.realm)
        )
        member = Membership.objects.create(account=account, organisation=organisation, role=Role.OWNER, since=now)
        _note(organisation, "organisation.made", by=account, name=name_ja)
    return member


def rename(organisation: Organisation, *, name_ja: str, name_en: str, by: Account) -> None:
    """Give an organisation another name. What stands in the register stays. Raises NameUnfit."""
    name_ja, name_en = name(name_ja), name(name_en, optional=True)
    with transaction.atomic():
        journal.take(organisation.realm)
        Organisation.objects.filter(pk=organisation.pk).update(name_ja=name_ja, name_en=name_en)
        _note(organisation, "organisation.renamed", by=by, before=organisation.name_ja, name=name_ja)


def name(typed: str, *, optional: bool = False) -> str:
    """Return a name as it is kept: no control characters, no space around. Raises NameUnfit."""
    kept = " ".join(unicodedata.normalize("NFC", typed).split(" ")).strip()
    if any(unicodedata.category(one) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for one in kept):
        raise NameUnfit("characters that nobody sees")
    if "://" in kept:  # it stands in mails of ours
        raise NameUnfit("an address is no name")
    if len(kept) > LONGEST or not (kept or optional):
        raise NameUnfit("empty or too long")
    return kept


def change_role(member: Membership, role: str, *, by: Account) -> None:
    """Give a member another role, but not that of an owner. Raises LastOwner, MemberGone."""
    role = Role(role)
    if role not in ROLES:
        raise ValueError("ownership is handed over")
    with transaction.atomic():
        journal.take(member.organisation.realm)
        _move(member, role)
        _require_owner(member.organisation)
        _note(member.organisation, "member.role_changed", by=by, member=member, before=member.role, role=str(role))
    member.role = role


def hand_over(owner: Membership, successor: Membership, *, stays_as: str) -> None:
    """Make a member an owner; who hands over stays as what they say, owner too if they like.

    The caller has had the second factor confirmed. Raises MemberGone.
    """
    stays_as = Role(stays_as)
    if owner.pk == successor.pk or owner.organisation_id != successor.organisation_id:
        raise MemberGone("not to oneself, and not to strangers")
    with transaction.atomic():
        journal.take(owner.organisation.realm)
        _require_is(owner, Role.OWNER)
        _move(successor, Role.OWNER)
        _move(owner, stays_as)
        _note(
            owner.organisation, "ownership.handed_over", by=owner.account, member=successor, before=successor.role,
            stays_as=str(stays_as),
        )  # fmt: skip


def remove(member: Membership, *, by: Account) -> None:
    """End a membership; by oneself it is leaving. Raises LastOwner, MemberGone."""
    kind = "member.left" if member.account_id == by.pk else "member.removed"
    with transaction.atomic():
        journal.take(member.organisation.realm)
        if not Membership.objects.filter(pk=member.pk, role=member.role).delete()[0]:
            raise MemberGone("gone, or another role by now")
        _require_owner(member.organisation)
        # Who was invited by somebody who isn't here any more isn't invited any more.
        now = clock.machine()
        Invitation.objects.filter(
            organisation=member.organisation, invited_by=member.account.name, ended_at=None
        ).update(ended_at=now)
        _note(member.organisation, kind, by=by, member=member, role=member.role)


def disable(name: str, *, successor: str = "", by: str) -> None:
    """Shut an account (`staff.disable`); where it is the last owner who can act, `successor`, a member, becomes one.

    An operator's deed. Raises AccountUnknown, and LastOwner with `organisation` and the `members` who could follow.
    """
    account = signing_in.find(name)
    with transaction.atomic():
        if account is not None:
            journal.take(account.realm)
        staff.disable(name, by=by)
        for own in Membership.objects.select_related("organisation__realm").filter(account=account, role=Role.OWNER):
            try:
                _require_owner(own.organisation)
            except LastOwner as error:
                _succeed(own, signing_in.plain_name(successor), by, error)


def _succeed(owner: Membership, successor: str, by: str, error: LastOwner) -> None:
    rows = Membership.objects.filter(organisation=owner.organisation, account__state=Account.State.ACTIVE)
    members = {one.account.name: one for one in rows.select_related("account__user", "organisation__realm")}
    if successor not in members:
        error.data |= {"organisation": owner.organisation, "members": sorted(members)}
        raise error
    member = members[successor]
    _move(member, Role.OWNER)
    told = {"member": successor, "before": member.role, "stays_as": str(Role.OWNER), "cause": "owner_disabled"}
    journal.record(owner.organisation.realm, "ownership.handed_over", str(owner.organisation.reference), by=by, **told)


def _move(member: Membership, role: str) -> None:
    if not Membership.objects.filter(pk=member.pk, role=member.role).update(role=role):
        raise MemberGone("gone, or another role by now")


def _require_is(member: Membership, role: str) -> None:
    if not Membership.objects.filter(pk=member.pk, role=role).exists():
        raise MemberGone(f"not {role} any more")


def _require_owner(organisation: Organisation) -> None:
    """Refuse the caller's change when it leaves no owner who can act. Raises LastOwner."""
    owners = Membership.objects.filter(organisation=organisation, role=Role.OWNER, account__state=Account.State.ACTIVE)
    if not owners.exists():
        raise LastOwner("no owner would be left")


def _note(organisation: Organisation, kind: str, *, by: Account, member: Membership | None = None, **told: str) -> None:
    if member is not None:
        told["member"] = member.account.name
    journal.record(organisation.realm, kind, str(organisation.reference), by=by.name, **told)
