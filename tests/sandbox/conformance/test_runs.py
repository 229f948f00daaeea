"""The suite against services in this process: a careful one passes every case, a blind one fails each it should."""

from collections.abc import Callable

import pytest

from ca.models import Certificate
from sandbox.conformance import catalogue, judging, runs
from sandbox.conformance.errors import NoPhone
from sandbox.models import ConformanceRun, VirtualPhone
from tests.sandbox.conformance.services import Service, blind
from tsm.models import Phone
from whitelist.models import RelyingParty

Deliver = Callable[..., list[str]]


pytestmark = pytest.mark.django_db(transaction=True)


def drive(run: ConformanceRun, deliver: Deliver) -> dict[str, tuple[str, ...]]:
    """Let workers take a run to its end; return each case's outcome and why, and what was seen."""
    for _ in range(50):
        deliver("ca", "phones")
        if not ConformanceRun.objects.filter(pk=run.pk, state="open").exists():
            break
        runs.sweep()  # cases that waited for certificates
    return {row.case: (row.outcome, row.why, str(row.seen)) for row in run.tries.all()}


@pytest.mark.slow
def test_a_careful_service_passes_every_case(
    relying_party: RelyingParty, service: Service, phone: Phone, deliver: Deliver
) -> None:
    run = runs.begin(relying_party, start_url=service.start, signature_url=service.sign)
    came = drive(run, deliver)
    wrong = {case: out for case, out in came.items() if out[0] not in ("passed", "not_applicable")}
    assert not wrong, wrong
    assert len(came) == len(catalogue.CASES)
    assert judging.score(run.tries.all())["conformant"]


@pytest.mark.slow
def test_a_blind_service_fails_every_case_that_it_must_reject(
    relying_party: RelyingParty, service: Service, phone: Phone, deliver: Deliver
) -> None:
    service.judge, service.has_sessions = blind, False
    run = runs.begin(relying_party, start_url=service.start, signature_url=service.sign)
    came = drive(run, deliver)
    for case in catalogue.CASES:
        if came[case.id][0] != "not_applicable":
            assert came[case.id][0] == ("passed" if case.accepted else "failed"), (case.id, came[case.id])


@pytest.mark.parametrize("kept_from_it", ["passwords", "certificate"])
def test_a_phone_that_could_not_answer_is_not_asked(
    relying_party: RelyingParty, service: Service, phone: Phone, kept_from_it: str
) -> None:
    if kept_from_it == "passwords":  # chosen by the holder on the page: nobody here can type them
        VirtualPhone.objects.filter(phone=phone).update(sealed_passwords=None)
    else:
        Certificate.objects.filter(medium="phone").update(status=Certificate.Status.ON_HOLD)
    with pytest.raises(NoPhone):
        runs.begin(relying_party, start_url=service.start)
