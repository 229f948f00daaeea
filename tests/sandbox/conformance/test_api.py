"""The suite in a service's own tests, over the API and by the client, to the report that goes with the case."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from jpki_client import Client, conformance
from jpki_client.conformance import ReportNotGenuine, Run
from jpki_client.problems import Conflict, NotFound, RequestInvalid

from ca.models import Realm
from portal.handoff.models import HandOff
from portal.providers.models import Workspace
from sandbox import driver
from sandbox.conformance import catalogue
from sandbox.models import ConformanceRun, Fault
from tests.sandbox.conformance.services import Service
from tsm.models import Phone
from whitelist.cases import conformance as reports
from whitelist.models import RelyingParty
from whitelist.published import statement

pytestmark = pytest.mark.django_db(transaction=True)
Deliver = Callable[..., list[str]]
CASES = ["good-authentication", "citizen-declined", "nonce-other", "status-revoked", "document-other", "pdf-other"]


@pytest.fixture
def client(relying_party: RelyingParty, service: Service) -> Client:
    assert service.client is not None
    return service.client


def visit(service: Service, phone: Phone, case: conformance.Case) -> bool:
    """Do what an integrator's own test does: ask, let the phone answer, and see what the service makes of it."""
    link = httpx.post(service.start, follow_redirects=False)
    cookie = {"Cookie": link.headers["Set-Cookie"].partition(";")[0]}
    outside = _WithCookie(cookie)
    came = driver.answer(phone, link.headers["Location"], refuse=case.visit == "decline", outside=outside)
    assert came.callback is not None
    return bool(came.callback["final"]["status"] < 400)


class _WithCookie(httpx.BaseTransport):
    def __init__(self, headers: dict[str, str]) -> None:
        self._headers, self._inner = headers, httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.headers.update(self._headers)
        answer = self._inner.handle_request(request)
        answer.read()
        return answer


def test_from_the_first_case_to_the_report_that_goes_with_the_registration(
    client: Client, service: Service, phone: Phone, realm: Realm, relying_party: RelyingParty, deliver: Deliver
) -> None:
    run = Run.begin(client, CASES)
    assert [case.id for case in run.cases] == CASES

    def waiting(seconds: float) -> None:
        deliver("ca", "phones")

    outcomes = {}
    for case in run.cases:
        if case.id == "pdf-other":
            continue
        run.arm(case, sleep=waiting)
        outcomes[case.id] = run.tell(case, accepted=visit(service, phone, case))
    assert outcomes == {
        "good-authentication": "passed",
        "citizen-declined": "passed",
        "nonce-other": "passed",
        "status-revoked": "passed",
        "document-other": "not_applicable",
    }
    assert not Fault.objects.filter(realm=realm, ended_at=None).exists()
    run.finish()
    with pytest.raises(Conflict):
        run.arm("nonce-other")
    report = run.report(sleep=waiting)
    assert (report.realm, report.client_id, report.run) == (realm.slug, relying_party.client_id, run.id)
    assert report.of("not_exercised") == ["pdf-other"]
    assert (report.conformant, report.percent) == (False, 80.0)
    told = next(one for one in report.members["cases"] if one["id"] == "nonce-other")
    assert told["faults"] == {"nonce_other": 1}
    assert HandOff.objects.filter(pk=told["hand_off"], relying_party=relying_party).exists()
    organisation = Workspace.objects.get(realm=realm).organisation
    kept = reports.latest(organisation)
    assert kept is not None
    assert (kept.signature, kept.report) == (report.jws, report.members)
    assert (kept.passed, kept.failed) == (4, 1)


