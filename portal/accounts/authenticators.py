"""The second factor: an authenticator app (TOTP, RFC 6238), and recovery codes for the day it is lost."""

import base64

import django_otp
from django.db import transaction
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken

from portal import qr
from portal.accounts import codes
from portal.accounts.models import Account, Authenticator, keyed

RECOVERY_CODES = 8


def prepare(account: Account) -> Authenticator:
    """Return the authenticator that the account is about to confirm; another than any it had."""
    Authenticator.objects.filter(user=account.user, confirmed=False).delete()
    return Authenticator.objects.create(user=account.user, name="authenticator", confirmed=False)


def prepared(account: Account) -> Authenticator | None:
    """Return the authenticator that awaits its first code."""
    return Authenticator.objects.filter(user=account.user, confirmed=False).order_by("-pk").first()


def secret(authenticator: Authenticator) -> str:
    """Return the secret as a person reads it: Base32 in groups of four."""
    text = base64.b32encode(authenticator.bin_key).decode()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def picture(authenticator: Authenticator) -> str:
    """Return the QR code that an authenticator app reads, as the address of an SVG image (data:)."""
    return qr.picture(authenticator.config_url)


def accepts(authenticator: Authenticator, code: str) -> bool:
    """Tell whether the code is the authenticator's, now, and wasn't used before; it is used by this."""
    code = codes.plain(code)
    return (
        code.isdecimal() and django_otp.verify_token(authenticator.user, authenticator.persistent_id, code) is not None
    )


def has_shown_a_code(authenticator: Authenticator) -> bool:
    """Tell whether a code of the authenticator was ever accepted."""
    return authenticator.last_t >= 0  # the time step of the newest; -1 before


def verify(account: Account, code: str) -> bool:
    """Tell whether a code is the one that the account's authenticator shows, and use it up."""
    return any(accepts(one, code) for one in Authenticator.objects.filter(user=account.user, confirmed=True))


def confirm(authenticator: Authenticator) -> None:
    """Make a prepared authenticator the account's only one."""
    with transaction.atomic():
        Authenticator.objects.filter(user=authenticator.user).exclude(pk=authenticator.pk).delete()
        Authenticator.objects.filter(pk=authenticator.pk).update(confirmed=True)


def new_recovery_codes(account: Account) -> list[str]:
    """Return new recovery codes, in place of those that were; only what stands for them is kept."""
    made = [codes.new(10) for _ in range(RECOVERY_CODES)]
    with transaction.atomic():
        StaticDevice.objects.filter(user=account.user).delete()
        device = StaticDevice.objects.create(user=account.user, name="recovery")
        StaticToken.objects.bulk_create(StaticToken(device=device, token=_kept(code)) for code in made)
    return [codes.written(code) for code in made]


def recover(account: Account, code: str) -> bool:
    """Tell whether it is one of the account's recovery codes, and use it up."""
    kept = _kept(codes.plain(code))
    devices = StaticDevice.objects.filter(user=account.user)
    return any(django_otp.verify_token(account.user, one.persistent_id, kept) is not None for one in devices)


def recovery_codes_left(account: Account) -> int:
    """Return how many recovery codes the account still has."""
    return StaticToken.objects.filter(device__user=account.user).count()


def remove(account: Account) -> None:
    """Take every second factor from the account."""
    Authenticator.objects.filter(user=account.user).delete()
    StaticDevice.objects.filter(user=account.user).delete()


def _kept(code: str) -> str:
    # 80 bits, the 16 characters that the column has room for.
    return base64.b32encode(keyed("portal.accounts.recovery", code.encode())[:10]).decode()
