"""Webhooks: every change is told once, in order, signed; and whatever fails is tried again, and not for ever."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from jpki_client import webhooks as client

from ca import clock, journal, linkage, revocation
from ca.models import JournalEntry, Realm
from ca.profiles import Purpose
from ca.revocation import Cause
from portal.handoff import asking, hand_offs
from sandbox import tasks
from sandbox.models import Webhook, WebhookAttempt, WebhookDelivery, WebhookEvent, WebhookSecret
from sandbox.webhooks import catalogue, events, outbox, sending, signing
from tests.ca.fixtures import issue_card, issue_phone, make_holder
from tests.sandbox.ready import Api
from tests.sandbox.webhooks.receiver import Receiver
from tests.whitelist.probes import servers
from tests.whitelist.probes.servers import World, octets
from whitelist.models import Credential

pytestmark = [pytest.mark.django_db, pytest.mark.databases]
Deliver = Callable[..., list[str]]
HOUR = timedelta(hours=1)


def make(api: Api, receiver: Receiver, *types: str) -> dict[str, Any]:
    """Return a webhook of the receiver's, with its secret."""
    made: dict[str, Any] = api("post", "webhooks", {"url": receiver.url, "event_types": list(types)}, expect=201)
    return made


def settle(deliver: Deliver, capture: Any, *, rounds: int = 60) -> None:
    """Play the workers and beat until nothing is due any more."""
    for _ in range(rounds):
        with capture(execute=True):
            signed = tasks.sweep_webhooks()
        with capture(execute=True):
            ran = deliver("phones", "probes")
        if not signed and not ran:
            return
    raise AssertionError("it never settles")


def wait(delivery: WebhookDelivery | None = None) -> None:
    """Let the time of the next attempt come."""
    now = clock.machine()
    WebhookDelivery.objects.filter(state="waiting").update(next_at=now - timedelta(seconds=1))
    Webhook.objects.update(rests_until=None)


def ping(api: Api, made: dict[str, Any]) -> str:
    return str(api("post", f"webhooks/{made['id']}/ping", expect=201)["id"])


# --- what is told
def test_each_change_is_told_once_and_in_its_order_and_verifies_with_the_secret_told_once(
    api: Api, receiver: Receiver, deliver: Deliver, django_capture_on_commit_callbacks: Any
) -> None:
    realm = api.realm
    issue_card(make_holder(realm), key=5)  # before anybody asked
    made = make(api, receiver, "certificate.*")
    card = issue_card(make_holder(realm))
    phone = issue_phone(card, pending=True)
    now = clock.now(realm)
    revocation.activate(phone, now=now)
    revocation.hold(phone, cause=Cause.LOSS, now=now)
    revocation.release(phone, now=now)
    revocation.revoke(card, cause=Cause.KEY_COMPROMISE, now=now)
    linkage.sweep(realm)
    settle(deliver, django_capture_on_commit_callbacks)

    told = [(one.json["type"], one.json["data"]["medium"]) for one in receiver.came]
    assert told == [
        ("certificate.issued", "card"),
        ("certificate.issued", "phone"),
        ("certificate.activated", "phone"),
        ("certificate.held", "phone"),
        ("certificate.released", "phone"),
        ("certificate.revoked", "card"),
        ("certificate.revoked", "phone"),
    ]
    assert receiver.came[-1].json["data"]["cause"] == "card_certificate_revoked"
    assert all(one.signed_by(made["secret"]) for one in receiver.came)
    read = client.verify(made["secret"], receiver.came[-1].headers, receiver.came[-1].body)
    assert api("get", f"certificates/{read.data['certificate']}")["status"] == "revoked"
    assert len({one.id for one in receiver.came}) == len(receiver.came)
    listed = api("get", "events?type=certificate.*")["items"]
    assert [one["id"] for one in listed[:-1]] == [one.id for one in reversed(receiver.came)]
    assert {"type", "timestamp", "data"} == set(receiver.came[0].json)
    settle(deliver, django_capture_on_commit_callbacks)
    assert len(receiver.came) == 7


