"""What a phone model must be (briefing of 2022-06, 動作対象となるスマートフォン端末), as a table of rules."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

FIRST_ANDROID = 9
# From here on the phone's own PIN or pattern may stand for the authentication PIN, too; before it, biometrics only.
FIRST_ANDROID_WITH_DEVICE_CREDENTIAL = 11


class Reason(StrEnum):
    """Why a model isn't supported."""

    OPERATING_SYSTEM = "operating_system"
    OS_VERSION = "os_version"
    NO_NFC = "no_nfc"
    NO_SECURE_ELEMENT = "no_secure_element"
    NO_JAVA_CARD = "no_java_card"
    NOT_TESTED = "not_tested"
    CONFORMANCE_FAILED = "conformance_failed"


class ScreenLock(StrEnum):
    """What of the screen lock may stand for the authentication PIN; never for the signature password."""

    DEVICE_CREDENTIAL = "device_credential"
    BIOMETRICS = "biometrics"
    NONE = "none"


@dataclass(frozen=True)
class Biometrics:
    """How good a phone's biometrics are, measured as the Android CDD says; rates in per cent."""

    kind: str
    false_acceptance: float
    spoof_acceptance: float
    impostor_acceptance: float
    # The primary lock (PIN, pattern, password) is asked for at least so often.
    primary_every_hours: int = 72

    @property
    def is_class_3(self) -> bool:
        """Tell whether it is Class 3 (before Android 11: strong): FAR 1 in 50,000, SAR and IAR 7 %, 72 hours."""
        return (
            self.false_acceptance <= 0.002
            and self.spoof_acceptance <= 7
            and self.impostor_acceptance <= 7
            and self.primary_every_hours <= 72
        )


@dataclass(frozen=True)
class Result:
    """One conformance test: when, on which build, and whether it passed."""

    tested_on: date
    build: str
    passed: bool
    remark: str = ""


@dataclass(frozen=True)
class Model:
    """One phone model of the list. `result` is the conformance test that it came on the list with."""

    code: str
    name: str
    os: str
    os_version: int
    nfc: bool
    secure_element: bool
    java_card: bool = True
    biometrics: Biometrics | None = None
    result: Result | None = None

    @property
    def unsupported_because(self) -> Reason | None:
        """Return the first requirement that this model misses, or None."""
        return next((reason for reason, holds in REQUIREMENTS.items() if not holds(self)), None)

    @property
    def supported(self) -> bool:
        return self.unsupported_because is None

    @property
    def screen_lock(self) -> ScreenLock:
        """Return what may stand for the authentication PIN on this model."""
        if self.biometrics is None or not self.biometrics.is_class_3:
            return ScreenLock.NONE
        if self.os_version >= FIRST_ANDROID_WITH_DEVICE_CREDENTIAL:
            return ScreenLock.DEVICE_CREDENTIAL
        return ScreenLock.BIOMETRICS


# In the order in which they are told.
REQUIREMENTS: dict[Reason, Callable[[Model], bool]] = {
    Reason.OPERATING_SYSTEM: lambda model: model.os == "Android",
    Reason.OS_VERSION: lambda model: model.os_version >= FIRST_ANDROID,
    Reason.NO_NFC: lambda model: model.nfc,
    # GlobalPlatform, with the functions of ISO/IEC 18092 and JIS X 6319-4.
    Reason.NO_SECURE_ELEMENT: lambda model: model.secure_element,
    Reason.NO_JAVA_CARD: lambda model: model.java_card,
}
