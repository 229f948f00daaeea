"""Rows of accounts: the person, what they are signed in by, and how often somebody guessed."""

import hashlib
import hmac
import uuid
from urllib.parse import quote

from django.conf import settings
from django.db import models
from django_otp.plugins.otp_totp.models import TOTPDevice

from ca.models import Realm


class Account(models.Model):
    """One person who signs in. Name and password are the row's of `django.contrib.auth`, which devices belong to."""

    class Role(models.TextChoices):
        HELPDESK = "helpdesk"
        OFFICER = "officer"
        OPERATOR = "operator"
        MINISTRY = "ministry"  # reviews cases: certifies
        REGISTRAR = "registrar"  # reviews cases: registers, and suspends
        PROVIDER = "provider"  # a service provider's person; what they may is their membership's to say

    class State(models.TextChoices):
        INVITED = "invited"  # has a code to enrol with, and nothing else
        ACTIVE = "active"
        DISABLED = "disabled"

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="account")
    realm = models.ForeignKey(Realm, on_delete=models.PROTECT, related_name="accounts")
    role = models.CharField(max_length=16, choices=Role.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.INVITED)
    # SHA-256 of the enrolment code, in hex; empty when there is none.
    code_digest = models.CharField(max_length=64, blank=True, default="")
    # By the machine's clock, as all times of an account: no realm's time travel lengthens a session.
    code_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["code_digest"], condition=~models.Q(code_digest=""), name="one_account_a_code"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Return the name that the person signs in with, and that the journal knows them by."""
        return self.user.get_username()


class StaffSession(models.Model):
    """One sign-in. The cookie holds a token, this row its digest: who reads the table is nobody."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="sessions")
    token_digest = models.CharField(max_length=64, unique=True)  # SHA-256, hex
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.account_id} since {self.began_at:%Y-%m-%d %H:%M}"


class Attempts(models.Model):
    """How often somebody tried, under one heading (a name, an address), since the first try of the window."""

    heading_digest = models.CharField(max_length=64, unique=True)  # SHA-256, hex
    count = models.PositiveIntegerField()
    since = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.heading_digest[:8]} {self.count}"


class Authenticator(TOTPDevice):
    """A TOTP device whose row holds no secret: the secret is an HMAC over its key by the web's own.

    Who copies the database can compute no code. A new SECRET_KEY makes every authenticator useless (`staff reset`).
    """

    class Meta:
        proxy = True

    @property
    def bin_key(self) -> bytes:
        """Return the secret that authenticator app and server share, 20 bytes (RFC 4226, section 4, R6)."""
        return keyed("portal.accounts.authenticator", bytes.fromhex(self.key))

    def verify_token(self, token: str) -> bool:
        """Tell whether a code is this device's, and use it up; the setting says how early or late it may come.

        What the row says of it is Django OTP's default, and what 0.1.0 learned of the device's clock.
        """
        self.tolerance, self.drift = settings.STAFF_CODE_STEPS, 0
        return bool(super().verify_token(token))

    @property
    def config_url(self) -> str:
        """Return what the app reads; it shows a service provider another house than it shows staff."""
        told = str(super().config_url)
        if self.user.account.role != Account.Role.PROVIDER:
            return told
        return told.replace(quote(settings.OTP_TOTP_ISSUER), quote(settings.OTP_TOTP_PROVIDERS_ISSUER))


class RecoveryCode(models.Model):
    """A code for the day the authenticator is lost; the row goes when it is used."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="recovery_codes")
    # Ten bits of the code's HMAC by the web's key, so that a try costs one hash and not eight.
    finder = models.CharField(max_length=2)
    # Django's hash of a password, with a salt of its own, over the whole of that HMAC.
    hash = models.CharField(max_length=128)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.account_id} {self.finder}"


class AccountChange(models.Model):
    """Something changed in how an account's person signs in; `portal.accounts.telling` tells them. Machine's times."""

    class Kind(models.TextChoices):
        ENROLLED = "enrolled"
        PASSWORD = "password"  # noqa: S105  (a kind of change)
        PASSKEY_ADDED = "passkey_added"
        PASSKEY_REMOVED = "passkey_removed"
        RESET = "reset"
        DISABLED = "disabled"
        ADDRESS = "address"

    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)  # its mail's Message-ID
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    at = models.DateTimeField()
    address = models.EmailField(blank=True)  # as it was then; empty where nobody knew one
    told_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ("pk",)
        indexes = (
            models.Index(
                fields=["at"],
                condition=models.Q(told_at__isnull=True) & ~models.Q(address=""),
                name="portal_change_untold",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.at.isoformat()}"


class Registration(models.Model):
    """A mail address on its way to become an account: a code was sent there. Times are the machine's.

    An address that somebody has already gets a row, too, whose code nobody knows: from outside both look alike.
    """

    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    address = models.CharField(max_length=150)
    # HMAC-SHA-256 of the code with the web's secret: six digits have no digest that could stand alone.
    salt = models.CharField(max_length=32)
    digest = models.CharField(max_length=64)
    tries_left = models.PositiveSmallIntegerField()
    sent_at = models.DateTimeField(db_index=True)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.reference)


class Passkey(models.Model):
    """A discoverable WebAuthn credential, which by itself signs in: it verifies its user before it signs."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="passkeys")
    # SHA-256, hex: a credential's id has up to 1023 bytes, and it is looked for.
    credential_digest = models.CharField(max_length=64, unique=True)
    credential_id = models.BinaryField()
    public_key = models.BinaryField()  # COSE_Key
    sign_count = models.BigIntegerField()
    name = models.CharField(max_length=60)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.name


class PasskeyChallenge(models.Model):
    """A nonce for an authenticator to answer, once: an account's, or nobody's yet where somebody signs in."""

    class Use(models.TextChoices):
        REGISTER = "register"
        SIGN_IN = "sign_in"
        CONFIRM = "confirm"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, related_name="+")
    use = models.CharField(max_length=8, choices=Use.choices)
    digest = models.CharField(max_length=64, unique=True)  # SHA-256, hex
    expires_at = models.DateTimeField(db_index=True)
    taken_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.use


def keyed(what: str, value: bytes) -> bytes:
    """Return 20 bytes that stand for `value` and that only the web, which has SECRET_KEY, can compute."""
    return hmac.digest(settings.SECRET_KEY.encode(), what.encode() + b"\0" + value, hashlib.sha256)[:20]