def test_a_worker_that_dies_over_the_journal_loses_nothing_and_doubles_nothing(api: Api, monkeypatch: Any) -> None:
    realm = api.realm
    for number in range(3):
        issue_card(make_holder(realm), key=number)
    whole = events._tell

    class Died(BaseException):
        pass

    def die(*arguments: Any) -> int:
        whole(*arguments)
        raise Died

    monkeypatch.setattr(events, "BATCH", 3)
    monkeypatch.setattr(events, "_tell", die)
    for _ in range(2):
        with pytest.raises(Died):
            events.read(realm)
    monkeypatch.setattr(events, "_tell", whole)
    events.read_all()
    assert events.read(realm) == 0
    wanted = JournalEntry.objects.filter(realm=realm, kind__in=catalogue.BY_KIND).order_by("sequence")
    found = WebhookEvent.objects.filter(realm=realm).order_by("pk")
    assert list(found.values_list("sequence", flat=True)) == list(wanted.values_list("sequence", flat=True))
    assert found.filter(type="certificate.issued").count() == 3


def test_a_hand_off_that_nobody_looks_at_expires_and_that_is_told(api: Api, realm: Realm) -> None:
    credential = Credential.objects.get(relying_party__realm=api.realm)
    asked = asking.ask(credential, purpose=Purpose.USER_AUTHENTICATION, return_url="http://localhost:3000/callback")
    hand_offs.show(asked.hand_off, "browser")
    tasks.sweep_webhooks()
    Realm.objects.filter(pk=api.realm.pk).update(clock_offset=HOUR)
    tasks.sweep_webhooks()
    told = [json.loads(one.body) for one in WebhookEvent.objects.filter(type__startswith="handoff.").order_by("pk")]
    assert [one["type"] for one in told] == ["handoff.asked", "handoff.shown", "handoff.expired"]
    assert {one["data"]["handoff"] for one in told} == {str(asked.hand_off.pk)}
    assert [one["data"]["state"] for one in told] == ["waiting", "shown", "expired"]


def test_a_certificate_that_ends_is_told_and_again_when_the_clock_was_set_back(api: Api) -> None:
    card = issue_card(make_holder(api.realm))
    phone, fallen = issue_phone(card), issue_card(make_holder(api.realm), key=1)
    revocation.revoke(fallen, cause=Cause.KEY_COMPROMISE, now=clock.now(api.realm))
    tasks.sweep_expired()

    def told() -> list[tuple[str, str]]:
        events.read(api.realm)
        found = WebhookEvent.objects.filter(realm=api.realm, type="certificate.expired").order_by("pk")
        said = [json.loads(one.body)["data"] for one in found]
        return [(one["medium"], one["before"]) for one in said]

    far = max(card.not_after, phone.not_after, fallen.not_after) + HOUR
    for offset, count in ((timedelta(), 0), (far - clock.machine(), 2), (HOUR, 2), (far - clock.machine(), 4)):
        Realm.objects.filter(pk=api.realm.pk).update(clock_offset=offset)
        for _ in range(2):
            tasks.sweep_expired()
            assert len(told()) == count
    assert sorted(told()) == [("card", "valid"), ("card", "valid"), ("phone", "valid"), ("phone", "valid")]


def test_a_workspace_is_told_of_its_own_and_of_nothing_else(
    api: Api, other: Api, receiver: Receiver, deliver: Deliver, django_capture_on_commit_callbacks: Any
) -> None:
    made = make(api, receiver)
    settle(deliver, django_capture_on_commit_callbacks)
    receiver.came.clear()
    issue_card(make_holder(other.realm))
    settle(deliver, django_capture_on_commit_callbacks)
    assert receiver.came == []
    assert all(one["type"] != "certificate.issued" for one in api("get", "events")["items"])
    assert other("get", "events?type=certificate.issued")["items"]
    delivery = ping(api, made)
    for method, path in (
        ("get", f"webhooks/{made['id']}"),
        ("post", f"webhooks/{made['id']}/ping"),
        ("post", f"webhooks/{made['id']}/enable"),
        ("delete", f"webhooks/{made['id']}"),
        ("post", f"deliveries/{delivery}/replay"),
    ):
        assert other(method, path, {} if method == "post" else None, expect=404)["code"].endswith("_unknown")


def test_every_entry_that_is_an_event_has_the_shape_of_its_example(api: Api) -> None:
    assert all(one.ja and one.en and one.example for one in catalogue.TYPES.values())
    issue_card(make_holder(api.realm))
    api("post", "clock", {"advance": "PT1H"})
    events.read(api.realm)
    for event in WebhookEvent.objects.filter(realm=api.realm):
        example = catalogue.TYPES[event.type].example
        assert set(json.loads(event.body)["data"]) == set(example), event.type
    assert {one["name"] for one in api("get", "event-types")["items"]} == set(catalogue.TYPES)


