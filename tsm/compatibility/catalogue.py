"""The phone models of the list. They are examples: what counts is the rule that each is held against."""

from dataclasses import replace
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


# How a phone's biometrics may be, where it isn't as its model came on the list.
BIOMETRICS: dict[str, Biometrics | None] = {"strong": _STRONG, "weak": _CONVENIENT, "none": None}


def find(code: str) -> Model | None:
    """Return the model of that code, or None; of a phone that isn't as its model was, as `varied` writes it, too."""
    base, *variations = code.split(";")
    model = _BY_CODE.get(base)
    for variation in variations:
        name, _, value = variation.partition("=")
        if model is None:
            return None
        if name == "os" and value.isdecimal() and len(value) <= 2:
            model = replace(model, os_version=int(value))
        elif name == "biometrics" and value in BIOMETRICS:
            model = replace(model, biometrics=BIOMETRICS[value])
        else:
            return None
    return model


def varied(code: str, *, os_version: int | None = None, biometrics: str = "") -> str:
    """Return the code of a phone of that model with another version of its system, or other biometrics.

    A phone's model tells what it was when it was tested; an old system, or biometrics that are turned off, are its own.
    """
    parts = [code.split(";")[0]]
    if os_version is not None:
        parts.append(f"os={os_version}")
    if biometrics:
        parts.append(f"biometrics={biometrics}")
    return ";".join(parts)
