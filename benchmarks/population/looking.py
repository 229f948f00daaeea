"""Pages: the tests' world in the midst of the population, every page of it; and what verifiers ask."""

import uuid
from typing import Any

from benchmarks import everyone
from benchmarks.population import searching


def measure(book: Any) -> None:
    """Measure every page, the officers' searches, and the verifiers' questions."""
    from ca.models import Realm
    from tests.portal.everyone import world
    from tests.portal.everyone.pages import PAGES, Page

    everyone.settle()
    realm = Realm.objects.get(slug="bench")
    if book.wants("page: ") or book.wants("officer: "):
        everybody = world.build(realm)
        world.grow(everybody, 2)
        more = [Page("certificates:json", "proved"), Page("certificates:pdf", "proved"), Page("register:list_json")]
        for page in (*more, *PAGES):  # the first need a proof that is minutes old
            book.measure("page", str(page), lambda page=page: _look(everybody, page), rounds=min(book.rounds, 2))
        searching.measure(book, everybody)
    if book.wants("verifier: "):
        _verifiers(book, realm)


def _look(everybody: Any, page: Any) -> None:
    response = everybody.browsers[page.browser].get(everybody.address(page))
    if response.status_code != page.status:
        raise SystemExit(f"{page} answered {response.status_code}: the figures mean nothing")
    if response.streaming:
        b"".join(response.streaming_content)


def _verifiers(book: Any, realm: Any) -> None:
    from ca.models import Certificate
    from ca.profiles import Medium, Purpose
    from tests.portal.verification.verifiers import Verifier
    from tests.whitelist.relying_parties import make_bank, make_credential
    from whitelist.models import RelyingParty

    bank = make_bank(realm, f"measured-{uuid.uuid4().hex[:8]}")
    verifier = Verifier(make_credential(bank, number=900), number=900)
    known = RelyingParty.objects.get(client_id="population-007")
    busy = Verifier(make_credential(known, number=901, key_id="measured"), number=901)
    first = Certificate.objects.filter(pk__gte=10_002, purpose=Purpose.SIGNATURE)
    cards = list(first.filter(medium=Medium.CARD).order_by("pk").values_list("serial_number", flat=True)[:2000:7])
    phones = list(
        first.filter(medium=Medium.PHONE, pk__gt=_phones())
        .order_by("pk")
        .values_list("serial_number", flat=True)[:2000:7]
    )

    def asked(response: Any) -> None:
        if response.status_code not in (200, 201):
            raise SystemExit(f"the API answered {response.status_code}: {response.content!r}")

    calls = {
        "status, one number": lambda: asked(verifier.status(phones[3])),
        "status, 50 numbers": lambda: asked(verifier.status(*cards[:50])),
        "counterparts, other medium, 10": lambda: asked(verifier.counterparts("medium", *phones[:10])),
        "counterparts, other purpose, 10": lambda: asked(verifier.counterparts("purpose", *phones[:10])),
        "log": lambda: asked(verifier.log()),
        "log, of a busy verifier": lambda: asked(busy.log()),
    }
    for name, call in calls.items():
        book.measure("verifier", name, call)


def _phones() -> int:
    """Return the id behind which the population's phone certificates stand."""
    from ca.models import Certificate

    found: int = (
        Certificate.objects.filter(linked_to__isnull=False, linked_to__gte=10_002)
        .order_by("linked_to")
        .values_list("pk", flat=True)[0]
    )
    return found - 1
