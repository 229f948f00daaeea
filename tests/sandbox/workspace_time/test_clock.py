"""A workspace's clock: it is moved, everything in the workspace follows, and nothing anywhere else does."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ca import clock as clocks
from ca import crl, history, journal, revocation, status
from ca.models import Certificate, Crl, JournalEntry, Realm
from ca.profiles import Purpose
from ca.revocation import Cause
from portal.handoff import asking
from portal.handoff.models import HandOff
from portal.providers import workspaces
from portal.screen_lock import locks
from portal.screen_lock.errors import PinDue
from portal.screen_lock.models import ScreenLock
from sandbox import clock, tasks
from sandbox.clock import Follow
from tests.ca import responders
from tests.ca.fixtures import issue_all_four, issue_card, issue_phone, make_holder
from tests.ca.test_ocsp import ask, path_of, question
from tests.sandbox.ready import Api
from tests.sandbox.workspace_time import rows
from tests.tsm.enrolment.citizen import Citizen, card_of
from tests.whitelist.relying_parties import assertion
from tsm.models import Enrolment, Incident
from whitelist.models import Credential

pytestmark = pytest.mark.databases

Deliver = Callable[..., list[str]]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
GOOD, REVOKED = ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED
WORKERS = ("ca", "phones", "tsm", "sweeps", "notices")


@pytest.fixture
def move(api: Api, deliver: Deliver, django_capture_on_commit_callbacks: Any) -> Callable[..., Any]:
    """Give `move(advance=…)`: move the workspace's clock over the API, and play the workers it wakes."""

    def moved(**body: Any) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            api("post", "clock", body)
        with django_capture_on_commit_callbacks(execute=True):
            deliver(*WORKERS)
        return api("get", "clock")

    return moved


def latest(certificate: Certificate) -> Crl:
    found = crl.newest(certificate.partition)
    assert found is not None
    return found


def is_listed(certificate: Certificate) -> bool:
    read = x509.load_der_x509_crl(bytes(latest(certificate).der))
    return read.get_revoked_certificate_by_serial_number(int(certificate.serial_number, 16)) is not None


def verdict(certificate: Certificate) -> set[str]:
    realm = Realm.objects.get(pk=certificate.realm_id)
    return {str(one) for one in status.check_certificate(realm, bytes(certificate.der), now=clocks.now(realm)).reasons}


# --- nothing else moves
MOVES = st.lists(
    st.one_of(
        st.builds(lambda days: {"advance": f"P{days}D"}, st.integers(0, 4000)),
        st.builds(lambda hours: {"advance": f"-PT{hours}H"}, st.integers(1, 2000)),
        st.just({"reset": True}),
        st.builds(lambda days: {"advance": f"P{days}D", "follow": []}, st.integers(0, 500)),
    ),
    min_size=1,
    max_size=3,
)


