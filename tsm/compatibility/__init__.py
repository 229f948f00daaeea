"""Which phones will do: requirements, models, conformance tests, and the published list."""

from tsm.compatibility.catalogue import MODELS, find
from tsm.compatibility.conformance import Listed, listed, newest, reason_against, record
from tsm.compatibility.requirements import Biometrics, Model, Reason, Result, ScreenLock

__all__ = [
    "MODELS",
    "Biometrics",
    "Listed",
    "Model",
    "Reason",
    "Result",
    "ScreenLock",
    "find",
    "listed",
    "newest",
    "reason_against",
    "record",
]
