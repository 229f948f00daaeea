"""SCP03: host against card, and both against a recomputation by hand from AES-CMAC and AES-CBC."""

from itertools import product

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from tsm.globalplatform import scp03
from tsm.globalplatform.apdu import Command, Response
from tsm.globalplatform.scp03 import CardSession, HostSession, KeySet, Mode

AID = bytes.fromhex("A000000151000000")
OK = bytes.fromhex("9000")
LEVELS = (0x00, 0x01, 0x03, 0x11, 0x13, 0x33)
WITH_DATA = Command(0x80, 0xE6, 0x02, 0x00, b"some data", 256)
WITHOUT_DATA = Command(0x80, 0xCA, 0x00, 0x66, le=256)


def key_set(size: int = 16) -> KeySet:
    return KeySet(b"E" * size, b"M" * size, b"D" * size, 0x30)


def pair(
    *, size: int = 16, level: int = 0x33, mode: Mode = Mode.S8, counter: int = 1, parameter: int = 0x70
) -> tuple[HostSession, CardSession]:
    keys, challenge = key_set(size), b"\x07" * mode
    host = HostSession.planned(
        keys, host_challenge=challenge, sequence_counter=counter, aid=AID, level=level, mode=mode
    )
    card = CardSession(
        keys,
        parameter=parameter | (mode is Mode.S16),
        key_diversification_data=bytes(10),
        host_challenge=challenge,
        card_challenge=scp03.card_challenge(keys.enc, counter, AID, mode),
        sequence_counter=counter,
    )
    return host, card


def opened(host: HostSession, card: CardSession) -> tuple[HostSession, CardSession]:
    host.check_initialize_update(card.initialize_update_data + OK)
    card.external_authenticate(host.external_authenticate())
    host.check_external_authenticate(OK)
    return host, card


def cmac(key: bytes, data: bytes) -> bytes:
    context = CMAC(algorithms.AES(key))
    context.update(data)
    return context.finalize()


def cbc(key: bytes, iv: bytes, data: bytes) -> bytes:
    context = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return context.update(data) + context.finalize()


@pytest.mark.parametrize(("size", "mode", "level"), list(product((16, 24, 32), Mode, LEVELS)))
def test_commands_and_answers_pass_at_every_level_key_size_and_mode(size: int, mode: Mode, level: int) -> None:
    host, card = opened(*pair(size=size, level=level, mode=mode))
    for command, answer in (
        (WITH_DATA, Response(b"answer", 0x9000)),
        (WITHOUT_DATA, Response(b"", 0x9000)),
        (WITHOUT_DATA, Response(bytes(range(200)), 0x6310)),
        (WITH_DATA, Response(b"", 0x6A88)),
        (WITH_DATA, Response(b"x" * 16, 0x9000)),
    ):
        assert card.unwrap(host.wrap(command)) == command
        assert host.unwrap(card.wrap(answer).encode()) == answer


