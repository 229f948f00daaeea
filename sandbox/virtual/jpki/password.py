"""A password of the application: its counter, its two ends (not set, blocked) and the login it gives."""

import hmac
from collections.abc import Callable
from typing import TypedDict

from sandbox.virtual.applet import Refusal
from sandbox.virtual.jpki.status import SW_TRIES_LEFT
from tsm.globalplatform.status import SW_DATA_INVALIDATED, SW_SECURITY_STATUS, SW_WRONG_DATA, SW_WRONG_LENGTH
from tsm.jpki import Key, PasswordState

LONGEST = 16


class PasswordRecord(TypedDict):
    value: str | None
    tries_left: int


class Password:
    """The password that opens one key. `verified` is volatile, all else is kept."""

    def __init__(self, key: Key, value: bytes | None = None, tries_left: int | None = None) -> None:
        self.key = key
        self._value = value
        self._tries = key.tries if tries_left is None else tries_left
        self.verified = False

    @classmethod
    def create(cls, key: Key, value: bytes | None) -> "Password":
        """Make a password, set (raises ValueError where the form is wrong) or not set."""
        if value is not None and not key.password_format.fullmatch(value):
            raise ValueError(f"not a password for {key.name}")
        return cls(key, value)

    @classmethod
    def restore(cls, key: Key, state: PasswordRecord) -> "Password":
        value = state["value"]
        return cls(key, None if value is None else value.encode("ascii"), state["tries_left"])

    def record(self) -> PasswordRecord:
        return {"value": None if self._value is None else self._value.decode("ascii"), "tries_left": self._tries}

    @property
    def state(self) -> PasswordState:
        if self._value is None:
            return PasswordState.NOT_SET
        return PasswordState.SET if self._tries else PasswordState.BLOCKED

    @property
    def tries_left(self) -> int:
        return self._tries if self._value is not None else 0

    def verify(self, candidate: bytes, commit: Callable[[], None]) -> None:
        """Compare, or raise Refusal: 6984 where there is nothing to try, 63Cx where it was wrong.

        The counter goes down, and is kept by `commit`, before the comparison: pulling the card out of the
        field in between gains nothing.
        """
        if len(candidate) > LONGEST:
            raise Refusal(SW_WRONG_LENGTH)
        self.verified = False
        if self._value is None or not self._tries:
            raise Refusal(SW_DATA_INVALIDATED)
        self._tries -= 1
        commit()
        if not hmac.compare_digest(candidate, self._value):
            raise Refusal(SW_TRIES_LEFT | self._tries)
        self._tries = self.key.tries
        self.verified = True

    def change(self, new: bytes, *, free_when_not_set: bool) -> None:
        """Set a new value after VERIFY, or, where the medium allows it, while none is set.

        Raises Refusal: 6984 blocked, or not set where that does not open it; 6982 not verified; 6A80 wrong form.
        """
        if self.state is PasswordState.BLOCKED:
            raise Refusal(SW_DATA_INVALIDATED)
        if self.state is PasswordState.NOT_SET and not free_when_not_set:
            raise Refusal(SW_DATA_INVALIDATED)
        if self.state is PasswordState.SET and not self.verified:
            raise Refusal(SW_SECURITY_STATUS)
        if not self.key.password_format.fullmatch(new):
            raise Refusal(SW_WRONG_DATA)
        self._value, self._tries = new, self.key.tries

    def return_to_not_set(self) -> None:
        self._value, self._tries, self.verified = None, self.key.tries, False
