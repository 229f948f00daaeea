"""What parsers are asked about that look into the database: one realm with real certificates, lists and answers."""

from dataclasses import dataclass
from typing import Any

from ca import clock, crl, ocsp
from ca.models import Certificate, Realm
from ca.profiles import Medium, Purpose
from portal.handoff import asking, hand_offs, results
from portal.handoff.ways import Format
from tests.ca.fixtures import issue_all_four, make_holder, make_realm
from tests.ca.test_ocsp import question
from tests.portal.handoff import pdfs
from tests.portal.handoff.citizens import Citizen
from tests.whitelist.relying_parties import CALLBACK, make_bank, make_credential
from whitelist.models import Credential

CONTENT = pdfs.plain(1)
TEXT = "契約書\n甲は乙に支払う。\n"


@dataclass(frozen=True)
class World:
    realm: Realm
    certificates: list[Certificate]
    credential: Credential
    # Of the first certificate, DER: the question, its answer and its list.
    question: bytes
    answer: bytes
    list_: bytes
    # What the API gives of a text and a PDF that a phone signed, by format.
    results: dict[str, dict[str, Any]]


_made: list[World] = []


def make() -> None:
    """Make it anew, in the database that there is now."""
    realm = make_realm()
    certificates = issue_all_four(make_holder(realm))
    credential = make_credential(make_bank(realm))
    citizen = Citizen({(Purpose(one.purpose), Medium(one.medium)): one for one in certificates})
    first = certificates[0]
    asked = question(first)
    _made[:] = [
        World(
            realm,
            certificates,
            credential,
            asked,
            ocsp.answer(realm, Purpose(first.purpose), Medium(first.medium), asked),
            bytes(crl.publish(first.partition).der),
            {
                Format.CADES: _signed(credential, citizen, document=TEXT, format=Format.CADES),
                Format.PADES: _signed(credential, citizen, pdf=CONTENT),
            },
        )
    ]


def get() -> World:
    """Return what `make` made last."""
    return _made[-1]


def _signed(credential: Credential, citizen: Citizen, **asked: Any) -> dict[str, Any]:
    made = asking.ask(
        credential, purpose=Purpose.SIGNATURE, return_url=CALLBACK, document_name="契約書", **asked
    ).hand_off
    shown = hand_offs.show(made)
    hand_offs.answer(shown, **citizen.answer(shown))
    type(made).objects.filter(pk=made.pk).update(fetched_at=clock.now(credential.relying_party.realm))
    shaped = results.shape(hand_offs.found(pk=made.pk))
    assert shaped is not None
    return shaped
