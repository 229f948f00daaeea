"""A citizen's browser without a window: it opens pages, sends their forms, and reaches chips over the device bridge."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from typing import Any

import httpx

from sandbox.demo.timeline import Differs
from tsm import jpki
from tsm.globalplatform.apdu import Command
from tsm.jpki import Key


class Page(HTMLParser):
    """What a page says, and what its scripts would find in it."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__()
        self.url = response.url
        self.status = response.status_code
        self.data: dict[str, str] = {}
        self.fields: dict[str, str] = {}
        self._text: list[str] = []
        self.feed(response.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        told = {name.removeprefix("data-"): value for name, value in given.items() if name.startswith("data-")}
        if tag == "form":
            self.data |= told
        if tag == "input" and "name" in given:
            self.fields[given["name"]] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._text).split())


class Browser:
    """One browser with its cookies; it stands in for one phone."""

    def __init__(self, web: str) -> None:
        self.web = web
        self.client = httpx.Client(
            follow_redirects=True, timeout=45, trust_env=False, headers={"Accept-Language": "ja"}
        )

    def open(self, url: str) -> Page:
        """Open a page; addresses without a host are the site's."""
        return Page(self.client.get(self._absolute(url)))

    def submit(self, url: str, page: Page, **fields: str) -> Page:
        """Send a form of `page` to `url`, and open where it leads."""
        token = page.fields.get("csrfmiddlewaretoken", "")
        answer = self.client.post(self._absolute(url), data={"csrfmiddlewaretoken": token, **fields})
        return Page(answer)

    def ask(self, method: str, url: str, body: Any = None) -> Any:
        """Ask an API in JSON, as the page's scripts do; raises `Differs` with the citizen's sentence on a problem."""
        headers = {"X-CSRFToken": _cookie(self.client, "jpki_csrf")}
        answer = self.client.request(method, self._absolute(url), json=body, headers=headers)
        value = answer.json()
        if answer.status_code >= 400:
            sentence = value.get("citizen", {}).get("en") or value.get("detail")
            raise Differs(f"{method} {url} answers {answer.status_code}: {sentence}")
        return value

    def play(self, chip: str, commands: Iterable[Command]) -> list[bytes]:
        """Play commands into a chip in one session; every one must be answered with 9000. Return the answers' data."""
        sent = list(commands)
        answers = self.ask("POST", chip, {"commands": [one.encode().hex().upper() for one in sent]})["answers"]
        if len(answers) < len(sent) or not answers[-1].endswith("9000"):
            raise Differs(f"the chip answers {answers[-1][-4:]} to command {len(answers)} of {len(sent)}")
        return [bytes.fromhex(one)[:-2] for one in answers]

    def sign(self, chip: str, key: Key, secret: str, message: bytes) -> bytes:
        """Let a chip sign a message: SHA-256, PKCS#1 v1.5."""
        info = jpki.digest_info(hashlib.sha256(message).digest())
        return self.play(chip, [*_login(key, secret), jpki.sign(info, key)])[-1]

    def certificate(self, chip: str, key: Key, secret: str) -> bytes:
        """Read the certificate of a key from a chip (DER)."""
        opened = [*_login(key, secret), jpki.select_file(key.certificate_file)]
        length = jpki.certificate_length(self.play(chip, [*opened, jpki.read_binary(0, 4)])[-1])
        reads = [jpki.read_binary(at, min(256, length - at)) for at in range(0, length, 256)]
        return b"".join(self.play(chip, [*opened, *reads])[len(opened) :])

    def _absolute(self, url: str) -> str:
        return url if url.startswith("http") else self.web + url


def b64(value: bytes) -> str:
    """Return Base64 text."""
    return base64.b64encode(value).decode()


def _login(key: Key, secret: str) -> list[Command]:
    return [jpki.select_application(), jpki.select_file(key.password_file), jpki.verify(secret.encode())]


def _cookie(client: httpx.Client, name: str) -> str:
    found: Mapping[str, str] = {cookie.name: cookie.value or "" for cookie in client.cookies.jar}
    return found.get(name, "")