def test_a_level_33_exchange_is_what_the_text_of_amendment_d_computes() -> None:
    host, card = pair(counter=0x01F2)
    keys = key_set()

    def kdf(key: bytes, constant: int, bits: int, context: bytes) -> bytes:
        return cmac(key, bytes(11) + bytes((constant, 0)) + bits.to_bytes(2, "big") + b"\x01" + context)[: bits // 8]

    challenge = kdf(keys.enc, 0x02, 64, bytes.fromhex("0001F2") + AID)
    context = b"\x07" * 8 + challenge
    s_enc, s_mac, s_rmac = (
        kdf(keys.enc, 0x04, 128, context),
        kdf(keys.mac, 0x06, 128, context),
        kdf(keys.mac, 0x07, 128, context),
    )
    assert card.initialize_update_data == (
        bytes(10) + bytes.fromhex("300370") + challenge + kdf(s_mac, 0x00, 64, context) + bytes.fromhex("0001F2")
    )

    authenticate = bytes.fromhex("8482330010") + kdf(s_mac, 0x01, 64, context)
    first = cmac(s_mac, bytes(16) + authenticate)
    assert host.external_authenticate().encode() == authenticate + first[:8]

    # First command after it, with data: counter 1.
    icv = cbc(s_enc, bytes(16), (1).to_bytes(16, "big"))
    sent = bytes.fromhex("84E6020018") + cbc(s_enc, icv, b"some data" + b"\x80" + bytes(6))
    second = cmac(s_mac, first + sent)
    assert host.wrap(WITH_DATA).encode() == sent + second[:8] + b"\x00"

    # Second command, without data: nothing ciphered, but counted; the third is ciphered under 3.
    sent = bytes.fromhex("84CA006608")
    third = cmac(s_mac, second + sent)
    assert host.wrap(WITHOUT_DATA).encode() == sent + third[:8] + b"\x00"
    icv = cbc(s_enc, bytes(16), (3).to_bytes(16, "big"))
    sent = bytes.fromhex("84E6020018") + cbc(s_enc, icv, b"some data" + b"\x80" + bytes(6))
    assert host.wrap(WITH_DATA).encode() == sent + cmac(s_mac, third + sent)[:8] + b"\x00"

    # The answers, checked long after: R-MAC under the chaining value of their own commands.
    host.check_initialize_update(card.initialize_update_data + OK)
    host.check_external_authenticate(OK)
    icv = cbc(s_enc, bytes(16), b"\x80" + (1).to_bytes(15, "big"))
    ciphered = cbc(s_enc, icv, b"yes\x80" + bytes(12))
    answer = ciphered + cmac(s_rmac, second + ciphered + OK)[:8] + OK
    assert host.unwrap(answer) == Response(b"yes", 0x9000)
    assert host.unwrap(cmac(s_rmac, third + OK)[:8] + OK) == Response(b"", 0x9000)


def test_a_plan_is_the_same_in_another_process_and_checks_the_same_report() -> None:
    host, card = pair()
    host.check_initialize_update(card.initialize_update_data + OK)
    script = [host.initialize_update(), host.external_authenticate(), host.wrap(WITH_DATA), host.wrap(WITHOUT_DATA)]
    card.external_authenticate(script[1])
    report = [card.initialize_update_data + OK, OK]
    for command in script[2:]:
        card.unwrap(command)
        report.append(card.wrap(Response(b"fine", 0x9000)).encode())

    later, _ = pair()
    assert [
        later.initialize_update(),
        later.external_authenticate(),
        later.wrap(WITH_DATA),
        later.wrap(WITHOUT_DATA),
    ] == script
    later.check_initialize_update(report[0])
    later.check_external_authenticate(report[1])
    assert [later.unwrap(answer).data for answer in report[2:]] == [b"fine", b"fine"]


def test_the_host_stops_before_external_authenticate_when_the_card_has_other_keys() -> None:
    keys = key_set()
    host = HostSession.open(keys, host_challenge=bytes(8), level=0x33)
    card = CardSession(
        KeySet(b"e" * 16, b"m" * 16, b"d" * 16, 0x30),
        parameter=0x60,
        key_diversification_data=bytes(10),
        host_challenge=bytes(8),
        card_challenge=b"\x09" * 8,
        sequence_counter=0,
    )
    with pytest.raises(scp03.CardCryptogramWrong) as caught:
        host.check_initialize_update(card.initialize_update_data + OK)
    assert caught.value.code == "card_cryptogram_wrong"
    with pytest.raises(scp03.OutOfOrder):
        host.external_authenticate()


def test_a_disturbed_counter_is_told_with_the_value_that_the_card_proved() -> None:
    host, _ = pair(counter=5)
    _, card = pair(counter=9)
    with pytest.raises(scp03.ChallengeDiffers) as caught:
        host.check_initialize_update(card.initialize_update_data + OK)
    assert (caught.value.code, caught.value.sequence_counter) == ("challenge_differs", 9)


def test_a_counter_that_the_card_cannot_prove_is_not_believed() -> None:
    host, card = pair(counter=5)
    forged = card.initialize_update_data[:-3] + bytes.fromhex("000777")
    with pytest.raises(scp03.CardCryptogramWrong):
        host.check_initialize_update(forged + OK)


def test_a_challenge_for_another_application_is_refused() -> None:
    keys = key_set()
    host = HostSession.open(keys, host_challenge=bytes(8), level=0x33, aid=b"another application")
    card = CardSession(
        keys,
        parameter=0x70,
        key_diversification_data=bytes(10),
        host_challenge=bytes(8),
        card_challenge=scp03.card_challenge(keys.enc, 1, AID),
        sequence_counter=1,
    )
    with pytest.raises(scp03.CardCryptogramWrong):
        host.check_initialize_update(card.initialize_update_data + OK)


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        ("6A88", scp03.KeySetMissing, "key_set_missing"),
        ("6983", scp03.KeySetBlocked, "key_set_blocked"),
        ("6985", scp03.SequenceCounterExhausted, "sequence_counter_exhausted"),
        ("6700", scp03.InitializeUpdateRefused, "initialize_update_refused"),
        ("", scp03.ResponseTruncated, "response_truncated"),
        ("00" * 20 + "9000", scp03.ResponseTruncated, "response_truncated"),
        ("00" * 10 + "310370" + "00" * 19 + "9000", scp03.KeyVersionDiffers, "key_version_differs"),
        ("00" * 10 + "300270" + "00" * 19 + "9000", scp03.ProtocolDiffers, "protocol_differs"),
        ("00" * 10 + "300360" + "00" * 16 + "9000", scp03.ProtocolDiffers, "protocol_differs"),
    ],
)
def test_each_wrong_answer_to_initialize_update_has_its_own_code(
    answer: str, error: type[scp03.SecureChannelError], code: str
) -> None:
    host, _ = pair()
    with pytest.raises(error) as caught:
        host.check_initialize_update(bytes.fromhex(answer))
    assert caught.value.code == code


