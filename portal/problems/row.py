"""One row of the catalogue of problems."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One row of the catalogue. `ja` and `en` are for the citizen, the rest for engineers."""

    status: int
    title: str
    cause: str
    remedy: str
    ja: str
    en: str


TRY_LATER_JA = "いまは確かめることができませんでした。時間をおいて、もう一度お試しください。"
TRY_LATER_EN = "This could not be checked just now. Please try again later."
