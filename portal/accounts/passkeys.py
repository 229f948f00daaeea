"""Passkeys: WebAuthn credentials that find their account by themselves and verify their user, so one gesture signs in.

The authenticator's own check (PIN, finger, face) and its possession are the two factors. No attestation is asked for.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import webauthn
from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, options_to_json_dict
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from ca import clock, journal
from portal import gestures, hosts
from portal.accounts import attempts, sessions, telling
from portal.accounts.errors import EnrolmentCodeWrong, PasskeyChallengeOver, PasskeyLast, PasskeyRefused
from portal.accounts.models import Account, AccountChange, Passkey, PasskeyChallenge, keyed
from portal.accounts.signing_in import address_of
from portal.gestures import GestureRefused

Use = PasskeyChallenge.Use
LIFETIME = timedelta(minutes=5)


def of(account: Account) -> list[Passkey]:
    """Return the account's passkeys, oldest first."""
    return list(Passkey.objects.filter(account=account))


def read(text: str) -> dict[str, Any]:
    """Return what an authenticator answered (PublicKeyCredential.toJSON), cut down to what is verified.

    Raises PasskeyRefused where it is anything else.
    """
    try:
        return gestures.kept(json.loads(text) if len(text) <= 4 * gestures.LONGEST else None)
    except (GestureRefused, ValueError, RecursionError):
        raise PasskeyRefused("no answer of an authenticator") from None


# --- making one
def offer(account: Account) -> dict[str, Any]:
    """Return options for `navigator.credentials.create`: a passkey for this account, none that it has.

    Staff stays with password and authenticator, which its dangerous acts ask for again. Raises PasskeyRefused.
    """
    if account.role != Account.Role.PROVIDER:
        raise PasskeyRefused("passkeys are for service providers")
    options = webauthn.generate_registration_options(
        rp_id=gestures.site_id(hosts.home(hosts.Area.PROVIDERS)),
        rp_name=gestures.NAME,
        user_name=account.name,
        user_id=_handle(account),
        challenge=_challenge(account, Use.REGISTER),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=bytes(one.credential_id)) for one in of(account)],
    )
    return options_to_json_dict(options)


def add(account: Account, credential: Mapping[str, Any], *, name: str = "") -> Passkey:
    """Keep a new passkey. Raises PasskeyRefused, PasskeyChallengeOver."""
    verified = _verified(account, credential)
    with transaction.atomic():
        telling.note(account, AccountChange.Kind.PASSKEY_ADDED)
        return _keep(account, verified, name)


def enrol(account: Account, credential: Mapping[str, Any]) -> None:
    """Make an invited account active with its first passkey, and no password.

    Uses the enrolment code up, as `staff.enrol`. Raises PasskeyRefused, PasskeyChallengeOver, EnrolmentCodeWrong.
    """
    verified = _verified(account, credential)
    with transaction.atomic():
        claimed = Account.objects.filter(
            pk=account.pk,
            state=Account.State.INVITED,
            code_digest=account.code_digest,
            code_until__gt=clock.machine(),
        ).update(state=Account.State.ACTIVE, code_digest="", code_until=None)
        if not claimed:
            raise EnrolmentCodeWrong("used meanwhile")
        _keep(account, verified, "")
        telling.note(account, AccountChange.Kind.ENROLLED)
        sessions.end_all(account)
        journal.record(account.realm, "staff.enrolled", account.name, role=account.role)
    account.state = Account.State.ACTIVE


def _verified(account: Account, credential: Mapping[str, Any]) -> VerifiedRegistration:
    nonce = _take(account, Use.REGISTER, credential)
    try:
        return gestures.registered(credential, nonce, at=hosts.home(hosts.Area.PROVIDERS))
    except GestureRefused as refused:
        raise PasskeyRefused(str(refused)) from refused


def _keep(account: Account, verified: VerifiedRegistration, name: str) -> Passkey:
    try:
        with transaction.atomic():
            made = Passkey.objects.create(
                account=account,
                credential_digest=_digest(verified.credential_id),
                credential_id=verified.credential_id,
                public_key=verified.credential_public_key,
                sign_count=verified.sign_count,
                name=name.strip()[:60],
                created_at=clock.machine(),
            )
            journal.record(account.realm, "staff.passkey_added", account.name, credential=made.credential_digest)
    except IntegrityError:
        raise PasskeyRefused("this authenticator is registered already") from None
    return made


def remove(account: Account, passkey: int) -> None:
    """Take a passkey from the account, unless nobody could sign in any more. Raises PasskeyLast."""
    with transaction.atomic():
        journal.take(account.realm)
        row = Passkey.objects.filter(account=account, pk=passkey).first()
        if row is None:
            return
        if not account.user.has_usable_password() and Passkey.objects.filter(account=account).count() == 1:
            raise PasskeyLast("the last way to sign in")
        telling.note(account, AccountChange.Kind.PASSKEY_REMOVED)
        journal.record(account.realm, "staff.passkey_removed", account.name, credential=row.credential_digest)
        row.delete()


