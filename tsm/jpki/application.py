"""What the JPKI application consists of: its names, files, keys and passwords, alike on card and phone."""

import re
from enum import IntEnum

AID = bytes.fromhex("D392F000260100000001")
PACKAGE_AID = bytes.fromhex("D392F0002601000000")

CARD_LABEL = "JPKIAPICCTOKEN2"
PHONE_LABEL = "JPKIAPGPSETOKEN"

MODULUS_LENGTH = 256
PUBLIC_EXPONENT = 65537
CHALLENGE_LENGTH = 32
PROOF_DOMAIN = b"JPKI PHONE KEY PROOF"

TAG_PUBLIC_KEY = 0x7F49
TAG_MODULUS = 0x81
TAG_EXPONENT = 0x82
TAG_STATUS = 0xDF40

# ISO 7816-4: without a file identifier to select, P2 b8 with a short identifier names a file or key.
LOCAL_REFERENCE = 0x80
SELECTED_FILE = 0x80


class File(IntEnum):
    """The application's elementary files by file identifier; the low five bits are the short identifier."""

    SIGNATURE_CERTIFICATE = 0x0001
    SIGNATURE_CA_CERTIFICATE = 0x0002
    TOKEN_INFO = 0x0006
    AVAILABILITY = 0x0008
    AUTHENTICATION_CERTIFICATE = 0x000A
    AUTHENTICATION_CA_CERTIFICATE = 0x000B
    AUTHENTICATION_KEY = 0x0017
    AUTHENTICATION_PIN = 0x0018
    SIGNATURE_KEY = 0x001A
    SIGNATURE_PASSWORD = 0x001B


CERTIFICATE_FILES = (
    File.SIGNATURE_CERTIFICATE,
    File.SIGNATURE_CA_CERTIFICATE,
    File.AUTHENTICATION_CERTIFICATE,
    File.AUTHENTICATION_CA_CERTIFICATE,
)


class Key(IntEnum):
    """The application's two key pairs by key reference (`80 2A`'s P2: 80 | short identifier of the key's file)."""

    AUTHENTICATION = LOCAL_REFERENCE | File.AUTHENTICATION_KEY
    SIGNATURE = LOCAL_REFERENCE | File.SIGNATURE_KEY

    @property
    def file(self) -> File:
        return File(self & 0x1F)

    @property
    def password_file(self) -> File:
        """Return the file of the password that opens this key."""
        return File.SIGNATURE_PASSWORD if self is Key.SIGNATURE else File.AUTHENTICATION_PIN

    @property
    def password_reference(self) -> int:
        """Return the reference of the password: 98 for the authentication PIN, 9B for the signature password."""
        return LOCAL_REFERENCE | self.password_file

    @property
    def certificate_file(self) -> File:
        return File.SIGNATURE_CERTIFICATE if self is Key.SIGNATURE else File.AUTHENTICATION_CERTIFICATE

    @property
    def ca_certificate_file(self) -> File:
        return File.SIGNATURE_CA_CERTIFICATE if self is Key.SIGNATURE else File.AUTHENTICATION_CA_CERTIFICATE

    @property
    def tries(self) -> int:
        """Return how many wrong passwords in a row block this key: 3 for authentication, 5 for signature."""
        return 5 if self is Key.SIGNATURE else 3

    @property
    def password_format(self) -> re.Pattern[bytes]:
        """Return what a password must look like, in the bytes sent: 4 digits, or 6 to 16 of A-Z and 0-9."""
        return re.compile(rb"[A-Z0-9]{6,16}" if self is Key.SIGNATURE else rb"[0-9]{4}")

    @property
    def status_bit(self) -> int:
        """Return this key's bit in the presence bytes of the application's status."""
        return 0x02 if self is Key.SIGNATURE else 0x01


class PasswordState(IntEnum):
    NOT_SET = 0
    SET = 1
    BLOCKED = 2
