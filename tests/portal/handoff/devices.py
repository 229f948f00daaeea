"""Where the test's phone has its element: what PHONE_DEVICES names."""

from typing import Any


def element(request: Any, phone: Any) -> dict[str, str]:
    return {"url": f"/devices/{phone.reference}"}
