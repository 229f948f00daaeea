"""What can go wrong with the screen lock and with the holder's proof: each with a stable code, none with HTTP."""

from typing import Any, ClassVar


class ScreenLockError(Exception):
    """Base of all: `code` is for programs, `detail` for engineers, `data` goes with the problem."""

    code: ClassVar[str] = "screen_lock_error"

    def __init__(self, detail: str = "", **data: Any) -> None:
        super().__init__(detail or self.code)
        self.detail = detail
        self.data = data


class ScreenLockUnsupported(ScreenLockError):
    """This model's screen lock may not stand for the PIN."""

    code = "screen_lock_unsupported"


class ScreenLockKindRefused(ScreenLockError):
    """This kind of screen lock may not stand for the PIN on this model: before Android 11 biometrics alone may."""

    code = "screen_lock_kind_refused"


class ScreenLockMissing(ScreenLockError):
    """No screen lock is set up for the pair that is in this phone now."""

    code = "screen_lock_missing"


class ScreenLockStale(ScreenLockMissing):
    """The PIN was unblocked since: what is sealed is not the PIN any more."""

    code = "screen_lock_stale"


class ScreenLockRefused(ScreenLockError):
    """The authenticator's answer does not hold: not ours, not for this challenge, or the user was not verified."""

    code = "screen_lock_refused"


class PinDue(ScreenLockError):
    """The PIN was not typed for so long that it is asked for again."""

    code = "screen_lock_pin_due"


class ChallengeOver(ScreenLockError):
    """The challenge was answered before, is too old, or was never given to this phone."""

    code = "challenge_over"


class ProofRefused(ScreenLockError):
    """The text isn't the one that was given, or the signature isn't by this phone's authentication key."""

    code = "proof_refused"
