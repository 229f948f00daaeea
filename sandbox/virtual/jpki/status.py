"""The status words of the JPKI application that GlobalPlatform does not know (jpki-facts 3.3)."""

from typing import Final

SW_END_OF_FILE: Final = 0x6282  # ISO 7816-4 5.6: less data than Le asked for
SW_TRIES_LEFT: Final = 0x63C0
SW_WRONG_FILE_KIND: Final = 0x6981  # ISO 7816-4 5.6: command incompatible with the file
SW_CLASS_NOT_FOR_READING: Final = 0x69FC  # CLA 08 on READ BINARY
SW_WRONG_ANSWER_LENGTH: Final = 0x6C00
