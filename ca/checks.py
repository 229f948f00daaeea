"""What must hold of the settings before anything is issued in earnest."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

# The defaults of CA_PHONE_POLICY_OIDS, by the pattern of the card's (facts 1.2 [G]): good for test material only.
GUESSED = {"1.2.392.200149.8.5.1.0.40", "1.2.392.200149.8.5.1.0.50"}


@register("ca")
def phone_policies(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Refuse, in production, policy OIDs of phone certificates that nobody has set."""
    if not settings.PRODUCTION:
        return []
    policies = dict(settings.CA_PHONE_POLICY_OIDS)
    guessed = sorted(purpose for purpose, policy in policies.items() if policy in GUESSED)
    if not guessed:
        return []
    names = " and ".join(f"PHONE_{purpose.upper()}_POLICY_OID" for purpose in guessed)
    return [
        Error(
            f"The policy OIDs of phone certificates are the sandbox's guesses: {', '.join(guessed)}.",
            hint=f"Set {names} to the OIDs of the profile specification. What is issued under a guess stays wrong.",
            id="ca.E001",
        )
    ]
