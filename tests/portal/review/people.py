"""Officers for tests: two of each authority, as the domain knows them and as accounts."""

from django.test import Client

from ca.models import Realm
from tests.portal.accounts.people import make_staff, sign_in
from whitelist.cases.officers import Officer
from whitelist.models import Case

NAMES = {"ministry": ("kiku", "ume"), "registrar": ("matsu", "take")}


def officers(role: str) -> tuple[Officer, Officer]:
    """Return both officers of an authority."""
    first, second = (Officer(name, Case.Authority(role)) for name in NAMES[role])
    return first, second


def browsers(realm: Realm) -> dict[str, Client]:
    """Return a browser for each of the four, signed in."""
    return {name: sign_in(make_staff(realm, name, role)) for role, names in NAMES.items() for name in names}
