"""Probes of a case and of an entry: what each kind takes and refuses, when they run, and what is kept."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from ca import clock
from ca.models import Realm
from portal.celery import app
from tests.whitelist.probes.servers import World, document, octets
from tests.whitelist.relying_parties import make_bank, public_jwk
from whitelist import probes
from whitelist.errors import ProbesTooOften
from whitelist.models import Case, CaseSection, CaseVersion, Organisation, ProbeResult, ProbeRun, RelyingParty
from whitelist.probes import running, targets
from whitelist.probes.running import Trigger

PRINT = "AA:" * 31 + "01"
LINKS = [
    {
        "relation": ["delegate_permission/common.handle_all_urls"],
        "target": {"namespace": "android_app", "package_name": "jp.example.bank", "sha256_cert_fingerprints": [PRINT]},
    }
]
ASSOCIATION = {"applinks": {"details": [{"appIDs": ["TEAM123456.jp.example.bank"], "components": []}]}}
KEYS = {"keys": [{**public_jwk(), "kid": "one", "use": "sig"}]}
HOST = "bank.example"
ANSWERS: dict[str, Any] = {
    "applications": {
        "applications": [
            {"kind": "browser", "origin": f"https://{HOST}", "callback_urls": [f"https://{HOST}/return"]},
            {
                "kind": "android",
                "package": "jp.example.bank",
                "certificate_sha256": [PRINT.lower()],
                "callback_urls": [f"https://{HOST}/app"],
            },
            {
                "kind": "ios",
                "bundle_id": "jp.example.bank",
                "team_id": "TEAM123456",
                "callback_urls": [f"https://{HOST}/app", "jp.example.bank://back"],
            },
        ]
    },
    "handoff": {"ways": ["link"], "jwks_url": f"https://{HOST}/keys"},
}
FILES = {
    "/.well-known/assetlinks.json": document(LINKS),
    "/.well-known/apple-app-site-association": document(ASSOCIATION),
    "/keys": document(KEYS),
}


@pytest.fixture
def organisation(realm: Realm) -> Organisation:
    return Organisation.objects.create(realm=realm, name_ja="試験銀行", created_at=clock.now(realm))


@pytest.fixture
def case(organisation: Organisation) -> Case:
    return make_case(organisation, ANSWERS)


def make_case(organisation: Organisation, answers: dict[str, Any], **values: Any) -> Case:
    now = clock.now(organisation.realm)
    made = Case.objects.create(
        organisation=organisation, opened_by="a@b.example", opened_at=now, moved_at=now, **values
    )
    for name, said in answers.items():
        CaseSection.objects.create(case=made, name=name, answers=said)
    return made


def results(found: list[ProbeResult]) -> dict[str, str]:
    return {each.kind: each.finding or each.outcome for each in found}


def test_a_service_whose_files_are_right_passes_every_kind(case: Case, outside: World) -> None:
    outside.serve(HOST, FILES)
    found = probes.run(case, "a@b.example", fetcher=outside.fetcher())
    assert {each.kind: each.outcome for each in found} == dict.fromkeys(ProbeResult.Kind.values, "passed")
    by_kind = {each.kind: each for each in found}
    assert 88 <= by_kind["tls"].evidence["days_left"] <= 90
    assert by_kind["key_set"].evidence["usable"] == ["one"]
    assert len(by_kind["key_set"].evidence["sha256"]) == 64
    assert all(timezone.now() - each.at < timedelta(minutes=1) and each.milliseconds >= 0 for each in found)
    assert probes.latest(case) == found
    # A callback's page is never opened: it might do something.
    assert not any("GET /return" in each or "GET /app" in each for each in outside.requests)


@pytest.mark.parametrize(
    ("kind", "path", "answer", "finding"),
    [
        ("asset_links", "/.well-known/assetlinks.json", octets(404), "http_status"),
        ("asset_links", "/.well-known/assetlinks.json", octets(body=b"<html>"), "not_json"),
        ("asset_links", "/.well-known/assetlinks.json", octets(body=b"[" * 100_000), "not_json"),
        ("asset_links", "/.well-known/assetlinks.json", octets(301, Location="/other"), "redirect"),
        ("asset_links", "/.well-known/assetlinks.json", document({}), "malformed"),
        (
            "asset_links",
            "/.well-known/assetlinks.json",
            document([{"target": {"package_name": "x"}}, 7]),
            "app_missing",
        ),
        (
            "asset_links",
            "/.well-known/assetlinks.json",
            document([{"target": {**LINKS[0]["target"], "sha256_cert_fingerprints": ["BB" * 32, 5]}}]),  # type: ignore[dict-item]
            "fingerprint_missing",
        ),
        ("app_site_association", "/.well-known/apple-app-site-association", document([]), "malformed"),
        ("app_site_association", "/.well-known/apple-app-site-association", document({"applinks": 5}), "app_missing"),
        ("key_set", "/keys", document([]), "malformed"),
        ("key_set", "/keys", document({"keys": []}), "no_usable_key"),
        ("key_set", "/keys", document({"keys": [{**KEYS["keys"][0], "d": "AAAA"}]}), "private_key_published"),
        ("key_set", "/keys", document({"keys": [public_jwk()]}), "no_usable_key"),
        ("key_set", "/keys", document({"keys": [{"kty": "EC", "crv": "P-256", "x": 1, "kid": "k"}]}), "no_usable_key"),
        (
            "key_set",
            "/keys",
            document({"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "k"}]}),
            "private_key_published",
        ),
        ("key_set", "/keys", document({"keys": KEYS["keys"] * 2}), "key_names_twice"),
    ],
)
def test_what_is_wrong_is_told_by_one_word(
    kind: str, path: str, answer: bytes, finding: str, case: Case, outside: World
) -> None:
    outside.serve(HOST, FILES | {path: answer})
    found = results(probes.run(case, "a@b.example", fetcher=outside.fetcher()))
    assert found == dict.fromkeys(ProbeResult.Kind.values, "passed") | {kind: finding}


@pytest.mark.parametrize(
    "details",
    [
        [{"appID": "TEAM123456.jp.example.bank", "paths": ["*"]}],
        {"TEAM123456.jp.example.bank": {"paths": ["*"]}},
    ],
)
def test_the_older_forms_of_an_association_are_read_too(details: Any, case: Case, outside: World) -> None:
    path = "/.well-known/apple-app-site-association"
    outside.serve(HOST, FILES | {path: document({"applinks": {"apps": [], "details": details}})})
    found = results(probes.run(case, "a@b.example", fetcher=outside.fetcher()))
    assert found["app_site_association"] == "passed"


def test_a_key_set_is_kept_as_evidence_without_a_word_of_it(case: Case, outside: World) -> None:
    outside.serve(HOST, FILES | {"/keys": document({"keys": [], "secret": "<script>"})})
    found = probes.run(case, "a@b.example", fetcher=outside.fetcher())
    assert "script" not in json.dumps([each.evidence for each in found])


def test_a_name_of_the_inside_is_refused_by_every_kind_and_not_told(case: Case, outside: World) -> None:
    outside.names[HOST] = ["10.20.30.40"]
    found = probes.run(case, "a@b.example", fetcher=outside.fetcher())
    assert {each.outcome for each in found} == {"refused"}
    assert not outside.dialled
    assert "10.20" not in json.dumps([each.evidence for each in found])


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"applications": None, "handoff": []},
        {"applications": [5, None, {"kind": "browser", "origin": 7, "callback_urls": "x"}]},
        {"applications": {"x": [{"kind": "ios", "callback_urls": ["https://["], "team_id": "T", "bundle_id": "b"}]}},
        {"applications": [{"kind": "android", "package": "p", "certificate_sha256": [], "callback_urls": [None]}]},
        {"applications": [{"kind": "browser", "origin": "https://x:99999999", "callback_urls": ["javascript:1"]}]},
        {"handoff": {"jwks_url": {"a": 1}}},
    ],
)
def test_a_draft_that_is_half_typed_asks_for_no_probe(answers: dict[str, Any]) -> None:
    assert targets.of_answers(answers) == []


def test_one_address_is_probed_once_and_a_run_has_its_bound(organisation: Organisation, settings: Any) -> None:
    many = [{"kind": "browser", "origin": f"https://s{each}.example", "callback_urls": []} for each in range(60)]
    case = make_case(organisation, {"applications": {"list": many * 2}})
    assert len(targets.of_case(case)) == 120
    settings.PROBES_MOST_TARGETS = 5
    world = World.__new__(World)
    world.names, world.asked, world.turns, world.dialled, world.places = {}, [], {}, [], {}
    assert results(probes.run(case, "x", fetcher=world.fetcher()))["name"] == "name_unknown"
    assert len(world.asked) == 5


def test_a_sample_of_this_machine_passes_where_the_sandbox_lets_it(
    organisation: Organisation, outside: World, settings: Any
) -> None:
    settings.PROBES_OWN_ORIGINS = ["http://localhost:8002"]
    sample = [{"kind": "browser", "origin": "http://localhost:8002", "callback_urls": ["http://localhost:8002/back"]}]
    case = make_case(organisation, {"applications": sample, "handoff": {"jwks_url": "http://localhost:8002/keys"}})
    outside.serve("localhost", FILES, address="127.0.0.1", port=8002, tls=False)
    found = probes.run(case, "x", fetcher=outside.fetcher())
    assert results(found) == {"name": "passed", "tls": "passed", "key_set": "passed"}
    settings.PROBES_OWN_ORIGINS = []
    assert {each.outcome for each in probes.run(case, "x", fetcher=outside.fetcher())} == {"refused"}


@pytest.mark.parametrize(
    ("sandbox", "url", "own"),
    [
        ("1", "http://localhost:8000", ["http://localhost:8000", "http://localhost:8002"]),
        ("1", "https://sandbox.example", []),
        ("0", "http://localhost:8000", []),
    ],
)
def test_only_a_sandbox_that_its_own_machine_alone_reaches_lets_anything_through(
    sandbox: str, url: str, own: list[str]
) -> None:
    ask = "from portal import settings; print(*settings.PROBES_OWN_ORIGINS)"
    environment = {**os.environ, "SANDBOX": sandbox, "PUBLIC_URL": url, "SECRET_KEY": "x" * 60}
    said = subprocess.run([sys.executable, "-c", ask], env=environment, capture_output=True, text=True, check=True)
    assert said.stdout.split() == own


# --- When they run
def test_several_savings_in_a_row_make_one_run_over_what_was_saved_last(
    case: Case, outside: World, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    first = probes.request(case, "a@b.example")
    assert probes.request(case, "c@d.example") == first
    assert not running.carry_out(first.pk, fetcher=outside.fetcher()), "not due yet"
    ProbeRun.objects.update(due_at=clock.machine())
    CaseSection.objects.filter(name="handoff").update(answers={"jwks_url": "https://later.example/keys"})
    assert running.carry_out(first.pk, fetcher=outside.fetcher())
    assert not running.carry_out(first.pk, fetcher=outside.fetcher()), "safe to run twice"
    assert "https://later.example/keys" in {each.target for each in probes.latest(case)}
    assert probes.request(case, "a@b.example") != first


def test_on_demand_it_begins_at_once_and_so_often_an_hour(
    case: Case, settings: Any, django_capture_on_commit_callbacks: Any, outside: World
) -> None:
    settings.PROBES_AN_HOUR = 2
    probes.request(case, "a@b.example")
    for _ in range(2):
        asked = probes.request(case, "a@b.example", trigger=Trigger.DEMAND)
        asked.refresh_from_db()
        assert asked.due_at <= clock.machine()
        assert running.carry_out(asked.pk, fetcher=outside.fetcher())
    with pytest.raises(ProbesTooOften):
        probes.request(case, "a@b.example", trigger=Trigger.DEMAND)
    # Saving isn't asking for it.
    probes.request(case, "a@b.example")
    ProbeRun.objects.update(asked_at=clock.machine() - timedelta(hours=2))
    probes.request(case, "a@b.example", trigger=Trigger.DEMAND)


def test_a_message_wakes_the_worker_and_a_lost_one_the_sweep(
    case: Case, deliver: Any, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.PROBES_MOST_TARGETS = 0
    with django_capture_on_commit_callbacks(execute=True):
        probes.request(case, "a@b.example")
    assert deliver("probes") == [], "it waits for more to be saved"
    with django_capture_on_commit_callbacks(execute=True):
        run = probes.request(case, "a@b.example", trigger=Trigger.DEMAND)
        assert probes.request(case, "a@b.example", trigger=Trigger.DEMAND) == run
    assert deliver("probes") == ["whitelist.run_probes"]
    run.refresh_from_db()
    assert run.state == "done"
    with django_capture_on_commit_callbacks(execute=False):
        lost = probes.request(case, "a@b.example", trigger=Trigger.DEMAND)
    app.tasks["whitelist.sweep_probes"].apply(throw=True)
    assert deliver("probes") == ["whitelist.run_probes"]
    lost.refresh_from_db()
    assert lost.state == "done"


def test_a_worker_that_died_is_followed_by_another_and_writes_nothing_when_it_comes_back(
    case: Case, outside: World, settings: Any
) -> None:
    settings.PROBES_SETTLE_SECONDS = 0
    run = probes.request(case, "a@b.example")
    ProbeRun.objects.update(state="running", lease_until=clock.machine() - timedelta(seconds=1))
    slow = ProbeRun.objects.select_related("case").get()
    assert running.carry_out(run.pk, fetcher=outside.fetcher())
    count = ProbeResult.objects.count()
    running._go_round(slow, outside.fetcher())
    assert ProbeResult.objects.count() == count


def test_every_night_each_registered_entry_is_looked_at_by_what_was_approved_for_it(
    realm: Realm, organisation: Organisation, outside: World
) -> None:
    bank, sample, gone = (make_bank(realm, name) for name in ("bank", "sample", "gone"))
    RelyingParty.objects.filter(pk=gone.pk).update(state="removed")
    approved = make_case(organisation, {}, relying_party=bank, state="approved")
    CaseVersion.objects.create(
        case=approved, number=1, answers=ANSWERS, submitted_by="a", submitted_at=clock.now(realm)
    )
    assert running.nightly() == 2
    assert running.nightly() == 0, "what waits is not asked for again"
    ProbeRun.objects.update(due_at=clock.machine())
    outside.serve(HOST, FILES)
    sent: list[int] = []
    assert running.sweep(send=sent.append) == 2
    for pk in sent:
        assert running.carry_out(pk, fetcher=outside.fetcher())
    assert {each.kind for each in probes.latest(bank)} == set(ProbeResult.Kind.values)
    assert {each.kind for each in probes.latest(sample)} == {"name", "tls"}
    assert probes.latest(gone) == []


def test_nothing_is_asked_but_what_a_case_or_an_entry_of_the_register_names(
    realm: Realm, case: Case, outside: World, settings: Any
) -> None:
    """The register is the allow-list: neither an answer nor anything else adds an address to it."""
    elsewhere = {"jwks_uri": "https://other.example/keys", "keys": [{**public_jwk(), "x5u": "https://other.example/x"}]}
    files = FILES | {
        "/.well-known/assetlinks.json": document([{"include": "https://other.example/links.json"}]),
        "/keys": document(elsewhere),
    }
    outside.serve(HOST, files)
    outside.serve("other.example", octets(302, Location="https://third.example/"), address="93.184.216.40")
    outside.serve("third.example", octets(), address="93.184.216.41")
    probes.run(case, "x", fetcher=outside.fetcher())
    assert set(outside.asked) == {HOST}
    # An entry without a case: its own rows. One that was removed: nobody's to ask.
    entry = make_bank(realm)
    removed = make_bank(realm, client_id="removed", state=RelyingParty.State.REMOVED)
    named = {urlsplit(row.origin).hostname for row in entry.applications.all() if row.origin}
    assert {one.where for one in targets.of_entry(entry) if one.kind == ProbeResult.Kind.NAME} == named
    settings.PROBES_NIGHT_SECONDS = 0
    running.nightly()
    assert not ProbeRun.objects.filter(entry=removed).exists()
    outside.asked.clear()
    for run in ProbeRun.objects.filter(state=ProbeRun.State.WAITING):
        running.carry_out(run.pk, fetcher=outside.fetcher())
    assert outside.asked
    assert set(outside.asked) <= named


def test_what_is_long_past_goes_and_the_newest_of_each_stays(realm: Realm, case: Case, settings: Any) -> None:
    settings.PROBES_MOST_TARGETS = 0
    bank = make_bank(realm)
    for _ in range(3):
        probes.run(case, "x")
        running.carry_out(probes.request(bank, "x", trigger=ProbeRun.Trigger.DEMAND).pk)
    long_ago = clock.machine() - timedelta(days=settings.PROBES_DAYS + 1)
    for number, run in enumerate(ProbeRun.objects.all()):
        ProbeRun.objects.filter(pk=run.pk).update(ended_at=long_ago + timedelta(minutes=number))
    newest = {probes.latest_run(case), probes.latest_run(bank)}
    assert running.forget() == 4
    assert set(ProbeRun.objects.all()) == newest


def test_beat_knows_the_tasks_and_the_worker_that_goes_out_has_no_secret() -> None:
    from portal.supervision.processes import SECRETS, house

    app.loader.import_default_modules()
    told = {each["task"] for each in app.conf.beat_schedule.values()}
    assert {"whitelist.sweep_probes", "whitelist.sweep_entries"} <= told
    assert told <= set(app.tasks)
    assert app.amqp.router.route({}, "whitelist.run_probes")["queue"].name == "probes"
    worker = next(each for each in house({}).processes if "--queues=probes" in each.command)
    assert not set(worker.secrets) & set(SECRETS)
    assert not worker.given
