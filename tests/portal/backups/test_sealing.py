"""Backups are sealed in the age format: any age program opens them, and what was changed or cut off is not opened."""

import io
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.backups import sealing
from portal.backups.sealing import SealBroken
from tests.conftest import missing

IDENTITY = sealing.new_identity()
CHUNK = 64 << 10  # the format's pieces


def seal(content: bytes, to: str = "") -> bytes:
    parts = [content[at : at + 100_000] for at in range(0, len(content), 100_000)]
    sealed = io.BytesIO()
    sealing.seal(parts, to or sealing.recipient(IDENTITY), sealed)
    return sealed.getvalue()


def opened(sealed: bytes, identity: str = IDENTITY) -> bytes:
    content = io.BytesIO()
    sealing.open_into(io.BytesIO(sealed), identity, content)
    return content.getvalue()


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 1_000_000])
def test_what_is_sealed_is_opened(size: int) -> None:
    content = bytes(range(256)) * (size // 256) + bytes(size % 256)
    assert opened(seal(content)) == content


@pytest.mark.parametrize("size", [0, CHUNK, 200_000])
def test_the_age_program_opens_it_and_we_open_what_it_sealed(size: int, tmp_path: Path) -> None:
    if shutil.which("age") is None:
        missing("age is not installed (Debian: apt-get install age)")
    content = bytes(range(256)) * (size // 256)
    (tmp_path / "identity").write_text(IDENTITY + "\n")
    command = ["age", "--decrypt", "--identity", tmp_path / "identity"]
    assert subprocess.run(command, input=seal(content), capture_output=True, check=True).stdout == content
    command = ["age", "--encrypt", "--recipient", sealing.recipient(IDENTITY)]
    theirs = subprocess.run(command, input=content, capture_output=True, check=True).stdout
    assert opened(theirs) == content


def test_what_was_changed_or_cut_off_is_not_opened() -> None:
    sealed = seal(bytes(3 * CHUNK))
    for at in (5, 40, 150, len(sealed) // 2, len(sealed) - 1):
        with pytest.raises(SealBroken):
            opened(sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :])
    for end in (30, 150, len(sealed) - 1, len(sealed) - CHUNK - 16):
        with pytest.raises(SealBroken):
            opened(sealed[:end])


def test_it_opens_for_its_identity_alone() -> None:
    with pytest.raises(SealBroken, match="not sealed to this identity"):
        opened(seal(b"x"), sealing.new_identity())


@pytest.mark.parametrize("wrong", ["", "age1", "ssh-ed25519 AAAA", "AGE-SECRET-KEY-1", "age1qqqqqq"])
def test_what_is_no_recipient_is_said_to_be_none(wrong: str) -> None:
    with pytest.raises(ValueError, match="no recipient"):
        sealing.check_recipient(wrong)


def test_a_mistyped_recipient_is_found() -> None:
    recipient = sealing.recipient(IDENTITY)
    other = "q" if recipient[10] != "q" else "p"
    with pytest.raises(ValueError, match="no recipient"):
        sealing.check_recipient(recipient[:10] + other + recipient[11:])


def test_what_fails_while_it_is_made_or_written_is_told_as_it_was() -> None:
    def parts() -> Iterator[bytes]:
        yield bytes(CHUNK)
        raise LookupError("no dump")

    with pytest.raises(LookupError, match="no dump"):
        sealing.seal(parts(), sealing.recipient(IDENTITY), io.BytesIO())
    with subprocess.Popen(["true"], stdin=subprocess.PIPE) as gone:
        gone.wait()
        with pytest.raises(BrokenPipeError):
            sealing.open_into(io.BytesIO(seal(bytes(9 * CHUNK))), IDENTITY, gone.stdin)
