"""What can go wrong on the wire, with a stable code each."""

from typing import ClassVar


class GlobalPlatformError(Exception):
    """Any error of this package; `code` is stable and may be stored."""

    code: ClassVar[str] = "globalplatform_error"


class ApduMalformed(GlobalPlatformError):
    """The bytes are no command or response APDU (ISO/IEC 7816-4 clause 5)."""

    code = "apdu_malformed"


class TlvMalformed(GlobalPlatformError):
    """The bytes are no sequence of BER-TLV objects or of length-value fields."""

    code = "tlv_malformed"


class AnswerMalformed(GlobalPlatformError):
    """The answer of a management command has not the layout that GlobalPlatform gives it."""

    code = "answer_malformed"


class LoadFileMalformed(GlobalPlatformError):
    """The load file data block is no concatenation of CAP components with a header."""

    code = "load_file_malformed"