# --- using one
def ask(request: HttpRequest) -> dict[str, Any]:
    """Return options for `navigator.credentials.get`: any passkey of this site. Raises SignInLocked."""
    attempts.take(f"passkey:{address_of(request)}", limit=settings.STAFF_ADDRESS_TRIES)
    return _options(_challenge(None, Use.SIGN_IN), [])


def sign_in(request: HttpRequest, credential: Mapping[str, Any]) -> Account:
    """Return the account whose passkey answered. Raises PasskeyRefused, PasskeyChallengeOver."""
    account = _answered(None, Use.SIGN_IN, credential)
    attempts.give_back(f"passkey:{address_of(request)}")
    journal.record(account.realm, "staff.signed_in", account.name, role=account.role, by="passkey")
    return account


def ask_again(account: Account) -> dict[str, Any]:
    """Return options for a gesture of one of the account's own passkeys, before a dangerous act."""
    return _options(_challenge(account, Use.CONFIRM), of(account))


def confirm(account: Account, credential: Mapping[str, Any]) -> None:
    """Have a signed-in person make the gesture once more. Raises PasskeyRefused, PasskeyChallengeOver."""
    _answered(account, Use.CONFIRM, credential)


def _options(nonce: bytes, passkeys: list[Passkey]) -> dict[str, Any]:
    options = webauthn.generate_authentication_options(
        rp_id=gestures.site_id(hosts.home(hosts.Area.PROVIDERS)),
        challenge=nonce,
        allow_credentials=[PublicKeyCredentialDescriptor(id=bytes(one.credential_id)) for one in passkeys],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


def _answered(account: Account | None, use: Use, credential: Mapping[str, Any]) -> Account:
    nonce = _take(account, use, credential)
    try:
        named = base64url_to_bytes(credential["rawId"])
    except (KeyError, ValueError) as error:
        raise PasskeyRefused("the credential's id can't be read") from error
    rows = Passkey.objects.select_related("account__user", "account__realm").filter(
        credential_digest=_digest(named), account__state=Account.State.ACTIVE
    )
    row = (rows.filter(account=account) if account else rows).first()
    if row is None:
        raise PasskeyRefused("nobody's passkey")
    # WebAuthn 7.2, step 6: the account that the authenticator names is the credential's.
    named_user = credential["response"].get("userHandle")
    if named_user and named_user.rstrip("=") != bytes_to_base64url(_handle(row.account)):
        raise PasskeyRefused("another account's passkey")
    try:
        verified = gestures.answered(
            credential,
            nonce,
            public_key=bytes(row.public_key),
            sign_count=row.sign_count,
            at=hosts.home(hosts.Area.PROVIDERS),
        )
    except GestureRefused as error:
        kind = "staff.sign_in_failed" if use == Use.SIGN_IN else "staff.code_wrong"
        journal.record(row.account.realm, kind, row.account.name, by="passkey")
        raise PasskeyRefused(str(error)) from error
    # Of two answers with the same count one is a copy's; synchronised passkeys always count 0.
    rows = Passkey.objects.filter(pk=row.pk, sign_count=row.sign_count)
    if not rows.update(sign_count=verified.new_sign_count, used_at=clock.machine()):
        raise PasskeyRefused("used meanwhile")
    return row.account


def _challenge(account: Account | None, use: Use) -> bytes:
    """Return a new nonce of 32 bytes; of it only the digest is kept."""
    now, nonce = clock.machine(), secrets.token_bytes(32)
    PasskeyChallenge.objects.filter(expires_at__lte=now).delete()
    PasskeyChallenge.objects.create(account=account, use=use, digest=_digest(nonce), expires_at=now + LIFETIME)
    return nonce


def _take(account: Account | None, use: Use, credential: Mapping[str, Any]) -> bytes:
    """Take the challenge that an answer names, whatever comes of the answer; return its nonce."""
    try:
        nonce = gestures.nonce_in(credential)
    except GestureRefused as refused:
        raise PasskeyRefused(str(refused)) from refused
    now = clock.machine()
    rows = PasskeyChallenge.objects.filter(
        account=account, use=use, digest=_digest(nonce), taken_at=None, expires_at__gt=now
    )
    if not rows.update(taken_at=now):
        raise PasskeyChallengeOver("answered before, too old, or another's")
    return nonce


def _handle(account: Account) -> bytes:
    """Return by what an authenticator knows the account: the same always, and nothing that tells a person."""
    return keyed("portal.accounts.passkey", str(account.pk).encode())


def _digest(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()
