"""Where the test's phone has its element: what PHONE_DEVICES names."""

from typing import Any


def element(request: Any, phone: Any) -> dict[str, str]:
    return {"url": f"/devices/{phone.reference}"}


def cards(request: Any, realm: Any) -> list[dict[str, str]]:
    return [{"label": "試験カード", "hint": "", "url": "/devices/card"}]
