"""The README's lines about readers, on the whole system."""

import time
from pathlib import Path

from portal.supervision.system import System
from tests.pcsc.conftest import Reader, run, wait_until_card
from tests.pcsc.test_reader_commands import managed


def test_a_personas_card_signs_as_the_readme_says(system: System, reader: Reader, tmp_path: Path) -> None:
    text, signature, certificate, public = (tmp_path / name for name in ("text", "signature", "certificate", "public"))
    text.write_bytes(b"The text to be signed.\n")
    arguments = ("virtual_card", "--persona", "hanako", "--port", str(reader.port))
    with managed(*arguments, folder=system.var):
        wait_until_card(present=True)
        reading = ("pkcs15-tool", "--read-certificate", "2", "--verify-pin", "--auth-id", "2", "--pin", "HANAKO7391")
        until = time.monotonic() + 60
        while (read := run(*reading, check=False)).returncode:  # not certified yet
            assert time.monotonic() < until, read.stderr
            time.sleep(1)
        certificate.write_bytes(read.stdout)
        run(
            *("pkcs11-tool", "--slot-index", "1", "--login", "--pin", "HANAKO7391", "--sign", "--id", "02"),
            *("--mechanism", "SHA256-RSA-PKCS", "--input-file", str(text), "--output-file", str(signature)),
        )
    public.write_bytes(run("openssl", "x509", "-in", str(certificate), "-pubkey", "-noout").stdout)
    verdict = run("openssl", "dgst", "-sha256", "-verify", str(public), "-signature", str(signature), str(text))
    assert verdict.stdout == b"Verified OK\n"
    wait_until_card(present=False)
