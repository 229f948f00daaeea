"""Which phones will do, as published: the requirements of the briefing (動作対象となる端末), model by model.

The models are examples. What counts is the rule: Android 9 or later, NFC, and a GlobalPlatform secure element in
which Java applets can be installed.
"""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why a model isn't supported."""

    OPERATING_SYSTEM = "operating_system"
    OS_VERSION = "os_version"
    NO_NFC = "no_nfc"
    NO_SECURE_ELEMENT = "no_secure_element"


@dataclass(frozen=True)
class Model:
    """One phone model of the list."""

    code: str
    name: str
    os: str
    os_version: int
    nfc: bool
    secure_element: bool

    @property
    def unsupported_because(self) -> Reason | None:
        """Return the first requirement that this model misses, or None."""
        if self.os != "Android":
            return Reason.OPERATING_SYSTEM
        if self.os_version < 9:
            return Reason.OS_VERSION
        if not self.nfc:
            return Reason.NO_NFC
        if not self.secure_element:
            return Reason.NO_SECURE_ELEMENT
        return None

    @property
    def supported(self) -> bool:
        return self.unsupported_because is None


MODELS = (
    Model("sakura-8", "さくらフォン 8", "Android", 14, nfc=True, secure_element=True),
    Model("sakura-6", "さくらフォン 6", "Android", 11, nfc=True, secure_element=True),
    Model("kaede-3", "かえで 3", "Android", 10, nfc=True, secure_element=True),
    Model("import-x", "Import X (SIMフリー)", "Android", 13, nfc=True, secure_element=False),
    Model("ume-lite", "うめ ライト", "Android", 12, nfc=False, secure_element=True),
    Model("sakura-2", "さくらフォン 2", "Android", 8, nfc=True, secure_element=True),
    Model("ringo-15", "りんご 15", "iOS", 17, nfc=True, secure_element=True),
)
_BY_CODE = {model.code: model for model in MODELS}


def find(code: str) -> Model | None:
    """Return the model of that code, or None."""
    return _BY_CODE.get(code)
