"""One row of the catalogue of problems."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One row of the catalogue. `ja` and `en` are for the citizen, the rest for engineers.

    `retry` says whether the same request may succeed later, unchanged; without it the status does.
    """

    status: int
    title: str
    cause: str
    remedy: str
    ja: str
    en: str
    retry: bool | None = None

    @property
    def may_be_retried(self) -> bool:
        """Return whether the same request may succeed later."""
        return self.status in TRY_AGAIN if self.retry is None else self.retry


# RFC 9110 15.6, RFC 6585 4: what passes by itself.
TRY_AGAIN = frozenset({429, 500, 502, 503, 504})
TRY_LATER_JA = "いまは確かめることができませんでした。時間をおいて、もう一度お試しください。"
TRY_LATER_EN = "This could not be checked just now. Please try again later."
