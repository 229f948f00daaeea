"""The screen lock in place of the PIN: what portal/static/phone/screen_lock.js does, with the phone's authenticator.

The PIN is sealed (AES-GCM) under a key that HKDF makes of the authenticator's PRF secret and of the server's share, and
the whole lies sealed in the phone's row.
"""

import base64
import json
import os
from collections.abc import Callable
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.urls import reverse

from ca.profiles import Purpose
from portal.screen_lock import locks
from portal.screen_lock.models import ScreenLock
from sandbox import sealing
from sandbox.driver import chip
from sandbox.driver.authenticator import Authenticator
from sandbox.driver.browser import Browser
from sandbox.driver.chip import Played
from sandbox.driver.wording import sentence
from sandbox.models import VirtualScreenLock
from tsm.models import Phone

INFO = b"JPKI screen lock 1"
FEWEST_TRIES = 2  # the chip's last try is not spent on a PIN that nobody typed
PIN = Purpose.USER_AUTHENTICATION


class LockRefused(Exception):
    """The screen lock can't stand for the PIN now; `problem` is what the page shows."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(problem.get("code", ""))
        self.problem = problem


def set_up(phone: Phone, browser: Browser, powered: Callable[[], Any], pin: str) -> None:
    """Set it up with the PIN, as its page does. Raises ChipRefused, LockRefused."""
    possible = locks.kinds(phone)
    kind = possible[0] if possible else ScreenLock.Kind.BIOMETRICS
    offered = _call(browser, "offer", {"kind": kind})
    signature = _sign(powered, pin, offered["text"])
    made = Authenticator.make(settings.PUBLIC_URL)
    body = {"kind": kind, "text": offered["text"], "signature": _base64(signature)}
    lock = _call(browser, "set_up", {**body, "credential": made.create(offered["options"])})
    half = made.prf(base64.b64decode(offered["salt"]))
    nonce = os.urandom(12)
    sealed = AESGCM(_key(lock["share"], half)).encrypt(nonce, pin.encode(), _bound(phone, lock["credential"]))
    record = {"credential": lock["credential"], "nonce": nonce.hex(), "sealed": sealed.hex()}
    _keep(phone, {"authenticator": made.kept(), "record": record})


def unlock(phone: Phone, browser: Browser, powered: Callable[[], Any], *, gesture: bool = True) -> str:
    """Return the PIN after one gesture. Raises LockRefused."""
    row = VirtualScreenLock.objects.filter(phone=phone).first()
    if row is None:
        raise _refused("screen_lock_none_here")
    with powered() as element:
        left = chip.tries(element)[PIN]
    if left < FEWEST_TRIES:
        raise _refused("screen_lock_last_try" if left else "screen_lock_pin_blocked")
    kept = json.loads(sealing.unseal(bytes(row.sealed)))
    asked = _call(browser, "ask", {})
    if not gesture:
        raise _refused("screen_lock_gesture_refused")
    known = Authenticator.restore(settings.PUBLIC_URL, kept["authenticator"])
    answer = known.get(asked["options"])
    _keep(phone, {**kept, "authenticator": known.kept()})
    share = _call(browser, "unlock", {"credential": answer})["share"]
    record = kept["record"]
    key = _key(share, known.prf(base64.b64decode(asked["salt"])))
    try:
        bound = _bound(phone, record["credential"])
        return AESGCM(key).decrypt(bytes.fromhex(record["nonce"]), bytes.fromhex(record["sealed"]), bound).decode()
    except InvalidTag:
        raise _refused("screen_lock_broken") from None


def pin_typed(phone: Phone, browser: Browser, powered: Callable[[], Any], pin: str) -> None:
    """Tell the site that the PIN itself was typed and right, where a screen lock stands for it otherwise."""
    if not VirtualScreenLock.objects.filter(phone=phone).exists() or locks.find(phone) is None:
        return
    try:
        text = _call(browser, "proof_text", {"use": "typed"})["text"]
        _call(browser, "typed", {"text": text, "signature": _base64(_sign(powered, pin, text)), "typed": True})
    except LockRefused:
        pass  # it is asked for again a little sooner, that is all


def _sign(powered: Callable[[], Any], pin: str, text: str) -> bytes:
    with powered() as element:
        played = Played(element)
        return played.sign(played.open(PIN, pin), text.encode())


def _call(browser: Browser, name: str, body: dict[str, Any]) -> Any:
    answer = browser.post_json(reverse(f"screen_lock:{name}"), body)
    if answer.status not in (200, 201):
        raise LockRefused(answer.json or {"code": "unknown", "citizen": sentence("unknown")})
    return answer.json


def _refused(code: str) -> LockRefused:
    return LockRefused({"code": code, "citizen": sentence(code)})


def _keep(phone: Phone, kept: dict[str, Any]) -> None:
    VirtualScreenLock.objects.update_or_create(
        phone=phone, defaults={"sealed": sealing.seal(json.dumps(kept).encode())}
    )


def _key(share: str, secret: bytes) -> bytes:
    return HKDF(hashes.SHA256(), length=32, salt=base64.b64decode(share), info=INFO).derive(secret)


def _bound(phone: Phone, credential: str) -> bytes:
    return f"{phone.reference}\n{credential}".encode()


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
