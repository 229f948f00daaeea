"""Without pyscard or without the PC/SC service everything else works, and asking for a reader says what is missing."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tsm.transports import pcsc
from tsm.transports.base import PcscUnavailable


def test_a_missing_pyscard_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "smartcard.scard", None)
    for call in (pcsc.readers, lambda: pcsc.PcscTransport.connect("any")):
        with pytest.raises(PcscUnavailable, match="extra 'pcsc'") as caught:
            call()
        assert caught.value.code == "pcsc_unavailable"


@pytest.mark.skipif(find_spec("smartcard") is None, reason="pyscard is not installed: this project's extra 'pcsc'")
def test_a_missing_service_is_told_with_the_same_code(tmp_path: Path) -> None:
    """In a process of its own: the client library asks for the socket's name once."""
    script = (
        "from tsm.transports import pcsc\n"
        "try:\n    pcsc.readers()\n"
        "except pcsc.PcscUnavailable as error:\n    raise SystemExit(error.code)\n"
    )
    environment = {**os.environ, "PCSCLITE_CSOCK_NAME": str(tmp_path / "nobody"), "PYTHONPATH": os.getcwd()}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, env=environment, timeout=60)
    assert done.stderr.decode().strip() == "pcsc_unavailable"