# --- secrets
def test_the_specifications_example_is_signed_as_it_says() -> None:
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at, wanted = datetime.fromtimestamp(1614265330, UTC), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signing.signature([key], "msg_p5jXN8AQM9LWM0D4loKWxJek", at, '{"test": 2432232314}') == wanted


def test_the_secret_is_kept_sealed_and_a_new_one_signs_beside_the_old_for_a_while(
    api: Api, receiver: Receiver, deliver: Deliver, django_capture_on_commit_callbacks: Any
) -> None:
    made = make(api, receiver, "clock.*")
    key = signing.keys(Webhook.objects.get(), clock.machine())[0]
    assert key not in bytes(WebhookSecret.objects.get().sealed)
    assert "secret" not in api("get", f"webhooks/{made['id']}")
    new = api("post", f"webhooks/{made['id']}/secret", {"overlap_hours": 1}, expect=201)["secret"]
    ping(api, made)
    settle(deliver, django_capture_on_commit_callbacks)
    assert receiver.came[0].headers["webhook-signature"].count("v1,") == 2
    assert receiver.came[0].signed_by(made["secret"])
    assert receiver.came[0].signed_by(new)
    WebhookSecret.objects.exclude(ends_at=None).update(ends_at=clock.machine())
    ping(api, made)
    settle(deliver, django_capture_on_commit_callbacks)
    assert receiver.came[1].signed_by(new)
    assert not receiver.came[1].signed_by(made["secret"])
    assert made["secret"] not in json.dumps(list(JournalEntry.objects.values_list("data", flat=True)))


def test_who_sends_has_no_secret_and_who_has_none_cannot_sign(
    api: Api, receiver: Receiver, settings: Any, deliver: Deliver, django_capture_on_commit_callbacks: Any
) -> None:
    made = make(api, receiver)
    ping(api, made)
    seal, settings.SANDBOX_SEAL_KEY = settings.SANDBOX_SEAL_KEY, None
    with pytest.raises(ImproperlyConfigured):
        outbox.sweep()
    settings.SANDBOX_SEAL_KEY = seal
    assert outbox.sweep() == 1
    settings.SANDBOX_SEAL_KEY = settings.SECRET_KEY = None
    with django_capture_on_commit_callbacks():
        outcome = sending.send(WebhookAttempt.objects.latest("pk").pk)
    assert outcome is not None
    assert outcome.is_taken
    assert receiver.came[0].signed_by(made["secret"])


