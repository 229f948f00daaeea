"""What the code of an application on a virtual element looks like to the element."""

from collections.abc import Callable
from typing import Any, Protocol, Self, runtime_checkable

from tsm.globalplatform.apdu import Command
from tsm.globalplatform.scp03 import SecurityLevel
from tsm.globalplatform.status import describe

Random = Callable[[int], bytes]


class Refusal(Exception):
    """A command is answered with this status word and no data; raised by applets and by the element alike."""

    def __init__(self, sw: int) -> None:
        """Keep the status word."""
        super().__init__(describe(sw))
        self.sw = sw


class Applet(Protocol):
    """An applet instance: persistent state that `state` returns, volatile state that a selection begins anew.

    A Refusal is an ordinary answer: what was changed before it stays (a try counter, say). Any other exception is a
    fault of the applet: the element answers 6F00 and goes back to the state before the command. `state` is called
    before every command, so it must be cheap, and what it returns must not change afterwards.
    """

    @classmethod
    def install(cls, *, instance_aid: bytes, parameters: bytes, random: Random) -> Self:
        """Return a new instance; `parameters` is the value of tag C9 of INSTALL [for install]."""
        ...

    @classmethod
    def restore(cls, state: Any) -> Self:
        """Return the instance that `state` was taken from."""
        ...

    def state(self) -> Any:
        """Return the persistent state, of what JSON knows: dict, list, str, int, bool, None."""
        ...

    def select(self) -> None:
        """Begin a selection; a Refusal makes the SELECT fail with 6999."""
        ...

    def deselect(self) -> None:
        """Forget the volatile state; also called when the power comes back."""
        ...

    def process(self, command: Command, *, secure: SecurityLevel | None) -> tuple[bytes, int]:
        """Return data and status word for a clear command.

        The class byte has neither secure messaging nor logical channel. `secure` is the level of the session with the
        keys of the instance's security domain, None when there is none; level 0 (authenticated only) is not None.
        Data of any length may be returned: the element cuts it and serves GET RESPONSE.
        """
        ...


@runtime_checkable
class Personalisable(Protocol):
    """An applet that its security domain may personalise by STORE DATA, without selecting it."""

    def store_data(self, command: Command) -> bytes:
        """Take one clear STORE DATA command and return what it answers; refusals and faults are as with `process`."""
        ...
