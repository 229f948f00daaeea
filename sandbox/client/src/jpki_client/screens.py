"""The code on a screen of one's own: a kiosk that has no browser shows it, and makes it new before it is too old.

The link of a hand-off asked with `way="qr"` is a page of the site. What that page does, a `Screen` does: it opens the
link (and is from then on the one browser that began), shows a code that is another each second and good for thirty,
then the number that the citizen compares, and takes the outcome back.
"""

import base64
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType

import httpx

from jpki_client.handoffs import OPEN
from jpki_client.problems import Unreachable, raised

# How long one code stays on the screen; it is good for thirty seconds.
REFRESH = 10.0
_DATA = re.compile(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)")


@dataclass(frozen=True)
class Shown:
    """What the screen shows now: the code as a picture (SVG) while it waits, and how many seconds there are left."""

    state: str
    code: bytes | None
    seconds: int

    @property
    def over(self) -> bool:
        """Return whether there is nothing more to show: take it back (`Screen.leave`)."""
        return self.state not in OPEN


class Screen:
    """One hand-off's screen. Use it with `with`, in one thread."""

    def __init__(self, link: str, *, http: httpx.Client | None = None) -> None:
        self.link = link
        self._http = http or httpx.Client(timeout=30.0)
        self._own = http is None
        self._opened = False

    def __enter__(self) -> "Screen":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._own:
            self._http.close()

    def now(self) -> Shown:
        """Return what is to be shown at this moment. Raises `Problem`, `Unreachable`."""
        if not self._opened:
            self._get(self.link)
            self._opened = True
        answer = self._get(f"{self.link}now").json()
        code = answer["code"] and _DATA.fullmatch(answer["code"])
        return Shown(str(answer["state"]), base64.b64decode(code[1]) if code else None, int(answer["seconds"]))

    def watch(self, *, every: float = 1.0, sleep: Callable[[float], object] = time.sleep) -> Iterator[Shown]:
        """Give what is to be shown whenever that is something else: a new code in time, the next state, the end."""
        last: Shown | None = None
        age = 0.0
        while True:
            shown = self.now()
            if last is None or shown.state != last.state or age >= REFRESH:
                yield shown
                last, age = shown, 0.0
            if shown.over:
                return
            sleep(every)
            age += every

    def leave(self) -> str:
        """Return the address at the service to which the outcome goes: give it to `Client.come_back`."""
        response = self._get(f"{self.link}return")
        address = response.headers.get("Location", "")
        if not response.is_redirect or not address:
            raise Unreachable("it leads nowhere yet")
        return str(address)

    def _get(self, address: str) -> httpx.Response:
        try:
            response = self._http.get(address, follow_redirects=False)
        except httpx.HTTPError as error:
            raise Unreachable(str(error)) from error
        if response.is_error:
            raise raised(response)
        return response
