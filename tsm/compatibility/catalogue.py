"""The phone models of the list. They are examples: what counts is the rule that each is held against."""

from datetime import date

from tsm.compatibility.requirements import Biometrics, Model, Result

_STRONG = Biometrics("指紋", false_acceptance=0.002, spoof_acceptance=4.5, impostor_acceptance=3.1)
_STRONG_FACE = Biometrics("顔", false_acceptance=0.0005, spoof_acceptance=6.2, impostor_acceptance=5.8)
_CONVENIENT = Biometrics("顔", false_acceptance=0.002, spoof_acceptance=19.0, impostor_acceptance=17.5)

MODELS = (
    Model(
        "sakura-8", "さくらフォン 8", "Android", 14, nfc=True, secure_element=True,
        biometrics=_STRONG_FACE, result=Result(date(2026, 6, 15), "SK8-14.2", passed=True),
    ),
    Model(
        "sakura-6", "さくらフォン 6", "Android", 11, nfc=True, secure_element=True,
        biometrics=_STRONG, result=Result(date(2026, 3, 2), "SK6-11.9", passed=True),
    ),
    Model(
        "kaede-3", "かえで 3", "Android", 10, nfc=True, secure_element=True,
        biometrics=_STRONG, result=Result(date(2025, 10, 20), "KD3-10.31", passed=True),
    ),
    Model(
        "import-x", "Import X (SIMフリー)", "Android", 13, nfc=True, secure_element=False, java_card=False,
        biometrics=_CONVENIENT,
    ),
    Model("ume-lite", "うめ ライト", "Android", 12, nfc=False, secure_element=True, biometrics=_CONVENIENT),
    Model("sakura-2", "さくらフォン 2", "Android", 8, nfc=True, secure_element=True, biometrics=_STRONG),
    Model(
        "kuroshio-1", "くろしお 1", "Android", 12, nfc=True, secure_element=True, java_card=False,
        biometrics=_STRONG,
    ),
    Model("ringo-15", "りんご 15", "iOS", 17, nfc=True, secure_element=True, biometrics=_STRONG_FACE),
)  # fmt: skip
_BY_CODE = {model.code: model for model in MODELS}


def find(code: str) -> Model | None:
    """Return the model of that code, or None."""
    return _BY_CODE.get(code)
