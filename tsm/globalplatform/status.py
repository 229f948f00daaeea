"""Status words and what they mean (ISO/IEC 7816-4 5.6; GPCS 11.1.3 and the tables of each command)."""

from typing import Final

SW_OK: Final = 0x9000
SW_LOGICAL_CHANNEL_ALREADY_CLOSED: Final = 0x6200
SW_CARD_LOCKED: Final = 0x6283  # GPCS 11.9.3.2: selected, and the card is locked
SW_HOST_CRYPTOGRAM_WRONG: Final = 0x6300  # Amendment D 7.1.2.6
SW_MORE_DATA: Final = 0x6310  # GPCS 11.4.3.2: GET STATUS has more
SW_NO_DIAGNOSIS: Final = 0x6400
SW_MEMORY_FAILURE: Final = 0x6581
SW_WRONG_LENGTH: Final = 0x6700
SW_CHANNEL_NOT_SUPPORTED: Final = 0x6881
SW_SECURE_MESSAGING_NOT_SUPPORTED: Final = 0x6882
SW_CHAINING_NOT_SUPPORTED: Final = 0x6884
SW_SECURITY_STATUS: Final = 0x6982
SW_BLOCKED: Final = 0x6983
SW_DATA_INVALIDATED: Final = 0x6984
SW_CONDITIONS_OF_USE: Final = 0x6985
SW_COMMAND_NOT_ALLOWED: Final = 0x6986
SW_SELECT_FAILED: Final = 0x6999  # Java Card: the applet refused to be selected
SW_WRONG_DATA: Final = 0x6A80
SW_FUNCTION_NOT_SUPPORTED: Final = 0x6A81
SW_NOT_FOUND: Final = 0x6A82
SW_NOT_ENOUGH_MEMORY: Final = 0x6A84
SW_WRONG_P1_P2: Final = 0x6A86
SW_REFERENCED_DATA_NOT_FOUND: Final = 0x6A88
SW_WRONG_OFFSET: Final = 0x6B00
SW_INSTRUCTION_NOT_SUPPORTED: Final = 0x6D00
SW_CLASS_NOT_SUPPORTED: Final = 0x6E00
SW_UNKNOWN_FAILURE: Final = 0x6F00

_MEANINGS: Final = {
    SW_OK: "done",
    SW_LOGICAL_CHANNEL_ALREADY_CLOSED: "logical channel already closed",
    0x6282: "end of file reached before Le bytes",
    SW_CARD_LOCKED: "selected, but the card is locked",
    SW_HOST_CRYPTOGRAM_WRONG: "authentication of the host failed",
    SW_MORE_DATA: "more data available",
    SW_NO_DIAGNOSIS: "no diagnosis given",
    SW_MEMORY_FAILURE: "memory failure",
    SW_WRONG_LENGTH: "wrong length",
    SW_CHANNEL_NOT_SUPPORTED: "logical channel not supported or not open",
    SW_SECURE_MESSAGING_NOT_SUPPORTED: "secure messaging not supported",
    SW_CHAINING_NOT_SUPPORTED: "command chaining not supported",
    SW_SECURITY_STATUS: "security status not satisfied",
    SW_BLOCKED: "authentication method blocked",
    SW_DATA_INVALIDATED: "reference data not usable",
    SW_CONDITIONS_OF_USE: "conditions of use not satisfied",
    SW_COMMAND_NOT_ALLOWED: "command not allowed, no file selected",
    0x6987: "secure messaging object missing",
    0x6988: "secure messaging object wrong",
    SW_SELECT_FAILED: "application refused to be selected",
    SW_WRONG_DATA: "wrong data",
    SW_FUNCTION_NOT_SUPPORTED: "function not supported",
    SW_NOT_FOUND: "application or file not found",
    SW_NOT_ENOUGH_MEMORY: "not enough memory",
    SW_WRONG_P1_P2: "wrong P1 or P2",
    SW_REFERENCED_DATA_NOT_FOUND: "referenced data not found",
    SW_WRONG_OFFSET: "offset outside the file",
    SW_INSTRUCTION_NOT_SUPPORTED: "instruction not supported",
    SW_CLASS_NOT_SUPPORTED: "class not supported",
    SW_UNKNOWN_FAILURE: "unknown failure",
}


def is_warning(sw: int) -> bool:
    """Tell whether the status word is a warning (62xx, 63xx): the command was processed."""
    return sw >> 8 in (0x62, 0x63)


def is_protected(sw: int) -> bool:
    """Tell whether a response with this status word carries the session's R-MAC (Amendment D 6.2.5)."""
    return sw == SW_OK or is_warning(sw)


def describe(sw: int) -> str:
    """Return the status word in hex with its meaning in English."""
    if sw in _MEANINGS:
        meaning = _MEANINGS[sw]
    elif sw >> 8 == 0x61:
        meaning = f"{sw & 0xFF or 256} more bytes to be fetched"
    elif sw >> 8 == 0x6C:
        meaning = f"wrong Le, {sw & 0xFF or 256} bytes available"
    elif sw & 0xFFF0 == 0x63C0:
        meaning = f"verification failed, {sw & 0xF} tries left"
    else:
        meaning = "unknown status word"
    return f"{sw:04X} {meaning}"
