"""What `manage.py virtual_card` and `manage.py virtual_phone` put in a reader, as other programs meet it."""

import functools
import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from ca.models import Realm
from sandbox import power
from sandbox.models import VirtualCard
from sandbox.reader import Shared
from sandbox.virtual.card import ATR, MyNumberCard
from sandbox.virtual.element import Element
from sandbox.virtual.vpcd import Slot, VpcdUnavailable
from tests.ca.fixtures import *  # noqa: F403
from tests.pcsc.conftest import Reader, daemon, free_pair_of_ports, inserted, run, wait_until_card
from tests.tsm.enrolment.citizen import card_of

ROOT = Path(__file__).resolve().parents[2]
TRIES = ("00A4040C0AD392F000260100000001", "00A4020C020018", "00200080")
SELECT_ISD = "00:A4:04:00:08:A0:00:00:01:51:00:00:00:00"


@contextmanager
def managed(*arguments: str, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run a command of manage.py until the card is in, and end it as Ctrl-C does."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=os.environ | {"VAR_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "portal.settings"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        assert "Ctrl-C takes it out" in process.stdout.readline()
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(10)


@pytest.mark.django_db(transaction=True)
def test_a_personas_card_signs_in_the_reader_and_is_the_one_of_the_screens(
    realm: Realm, reader: Reader, tmp_path: Path
) -> None:
    row = card_of(realm)
    text, signature = tmp_path / "text", tmp_path / "signature"
    text.write_bytes(b"The text to be signed.\n")
    session = functools.partial(power.card, row)
    with inserted(reader, Shared(session, ATR)):
        wrong = run("pkcs15-tool", "--verify-pin", "--auth-id", "1", "--pin", "0000", check=False)
        assert wrong.returncode != 0
        with session() as screen:  # pcscd has let the card rest
            assert [screen.transmit(bytes.fromhex(command)).hex() for command in TRIES][-1] == "63c2"
        run(
            *("pkcs11-tool", "--slot-index", "0", "--login", "--pin", "7391", "--sign", "--id", "01"),
            *("--mechanism", "SHA256-RSA-PKCS", "--input-file", str(text), "--output-file", str(signature)),
        )
    assert len(signature.read_bytes()) == 256
    row.refresh_from_db()
    assert row.busy_until is None


@pytest.mark.django_db(transaction=True)
def test_a_card_that_somebody_else_holds_answers_6f00(realm: Realm, settings: Any, monkeypatch: Any) -> None:
    row = card_of(realm)
    monkeypatch.setattr(power, "WAIT", 0.1)
    shared = Shared(functools.partial(power.card, row), ATR)
    with power.card(row):
        assert shared.transmit(bytes.fromhex(TRIES[0])) == b"\x6f\x00"
    assert shared.transmit(bytes.fromhex(TRIES[0])) == b"\x90\x00"
    assert shared.power_on() == ATR
    with power.card(row):
        pass


@pytest.mark.django_db(transaction=True)
def test_a_session_that_lasts_is_renewed_and_one_that_was_lost_is_told(realm: Realm, settings: Any) -> None:
    settings.SANDBOX_SESSION_SECONDS = 0.001
    row = card_of(realm)
    with power.card(row) as chip:
        before = VirtualCard.objects.get(pk=row.pk).busy_until
        chip.transmit(bytes.fromhex(TRIES[0]))
        after = VirtualCard.objects.get(pk=row.pk).busy_until
        assert before is not None
        assert after is not None
        assert before < after
        with power.card(row), pytest.raises(power.ReaderBusy):
            chip.transmit(bytes.fromhex(TRIES[0]))


def test_a_blank_element_lives_in_its_file_even_when_it_is_killed(reader: Reader, tmp_path: Path) -> None:
    state = tmp_path / "blank.element"
    arguments = ("virtual_phone", "--state", str(state), "--port", str(reader.port))
    with managed(*arguments, folder=tmp_path) as process:
        wait_until_card(present=True)
        assert b"(SW1=0x90, SW2=0x00)" in run("opensc-tool", "-s", SELECT_ISD).stdout
        # An INITIALIZE UPDATE counts; its counter is on the disk before it is answered.
        run("opensc-tool", "-s", SELECT_ISD, "-s", "80:50:30:00:08:00:00:00:00:00:00:00:00:00")
        process.kill()
    wait_until_card(present=False)
    assert oct(state.stat().st_mode & 0o777) == "0o600"
    element = Element.restore(state.read_bytes(), power.NATIVES)
    assert element.transmit(bytes.fromhex("80CA00C100")) == bytes.fromhex("C1030000019000")
    with managed(*arguments, folder=tmp_path):
        wait_until_card(present=True)
        assert b"C1 03 00 00 01" in run("opensc-tool", "-s", "80:CA:00:C1:00").stdout
    wait_until_card(present=False)


def test_a_reader_may_connect_to_the_card_so_that_nothing_listens_to_the_network(
    tmp_path: Path, issued_card: bytes
) -> None:
    port = free_pair_of_ports()
    first, second = (Slot(MyNumberCard.restore(issued_card), port=port + slot, listen=True) for slot in (0, 1))
    with first, second:
        # Debian's vpcd 3.3 aborts where it finds no card to connect to: both are in before it starts.
        with daemon(tmp_path, "127.0.0.1", port):
            wait_until_card(present=True)
            assert run("opensc-tool", "-n").stdout.strip() == b"jpki"
        with pytest.raises(VpcdUnavailable, match="is taken"):
            Slot(MyNumberCard.restore(issued_card), port=port, listen=True).insert()


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_put_in_is_said(realm: Realm, tmp_path: Path) -> None:
    card_of(realm)
    with pytest.raises(CommandError, match="there are hanako"):
        call_command("virtual_card", persona="nobody", realm=realm.slug)
    with pytest.raises(CommandError, match="start the PC/SC service"):
        call_command(
            "virtual_card", persona="hanako", realm=realm.slug, port=free_pair_of_ports(), stdout=io.StringIO()
        )
    with pytest.raises(CommandError, match="no such phone"):
        call_command("virtual_phone", realm=realm.slug)
    with pytest.raises(CommandError, match="length of 16, 24 or 32"):
        call_command("virtual_phone", state=tmp_path / "x", key=b"short")


def test_pitfall_ones_own_keys_and_certificates_go_on_a_card(reader: Reader, tmp_path: Path) -> None:
    key, chain, text, signature = (tmp_path / name for name in ("key.pem", "chain.pem", "text", "signature"))
    new = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=mine", "-keyout", str(key))
    chain.write_bytes(run(*new).stdout)
    text.write_bytes(b"The text to be signed.\n")
    own = ("--authentication-key", str(key), "--authentication-certificate", str(chain), "--pin", "4321")
    arguments = ("virtual_card", "--state", str(tmp_path / "card"), "--port", str(reader.port), *own)
    with managed(*arguments, folder=tmp_path):
        wait_until_card(present=True)
        assert run("pkcs15-tool", "--read-certificate", "1").stdout == chain.read_bytes()
        run(
            *("pkcs11-tool", "--slot-index", "0", "--login", "--pin", "4321", "--sign", "--id", "01"),
            *("--mechanism", "SHA256-RSA-PKCS", "--input-file", str(text), "--output-file", str(signature)),
        )
    wait_until_card(present=False)
    verdict = run("openssl", "dgst", "-sha256", "-prverify", str(key), "-signature", str(signature), str(text))
    assert verdict.stdout == b"Verified OK\n"
    with pytest.raises(CommandError, match="authentication key"):
        call_command("virtual_card", state=tmp_path / "none")
    with pytest.raises(CommandError, match="no card can be made"):
        call_command("virtual_card", state=tmp_path / "none", authentication_key=text)
