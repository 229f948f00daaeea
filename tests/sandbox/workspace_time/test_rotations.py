"""Rotations rehearsed: each key made where its store is open, once, and the old ones good for what they signed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography import x509

from ca import ceremony, clock, crl, issuance, journal, seals, status
from ca.models import Generation, JournalEntry, ResponderKey
from ca.ocsp import house
from ca.profiles import Purpose
from sandbox import clock as workspace_clock
from sandbox import rotations, tasks
from sandbox.models import Rotation
from tests.ca.fixtures import issue_card, make_holder
from tests.ca.test_ocsp import ask, authority, question
from tests.sandbox.ready import Api
from whitelist.published import statement

pytestmark = pytest.mark.django_db
Deliver = Callable[..., list[str]]
SIGNATURE = {"purpose": "signature"}


@pytest.fixture
def rotate(api: Api, deliver: Deliver, django_capture_on_commit_callbacks: Any) -> Callable[..., Any]:
    """Give `rotate(what)`: ask over the API, play the workers, and return how it stands then."""

    def rotated(what: str, **body: Any) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            made = api("post", "rotations", {"what": what} | body, expect=201)
        deliver("workspaces", "ca")
        return api("get", f"rotations/{made['id']}")

    return rotated


def generations(api: Api, purpose: str = "signature") -> list[int]:
    rows = Generation.objects.filter(authority__realm=api.realm, authority__purpose=purpose)
    return list(rows.order_by("number").values_list("number", flat=True))


def test_the_next_generation_issues_and_the_one_before_it_goes_on(api: Api, rotate: Callable[..., Any]) -> None:
    before = issue_card(make_holder(api.realm))
    list(crl.publish_due(api.realm))
    stood = rotate("authority", **SIGNATURE)
    assert (stood["state"], stood["made"]["generation"], generations(api)) == ("done", 2, [1, 2])
    assert generations(api, "user_authentication") == [1]
    after = issue_card(make_holder(api.realm), key=1)
    assert (before.generation.number, after.generation.number) == (1, 2)
    assert stood["made"]["subject_key_identifier"] == after.generation.subject_key_identifier
    now = clock.now(api.realm)
    for each in (before, after):
        assert status.check_certificate(api.realm, bytes(each.der), now=now).standing == status.Standing.VALID
        answer = ask(each, question(each))
        answer.certificates[0].verify_directly_issued_by(authority(each))
    list(crl.publish_due(api.realm))
    for each in (before, after):
        published = crl.newest(each.partition)
        assert published is not None
        read = x509.load_der_x509_crl(bytes(published.der))
        assert read.is_signature_valid(authority(each).public_key())  # type: ignore[arg-type]
    assert journal.verify(api.realm) is None
    done = JournalEntry.objects.get(realm=api.realm, kind="rotation.done")
    assert done.data["made"] == stood["made"]


def test_a_generation_made_in_the_future_waits_for_its_time(api: Api, rotate: Callable[..., Any]) -> None:
    workspace_clock.advance(api.realm, timedelta(days=900), by="test")
    assert rotate("authority", **SIGNATURE)["state"] == "done"
    numbers = []
    for offset in (timedelta(days=900), timedelta(), timedelta(days=901)):
        api.realm.refresh_from_db()
        workspace_clock.set_to(api.realm, clock.machine() + offset, by="test")
        api.realm.refresh_from_db()
        card = issue_card(make_holder(api.realm), key=len(numbers))
        verdict = status.check_certificate(api.realm, bytes(card.der), now=clock.now(api.realm))
        assert verdict.standing == status.Standing.VALID, verdict.reasons
        numbers.append(card.generation.number)
    assert numbers == [2, 1, 2]


def test_responders_get_new_keys_for_every_generation_in_its_time(api: Api, rotate: Callable[..., Any]) -> None:
    card = issue_card(make_holder(api.realm))
    rotate("authority", **SIGNATURE)
    house.forget()
    old = ask(card, question(card))
    keys = set(ResponderKey.objects.values_list("key_label", flat=True))
    stood = rotate("responder", **SIGNATURE)
    assert [one["generation"] for one in stood["made"]["responders"]] == [1, 2]
    assert len(set(ResponderKey.objects.values_list("key_label", flat=True)) - keys) == 2
    house.forget()
    new = ask(card, question(card))
    assert new.certificates[0].public_key() != old.certificates[0].public_key()
    for each in (old, new):
        each.certificates[0].verify_directly_issued_by(authority(card))


def test_the_registers_next_key_signs_at_once_and_the_old_stays_in_the_key_set(
    api: Api, rotate: Callable[..., Any]
) -> None:
    first = statement.sign(api.realm)
    assert first is not None
    seals.seal(api.realm)
    stood = rotate("register")
    assert stood["state"] == "done"
    second = statement.newest(api.realm)
    assert second is not None
    assert second.row.number > first.number
    assert bytes(second.row.public_key) != bytes(first.public_key)
    jwks = {one["kid"]: one for one in statement.jwks(api.realm)["keys"]}
    assert set(jwks) == {first.key_id, second.row.key_id}
    assert (stood["made"]["kid"], stood["made"]["spki_sha256"]) == (
        second.row.key_id,
        seals.fingerprint(bytes(second.row.public_key)),
    )
    for row in (first, second.row):
        assert jwt.decode(row.jws, jwt.PyJWK.from_dict(jwks[row.key_id]), algorithms=["RS256"])["realm"]
    assert (journal.verify(api.realm), seals.verify(api.realm)) == (None, None)
    assert rotate("register")["made"]["kid"] not in jwks


def test_each_worker_needs_its_own_store_and_what_is_delivered_twice_makes_nothing_twice(
    api: Api, settings: Any
) -> None:
    for what, purpose in ((Rotation.What.AUTHORITY, Purpose.SIGNATURE), (Rotation.What.RESPONDER, Purpose.SIGNATURE)):
        asked = rotations.ask(api.realm, what, purpose, by="test")
        passphrases = settings.CA_KEYS_PASSPHRASE, settings.RESPONDER_KEYS_PASSPHRASE
        settings.CA_KEYS_PASSPHRASE = None
        tasks.make_responder_keys(asked.pk)
        tasks.make_responder_keys(asked.pk)
        settings.CA_KEYS_PASSPHRASE, settings.RESPONDER_KEYS_PASSPHRASE = passphrases[0], None
        tasks.sign_rotation(asked.pk)
        # As if it had died before it said so.
        Rotation.objects.filter(pk=asked.pk).update(state="keyed", made={})
        tasks.sign_rotation(asked.pk)
        settings.RESPONDER_KEYS_PASSPHRASE = passphrases[1]
        asked.refresh_from_db()
        assert (asked.state, bool(asked.made)) == ("done", True)
    assert generations(api) == [1, 2]
    responders = ResponderKey.objects.filter(
        generation__authority__realm=api.realm, generation__authority__purpose="signature"
    )
    assert responders.count() == 4
    label = seals.signer(api.realm).public_key
    again = rotations.ask(api.realm, Rotation.What.REGISTER, by="test")
    tasks.sign_rotation(again.pk)
    key = seals.signer(api.realm).public_key
    assert key != label
    Rotation.objects.filter(pk=again.pk).update(state="keyed")
    tasks.sign_rotation(again.pk)
    assert seals.signer(api.realm).public_key == key


def test_a_lost_message_is_sent_again_and_another_ceremony_in_between_is_told(api: Api, settings: Any) -> None:
    settings.ROTATIONS_SWEEP_SECONDS = 0
    asked = rotations.ask(api.realm, Rotation.What.AUTHORITY, Purpose.SIGNATURE, by="test")
    assert rotations.sweep() == 1
    tasks.make_responder_keys(asked.pk)
    ceremony.next_generation(api.realm, Purpose.SIGNATURE)
    tasks.sign_rotation(asked.pk)
    told = api("get", f"rotations/{asked.reference}")
    assert (told["state"], told["trouble"]) == ("failed", "generation_out_of_turn")
    assert rotations.sweep() == 0
    assert issuance.newest_generation(api.realm, Purpose.SIGNATURE).number == 2


def test_what_is_asked_wrong_too_soon_or_too_often_is_refused(api: Api, other: Api, settings: Any) -> None:
    for body in ({"what": "authority"}, {"what": "register", **SIGNATURE}, {"what": "all"}, {}):
        assert api("post", "rotations", body, expect=400)["code"] == "invalid_request", body
    made = api("post", "rotations", {"what": "authority", **SIGNATURE}, expect=201)
    assert made["state"] == "asked"
    assert api("post", "rotations", {"what": "authority", **SIGNATURE}, expect=409)["code"] == "rotation_under_way"
    api("post", "rotations", {"what": "authority", "purpose": "user_authentication"}, expect=201)
    settings.ROTATIONS_A_DAY = 2
    assert api("post", "rotations", {"what": "register"}, expect=429)["most"] == 2
    assert other("get", f"rotations/{made['id']}", expect=404)["code"] == "rotation_unknown"
    assert other("get", "rotations")["items"] == []
    assert len(api("get", "rotations")["items"]) == 2
