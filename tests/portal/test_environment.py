"""What settings come from: a secret of which keys are made must be a key itself, in production."""

import os
import secrets
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest

from portal.environment import is_key

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "value",
    [
        "secret",
        "0123456789abcdef0123456789abcde",
        "0" * 64,
        "drill" * 12,
        "correct horse battery staple and more",
        "correcthorsebatterystapleandmore",
        "Correct-Horse-Battery-Staple-And-More",
        "ｃｏｒｒｅｃｔ９Ｈorse" * 3,
        "",
    ],
)
def test_a_word_is_no_key(value: str) -> None:
    assert not is_key(value)


def test_random_bits_as_they_are_commonly_written_are_one() -> None:
    for made in (
        secrets.token_hex(32),
        secrets.token_hex(16).upper(),
        b64encode(bytes(range(100, 132))).decode(),
        "t9hV0yqX-4nFz_1JkA2wQe",
    ):
        assert is_key(made), made


@pytest.mark.parametrize(
    ("name", "more", "stops"),
    [
        ("CA_KEYS_PASSPHRASE", {}, True),
        ("RESPONDER_KEYS_PASSPHRASE", {}, True),
        ("TSM_MASTER_KEY", {}, True),
        ("TSM_SEI_MASTER_KEY", {}, True),
        ("TSM_SP_MASTER_KEY", {}, True),
        ("CA_KEYS_PASSPHRASE", {"CA_KEYS": "pkcs11:/nowhere.so?token=jpki-ca"}, False),
        ("CA_KEYS_PASSPHRASE", {"PRODUCTION": "0"}, False),
    ],
)
def test_a_process_that_gets_a_word_for_a_key_stops_in_production(
    tmp_path: Path, name: str, more: dict[str, str], stops: bool
) -> None:
    environment = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path), "PRODUCTION": "1", name: "123456"}
    done = subprocess.run(
        [sys.executable, "-c", "import portal.settings"],
        cwd=ROOT,
        env=environment | more,
        capture_output=True,
        text=True,
    )
    assert (done.returncode != 0) is stops, done.stderr
    if stops:
        assert done.stderr.startswith(f"{name} must be a key of 128 bits or more")
        assert len(done.stderr.splitlines()) == 1
        assert "123456" not in done.stderr