@pytest.mark.django_db
@settings(
    max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
@given(moves=MOVES)
def test_whatever_is_done_to_one_workspaces_clock_no_row_of_another_realm_changes(
    moves: list[dict[str, Any]],
    api: Api,
    other: Api,
    realm: Realm,
    deliver: Deliver,
    django_capture_on_commit_callbacks: Any,
) -> None:
    if not Certificate.objects.exists():
        for each in (api.realm, other.realm, realm):
            *_, phone = issue_all_four(make_holder(each))
            revocation.hold(phone, cause=Cause.LOSS, now=clocks.now(each))
            list(crl.publish_due(each))
    before = [rows.of(other.realm), rows.of(realm)]
    for body in moves:
        with django_capture_on_commit_callbacks(execute=True):
            answer = api._client.post("/sandbox/api/v1/clock", body, content_type="application/json")
        assert answer.status_code in (200, 400, 401), answer.content
        with django_capture_on_commit_callbacks(execute=True):
            deliver(*WORKERS)
    assert [rows.of(other.realm), rows.of(realm)] == before
    assert len(before[0]["ca.Certificate"]) == 4
    assert abs(clocks.now(Realm.objects.get(pk=other.realm.pk)) - clocks.machine()) < HOUR
    assert other("get", "clock")["offset_seconds"] == 0
    assert journal.verify(api.realm) is None
    clock.reset(api.realm, by="test")


# --- what follows
@pytest.mark.django_db
def test_validity_lists_and_ocsp_follow_forwards_and_back(api: Api, move: Callable[..., Any]) -> None:
    card = issue_card(make_holder(api.realm))
    phone = issue_phone(card)
    held, fallen = issue_card(make_holder(api.realm), key=1), issue_card(make_holder(api.realm), key=2)
    revocation.revoke(fallen, cause=Cause.KEY_COMPROMISE, now=clocks.now(api.realm))
    list(crl.publish_due(api.realm))
    first = latest(card)
    assert (verdict(phone), ask(phone, question(phone)).certificate_status) == (set(), GOOD)

    after = phone.not_after + DAY
    stood = move(set=after.isoformat())
    assert stood["following"] == []
    assert (verdict(phone), verdict(held)) == ({"expired"}, {"expired"})
    second = latest(card)
    assert second.number > first.number
    assert abs(second.this_update - after) < HOUR
    answer = ask(phone, question(phone))
    assert answer.certificate_status is GOOD
    assert abs(answer.this_update_utc - after) < HOUR
    (speaker,) = answer.certificates
    assert speaker.not_valid_before_utc <= after < speaker.not_valid_after_utc
    # Revoked and ended: it stood on one list more, and stands on none after that.
    move(advance="P2D")
    assert not is_listed(fallen)

    revocation.revoke(held, cause=Cause.KEY_COMPROMISE, now=clocks.now(Realm.objects.get(pk=api.realm.pk)))
    stood = move(reset=True)
    third = latest(card)
    assert third.number > second.number
    assert abs(third.this_update - clocks.machine()) < HOUR
    assert (verdict(phone), stood["following"]) == (set(), [])
    # What was revoked stays so, and what lists had left out because it had ended is on them again.
    assert is_listed(fallen)
    assert is_listed(held)
    assert verdict(held) == {"revoked"}
    assert ask(held, question(held)).certificate_status is REVOKED
    assert abs(ask(phone, question(phone)).this_update_utc - clocks.machine()) < HOUR
    assert history.statuses([held.pk], clocks.machine()) == {held.pk: "valid"}
    assert journal.verify(api.realm) is None


@pytest.mark.django_db
def test_card_certificates_are_looked_at_again_and_a_fall_of_the_old_time_is_followed(
    api: Api, move: Callable[..., Any], settings: Any
) -> None:
    settings.LINKAGE_AT_ONCE = False
    card = issue_card(make_holder(api.realm))
    phone = issue_phone(card)
    move(advance="P1DT1H")
    looks = JournalEntry.objects.filter(realm=api.realm, kind="linkage.rechecked")
    assert [one.data["hours_after_issue"] for one in looks] == [24]
    revocation.revoke(card, cause=Cause.KEY_COMPROMISE, now=clocks.now(Realm.objects.get(pk=api.realm.pk)))
    move(reset=True)
    phone.refresh_from_db()
    assert (phone.status, phone.cause) == ("revoked", Cause.CARD_CERTIFICATE_REVOKED)


@pytest.mark.django_db(transaction=True)
def test_the_72_hours_silence_and_what_stands_still_follow(api: Api, deliver: Deliver) -> None:
    citizen = Citizen.with_new_phone(api.realm, deliver)
    citizen.enrol(card_of(api.realm))
    phone = citizen.phone
    enrolment = Enrolment.objects.get(phone=phone)
    now = clocks.now(api.realm)
    ScreenLock.objects.create(
        phone=phone, enrolment=enrolment, kind="biometrics", credential_id=b"1", public_key=b"2", sign_count=0,
        salt=b"3", share=b"4", created_at=now, pin_typed_at=now,
    )  # fmt: skip

    def moved(**body: Any) -> None:
        api("post", "clock", body)
        tasks.follow_clock(api.realm.pk)  # without the phones, which would talk
        deliver("tsm", "ca", "sweeps")
        phone.realm.refresh_from_db()

    def certificates() -> set[str]:
        return set(Certificate.objects.filter(linked_to__isnull=False).values_list("status", flat=True))

    assert locks.ask(phone)
    moved(advance="PT71H")
    assert locks.ask(phone)
    moved(advance="PT2H")
    with pytest.raises(PinDue):
        locks.ask(phone)
    moved(advance="P10D")
    locks.typed(phone, enrolment)
    assert locks.ask(phone)
    moved(advance="-P5D")
    with pytest.raises(PinDue):  # back makes the time no longer
        locks.ask(phone)
    moved(reset=True)
    # A phone stays in touch over a jump, unless silence is what one wants to see.
    moved(advance="P400D")
    assert (Incident.objects.count(), certificates()) == (0, {"valid"})
    moved(advance="P200D", follow=["credentials"])
    assert (Incident.objects.get().signal, certificates()) == ("silent", {"on_hold"})
    waiting = Citizen.with_new_phone(Realm.objects.get(pk=api.realm.pk), deliver)
    waiting.apply(card_of(Realm.objects.get(pk=api.realm.pk), "taro"))
    moved(advance="P8D")
    assert Enrolment.objects.get(phone=waiting.phone).trouble == "given_up"
    moved(reset=True)
    assert certificates() - {"revoked"} == {"on_hold"}


@pytest.mark.django_db
def test_hand_offs_run_out_and_the_services_keys_do_not(api: Api, move: Callable[..., Any]) -> None:
    credential = Credential.objects.get(relying_party__realm=api.realm)
    lifetime = credential.not_after - credential.not_before

    def asked() -> HandOff:
        found = Credential.objects.select_related("relying_party__realm").get(pk=credential.pk)
        return asking.ask(
            found,
            purpose=Purpose.SIGNATURE,
            document="契約",
            document_name="契約書",
            return_url=workspaces.callbacks(api.workspace)[0],
        ).hand_off

    open_one = asked()
    move(advance="PT11M")
    assert HandOff.objects.get(pk=open_one.pk).state == "expired"
    for body in ({"advance": "P4000D"}, {"advance": "-P100D"}, {"advance": "P200D"}, {"reset": True}):
        move(**body)
        assert asked().state == "waiting", body
    credential.refresh_from_db()
    assert credential.not_after - credential.not_before == lifetime
    # Where they shall run out, they do; whoever stands at the workspace's page puts the clock back.
    move(advance="P10D")
    clock.advance(api.realm, timedelta(days=500), follow=frozenset(), by="owner")
    assert api("get", "clock", expect=401)["code"] == "token_invalid"
    clock.reset(api.realm, by="owner")
    assert asked().state == "waiting"
    assert api("get", "clock")["offset_seconds"] == 0


@pytest.mark.django_db
def test_a_new_token_is_got_in_any_time(api: Api, move: Callable[..., Any]) -> None:
    move(advance="P3000D")
    entry = workspaces.relying_party(api.workspace)
    number = api.workspace.pk
    shown = assertion(entry.client_id, "http://localhost:8000/api/v1/token", key_id=f"key-{number}", number=number)
    body = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": shown,
    }
    assert Client().post("/api/v1/token", body, content_type="application/json").status_code == 200


