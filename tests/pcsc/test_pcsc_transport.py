"""The transport for real readers, against a real pcscd."""

import hashlib
import os
import time
from collections.abc import Iterator
from importlib.util import find_spec

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from sandbox.virtual.card import ATR, MyNumberCard
from tests.pcsc.conftest import Reader, inserted
from tests.sandbox.virtual_card.conversation import SELECT, SELECT_AUTH_PIN, VERIFY_1234
from tsm import jpki
from tsm.globalplatform.apdu import Command
from tsm.transports.base import CardNotPresent, ReaderBusy, ReaderNotFound, TransportError
from tsm.transports.chaining import Chaining
from tsm.transports.pcsc import PcscTransport, readers

pytestmark = pytest.mark.skipif(
    find_spec("smartcard") is None and not os.environ.get("CI"),
    reason="PC/SC tests left out: pyscard is not installed (this project's extra 'pcsc')",
)


@pytest.fixture
def card(issued_card: bytes) -> MyNumberCard:
    return MyNumberCard.restore(issued_card)


@pytest.fixture
def transport(reader: Reader, card: MyNumberCard) -> Iterator[PcscTransport]:
    with inserted(reader, card), PcscTransport.connect(reader.name) as transport:
        yield transport


def test_the_readers_are_named(reader: Reader) -> None:
    assert readers() == ["Virtual PCD 00 00", "Virtual PCD 00 01"]


def test_the_authentication_certificate_is_read_and_its_key_signs(transport: PcscTransport) -> None:
    assert transport.atr == ATR

    def send(command: Command) -> bytes:
        answer = Chaining(transport).transmit(command.encode())
        assert answer[-2:] == b"\x90\x00"
        return answer[:-2]

    send(jpki.select_application())
    send(jpki.select_file(jpki.File.AUTHENTICATION_CERTIFICATE))
    length = jpki.certificate_length(send(jpki.read_binary(0, 4)))
    der = b"".join(send(jpki.read_binary(at, min(256, length - at))) for at in range(0, length, 256))
    send(jpki.select_file(jpki.File.AUTHENTICATION_PIN))
    send(jpki.verify(b"1234"))
    signature = send(jpki.sign(jpki.digest_info(hashlib.sha256(b"text").digest()), jpki.Key.AUTHENTICATION))
    key = x509.load_der_x509_certificate(der).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(signature, b"text", padding.PKCS1v15(), SHA256())


def test_closing_resets_the_card(transport: PcscTransport, reader: Reader) -> None:
    for command in (SELECT, SELECT_AUTH_PIN, VERIFY_1234):
        assert transport.transmit(bytes.fromhex(command)) == b"\x90\x00"
    transport.close()
    with PcscTransport.connect(reader.name) as again:
        assert again.transmit(bytes.fromhex("802A009701AA00")) == b"\x69\x86"


def test_a_card_in_use_is_busy(transport: PcscTransport, reader: Reader) -> None:
    with pytest.raises(ReaderBusy) as caught:
        PcscTransport.connect(reader.name)
    assert caught.value.code == "reader_busy"


def test_commands_are_quick(transport: PcscTransport) -> None:
    """0.2 ms each; 49 ms where the acknowledgements are delayed."""
    began = time.monotonic()
    for _ in range(50):
        transport.transmit(bytes.fromhex(SELECT))
    assert time.monotonic() - began < 1.0


def test_an_empty_or_unknown_reader_is_told_apart(reader: Reader) -> None:
    with pytest.raises(ReaderNotFound) as unknown:
        PcscTransport.connect("No such reader")
    assert unknown.value.code == "reader_not_found"
    with pytest.raises(ReaderNotFound):
        PcscTransport.connect("Virtual")
    with pytest.raises(CardNotPresent) as empty:
        PcscTransport.connect("Virtual PCD 00 01")
    assert empty.value.code == "card_not_present"


def test_a_card_taken_out_is_an_error_not_an_answer(reader: Reader, card: MyNumberCard) -> None:
    with inserted(reader, card) as slot, PcscTransport.connect(reader.name) as transport:
        assert transport.transmit(bytes.fromhex(SELECT)) == b"\x90\x00"
        slot.remove()
        with pytest.raises(TransportError):
            transport.transmit(bytes.fromhex(SELECT))
