"""A citizen's card and phone, on a host of their own: what they do, they do over TLS through the deployment's front.

    python -m tests.trial.phone STATE make IIN CIN <JSON of the element's keys>    # a phone as its maker delivers it
    python -m tests.trial.phone STATE WHAT SITE                                    # enrol, sign_in

STATE is a file with the card's keys and the phone's element; what is told, is told as one line of JSON. It takes the
site's addresses in turn, as from a name server that gives several. No Django, and nothing of the deployment.
"""

import base64
import contextlib
import hashlib
import json
import re
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from sandbox.demo.browser import Browser, Page
from sandbox.virtual.element import Element
from sandbox.virtual.jpki import JpkiApplet
from tsm import jpki
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.scp03 import KeySet
from tsm.jpki import PACKAGE_AID, Key
from tsm.local_agent.errand import Errands, Identity

NATIVES = {PACKAGE_AID: JpkiApplet}
WORDS = {Key.SIGNATURE: b"TRIAL27KX4", Key.AUTHENTICATION: b"6194"}
NAMES = {Key.SIGNATURE: "signature", Key.AUTHENTICATION: "user_authentication"}
SECONDS = 240.0
PEM = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()


def main() -> None:
    """Do what the arguments say."""
    file, what, *more = sys.argv[1:]
    if what == "make":
        told = make(Path(file), *more)
    else:
        take_addresses_in_turn()
        told = getattr(Citizen(Path(file), *more), what)()
    sys.stdout.write(json.dumps(told) + "\n")


def make(file: Path, iin: str, cin: str, keys: str) -> dict[str, str]:
    """Make the card's keys and the phone's element; return the card's requests, PKCS#10 in base64."""
    kept = {name: rsa.generate_private_key(65537, 2048) for name in NAMES.values()}
    parts = json.loads(keys)
    enc, mac, dek = (bytes.fromhex(parts[name]) for name in ("enc", "mac", "dek"))
    element = Element.manufacture(
        iin=bytes.fromhex(iin),
        cin=bytes.fromhex(cin),
        isd_keys=KeySet(enc, mac, dek, int(parts["version"])),
        natives=NATIVES,
    )
    card = {name: key.private_bytes(*PEM).decode() for name, key in kept.items()}
    file.write_text(json.dumps({"number": iin + cin, "card": card, "element": element.snapshot().hex()}))
    nobody = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return {
        name: b64(nobody.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER))
        for name, key in kept.items()
    }


def take_addresses_in_turn() -> None:
    """Let each connection begin with another of a name's addresses; where one doesn't answer, the next is taken."""
    asked = socket.getaddrinfo
    turn = 0

    def answered(*arguments: Any, **named: Any) -> Any:
        nonlocal turn
        found = asked(*arguments, **named)
        turn += 1
        return found[turn % len(found) :] + found[: turn % len(found)]

    socket.getaddrinfo = answered


