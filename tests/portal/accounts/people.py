"""Staff for tests: accounts that have enrolled, their authenticator's codes, and browsers that are signed in."""

import secrets
import time
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test import Client
from django_otp.oath import TOTP

from ca import clock
from ca.models import JournalEntry, Realm
from portal.accounts import authenticators
from portal.accounts.models import Account, Authenticator

PASSWORD = "correct horse battery"


class CountedHasher(PBKDF2PasswordHasher):
    """Django's own, cheap, which counts how often it was asked: that is what takes the time."""

    algorithm = "counted"
    iterations = 1
    computed = 0

    def encode(self, password: Any, salt: str, iterations: int | None = None) -> str:
        """Compute a hash, and count it."""
        CountedHasher.computed += 1
        return str(super().encode(password, salt, iterations))


def make_staff(realm: Realm, name: str, role: str = "helpdesk") -> Account:
    """Return an account as it is after its enrolment."""
    user = get_user_model().objects.create_user(username=name, password=PASSWORD)
    account = Account.objects.create(
        user=user, realm=realm, role=role, state=Account.State.ACTIVE, created_at=clock.machine()
    )
    authenticators.confirm(authenticators.prepare(account))
    return account


def code(account: Account, *, used: bool = False) -> str:
    """Return what the account's authenticator shows; as if the last use were half a minute ago, unless `used`."""
    device = Authenticator.objects.get(user=account.user, confirmed=True)
    if not used:
        Authenticator.objects.filter(pk=device.pk).update(last_t=-1)
    return shown(device)


def shown(device: Authenticator) -> str:
    """Return the six digits that an authenticator app shows for a device's secret."""
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    totp.time = time.time()
    return f"{totp.token():06d}"


def wrong_code(account: Account) -> str:
    """Return six digits that the authenticator shows neither now nor a step before or after."""
    device = Authenticator.objects.get(user=account.user, confirmed=True)
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    around = set()
    for step in (-2, -1, 0, 1, 2):
        totp.time = time.time() + step * device.step
        around.add(totp.token())
    return next(f"{number:06d}" for number in iter(lambda: secrets.randbelow(10**6), None) if number not in around)


def sign_in(account: Account, **headers: str) -> Client:
    """Return a browser in which the account has signed in, Japanese unless the headers say otherwise."""
    client = Client(headers={"accept-language": "ja"} | headers)
    response = client.post("/staff/sign-in", {"name": account.name, "password": PASSWORD, "code": code(account)})
    assert response.status_code == 302, response.content.decode()
    return client


def journal(kind: str) -> list[Any]:
    """Return the journal's entries of a kind, oldest first."""
    return list(JournalEntry.objects.filter(kind=kind).order_by("sequence"))
