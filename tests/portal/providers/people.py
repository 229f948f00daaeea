"""Service providers for tests: organisations, their members, and browsers in which these are signed in."""

import re
from typing import Any

from django.core import mail
from django.test import Client

from ca import clock
from ca.models import Realm
from portal.accounts.models import Account
from portal.providers import workspaces
from portal.providers.models import Membership, Workspace
from tests.portal.accounts.people import make_staff, sign_in
from whitelist.models import Organisation

ROLES = Membership.Role.values
NAME = "試験銀行"


def make_organisation(realm: Realm, name: str = NAME, **fields: Any) -> Organisation:
    """Return an organisation without members."""
    return Organisation.objects.create(realm=realm, name_ja=name, created_at=clock.now(realm), **fields)


def make_person(realm: Realm, address: str = "owner@bank.example", *, role: str = "provider") -> Account:
    """Return a service provider's account as it is after registration; another `role` makes it staff."""
    return make_staff(realm, address, role)


def join(account: Account, organisation: Organisation, role: str = "owner") -> Membership:
    """Make the account a member."""
    return Membership.objects.create(account=account, organisation=organisation, role=role, since=clock.machine())


def make_provider(
    realm: Realm, address: str = "owner@bank.example", *, role: str = "owner", organisation: Organisation | None = None
) -> Membership:
    """Return the membership of a new account in `organisation`, or in a new one."""
    return join(make_person(realm, address), organisation or make_organisation(realm), role)


def client(member: Membership | Account, **headers: str) -> Client:
    """Return a browser in which the member is signed in, Japanese unless the headers say otherwise."""
    return sign_in(member.account if isinstance(member, Membership) else member, **headers)


def address(member: Membership, rest: str = "") -> str:
    """Return the path of an organisation's page."""
    return f"/providers/{member.organisation.reference}/{rest}"


def make_workspace(member: Membership) -> Workspace:
    """Return the organisation's workspace as if the workers had been there; it has no authorities."""
    made = workspaces.of(member.organisation)
    if made is None:
        made = workspaces.ask(member.organisation, by=member.account)
        Workspace.objects.filter(pk=made.pk).update(state=Workspace.State.READY, ready_at=clock.machine())
        made.refresh_from_db()
    return made


def mails() -> list[tuple[str, str]]:
    """Return the mails that were sent, oldest first: to whom, and the text."""
    return [(one.to[0], str(one.body)) for one in mail.outbox]


def code_in(text: str) -> str:
    """Return the code of a mail."""
    found = re.search(r"コード： ([0-9A-Z-]+)", text)
    assert found is not None, text
    return found[1]
