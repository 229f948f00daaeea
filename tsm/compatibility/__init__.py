"""Which phones will do: requirements, models, conformance tests, and the published list."""

from tsm.compatibility.catalogue import BIOMETRICS, MODELS, find, varied
from tsm.compatibility.conformance import Listed, listed, newest, reason_against, record
from tsm.compatibility.requirements import Biometrics, Model, Reason, Result, ScreenLock

__all__ = [
    "BIOMETRICS",
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
    "varied",
]
