"""A workspace's world: made by workers with one key store each, the same ten personas in each."""

from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from ca import clock, status
from ca.models import Certificate, Realm
from ca.profiles import Medium, Purpose
from ca.status import Reason
from portal.providers import workspaces
from portal.providers.models import Membership, Workspace
from sandbox import cards, certificates, citizens, furnishing, personas
from sandbox.personas import Card
from tests.ca.fixtures import *  # noqa: F403
from tests.portal.providers.people import make_provider
from tests.sandbox.ready import Api

pytestmark = pytest.mark.django_db(transaction=True)
Deliver = Callable[..., list[str]]


@pytest.fixture
def owner(realm: Realm, settings: Any) -> Membership:
    settings.DEFAULT_REALM = "test"
    return make_provider(realm)


def test_a_workspace_is_ready_with_its_people_whose_cards_are_as_each_stands_for(
    owner: Membership, deliver: Deliver, settings: Any
) -> None:
    made = workspaces.ask(owner.organisation, by=owner.account)
    deliver()
    made = Workspace.objects.select_related("realm").get(pk=made.pk)
    realm = made.realm
    assert made.state == Workspace.State.READY
    assert realm.clock_offset == timedelta()
    assert furnishing.is_furnished(realm)
    expected = {Card.EXPIRED: (Reason.EXPIRED,), Card.REVOKED: (Reason.REVOKED,), Card.ON_HOLD: (Reason.ON_HOLD,)}
    for persona in personas.PERSONAS:
        citizen = citizens.find(realm, persona.code)
        assert citizen is not None
        assert citizens.find(realm, citizen.reference) == citizen
        assert citizen.version == personas.VERSION
        card = citizens.card_of(citizen)
        assert card is not None
        signature = cards.card_certificate(card, Purpose.SIGNATURE)
        if persona.card is Card.CHILD:
            assert signature is None
            continue
        assert signature is not None
        found = status.check_certificate(realm, bytes(signature.der), now=clock.now(realm))
        assert found.reasons == expected.get(persona.card, ()), persona.code
    api = Api(made)
    for medium, purpose in product(Medium, Purpose):
        body = {"medium": medium.value, "purpose": purpose.value, "state": "expired"}
        specimen = api("post", "test-certificates", body, expect=201)
        assert api("get", f"certificates/{specimen['certificate']}")["not_after"] < clock.now(realm).isoformat()
        assert certificates.private_key(Certificate.objects.get(specimen__reference=specimen["id"]))
    assert api("get", "workspace")["furnished"] is True
    counted = Certificate.objects.count()
    furnishing.furnish(realm)
    deliver()
    assert Certificate.objects.count() == counted, "done twice, it is there once"