# --- what fails
def test_what_fails_comes_again_under_its_id_with_a_new_signature_until_it_is_given_up(
    api: Api, receiver: Receiver, deliver: Deliver, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.WEBHOOKS_RETRY_SECONDS = [60.0, 600.0]
    made = make(api, receiver)
    for status in (500, 404, 400):
        receiver.answer(status, b"no room \xff" + b"x" * 5000)
    reference = ping(api, made)
    before = clock.machine()
    settle(deliver, django_capture_on_commit_callbacks)
    delivery = WebhookDelivery.objects.get(reference=reference)
    assert before + timedelta(seconds=48) < delivery.next_at < clock.machine() + timedelta(seconds=72)
    (webhook,) = api("get", "webhooks")["items"]
    assert (webhook["failures"], webhook["state"]) == (1, "enabled")
    for _ in range(2):
        wait()
        settle(deliver, django_capture_on_commit_callbacks)
    (told,) = api("get", f"webhooks/{made['id']}/deliveries?state=failed")["items"]
    assert [one["status"] for one in told["attempts"]] == [500, 404, 400]
    assert told["attempts"][0]["answer"].startswith("no room \ufffd")
    assert len(told["attempts"][0]["answer"]) <= 1024
    assert {one.id for one in receiver.came} == {told["event"]}
    wait()
    settle(deliver, django_capture_on_commit_callbacks)
    assert len(receiver.came) == 3
    # By hand it is tried once more.
    assert api("post", f"deliveries/{reference}/replay")["state"] == "waiting"
    settle(deliver, django_capture_on_commit_callbacks)
    assert api("get", f"webhooks/{made['id']}/deliveries")["items"][0]["state"] == "delivered"
    assert receiver.came[3].id == told["event"]
    assert receiver.came[3].signed_by(made["secret"])


def test_while_an_address_fails_it_rests_and_then_the_rest_comes_in_its_order(
    api: Api, receiver: Receiver, deliver: Deliver, django_capture_on_commit_callbacks: Any
) -> None:
    made = make(api, receiver, "certificate.issued")
    receiver.answer(503, Retry_After="120")
    first, second = ping(api, made), ping(api, made)
    settle(deliver, django_capture_on_commit_callbacks)
    assert len(receiver.came) == 1
    rests = Webhook.objects.get().rests_until
    assert rests is not None
    assert rests > clock.machine() + timedelta(seconds=100)
    Webhook.objects.update(rests_until=None)
    settle(deliver, django_capture_on_commit_callbacks)
    assert [one["id"] for one in api("get", f"webhooks/{made['id']}/deliveries?state=delivered")["items"]] == [second]
    wait()
    settle(deliver, django_capture_on_commit_callbacks)
    assert WebhookDelivery.objects.get(reference=first).state == "delivered"
    assert Webhook.objects.get().failures == 0


def test_after_long_failure_it_is_disabled_the_organisation_is_told_and_what_was_missed_can_be_had(
    api: Api, receiver: Receiver, deliver: Deliver, django_capture_on_commit_callbacks: Any
) -> None:
    made = make(api, receiver, "certificate.issued")
    receiver.answer(500)
    receiver.answer(500)
    ping(api, made)
    settle(deliver, django_capture_on_commit_callbacks)
    since = clock.machine()
    Webhook.objects.update(failing_since=since - timedelta(hours=121))
    wait()
    settle(deliver, django_capture_on_commit_callbacks)
    found = api("get", f"webhooks/{made['id']}")
    assert (found["state"], found["ending"]) == ("disabled", "failing")
    assert tasks.tell_webhooks() == 1
    assert tasks.tell_webhooks() == 0
    assert [one.to for one in mail.outbox] == [["owner@bank.example"]]
    assert receiver.url in str(mail.outbox[0].body)
    issue_card(make_holder(api.realm))
    settle(deliver, django_capture_on_commit_callbacks)
    assert len(receiver.came) == 2
    assert api("post", f"webhooks/{made['id']}/ping", expect=409)["ending"] == "failing"
    again = api("post", f"webhooks/{made['id']}/enable", {"since": since.isoformat()})
    assert (again["state"], again["events_to_deliver"]) == ("enabled", 1)
    wait()
    settle(deliver, django_capture_on_commit_callbacks)
    assert receiver.types[2:] == ["webhook.ping", "certificate.issued"]
    assert journal.verify(api.realm) is None


def test_an_address_that_says_it_is_gone_is_disabled_at_once(
    api: Api, receiver: Receiver, deliver: Deliver, django_capture_on_commit_callbacks: Any
) -> None:
    made = make(api, receiver)
    receiver.answer(410)
    ping(api, made)
    settle(deliver, django_capture_on_commit_callbacks, rounds=5)
    assert api("get", f"webhooks/{made['id']}")["ending"] == "gone"


def test_who_dies_with_a_signed_attempt_is_followed_by_another_and_an_old_one_is_never_sent(
    api: Api, receiver: Receiver, deliver: Deliver, django_capture_on_commit_callbacks: Any
) -> None:
    make(api, receiver)
    ping(api, api("get", "webhooks")["items"][0])
    assert outbox.sweep() == 1  # whose message is lost
    assert outbox.sweep() == 0
    old = WebhookAttempt.objects.get()
    WebhookAttempt.objects.update(at=clock.machine() - 2 * outbox.FRESH)
    Webhook.objects.update(lease_until=clock.machine())
    assert sending.send(old.pk) is None
    settle(deliver, django_capture_on_commit_callbacks)
    assert len(receiver.came) == 1
    assert list(WebhookAttempt.objects.order_by("pk").values_list("finding", "status")) == [("lost", None), ("", 204)]
    assert sending.send(WebhookAttempt.objects.latest("pk").pk) is None


# --- where it goes
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://bank.example/hook", "not_https"),
        ("https://user:word@bank.example/", "credentials_in_address"),
        ("https://10.0.0.1/hook", "not_a_name"),
        ("https://bank.example:8443/", "port_not_allowed"),
        ("https://localhost/hook", "not_a_name"),
        ("http://127.0.0.1:9000/hook", "not_https"),
        ("http://[::1]:9000/hook", "not_https"),
        ("ftp://bank.example/", "not_https"),
    ],
)
def test_an_address_that_isnt_public_is_refused(api: Api, url: str, reason: str, settings: Any) -> None:
    settings.WEBHOOKS_LOOPBACK = False
    answer = api("post", "webhooks", {"url": url}, expect=400)
    assert (answer["code"], answer["reason"]) == ("webhook_address_unfit", reason)
    assert not Webhook.objects.exists()


