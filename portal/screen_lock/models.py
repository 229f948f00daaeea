"""Rows of the screen lock: what stands for a phone's PIN, and the challenges that were given out."""

from django.db import models

from tsm.models import Enrolment, Phone


class ScreenLock(models.Model):
    """The authenticator whose gesture stands for the authentication PIN of a pair: one for each phone.

    `share` alone opens nothing: the key that seals the PIN in the browser comes of it and of a secret that the
    authenticator gives to the page and to nobody else.
    """

    class Kind(models.TextChoices):
        """What the citizen unlocks the phone with. The browser can't tell; see docs/screen-lock.md."""

        BIOMETRICS = "biometrics"
        DEVICE_CREDENTIAL = "device_credential"

    phone = models.OneToOneField(Phone, on_delete=models.CASCADE, related_name="screen_lock")
    # Whose PIN: another pair in the same phone has another.
    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=24, choices=Kind.choices)
    credential_id = models.BinaryField()
    public_key = models.BinaryField()  # COSE_Key
    sign_count = models.BigIntegerField()
    # What the authenticator makes its secret of (the PRF extension's input), 32 bytes.
    salt = models.BinaryField()
    share = models.BinaryField()
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    # When the PIN itself was last typed: the primary authentication.
    pin_typed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.phone_id} {self.kind}"


class ScreenChallenge(models.Model):
    """A challenge that was given to a phone's page, to be answered once. Times are the machine's."""

    class Use(models.TextChoices):
        REGISTER = "register"  # sets the screen lock up
        UNLOCK = "unlock"  # a gesture
        OPEN = "open"  # the holder's proof: what a session alone may not see
        TYPED = "typed"  # the PIN was typed

    phone = models.ForeignKey(Phone, on_delete=models.CASCADE, related_name="+")
    use = models.CharField(max_length=16, choices=Use.choices)
    digest = models.CharField(max_length=64, unique=True)  # SHA-256 of the nonce, hex
    expires_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.phone_id} {self.use}"
