"""Pages and API calls: the tests' world in the midst of the population, every page of it, and what verifiers ask."""

import uuid
from typing import Any


def measure(book: Any) -> None:
    """Measure every page, the officers' searches, and the APIs."""
    from django.conf import settings
    from django.core import mail

    from ca.models import Realm
    from tests.portal.everyone import world
    from tests.portal.everyone.pages import PAGES, Page

    settings.PHONE_DEVICES = "tests.portal.handoff.devices"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"  # where the world reads its codes
    mail.outbox = []  # type: ignore[attr-defined]
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    realm = Realm.objects.get(slug="bench")
    if book.wants("page: ") or book.wants("officer: "):
        everybody = world.build(realm)
        world.grow(everybody, 2)
        more = [Page("certificates:json", "proved"), Page("certificates:pdf", "proved"), Page("register:list_json")]
        for page in (*more, *PAGES):  # the first need a proof that is minutes old
            # A workspace and the pretend world are no part of the population.
            if page.address.partition(":")[0] in ("workspace", "sandbox", "outbox", "developers"):
                continue
            book.measure("page", str(page), lambda page=page: _look(everybody, page), rounds=min(book.rounds, 2))
        _officers(book, everybody)
    _verifiers(book, realm)


def _look(everybody: Any, page: Any) -> None:
    response = everybody.browsers[page.browser].get(everybody.address(page))
    if response.status_code != page.status:
        raise SystemExit(f"{page} answered {response.status_code}: the figures mean nothing")
    if response.streaming:
        b"".join(response.streaming_content)


def _officers(book: Any, everybody: Any) -> None:
    """The searches, among the population: holders who have a phone."""
    from django.urls import reverse

    from tsm.models import Enrolment

    agent, operator = everybody.browsers["sakura"], everybody.browsers["kaede"]
    some = list(
        Enrolment.objects.filter(pk__gte=10_001).order_by("pk").select_related("holder", "phone", "element")[:50]
    )
    said = iter(some * 100)

    def search(*fields: str) -> None:
        one = next(said)
        values = {
            "name": one.holder.name,
            "born_on": one.holder.born_on.isoformat(),
            "address": one.holder.address[-8:],
            "model": one.phone.name,
        }
        response = agent.post(reverse("helpdesk:search"), {field: values[field] for field in fields})
        if response.status_code not in (200, 422, 400, 409):
            raise SystemExit(f"the search answered {response.status_code}")

    for fields in (
        ("name", "born_on"),
        ("born_on", "address"),
        ("name", "address"),
        ("name", "model"),
        ("born_on", "model"),
    ):
        book.measure("officer", f"help desk, search by {' and '.join(fields)}", lambda fields=fields: search(*fields))

    def find(what: str) -> None:
        response = operator.get(reverse("console:find"), {"what": what})
        if response.status_code != 302:
            raise SystemExit(f"console:find answered {response.status_code} to {what}")

    book.measure("officer", "console, find by an enrolment's number", lambda: find(str(next(said).reference)))
    book.measure("officer", "console, find by a phone's number", lambda: find(str(next(said).phone.reference)))
    book.measure("officer", "console, find by an element's number", lambda: find(next(said).element.identifier))


def _verifiers(book: Any, realm: Any) -> None:
    from django.test import Client

    from ca.models import Certificate
    from ca.profiles import Medium, Purpose
    from portal.handoff import api
    from tests.portal.verification.verifiers import Verifier
    from tests.whitelist.relying_parties import CALLBACK, assertion, make_bank, make_credential
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

    def token() -> None:
        body = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion(bank.client_id, api.token_endpoint(), number=900, key_id="key-1"),
        }
        asked(Client().post("/api/v1/token", body, content_type="application/json"))

    anybody = Client()
    hand_off = {"purpose": "user_authentication", "return_url": CALLBACK}
    calls = {
        "POST token": token,
        "POST verification/status, one number": lambda: asked(verifier.status(phones[3])),
        "POST verification/status, 50 numbers": lambda: asked(verifier.status(*cards[:50])),
        "POST verification/counterparts, other medium, 10": lambda: asked(
            verifier.counterparts("medium", *phones[:10])
        ),
        "POST verification/counterparts, other purpose, 10": lambda: asked(
            verifier.counterparts("purpose", *phones[:10])
        ),
        "GET verification/log": lambda: asked(verifier.log()),
        "GET verification/log, of a busy verifier": lambda: asked(busy.log()),
        "POST handoffs": lambda: asked(
            verifier.client.post("/api/v1/handoffs", hand_off, content_type="application/json")
        ),
        "GET problems": lambda: asked(anybody.get("/api/v1/problems")),
        "GET trust": lambda: asked(verifier.client.get("/api/v1/trust")),
    }
    for name, call in calls.items():
        book.measure("api", name, call)


def _phones() -> int:
    """Return the id behind which the population's phone certificates stand."""
    from ca.models import Certificate

    found: int = (
        Certificate.objects.filter(linked_to__isnull=False, linked_to__gte=10_002)
        .order_by("linked_to")
        .values_list("pk", flat=True)[0]
    )
    return found - 1