def test_a_refused_external_authenticate_is_told_with_its_status_word() -> None:
    host, card = pair()
    host.check_initialize_update(card.initialize_update_data + OK)
    host.external_authenticate()
    with pytest.raises(scp03.HostCryptogramRefused) as caught:
        host.check_external_authenticate(bytes.fromhex("6300"))
    assert caught.value.sw == 0x6300


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda answer: bytes((answer[0] ^ 1,)) + answer[1:], scp03.ResponseMacWrong),
        (lambda answer: answer[:-2] + bytes.fromhex("6310"), scp03.ResponseMacWrong),
        (lambda answer: answer[:-2] + bytes.fromhex("6A80"), scp03.ResponseMacWrong),
        (lambda answer: answer[-6:], scp03.ResponseTruncated),
        (lambda answer: answer[-2:], scp03.ResponseTruncated),
        (lambda answer: b"", scp03.ResponseTruncated),
    ],
)
def test_a_changed_or_shortened_answer_ends_the_session(spoil, error) -> None:  # type: ignore[no-untyped-def]
    host, card = opened(*pair())
    first, second = host.wrap(WITH_DATA), host.wrap(WITH_DATA)
    card.unwrap(first)
    answer = card.wrap(Response(b"answer", 0x9000)).encode()
    with pytest.raises(error):
        host.unwrap(spoil(answer))
    card.unwrap(second)
    with pytest.raises(scp03.OutOfOrder):
        host.unwrap(card.wrap(Response(b"answer", 0x9000)).encode())


def test_an_answer_cannot_be_taken_for_that_of_another_command() -> None:
    host, card = opened(*pair())
    first, second = host.wrap(WITH_DATA), host.wrap(WITH_DATA)
    card.unwrap(first)
    card.unwrap(second)
    late = card.wrap(Response(b"", 0x9000)).encode()
    with pytest.raises(scp03.ResponseMacWrong):
        host.unwrap(late)


def test_a_bare_error_status_word_ends_nothing() -> None:
    host, card = opened(*pair())
    for answer in (Response(b"", 0x6A88), Response(b"", 0x6985), Response(b"still here", 0x9000)):
        card.unwrap(host.wrap(WITH_DATA))
        assert host.unwrap(card.wrap(answer).encode()) == answer


@pytest.mark.parametrize(
    ("mode", "level", "capacity"),
    [
        (Mode.S8, 0x00, 255),
        (Mode.S8, 0x01, 247),
        (Mode.S8, 0x33, 239),
        (Mode.S16, 0x11, 239),
        (Mode.S16, 0x03, 223),
    ],
)
def test_what_fits_a_wrapped_command_is_known_beforehand(mode: Mode, level: int, capacity: int) -> None:
    host, card = opened(*pair(level=level, mode=mode))
    assert host.capacity == capacity
    longest = Command(0x80, 0xE8, 0x00, 0x00, bytes(capacity), 256)
    assert card.unwrap(host.wrap(longest)) == longest
    with pytest.raises(scp03.CommandTooLong):
        host.wrap(Command(0x80, 0xE8, 0x00, 0x00, bytes(capacity + 1)))


@pytest.mark.parametrize("cla", [0x80, 0x83, 0xC0, 0xCF, 0x00, 0x02, 0x45])
def test_item_19_the_mac_does_not_depend_on_the_logical_channel(cla: int) -> None:
    host, card = opened(*pair(level=0x11))
    basic, _ = opened(*pair(level=0x11))
    wrapped = host.wrap(Command(cla, 0xCA, 0x00, 0x66, le=256))
    on_basic = basic.wrap(Command(cla & 0x80, 0xCA, 0x00, 0x66, le=256))
    assert wrapped.data == on_basic.data
    assert card.unwrap(wrapped).cla == cla


def test_keys_are_not_shown() -> None:
    assert "454545" not in repr(key_set()).lower()
    assert "EEEE" not in repr(key_set())


@pytest.mark.parametrize(("enc", "mac", "version"), [(16, 24, 0x30), (15, 15, 0x30), (16, 16, 0)])
def test_a_key_set_has_one_legal_length_and_a_version(enc: int, mac: int, version: int) -> None:
    with pytest.raises(ValueError, match=r"ENC|version"):
        KeySet(bytes(enc), bytes(mac), bytes(enc), version)
