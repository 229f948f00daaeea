"""Where a test world may tell something else than the truth: HANDOFF_FAULTS names its module. Empty: the truth.

Nothing that is kept is changed by it. The module has four functions: `told(hand_off, shape)`, `redeem(hand_off)`,
`address(hand_off, address)`, `trust(slug, trust)`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.conf import settings

if TYPE_CHECKING:
    from portal.handoff.models import HandOff


def told(hand_off: "HandOff", shape: dict[str, Any]) -> dict[str, Any]:
    """Return what a service is told of its hand-off by API."""
    return _module().told(hand_off, shape) if settings.HANDOFF_FAULTS else shape


def redeem(hand_off: "HandOff") -> None:
    """Raise what a service is told that redeems a code, before it is looked at."""
    if settings.HANDOFF_FAULTS:
        _module().redeem(hand_off)


def address(hand_off: "HandOff", way_back: str) -> str:
    """Return where the citizen's browser goes back to."""
    return _module().address(hand_off, way_back) if settings.HANDOFF_FAULTS else way_back


def trust(slug: str, trusted: dict[str, Any]) -> dict[str, Any]:
    """Return the trust list as it is told."""
    return _module().trust(slug, trusted) if settings.HANDOFF_FAULTS else trusted


def _module() -> Any:
    return import_module(settings.HANDOFF_FAULTS)
