"""What the phone by API refuses; each code has its row in `sandbox.problems`. What a citizen would read isn't here:
a wrong PIN, a link that is over or a register's no are screens, not errors.
"""

from sandbox.errors import SandboxError


class PhoneUnknown(SandboxError):
    """There is no such phone in the workspace."""

    code = "not_found"


class PhoneSessionUnknown(SandboxError):
    """There is no such session in the workspace."""

    code = "not_found"


class LinkUnknown(SandboxError):
    """The link leads to no hand-off of the workspace."""

    code = "link_unknown"


class LinkLedNowhere(SandboxError):
    """The service's address didn't lead to a hand-off; `hops` tell where it led."""

    code = "link_led_nowhere"


class ActionNotHere(SandboxError):
    """The screen has no such button now; `actions` are those that it has."""

    code = "phone_action_not_here"


class ValueMissing(SandboxError):
    """The action needs a value, or another one; `value` says what."""

    code = "phone_value_invalid"


class PhoneBusy(SandboxError):
    """Somebody else is at this session, or the chip is in another session."""

    code = "phone_busy"


class SecretUnknown(SandboxError):
    """Nobody told the PIN or password, and this world doesn't know it."""

    code = "phone_secret_unknown"