# --- the clock itself
@pytest.mark.django_db
def test_it_is_set_advanced_and_put_back_within_its_limits_and_the_journal_has_it(api: Api) -> None:
    stood = api("get", "clock")
    assert (stood["offset_seconds"], stood["time"][:16]) == (0, stood["machine_time"][:16])
    at = datetime(2033, 4, 5, 6, 7, tzinfo=UTC)
    assert api("post", "clock", {"set": at.isoformat()})["time"].startswith("2033-04-05T06:07:0")
    api("post", "clock", {"advance": "P1D"})
    assert api("post", "clock", {"advance": "-PT1H"})["time"].startswith("2033-04-06T05:07:")
    for body in (
        {"set": "2200-01-01T00:00:00Z"},
        {"set": "1999-01-01T00:00:00Z"},
        {"advance": "P9999D"},
        {"advance": "P999999999D"},
        {"set": "0001-01-01T00:00:00Z"},
    ):
        told = api("post", "clock", body, expect=400)
        assert told["code"] == "clock_out_of_range"
        assert told["earliest"] < told["latest"]
    for body in ({}, {"reset": False}, {"set": at.isoformat(), "reset": True}, {"advance": "soon"}, {"by": "P1D"}):
        assert api("post", "clock", body, expect=400)["code"] == "invalid_request", body
    assert api("post", "clock", {"reset": True})["offset_seconds"] == 0
    entries = JournalEntry.objects.filter(realm=api.realm, kind="clock.moved").order_by("sequence")
    assert len(entries) == 4
    assert entries[0].data["after"].startswith("2033-04-05T06:07")
    assert entries[0].data["by"] == workspaces.relying_party(api.workspace).client_id
    earliest = datetime.fromisoformat(stood["earliest"])
    assert api("post", "clock", {"set": earliest.isoformat()})["time"][:16] == stood["earliest"][:16]


@pytest.mark.django_db
def test_two_who_advance_at_once_both_do(api: Api) -> None:
    stale = Realm.objects.get(pk=api.realm.pk)
    clock.advance(api.realm, HOUR, by="one")
    clock.advance(stale, HOUR, by="two")
    assert Realm.objects.get(pk=api.realm.pk).clock_offset == 2 * HOUR


@pytest.mark.django_db
def test_only_the_ca_worker_signs_anew_and_the_rest_needs_no_key(api: Api, settings: Any) -> None:
    issue_card(make_holder(api.realm))
    clock.advance(api.realm, 2 * DAY, by="test")
    passphrase, settings.CA_KEYS_PASSPHRASE = settings.CA_KEYS_PASSPHRASE, None
    settings.RESPONDER_KEYS_PASSPHRASE = None
    tasks.follow_clock(api.realm.pk)
    assert api("get", "clock")["following"] == ["crls"]
    settings.CA_KEYS_PASSPHRASE = passphrase
    tasks.sign_anew(api.realm.pk)
    tasks.sign_anew(api.realm.pk)
    assert api("get", "clock")["following"] == []


@pytest.mark.django_db(transaction=True)
def test_other_processes_have_the_new_time_with_the_next_question(api: Api, tmp_path: Path, deliver: Deliver) -> None:
    phone = issue_phone(issue_card(make_holder(api.realm)))

    def asked(address: str) -> ocsp.OCSPResponse:
        return ocsp.load_der_ocsp_response(responders.ask(address, path_of(phone), question(phone)))

    with responders.started(tmp_path, 2) as addresses:
        for address in addresses:
            for _ in range(3):  # from memory by now
                assert asked(address).certificate_status is GOOD
        for offset in (HOUR, -timedelta(), 9 * HOUR):
            clock.set_to(api.realm, clocks.machine() + offset, by="test")
            for address in addresses:
                assert abs(asked(address).this_update_utc - (clocks.machine() + offset)) < timedelta(seconds=30)
    assert Follow.PHONES in clock.EVERYTHING
