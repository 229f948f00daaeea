"""The suite on the running system: its own workers, responder and bank, a phone that the command enrols, one report."""

from pathlib import Path

import httpx
import pytest
from jpki_client import conformance

from portal.supervision.system import System
from sandbox.register import BANK
from tests.conftest import UNDER_ROLES

# One of each way of making a case; the rest runs in tests/sandbox/conformance.
CASES = (
    "good-authentication",
    "good-signature",
    "return-state-wrong",
    "return-replayed",
    "citizen-declined",
    "nonce-other",
    "certificate-revoked",
    "status-on-hold",
    "ocsp-signer-not-delegated",
    "pdf-page-replaced",
)


@pytest.mark.skipif(UNDER_ROLES, reason="the suite's citizen goes through pages in a worker that may not read sessions")
def test_the_bank_passes_on_the_running_system(system: System, tmp_path: Path) -> None:
    file, bank = tmp_path / "report.jws", f"{system.samples}/bank"
    told = system.manage(
        "conformance", BANK, f"{bank}/", "--sign", f"{bank}/contract", "--cases", ",".join(CASES), "--report", str(file)
    )
    assert f"{len(CASES)} of {len(CASES)} passed" in told
    keys = httpx.get(f"{system.web}/register/jwks.json").json()
    report = conformance.verify(file.read_text(), keys, realm="sandbox")
    assert report.conformant
    assert report.client_id == BANK
    assert report.of("passed") == list(CASES)
