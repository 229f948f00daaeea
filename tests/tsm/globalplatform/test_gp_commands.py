"""The management commands as bytes, and what their answers say."""

import pytest

from tsm.globalplatform import commands, loadfile
from tsm.globalplatform.commands import Scope, Target
from tsm.globalplatform.errors import AnswerMalformed, LoadFileMalformed
from tsm.globalplatform.scp03 import KeySet, key_check_value

unhex = bytes.fromhex
PACKAGE = unhex("D392F0002601000000")
APPLET = unhex("D392F000260100000001")
DOMAIN = unhex("D392F00026010000FF")


def test_selection_and_reading_commands_are_those_of_the_specification() -> None:
    assert commands.select().encode() == unhex("00A4040000")
    assert commands.select(APPLET).encode() == unhex("00A404000AD392F00026010000000100")
    assert commands.get_data(0x66).encode() == unhex("80CA006600")
    assert commands.get_data(commands.TAG_CPLC).encode() == unhex("80CA9F7F00")
    assert commands.get_status(Scope.APPLICATIONS).encode() == unhex("80F24002024F0000")
    assert commands.get_status(Scope.LOAD_FILES, following=True).encode() == unhex("80F22003024F0000")
    assert commands.set_status(Target.APPLICATION, 0x0F, DOMAIN).encode() == unhex("80F0400F09D392F00026010000FF")


def test_a_security_domain_is_made_with_the_parameters_of_the_uicc_configuration() -> None:
    # The example of the facts, with another AID.
    assert commands.install_ssd(DOMAIN, privileges=b"\xa0").encode() == unhex(
        "80E60C0030 07A0000001515350 08A000000151535041 09D392F00026010000FF 01A0"
        "11C90F 81020370 82022020 830120 87022020 00 00"
    )


def test_install_fields_come_in_the_order_of_the_tables() -> None:
    load = commands.install_for_load(PACKAGE, domain=DOMAIN, block_hash=b"\x11" * 32)
    assert load.encode() == unhex("80E6020037 09D392F0002601000000 09D392F00026010000FF 20" + "11" * 32 + "0000 00")
    install = commands.install_for_install_and_make_selectable(PACKAGE, APPLET, APPLET)
    assert install.encode() == unhex(
        "80E60C0026 09D392F0002601000000 0AD392F000260100000001 0AD392F000260100000001 0100 02C900 00 00"
    )
    assert commands.install_for_make_selectable(APPLET).encode() == unhex(
        "80E6080011 00 00 0AD392F000260100000001 0100 00 00 00"
    )


def test_deletion_names_an_aid_or_keys() -> None:
    assert commands.delete(PACKAGE, related=True).encode() == unhex("80E400800B4F09D392F000260100000000")
    assert commands.delete_key(version=0x31).encode() == unhex("80E4000003D2013100")
    assert commands.delete_key(version=0x31, identifier=1).encode() == unhex("80E4000006D00101D2013100")


@pytest.mark.parametrize(
    ("size", "with_length", "head"),
    [(16, True, "881110"), (16, False, "8810"), (24, True, "882118"), (32, False, "8820")],
)
def test_aes_keys_have_two_encodings(size: int, with_length: bool, head: str) -> None:
    field = commands.aes_key_field(b"k" * size, b"d" * 16, with_length=with_length)
    assert field.startswith(unhex(head))
    assert field.endswith(b"\x03" + key_check_value(b"k" * size))


def test_put_key_sends_the_whole_set_and_its_answer_is_compared() -> None:
    keys = KeySet(b"E" * 16, b"M" * 16, b"D" * 16, 0x31)
    command = commands.put_key(keys, dek=b"d" * 16)
    assert command.encode()[:6] == unhex("80D800814631")
    confirmation = b"\x31" + b"".join(key_check_value(key) for key in keys.keys)
    commands.check_put_key(confirmation, keys)
    with pytest.raises(AnswerMalformed):
        commands.check_put_key(confirmation[:-1] + b"\x00", keys)


def test_the_key_information_template_is_read_in_both_forms() -> None:
    basic = commands.parse_key_information(unhex("E012C00401308810C00402308810C00403308810"))
    assert [(key.identifier, key.version, key.type, key.length) for key in basic] == [
        (1, 0x30, 0x88, 16),
        (2, 0x30, 0x88, 16),
        (3, 0x30, 0x88, 16),
    ]
    extended = commands.parse_key_information(unhex("E00CC00A0170FFA1010001100101"))
    assert (extended[0].type, extended[0].length) == (0xA1, 256)


def test_registry_entries_are_read_leniently() -> None:
    answer = unhex(
        "E31F 4F09D392F00026010000FF 9F70020F00 C503808000 CC08A000000151000000"
        "E31F 4F09D392F0002601000000 9F700101 CE020100 840AD392F000260100000001"
    )
    domain, package = commands.parse_status(answer)
    assert (domain.aid, domain.life_cycle, domain.privileges) == (DOMAIN, 0x0F, unhex("808000"))
    assert domain.domain == commands.ISSUER_SECURITY_DOMAIN_AID
    assert (package.version, package.modules) == ((1, 0), (APPLET,))


@pytest.mark.parametrize("answer", ["E3024F00", "E305", "6F00", "E3054F039F7001"])
def test_answers_that_are_no_registry_entries_are_refused(answer: str) -> None:
    with pytest.raises(AnswerMalformed):
        commands.parse_status(unhex(answer))


def test_the_other_answers_are_read() -> None:
    assert commands.parse_sequence_counter(unhex("C103000102")) == 0x102
    assert commands.parse_identification(unhex("420411223344")) == unhex("11223344")
    card = commands.parse_card_data(
        unhex("6626 7324 06072A864886FC6B01 600C060A2A864886FC6B02020301 640B06092A864886FC6B040370")
    )
    assert card.version == (2, 3, 1)
    assert card.protocols == ((3, 0x70),)


def test_a_load_file_names_package_version_and_modules() -> None:
    block = loadfile.build(PACKAGE, version=(2, 5), modules=[APPLET], code=b"code" * 100)
    assert loadfile.parse(block) == loadfile.LoadFile(PACKAGE, (2, 5), (APPLET,))
    assert block.startswith(unhex("010013DECAFFED"))


def test_a_load_file_is_sent_in_blocks_wrapped_in_c4() -> None:
    block = loadfile.build(PACKAGE, version=(1, 0), modules=[APPLET], code=bytes(1000))
    sent = commands.load_blocks(block, 239)
    assert [command.p1 for command in sent] == [0x00] * (len(sent) - 1) + [0x80]
    assert [command.p2 for command in sent] == list(range(len(sent)))
    assert all(len(command.data) <= 239 for command in sent)
    joined = b"".join(command.data for command in sent)
    assert joined[:2] == unhex("C482")
    assert loadfile.unwrap(joined) == block


@pytest.mark.parametrize("spoil", [lambda b: b[:-1], lambda b: b[1:], lambda b: b"", lambda b: b + b, lambda b: b[:9]])
def test_what_is_no_load_file_is_refused(spoil) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(LoadFileMalformed):
        loadfile.parse(spoil(loadfile.build(PACKAGE, version=(1, 0), modules=[APPLET])))


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha384", "sha512"])
def test_the_hash_of_a_load_file_names_its_algorithm_by_its_length(algorithm: str) -> None:
    block = loadfile.build(PACKAGE, version=(1, 0), modules=[APPLET])
    assert loadfile.digest_matches(block, loadfile.digest(block, algorithm))
    assert not loadfile.digest_matches(block + b"\x00", loadfile.digest(block, algorithm))
    assert not loadfile.digest_matches(block, b"")
