"""The default world: made once, kept after, with ten personas of whom each stands for something."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from ca import clock, status
from ca.models import Authority, Certificate, Generation, Realm
from ca.profiles import Medium, Purpose
from ca.status import Reason, Standing
from sandbox import cards
from sandbox.models import VirtualCard
from sandbox.personas import PERSONAS, Card

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def world(settings: Any, tmp_path: Any) -> Realm:
    """Make the default world."""
    settings.SAMPLES_KEYS_DIR = str(tmp_path / "samples")
    call_command("setup", verbosity=0)
    return Realm.objects.get(slug=settings.DEFAULT_REALM)


def verdict(card: VirtualCard) -> status.Verdict | None:
    """Return what the authorities say of a card's signature certificate now."""
    certificate = cards.card_certificate(card, Purpose.SIGNATURE)
    if certificate is None:
        return None
    return status.check_certificate(card.realm, bytes(certificate.der), now=clock.now(card.realm))


def test_each_persona_stands_for_what_it_says(world: Realm) -> None:
    expected = {
        Card.GOOD: (),
        Card.BLOCKED: (),
        Card.EXPIRED: (Reason.EXPIRED,),
        Card.REVOKED: (Reason.REVOKED,),
        Card.ON_HOLD: (Reason.ON_HOLD,),
    }
    assert len(PERSONAS) == 10
    assert world.clock_offset == timedelta()
    for persona in PERSONAS:
        card = VirtualCard.objects.get(realm=world, persona=persona.code)
        found = verdict(card)
        if persona.card is Card.CHILD:
            assert found is None
            continue
        assert found is not None
        assert found.reasons == expected[persona.card], persona.code
        assert (found.standing is Standing.VALID) == (not expected[persona.card])


def test_setting_up_again_changes_nothing(world: Realm) -> None:
    def counted() -> list[int]:
        return [model.objects.count() for model in (Authority, Generation, Certificate, VirtualCard)]

    before, states = counted(), [bytes(card.sealed_state) for card in VirtualCard.objects.all()]
    call_command("setup", verbosity=0)
    assert counted() == before
    assert [bytes(card.sealed_state) for card in VirtualCard.objects.all()] == states


def test_the_town_hall_revokes_and_issues(world: Realm, client: Client, deliver: Any) -> None:
    card = VirtualCard.objects.get(realm=world, persona="taro")
    assert client.get("/sandbox/office/").status_code == 200
    client.post("/sandbox/office/taro", {"act": "moved"})
    moved = cards.card_certificate(card, Purpose.SIGNATURE)
    assert moved is not None
    assert (moved.status, moved.cause) == ("revoked", "attributes_changed")
    client.post("/sandbox/office/taro", {"act": "new"})
    deliver("ca", "factory")
    renewed = cards.card_certificate(VirtualCard.objects.get(pk=card.pk), Purpose.SIGNATURE)
    assert renewed is not None
    assert renewed.pk != moved.pk
    assert renewed.status == "valid"
    valid = Certificate.objects.filter(holder=card.holder, medium=Medium.CARD, status="valid")
    assert sorted(one.purpose for one in valid) == ["signature", "user_authentication"]