def test_only_the_workspaces_own_report_is_genuine(client: Client, realm: Realm, deliver: Deliver) -> None:
    with Run.begin(client, ["good-signature"]) as run:
        pass
    deliver("ca")
    report = run.report()
    keys = client.call("GET", f"/register/jwks.json?realm={realm.slug}")
    assert conformance.verify(report.jws, keys, realm=realm.slug).percent == 0.0
    head, body, signature = report.jws.split(".")
    other = Run.begin(client, ["good-card"])
    other.finish()
    deliver("ca")
    statement.sign(realm)  # the same key, and no report
    swapped = other.report().jws.split(".")
    for jws, jwks, slug in (
        (f"{head}.{swapped[1]}.{signature}", keys, realm.slug),
        (f"{head}.{body}.", keys, realm.slug),
        (report.jws, {"keys": []}, realm.slug),
        (report.jws, keys, "another"),
        ("no.jws.atall", keys, realm.slug),
        (client.text("GET", f"/register/register.jws?realm={realm.slug}"), keys, realm.slug),
    ):
        with pytest.raises(ReportNotGenuine):
            conformance.verify(jws, jwks, realm=slug)


def refused(kind: type[Exception], code: str, call: Callable[[], Any]) -> None:
    with pytest.raises(kind) as told:
        call()
    assert told.value.code == code  # type: ignore[attr-defined]


def test_what_makes_no_sense_is_refused_by_name(client: Client, service: Service, phone: Phone) -> None:
    refused(RequestInvalid, "conformance_case_unknown", lambda: Run.begin(client, ["nonsense"]))
    run = Run.begin(client, ["signature-wrong", "result-missing"])
    refused(Conflict, "conformance_case_not_armed", lambda: run.tell("signature-wrong", accepted=False))
    refused(RequestInvalid, "conformance_case_unknown", lambda: run.arm("good-card"))
    refused(
        Conflict, "conformance_no_report_yet", lambda: client.text("GET", f"{conformance.ROOT}/runs/{run.id}/report")
    )
    run.arm("signature-wrong")
    assert run.tell("signature-wrong", accepted=False) == "not_exercised"  # nothing was asked meanwhile
    again = Run.begin(client, ["signature-wrong"])
    refused(Conflict, "conformance_run_over", lambda: run.arm("result-missing"))
    refused(Conflict, "conformance_run_over", lambda: run.finish())
    elsewhere = {"service": {"start_url": "https://elsewhere.example/login"}}
    refused(
        RequestInvalid,
        "conformance_service_unfit",
        lambda: client.call("POST", f"{conformance.ROOT}/runs", json=elsewhere),
    )
    itself = client.call("POST", f"{conformance.ROOT}/runs", json={"service": {"start_url": service.start}})
    assert itself["phone"] == str(phone.reference)
    refused(
        Conflict,
        "conformance_runs_itself",
        lambda: client.call("POST", f"{conformance.ROOT}/runs/{itself['id']}/cases/good-again/arm"),
    )
    listed = client.call("GET", f"{conformance.ROOT}/runs?limit=2")
    assert [one["id"] for one in listed["items"]] == [itself["id"], again.id]
    assert listed["next"]


def test_without_a_phone_nobody_could_answer(client: Client, service: Service) -> None:
    body = {"service": {"start_url": service.start}}
    refused(Conflict, "conformance_no_phone", lambda: client.call("POST", f"{conformance.ROOT}/runs", json=body))
    assert not ConformanceRun.objects.exists()


def test_another_workspaces_runs_are_nobodys_here(client: Client) -> None:
    unknown = "6f1a0d9c-0000-4000-8000-000000000000"
    refused(NotFound, "conformance_run_unknown", lambda: client.call("GET", f"{conformance.ROOT}/runs/{unknown}"))


def test_the_catalogue_is_told_in_both_languages(client: Client) -> None:
    told = client.call("GET", f"{conformance.ROOT}/cases")
    assert [one["id"] for one in told["items"]] == [case.id for case in catalogue.CASES]
    assert told["sha256"] == catalogue.digest()
    assert all(
        one[name][language] for one in told["items"] for name in ("title", "done", "why") for language in ("ja", "en")
    )
