"""The element's errands: asks the TSM whether it wants this phone, and holds the conversation when it does."""

import json
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx

from tsm import agent
from tsm.transports.base import Transport

IDLE_SECONDS = 2.0


@dataclass(frozen=True)
class Identity:
    """Who this phone is to the TSM: the site, the phone's reference and token, and its element's number in hex."""

    site: str
    phone: str
    token: str
    element: str

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read what `manage.py register_element` wrote; raises ValueError where it isn't that."""
        try:
            value: Any = json.loads(file.read_text())
            found = cls(**{name: str(value[name]) for name in ("site", "phone", "token", "element")})
            bytes.fromhex(found.element)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{file} isn't what `manage.py register_element` writes: {error}") from error
        return found

    @property
    def bearer(self) -> str:
        return f"{self.phone}:{self.token}"


class Errands:
    """The TSM's end of the agent."""

    def __init__(
        self,
        identity: Identity,
        open_element: Callable[[], AbstractContextManager[Transport]],
        *,
        tell: Callable[[str], None],
    ) -> None:
        self._identity = identity
        self._open_element = open_element
        self._tell = tell
        self._shaken = False
        self._client = httpx.Client(
            base_url=identity.site,
            timeout=agent.ANSWER_TIMEOUT,
            headers={"Authorization": f"Bearer {identity.bearer}"},
            trust_env=False,
        )

    def wanted(self) -> str:
        """Return the session that the TSM has open with this phone, or an empty text; raises httpx.HTTPError."""
        answer = self._client.get("/api/phone/v1/conversation")
        answer.raise_for_status()
        return str(answer.json()["session"] or "")

    def page_link(self) -> str:
        """Return an address that opens the phone's pages in a browser, for a minute; raises httpx.HTTPError."""
        answer = self._client.post("/api/phone/v1/pages")
        answer.raise_for_status()
        return str(answer.json()["url"])

    def go(self) -> bool:
        """Hold the conversation that is open; False where none is. Raises httpx.HTTPError."""
        session = self.wanted()
        if not session:
            return False
        try:
            agent.converse(
                agent.over_http(f"{self._identity.site}/gp/seram", session, self._identity.bearer),
                self._open_element,
                identifier=self._identity.element,
                shaken=self._shaken,
            )
        except httpx.HTTPStatusError as error:
            # 404: the conversation ended meanwhile; whatever is left begins another one.
            if error.response.status_code != httpx.codes.NOT_FOUND:
                raise
        self._shaken = True
        self._tell("The TSM and the element have talked.")
        return True

    def serve(self, stop: threading.Event, *, idle: float = IDLE_SECONDS) -> None:
        """Ask until `stop` is set; a TSM that is away is asked again, and said so once."""
        away = False
        while not stop.is_set():
            try:
                self.go()
                away = False
            except httpx.HTTPError as error:
                if not away:
                    self._tell(f"The TSM at {self._identity.site} doesn't answer as it should: {error}. Trying again.")
                away = True
            stop.wait(idle)
