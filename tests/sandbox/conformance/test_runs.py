"""The suite against services in this process: a careful one passes every case, a blind one fails each it should."""

from collections.abc import Callable

import pytest

from sandbox.conformance import catalogue, driving, judging, runs
from sandbox.models import ConformanceRun
from tests.sandbox.conformance.services import SIGN, START, Service, blind
from tsm.models import Phone
from whitelist.models import RelyingParty

Deliver = Callable[..., list[str]]


def drive(run: ConformanceRun, service: Service, deliver: Deliver) -> dict[str, tuple[str, str]]:
    """Let a run go through to its end; return each case's outcome and why."""
    for _ in range(400):
        if not driving.drive(run, outside=service.transport()):
            break
        deliver("ca", "phones")  # certificates that a case waits for
    return {row.case: (row.outcome, row.why) for row in run.tries.all()}


def test_a_careful_service_passes_every_case(
    relying_party: RelyingParty, service: Service, phone: Phone, deliver: Deliver
) -> None:
    run = runs.begin(relying_party, start_url=START, signature_url=SIGN)
    came = drive(run, service, deliver)
    wrong = {case: out for case, out in came.items() if out[0] not in ("passed", "not_applicable")}
    assert not wrong
    assert judging.score(run.tries.all())["conformant"]
    assert len(came) == len(catalogue.CASES)


def test_a_blind_service_fails_every_case_that_it_must_reject(
    relying_party: RelyingParty, service: Service, phone: Phone, deliver: Deliver
) -> None:
    service.judge, service.needs_session = blind, False
    run = runs.begin(relying_party, start_url=START, signature_url=SIGN)
    came = drive(run, service, deliver)
    for case in catalogue.CASES:
        if came[case.id][0] != "not_applicable":
            assert came[case.id][0] == ("passed" if case.accepted else "failed"), case.id


pytestmark = pytest.mark.django_db(transaction=True)
