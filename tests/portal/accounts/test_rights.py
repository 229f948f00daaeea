"""Who may open what: every address of staff with every role, and with none."""

import re
import uuid

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from ca.models import Realm
from portal.accounts import urls as accounts_urls
from portal.accounts.access import AREAS, RIGHTS, Right
from portal.accounts.models import Account
from portal.console import urls as console_urls
from portal.helpdesk import urls as helpdesk_urls
from portal.review import urls as review_urls
from tests.portal.accounts.people import journal, make_staff, sign_in

pytestmark = pytest.mark.django_db
# Before one is anybody.
OPEN = {
    "accounts:sign-in",
    "accounts:sign-out",
    "accounts:enrol",
    "accounts:enrol-authenticator",
    "accounts:enrol-password",
}
# Address, the roles that it is for; the specification of who works where.
PAGES = {
    "accounts:home": {*Account.Role.values},
    "accounts:account": {*Account.Role.values},
    "accounts:password": {*Account.Role.values},
    "accounts:sessions": {*Account.Role.values},
    "helpdesk:search": {"helpdesk"},
    "helpdesk:open": {"helpdesk"},
    "helpdesk:call": {"helpdesk"},
    "helpdesk:identity": {"helpdesk"},
    "helpdesk:hold": {"helpdesk"},
    "helpdesk:release": {"helpdesk"},
    "helpdesk:close": {"helpdesk"},
    "helpdesk:releases": {"helpdesk", "officer"},
    "helpdesk:proposal": {"helpdesk", "officer"},
    "helpdesk:decide": {"helpdesk", "officer"},
    "helpdesk:objections": {"helpdesk", "officer"},
    "helpdesk:objection": {"helpdesk", "officer"},
    "helpdesk:answer": {"helpdesk", "officer"},
    "console:overview": {"operator"},
    "console:findings": {"operator"},
    "console:lists": {"operator"},
    "console:conversations": {"operator"},
    "console:conversation": {"operator"},
    "console:find": {"operator"},
    "console:enrolment": {"operator"},
    "console:order": {"operator"},
    "review:desk": {"ministry", "registrar"},
    "review:case": {"ministry", "registrar"},
    "review:take-up": {"ministry", "registrar"},
    "review:check": {"ministry", "registrar"},
    "review:message": {"ministry", "registrar"},
    "review:file": {"ministry", "registrar"},
    "review:propose": {"ministry", "registrar"},
    "review:proposal": {"ministry", "registrar"},
    "review:decide": {"ministry", "registrar"},
    "review:letter": {"ministry", "registrar"},
    "review:versions": {"ministry", "registrar"},
    "review:conformance": {"ministry", "registrar"},
    "review:entries": {"ministry", "registrar"},
    "review:entry": {"ministry", "registrar"},
    "review:act": {"registrar"},
    "review:suspension-letter": {"ministry", "registrar"},
}
REFERENCE = uuid.UUID(int=0)


def patterns() -> dict[str, URLPattern]:
    rooms = (accounts_urls, helpdesk_urls, console_urls, review_urls)
    return {f"{room.app_name}:{pattern.name}": pattern for room in rooms for pattern in room.urlpatterns}


def address(name: str) -> str:
    told = re.findall(r"<(\w+):", str(patterns()[name].pattern))
    return reverse(name, args=[{"uuid": REFERENCE, "int": 1}.get(kind, "return") for kind in told])


def test_the_table_names_every_address_of_staff() -> None:
    assert patterns().keys() == OPEN | PAGES.keys()


@pytest.mark.parametrize("name", sorted(PAGES))
@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_in_particular_is_led_to_the_sign_in(realm: Realm, name: str, method: str) -> None:
    response = getattr(Client(), method)(address(name))
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/staff/sign-in?")


@pytest.mark.parametrize("role", Account.Role.values)
def test_a_role_opens_its_own_pages_and_no_others(realm: Realm, role: str) -> None:
    client = sign_in(make_staff(realm, "somebody", role))
    for name, roles in PAGES.items():
        for method in ("get", "post"):
            response = getattr(client, method)(address(name))
            assert (response.status_code == 403 and "役割では開けません" in response.content.decode()) == (
                role not in roles
            ), (name, method)
    denied = [name for name, roles in PAGES.items() if role not in roles]
    assert len(journal("staff.denied")) == 2 * len(denied)


@pytest.mark.parametrize("role", Account.Role.values)
def test_the_menu_has_what_the_role_may_open(realm: Realm, role: str) -> None:
    page = sign_in(make_staff(realm, "somebody", role)).get("/staff/account", follow=True).content.decode()
    for area in AREAS:
        assert (f'href="{reverse(area.address)}"' in page) == (area.right in RIGHTS[role]), area


def test_every_role_has_rights_and_every_right_a_role() -> None:
    assert RIGHTS.keys() == set(Account.Role.values)
    assert frozenset().union(*RIGHTS.values()) == set(Right)
