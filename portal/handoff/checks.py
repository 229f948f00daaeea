"""What should hold of the settings before services ask in earnest."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register


@register(Tags.security, deploy=True)
def pkce(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Warn, in production, where services may ask without PKCE."""
    if not settings.PRODUCTION or settings.HANDOFF_PKCE == "required":
        return []
    return [
        Warning(
            "HANDOFF_PKCE=optional: a service may ask without code_challenge, and a code that is caught is good.",
            hint="Leave it to its default once every service sends one (docs/handoff.md).",
            id="portal.W011",
        )
    ]
