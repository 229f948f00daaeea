"""The sample services, each in its own process, against the suite over HTTP: the workers are played here."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ca import clock
from ca.models import Realm
from sandbox.conformance import catalogue, judging, runs
from sandbox.models import ConformanceRun
from sandbox.register import BANK, CARELESS, create_demo_register
from tests.sandbox.conformance.test_runs import drive
from tests.sandbox.relying_parties.visiting import Street, open_street
from tsm.models import Phone
from whitelist.models import Organisation, RelyingParty

pytestmark = pytest.mark.django_db(transaction=True)
Deliver = Callable[..., list[str]]


@pytest.fixture(scope="module")
def street(live_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    with open_street(tmp_path_factory.mktemp("samples"), live_server.url) as street:
        yield street


@pytest.fixture
def registered(realm: Realm, live_server: Any, responder_address: str, street: Street, settings: Any) -> Street:
    """Register the samples in the workspace."""
    settings.PUBLIC_URL = live_server.url
    settings.RESPONDER_URL = responder_address
    settings.SAMPLES_URL = street.url
    create_demo_register(realm, street.folder)
    return street


def begin(realm: Realm, client_id: str, start: str, sign: str, cases: list[str]) -> ConformanceRun:
    """Begin a run for a sample; it is an organisation's, which gets the report."""
    organisation = Organisation.objects.create(
        realm=realm, name_ja="見本", name_en="Sample", created_at=clock.machine(), workspace=realm
    )
    RelyingParty.objects.filter(client_id=client_id).update(organisation=organisation)
    entry = RelyingParty.objects.select_related("realm").get(client_id=client_id)
    return runs.begin(entry, cases=cases, start_url=start, signature_url=sign)


@pytest.mark.slow
def test_the_bank_passes_every_case(registered: Street, realm: Realm, phone: Phone, deliver: Deliver) -> None:
    at = registered.url
    run = begin(realm, BANK, f"{at}/bank/", f"{at}/bank/contract", [])
    came = drive(run, deliver)
    wrong = {case: out for case, out in came.items() if out[0] not in ("passed", "not_applicable")}
    assert not wrong, wrong
    applied = [case for case, out in came.items() if out[0] == "passed"]
    # It signs a PDF, and takes no card.
    assert {"pdf-other", "pdf-changed", "pdf-page-replaced", "pdf-unsigned", "pdf-uncovered"} <= set(applied)
    assert len(applied) >= 60
    assert judging.score(run.tries.all())["conformant"]


@pytest.mark.slow
@pytest.mark.parametrize("what", ["text", "pdf"])
def test_the_careless_shop_fails_every_case_that_it_must_reject(
    what: str, registered: Street, realm: Realm, phone: Phone, deliver: Deliver
) -> None:
    at = f"{registered.url}/careless/start"
    cases = [] if what == "text" else [case.id for case in catalogue.CASES if case.topic == "document"]
    came = drive(begin(realm, CARELESS, at, f"{at}?what={what}", cases), deliver)
    for case in catalogue.CASES:
        outcome = came.get(case.id, ("not_applicable",))[0]
        if outcome != "not_applicable":
            assert outcome == ("passed" if case.accepted else "failed"), (case.id, came[case.id])