def test_nothing_is_sent_to_a_name_that_leads_inside_nor_after_a_redirection(
    api: Api, receiver: Receiver, settings: Any, tmp_path: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.WEBHOOKS_LOOPBACK = False
    with servers.world(tmp_path) as outside:
        outside.serve("inside.example", octets(200), address="10.1.2.3")
        outside.serve("moved.example", octets(307, b"", location=receiver.url), address=servers.PUBLIC)
        outside.serve("good.example", octets(202), address="93.184.216.35")
        came = {name: _sent(api, outside, f"https://{name}.example/hook") for name in ("inside", "moved", "good")}
    assert came["inside"].finding == "not_public"
    assert (came["moved"].finding, came["moved"].status, came["moved"].is_taken) == ("redirect", 307, False)
    assert came["good"].is_taken
    assert {address for address, _ in outside.dialled} == {servers.PUBLIC, "93.184.216.35"}
    assert receiver.came == []


def _sent(api: Api, outside: World, url: str) -> outbox.Outcome:
    made = api("post", "webhooks", {"url": url}, expect=201)
    ping(api, made)
    attempt = outbox.sign_next(Webhook.objects.get(reference=made["id"]).pk)
    assert attempt is not None
    fetcher = outside.fetcher(redirects=0, octets=1024)
    fetcher.own = sending.own()
    outcome = sending.send(attempt.pk, by=fetcher)
    assert outcome is not None
    return outcome


def test_a_name_on_loopback_is_told_only_where_the_site_itself_is_reached_there_alone(
    api: Api, receiver: Receiver, settings: Any
) -> None:
    made = make(api, receiver)
    ping(api, made)
    attempt = outbox.sign_next(Webhook.objects.get().pk)
    settings.WEBHOOKS_LOOPBACK = False
    assert attempt is not None
    outcome = sending.send(attempt.pk)
    assert outcome is not None
    assert outcome.finding == "not_https"
    assert receiver.came == []


# --- the API
def test_the_life_of_a_webhook_over_the_api(api: Api, receiver: Receiver, settings: Any) -> None:
    settings.WEBHOOKS_MOST = 2
    body = {"url": receiver.url, "description": "staging"}
    key = {"idempotency-key": "one"}
    first = api("post", "webhooks", body, expect=201, **key)
    assert api("post", "webhooks", body, expect=201, **key) == first
    assert api("post", "webhooks", body | {"colour": 1}, expect=400)["errors"] == {
        "colour": ["There is no such member."]
    }
    assert "event_types" in api("post", "webhooks", body | {"event_types": ["nothing"]}, expect=400)["errors"]
    second = api("post", "webhooks", body, expect=201)
    assert api("post", "webhooks", body, expect=409)["most"] == 2
    changed = api("patch", f"webhooks/{second['id']}", {"event_types": ["enrolment.active"], "enabled": False})
    assert (changed["state"], changed["ending"], changed["event_types"]) == (
        "disabled",
        "by_hand",
        ["enrolment.active"],
    )
    assert changed["description"] == "staging"
    assert api("patch", f"webhooks/{second['id']}", {"enabled": True})["state"] == "enabled"
    api("delete", f"webhooks/{second['id']}", expect=204)
    assert [one["id"] for one in api("get", "webhooks")["items"]] == [first["id"]]
    kinds = JournalEntry.objects.filter(realm=api.realm, kind__startswith="webhook.").order_by("sequence")
    assert [one.kind.partition(".")[2] for one in kinds] == [
        "made", "made", "changed", "disabled", "enabled", "deleted",
    ]  # fmt: skip


def test_old_events_are_forgotten_with_their_deliveries(api: Api, receiver: Receiver) -> None:
    make(api, receiver)
    issue_card(make_holder(api.realm))
    events.read(api.realm)
    assert WebhookDelivery.objects.exists()
    WebhookEvent.objects.update(made_at=clock.machine() - timedelta(days=31))
    assert events.forget() > 0
    assert not WebhookDelivery.objects.exists()
    assert events.read(api.realm) == 0
