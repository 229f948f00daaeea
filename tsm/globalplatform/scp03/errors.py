"""What can go wrong in a secure channel; the host raises these, the card its own two."""

from typing import ClassVar

from tsm.globalplatform.errors import GlobalPlatformError
from tsm.globalplatform.status import describe


class SecureChannelError(GlobalPlatformError):
    """Any failure of a secure channel session seen by the host; the session is over."""

    code: ClassVar[str] = "secure_channel_error"


class CardCryptogramWrong(SecureChannelError):
    """The card does not hold these keys (or the AID differs): never go on to EXTERNAL AUTHENTICATE."""

    code = "card_cryptogram_wrong"


class ChallengeDiffers(SecureChannelError):
    """Another session was opened since the plan was made: plan again from the counter that the card proved.

    `sequence_counter` is the one that the card has just used, so the next session uses one more.
    """

    code = "challenge_differs"

    def __init__(self, sequence_counter: int) -> None:
        """Keep the counter that the card returned."""
        super().__init__(f"the card's sequence counter is {sequence_counter}")
        self.sequence_counter = sequence_counter


class KeyVersionDiffers(SecureChannelError):
    """The card used another key version than the one asked for."""

    code = "key_version_differs"


class ProtocolDiffers(SecureChannelError):
    """The card does not speak SCP03 in the form that was planned."""

    code = "protocol_differs"


class InitializeUpdateRefused(SecureChannelError):
    """INITIALIZE UPDATE was answered with an error; `sw` is the status word."""

    code = "initialize_update_refused"

    def __init__(self, sw: int) -> None:
        """Keep the status word."""
        super().__init__(describe(sw))
        self.sw = sw


class KeySetMissing(InitializeUpdateRefused):
    """The card has no such key set (6A88)."""

    code = "key_set_missing"


class KeySetBlocked(InitializeUpdateRefused):
    """The key set was tried wrongly too often (6983)."""

    code = "key_set_blocked"


class SequenceCounterExhausted(InitializeUpdateRefused):
    """The key set's sequence counter has reached its end (6985)."""

    code = "sequence_counter_exhausted"


class HostCryptogramRefused(SecureChannelError):
    """EXTERNAL AUTHENTICATE was answered with an error; `sw` is the status word."""

    code = "host_cryptogram_refused"

    def __init__(self, sw: int) -> None:
        """Keep the status word."""
        super().__init__(describe(sw))
        self.sw = sw


class ResponseTruncated(SecureChannelError):
    """The answer is missing, or shorter than the protection that it must carry."""

    code = "response_truncated"


class ResponseMacWrong(SecureChannelError):
    """The answer was not made by the card for this command in this session."""

    code = "response_mac_wrong"


class ResponsePaddingWrong(SecureChannelError):
    """The answer is authentic but deciphers to nothing legal."""

    code = "response_padding_wrong"


class OutOfOrder(SecureChannelError):
    """The session's methods were called in an order that the protocol does not have."""

    code = "out_of_order"


class CommandTooLong(SecureChannelError):
    """The command does not fit a short APDU once it is protected."""

    code = "command_too_long"


class CardRefusal(GlobalPlatformError):
    """What the card's end of a session refuses; `sw` is the status word to answer."""

    code: ClassVar[str] = "card_refusal"

    def __init__(self, sw: int) -> None:
        """Keep the status word."""
        super().__init__(describe(sw))
        self.sw = sw
