"""The default world: realm, authorities, personas with their cards, and the demo register; made once, kept after."""

from datetime import timedelta
from pathlib import Path

from django.conf import settings

from ca import ceremony, crl, issuance
from ca.models import Crl, Realm
from portal.mynaportal import registration as mynaportal
from sandbox import cards, personas
from sandbox.personas import Card, Persona
from sandbox.register import create_demo_register


def create() -> Realm:
    """Make what is missing of the default world. Needs every secret: it is the ceremony, not a service."""
    made = Realm.objects.filter(slug=settings.DEFAULT_REALM).exists()
    # The authorities are older than the oldest card.
    past = timedelta() if made else -personas.EXPIRED_ISSUED_AGO
    realm = ceremony.create_realm(settings.DEFAULT_REALM, name="Sandbox", clock_offset=past)
    if realm.clock_offset == -personas.EXPIRED_ISSUED_AGO:
        ceremony.create_authorities(realm)
        for persona in personas.PERSONAS:
            if persona.card is Card.EXPIRED:
                _settle(realm, persona)
        realm.clock_offset = timedelta()
        realm.save(update_fields=["clock_offset"])
    ceremony.create_authorities(realm)
    for persona in personas.PERSONAS:
        _settle(realm, persona)
    create_demo_register(realm, Path(settings.SAMPLES_KEYS_DIR))
    mynaportal.register(realm)
    for outcome in crl.publish_due(realm):
        if not isinstance(outcome, Crl):
            raise outcome
    return realm


def _settle(realm: Realm, persona: Persona) -> None:
    card, asked = cards.create(realm, persona)
    if card.ready:
        return
    for one in asked:
        issuance.issue(one.pk)
    cards.finish(card)
