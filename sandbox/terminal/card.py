"""The JPKI application on a My Number Card or in a phone, over APDUs: prove that its holder is here.

Both media answer the same application with the same files (ISO/IEC 7816-4). One difference counts: a card gives its
user authentication certificate to anybody, a phone only after the PIN. So the PIN comes first.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

# Sends one command APDU and returns the answer, status word included.
Transmit = Callable[[bytes], bytes]

AID = bytes.fromhex("D392F000260100000001")
TOKEN_INFO, CERTIFICATE, PIN = 0x0006, 0x000A, 0x0018  # elementary files
PHONE_LABEL = b"JPKIAPGPSETOKEN"
# P2 of the signing command: the user authentication key, by the short identifier of its file.
KEY = 0x97
# RFC 8017 §9.2, note 1: the DigestInfo of SHA-256, without the digest.
DIGEST_INFO = bytes.fromhex("3031300D060960864801650304020105000420")
OK = 0x9000


class CardError(Exception):
    """The chip didn't do it. `code` says why; `tries` is how many are left after a wrong PIN."""

    def __init__(self, code: str, tries: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.tries = tries


@dataclass(frozen=True)
class Proof:
    """The user authentication certificate (DER), and its key's signature: PKCS#1 v1.5 with SHA-256."""

    certificate: bytes
    signature: bytes


@dataclass(frozen=True)
class Seen:
    """What lies on the reader, as it says itself: only the certificate's policy proves the medium."""

    is_phone: bool
    tries: int


def look(transmit: Transmit) -> Seen:
    """Return what lies there. Spends no try of the PIN. Raises CardError."""
    _select(transmit)
    _send(transmit, _select_file(TOKEN_INFO))
    label = _send(transmit, bytes([0x00, 0xB0, 0x00, 0x00, 0x20]))
    return Seen(label.startswith(PHONE_LABEL), _tries(transmit))


def prove(transmit: Transmit, pin: str, message: bytes) -> Proof:
    """Return the proof that whoever knows the PIN is here now, signed over `message`. Raises CardError."""
    _select(transmit)
    _verify(transmit, pin)
    certificate = _read_certificate(transmit)
    data = DIGEST_INFO + hashlib.sha256(message).digest()
    signature = _send(transmit, bytes([0x80, 0x2A, 0x00, KEY, len(data)]) + data + b"\x00")
    return Proof(certificate, signature)


def _select(transmit: Transmit) -> None:
    _, status = _exchange(transmit, bytes([0x00, 0xA4, 0x04, 0x0C, len(AID)]) + AID)
    if status != OK:
        raise CardError("not_a_card_of_ours")


def _tries(transmit: Transmit) -> int:
    """Return how many tries the PIN has: an empty VERIFY tells it and spends none."""
    _send(transmit, _select_file(PIN))
    _, status = _exchange(transmit, bytes([0x00, 0x20, 0x00, 0x80]))
    return status & 0x0F if status & 0xFFF0 == 0x63C0 else 0


def _verify(transmit: Transmit, pin: str) -> None:
    if not pin.isascii() or not pin.isdecimal() or len(pin) != 4:
        raise CardError("pin_malformed")  # not sent: it could only cost a try
    _send(transmit, _select_file(PIN))
    _, status = _exchange(transmit, bytes([0x00, 0x20, 0x00, 0x80, len(pin)]) + pin.encode())
    if status & 0xFFF0 == 0x63C0 and status & 0x0F:
        raise CardError("pin_wrong", status & 0x0F)
    if status in (0x63C0, 0x6983, 0x6984):
        raise CardError("pin_blocked")
    if status != OK:
        raise CardError("card_refused")


def _read_certificate(transmit: Transmit) -> bytes:
    _send(transmit, _select_file(CERTIFICATE))
    head = _send(transmit, bytes([0x00, 0xB0, 0x00, 0x00, 0x04]))
    if head[:2] != b"\x30\x82":
        raise CardError("card_refused")
    # The certificate's length stands in its head; what follows it in the file is padding.
    length, content = int.from_bytes(head[2:4], "big") + 4, b""
    while len(content) < length:
        part = _send(
            transmit, bytes([0x00, 0xB0, *len(content).to_bytes(2, "big"), min(256, length - len(content)) & 0xFF])
        )
        if not part:
            raise CardError("card_refused")
        content += part
    return content


def _select_file(file: int) -> bytes:
    return bytes([0x00, 0xA4, 0x02, 0x0C, 0x02, *file.to_bytes(2, "big")])


def _send(transmit: Transmit, command: bytes) -> bytes:
    """Return the data of an answer; raise CardError where its status isn't 9000."""
    data, status = _exchange(transmit, command)
    if status != OK:
        raise CardError("card_refused")
    return data


def _exchange(transmit: Transmit, command: bytes) -> tuple[bytes, int]:
    """Return the data and the status of the whole answer, which a T=0 card gives in parts (ISO/IEC 7816-4 §5.3.4)."""
    answer = transmit(command)
    if len(answer) == 2 and answer[0] == 0x6C:  # the right length
        answer = transmit(command[:-1] + answer[1:])
    data = answer[:-2]
    while answer[-2:-1] == b"\x61" and len(data) < 65_536:
        answer = transmit(b"\x00\xc0\x00\x00" + answer[-1:])
        data += answer[:-2]
    return data, int.from_bytes(answer[-2:], "big")
