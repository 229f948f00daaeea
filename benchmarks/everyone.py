"""The tests' world (tests/portal/everyone) outside of a test: the settings that it is made under.

To be called after `django.setup()`.
"""


def settle() -> None:
    """Set what the world needs: phones that are rows, mails that stay in this process, staff that signs in quickly."""
    from django.conf import settings
    from django.core import mail

    settings.PHONE_DEVICES = "tests.portal.handoff.devices"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mail.outbox = []  # type: ignore[attr-defined]  # where the world reads its codes
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def wait_patiently() -> None:
    """Let nothing run out by the clock meanwhile: sessions, proofs, tokens, hand-offs."""
    from datetime import timedelta

    from django.conf import settings

    from portal.handoff import asking, delivery
    from whitelist.credentials import tokens

    long = timedelta(hours=8)
    asking.LIFETIME = delivery.CODE_LIFETIME = tokens.TOKEN_LIFE = long
    for name in ("MYNAPORTAL_IDLE_SECONDS", "HOLDER_PROOF_SECONDS", "CARD_SESSION_SECONDS", "STAFF_IDLE_SECONDS"):
        setattr(settings, name, long.total_seconds())
