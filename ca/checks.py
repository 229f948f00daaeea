"""What must hold of the settings before anything is issued in earnest."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

# The defaults of CA_PHONE_POLICY_OIDS, by the pattern of the card's (facts 1.2 [G]): good for test material only.
GUESSED = {"1.2.392.200149.8.5.1.0.40", "1.2.392.200149.8.5.1.0.50"}


def guessed_policies() -> str:
    """Return the names of the settings of phone policy OIDs that are still guesses, for people; empty when none is."""
    guessed = sorted(purpose for purpose, policy in settings.CA_PHONE_POLICY_OIDS.items() if policy in GUESSED)
    return " and ".join(f"PHONE_{purpose.upper()}_POLICY_OID" for purpose in guessed)


@register("ca", deploy=True)
def transcripts(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Warn, in production, where nothing outside the database says what was signed."""
    if not settings.PRODUCTION or settings.JOURNAL_TRANSCRIPTS:
        return []
    return [
        Warning(
            "JOURNAL_TRANSCRIPTS names no folder: after a restore nobody knows which serial numbers were given.",
            hint="Name two, of which one isn't lost together with the database (docs/backup.md).",
            id="ca.W002",
        )
    ]


@register("ca", deploy=True)
def phone_policies(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Refuse, in production, policy OIDs of phone certificates that nobody has set."""
    guessed = guessed_policies() if settings.PRODUCTION else ""
    if not guessed:
        return []
    return [
        Error(
            f"The policy OIDs of phone certificates are still the sandbox's guesses: {guessed}.",
            hint=f"Set {guessed} to the OIDs of the profile specification. What is issued under a guess stays wrong.",
            id="ca.E001",
        )
    ]
