"""The second factor: an authenticator app (TOTP, RFC 6238), and recovery codes for the day it is lost."""

import base64
from concurrent.futures import ThreadPoolExecutor

import django_otp
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken

from portal import qr
from portal.accounts import codes
from portal.accounts.models import Account, Authenticator, RecoveryCode, keyed

RECOVERY_CODES = 8
LENGTH, LENGTH_BEFORE = 12, 10  # characters of a code; the second since 0.1.0, and good until it is used
FINDER = 2


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
    """Return new recovery codes, in place of those that were; only what stands for them is kept.

    Eight hashes of passwords take seconds: no transaction should be open around it (`made`, `keep`).
    """
    codes_made, rows = made()
    with transaction.atomic():
        keep(account, rows)
    return codes_made


def made() -> tuple[list[str], list[RecoveryCode]]:
    """Return codes that nobody has yet, as a person reads them, and what is to be kept of them."""
    by_finder: dict[str, str] = {}
    while len(by_finder) < RECOVERY_CODES:
        code = codes.new(LENGTH)
        by_finder[_kept(code)[:FINDER]] = code
    found = list(by_finder.values())
    return [codes.written(code, 4) for code in found], _rows([_kept(code) for code in found])


def keep(account: Account, rows: list[RecoveryCode]) -> None:
    """Make what `made` returned the account's, in place of all that it had."""
    _forget(account)
    for row in rows:
        row.account = account
    RecoveryCode.objects.bulk_create(rows)


def recover(account: Account | None, code: str) -> bool:
    """Tell whether it is one of the account's recovery codes, and use it up.

    Whatever has a code's length costs one hash, whether there is such a code or not, and where nobody is meant (None).
    """
    plain = codes.plain(code)
    if len(plain) not in (LENGTH, LENGTH_BEFORE):
        return False
    kept = _kept(plain)
    rows = list(RecoveryCode.objects.filter(account=account, finder=kept[:FINDER])) if account else []
    if not rows:
        make_password(kept)  # as long as a comparison takes
        old = StaticToken.objects.filter(device__user=account.user, token=kept) if account else None
        return old is not None and bool(old.delete()[0])
    fits = [row for row in rows if check_password(kept, row.hash)]
    # Of two who show it at once, one removes the row.
    return any(RecoveryCode.objects.filter(pk=row.pk).delete()[0] for row in fits)


def renew_kept(account: Account) -> None:
    """Put what 0.1.0 kept of the account's recovery codes, an HMAC alone, under a hash of passwords; the codes stay."""
    old = list(StaticToken.objects.filter(device__user=account.user))
    if not old:
        return
    rows = _rows([one.token for one in old])
    with transaction.atomic():
        for one, row in zip(old, rows, strict=True):
            # Used meanwhile, or done by another sign-in: nothing is removed, and nothing comes in its place.
            if StaticToken.objects.filter(pk=one.pk).delete()[0]:
                row.account = account
                row.save()


def recovery_codes_left(account: Account) -> int:
    """Return how many recovery codes the account still has."""
    return (
        RecoveryCode.objects.filter(account=account).count()
        + StaticToken.objects.filter(device__user=account.user).count()
    )


def remove(account: Account) -> None:
    """Take every second factor from the account."""
    Authenticator.objects.filter(user=account.user).delete()
    _forget(account)


def _forget(account: Account) -> None:
    RecoveryCode.objects.filter(account=account).delete()
    StaticDevice.objects.filter(user=account.user).delete()


def _rows(kept: list[str]) -> list[RecoveryCode]:
    # Hashing lets other threads run, so eight take as long as one where there are cores enough.
    with ThreadPoolExecutor(max_workers=4) as threads:
        hashes = list(threads.map(make_password, kept))
    return [RecoveryCode(finder=one[:FINDER], hash=hashed) for one, hashed in zip(kept, hashes, strict=True)]


def _kept(code: str) -> str:
    """Return what stands for a code, 80 bits: only who has the web's key can compute it, so both are needed to try."""
    return base64.b32encode(keyed("portal.accounts.recovery", code.encode())[:10]).decode()