class Citizen:
    """Somebody with a card, whose certificate and phone's token STATE has by now."""

    def __init__(self, file: Path, site: str) -> None:
        self._file, self._site = file, site
        self._state: dict[str, Any] = json.loads(file.read_text())
        self._element = Element.restore(bytes.fromhex(self._state["element"]), NATIVES)
        self._bearer = f"{self._state['phone']}:{self._state['token']}"

    def enrol(self) -> dict[str, Any]:
        """Go from the application to the valid pair; return the enrolment and both certificates, PEM."""
        identity = Identity(self._site, self._state["phone"], self._state["token"], self._state["number"].upper())
        errands = Errands(identity, self._powered, tell=lambda _: None)
        until = time.monotonic() + SECONDS
        text = self._ask("GET", "/application")["text"]
        key: Any = serialization.load_pem_private_key(self._state["card"]["signature"].encode(), None)
        applied = {
            "application": text,
            "certificate": self._state["certificate"],
            "signature": b64(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())),
        }
        reference = self._ask("POST", "/enrolments", applied)["id"]
        while (found := self._ask("GET", f"/enrolments/{reference}"))["state"] != "installed":
            if time.monotonic() > until:
                raise SystemExit(f"the enrolment stands at {found['state']}: {found['trouble']}")
            with contextlib.suppress(httpx.HTTPError):
                if errands.go():
                    continue
            time.sleep(0.5)
        play(self._element, jpki.select_application())
        for one, secret in WORDS.items():
            play(self._element, jpki.select_file(one.password_file), jpki.change_password(secret))
        message = found["activation"]["text"].encode()
        proof = {"signatures": {name: b64(self._signed(one, message)) for one, name in NAMES.items()}}
        state = self._ask("POST", f"/enrolments/{reference}/activation", proof)["state"]
        self._keep()
        return {"enrolment": reference, "state": state} | {
            name: pem(self._certificate(one)) for one, name in NAMES.items()
        }

    def sign_in(self) -> dict[str, Any]:
        """Open the phone's pages in a browser, and sign in to Mynaportal with a hand-off to this phone."""
        browser = Browser(self._site)
        # Over TLS a form counts only from a page of the site's own.
        browser.client.headers.update({"Origin": self._site, "Referer": f"{self._site}/"})
        answer = httpx.post(f"{self._site}/api/phone/v1/pages", headers=self._shown(), trust_env=False, timeout=45)
        answer.raise_for_status()
        browser.open(answer.json()["url"])
        asked = browser.submit(f"{self._site}/mynaportal/sign-in", browser.open("/mynaportal/"))
        if "answer-url" not in asked.data:
            raise SystemExit(f"the phone's page doesn't ask ({asked.status}): {asked.text[:600]}")
        body = {
            "service": asked.data["service"],
            "certificate": b64(self._certificate(Key.AUTHENTICATION)),
            "signature": b64(self._signed(Key.AUTHENTICATION, base64.b64decode(asked.data["message"]))),
        }
        (token,) = (one.value or "" for one in browser.client.cookies.jar if one.name.endswith("jpki_csrf"))
        address = httpx.URL(self._site).join(asked.data["answer-url"])
        answer = browser.client.post(address, json=body, headers={"X-CSRFToken": token})
        if answer.status_code >= 400:
            raise SystemExit(f"the answer isn't taken: {answer.status_code} {answer.text[:600]}")
        back: Page = browser.open(answer.json()["return_url"])
        return {"status": back.status, "address": str(back.url), "text": back.text[:1500]}

    @contextlib.contextmanager
    def _powered(self) -> Iterator[Element]:
        self._element.power_on()
        yield self._element

    def _signed(self, key: Key, message: bytes) -> bytes:
        info = jpki.digest_info(hashlib.sha256(message).digest())
        return play(self._element, *self._login(key), jpki.sign(info, key))

    def _certificate(self, key: Key) -> bytes:
        play(self._element, *self._login(key), jpki.select_file(key.certificate_file))
        length = jpki.certificate_length(play(self._element, jpki.read_binary(0, 4)))
        return b"".join(
            play(self._element, jpki.read_binary(at, min(256, length - at))) for at in range(0, length, 256)
        )

    def _login(self, key: Key) -> tuple[Command, ...]:
        return jpki.select_application(), jpki.select_file(key.password_file), jpki.verify(WORDS[key])

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        response = httpx.request(
            method,
            f"{self._site}/api/phone/v1{path}",
            json=body,
            headers=self._shown(),
            timeout=60,
            trust_env=False,
        )
        if response.status_code >= 400:
            raise SystemExit(f"{method} {path}: {response.status_code} {response.text[:800]}")
        return response.json()

    def _shown(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._bearer}"}

    def _keep(self) -> None:
        self._state["element"] = self._element.snapshot().hex()
        self._file.write_text(json.dumps(self._state))


def play(element: Element, *commands: Command) -> bytes:
    """Play commands, each of which must be answered with 9000; return the last one's data."""
    answer = b""
    for command in commands:
        answer = element.transmit(command.encode())
        if answer[-2:] != b"\x90\x00":
            raise SystemExit(f"{command} was answered with {answer[-2:].hex()}")
    return answer[:-2]


def b64(value: bytes) -> str:
    """Return standard Base64 text."""
    return base64.b64encode(value).decode()


def pem(der: bytes) -> str:
    """Return a certificate as PEM."""
    lines = re.findall(".{1,64}", b64(der))
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])


if __name__ == "__main__":
    main()
