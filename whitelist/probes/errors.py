"""Why a probe came to nothing: each with a finding, the word that is stored and has its sentence on the page."""

from typing import Any, ClassVar

from whitelist.models import ProbeResult


class ProbeError(Exception):
    """Base of all. `evidence` is plain JSON that the service's engineers may read."""

    outcome: ClassVar[ProbeResult.Outcome] = ProbeResult.Outcome.FAILED

    def __init__(self, finding: str, **evidence: Any) -> None:
        super().__init__(finding)
        self.finding = finding
        self.evidence = evidence


class Refused(ProbeError):
    """We don't go there."""

    outcome = ProbeResult.Outcome.REFUSED


class Unreachable(ProbeError):
    """Nobody answers there, or not in time."""

    outcome = ProbeResult.Outcome.UNREACHABLE


class Wrong(ProbeError):
    """What answered won't do."""

    outcome = ProbeResult.Outcome.FAILED
