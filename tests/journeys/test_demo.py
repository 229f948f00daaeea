"""The whole path on the running system, over its public interfaces: what `make demo` shows."""

import io
from pathlib import Path

import pytest

from portal.supervision.system import System
from sandbox.demo.proof import Proof
from sandbox.demo.timeline import Timeline
from sandbox.demo.walk import PHONE_PASSWORD, PHONE_PIN, Walk
from sandbox.personas import PERSONAS
from tests.journeys.traces import assert_nowhere


@pytest.fixture(scope="module")
def walked(system: System, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Walk the whole path once; return what was told, and the folder of evidence."""
    told, folder = io.StringIO(), tmp_path_factory.mktemp("demo")
    timeline = Timeline(told)
    Walk(
        web=system.web,
        responder=system.responder,
        samples=system.samples,
        timeline=timeline,
        proof=Proof(folder, timeline),
    ).whole()
    return told.getvalue(), folder


def test_the_whole_path_holds(walked: tuple[str, Path]) -> None:
    told, _ = walked
    for chapter in ("1  Citizen", "2  Application", "4  Hand-off", "5  End of use", "6  Linked revocation"):
        assert chapter in told


def test_certificates_crls_and_the_signed_contract_are_left(walked: tuple[str, Path]) -> None:
    _, folder = walked
    left = {one.name for one in folder.iterdir()}
    kinds = [
        f"{medium}-{purpose}.cer" for medium in ("card", "phone") for purpose in ("signature", "user-authentication")
    ]
    assert {*kinds, "contract.pdf", "contract.p7s", "verify.sh", "phone-signature-ended.crl"} <= left


@pytest.mark.usefixtures("walked")
def test_no_password_is_found_anywhere(system: System) -> None:
    assert_nowhere(system, PHONE_PASSWORD, PHONE_PIN)
    for persona in PERSONAS:
        assert_nowhere(system, persona.signature_password, persona.authentication_pin)
