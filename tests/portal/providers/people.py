"""Service providers for tests: organisations, their members, and browsers in which these are signed in."""

from typing import Any

from django.test import Client

from ca import clock
from ca.models import Realm
from portal.accounts.models import Account
from portal.providers.models import Membership
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
