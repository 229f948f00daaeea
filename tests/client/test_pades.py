"""A service verifies the PDF that comes back: its own document, whole, signed by the phone, and nothing beside it."""

import base64
import hashlib
import io
from collections.abc import Callable
from typing import Any

import pytest
from jpki_client import PADES, SIGNATURE, Check, Expected, Original, Outcome, Trust, Verdict, verify

from ca import clock
from ca.models import Realm
from ca.profiles import Medium, Purpose
from portal.handoff import asking, hand_offs, results
from portal.handoff.models import HandOff
from portal.handoff.trust import trust_list
from tests.ca.fixtures import issue_all_four, make_holder
from tests.portal.handoff import pdfs
from tests.portal.handoff.citizens import Citizen
from tests.whitelist.relying_parties import CALLBACK, make_bank, make_credential

CONTENT = pdfs.plain(2)
Verify = Callable[..., Verdict]


@pytest.fixture
def result(realm: Realm, responder_address: str, settings: Any) -> dict[str, Any]:
    """Return what the API gives of a PDF that a phone signed."""
    settings.RESPONDER_URL = responder_address
    citizen = Citizen({(Purpose(one.purpose), Medium(one.medium)): one for one in issue_all_four(make_holder(realm))})
    asked = asking.ask(
        make_credential(make_bank(realm)),
        purpose=Purpose.SIGNATURE,
        return_url=CALLBACK,
        pdf=CONTENT,
        document_name="契約書",
    )
    hand_off = hand_offs.show(asked.hand_off)
    hand_offs.answer(hand_off, **citizen.answer(hand_off))
    HandOff.objects.update(fetched_at=clock.now(realm))
    shaped = results.shape(hand_offs.found(pk=hand_off.pk))
    assert shaped is not None
    return shaped


@pytest.fixture
def verdict(realm: Realm) -> Verify:
    def given(result: dict[str, Any], content: bytes = CONTENT) -> Verdict:
        trust, now = Trust.read(trust_list(realm.slug)), clock.now(realm)
        return verify(result, Expected(SIGNATURE, Original.of(content), PADES), trust=trust, now=now)

    return given


def assert_not_ours(verdict: Verdict, why: str = "not_our_document") -> None:
    assert not verdict.accepted
    line = verdict.line(Check.SIGNATURE)
    assert (line.outcome, line.why) == (Outcome.FAILS, why)


def changed(result: dict[str, Any], pdf: bytes) -> dict[str, Any]:
    return result | {"pdf": base64.b64encode(pdf).decode()}


def lying(result: dict[str, Any], document: bytes) -> dict[str, Any]:
    """Return a result that says it is about `document`."""
    return result | {"document_digest": hashlib.sha256(document).hexdigest()}


def test_the_phones_pdf_is_accepted(result: dict[str, Any], verdict: Verify) -> None:
    assert verdict(result).accepted


def test_another_document_than_ours_is_not_taken(result: dict[str, Any], verdict: Verify) -> None:
    other = pdfs.plain(2, "Another")
    assert_not_ours(verdict(result, other), "not_what_was_asked")
    # What is told beside it may be told wrongly; what is in the PDF decides.
    assert_not_ours(verdict(lying(result, other), other))


def test_what_was_added_or_changed_afterwards_is_seen(result: dict[str, Any], verdict: Verify) -> None:
    signed = base64.b64decode(result["pdf"])
    for pdf in (
        signed + b"\n% more",
        CONTENT,
        CONTENT + b"x",
        b"",
        signed.replace(b"Contract page 1", b"Contract page 9"),
    ):
        assert_not_ours(verdict(changed(result, pdf)))


def test_a_signature_over_pages_that_were_put_over_ours_is_not_taken(
    result: dict[str, Any], verdict: Verify, realm: Realm
) -> None:
    """Whoever signs could change the pages in the same addition that holds the signature."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.generic import pdf_name
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(CONTENT))
    page = writer.find_page_for_modification(0)[0].get_object()
    drawn = generic.StreamObject(stream_data=b"BT /F1 24 Tf 72 700 Td (Pay everything) Tj ET")
    page[pdf_name("/Contents")] = writer.add_object(drawn)
    writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)
    hand_off = HandOff.objects.get()
    again = asking.ask(
        hand_off.credential, purpose=Purpose.SIGNATURE, return_url=CALLBACK, pdf=out.getvalue(), document_name="契約書"
    )
    shown = hand_offs.show(again.hand_off)
    citizen = Citizen({(Purpose.SIGNATURE, Medium.PHONE): _phone_certificate(realm)})
    hand_offs.answer(shown, **citizen.answer(shown))
    HandOff.objects.update(fetched_at=clock.now(realm))
    shaped = results.shape(hand_offs.found(pk=shown.pk))
    assert shaped is not None
    assert base64.b64decode(shaped["pdf"]).startswith(CONTENT)
    assert_not_ours(verdict(shaped), "not_what_was_asked")
    assert_not_ours(verdict(lying(shaped, CONTENT)))


def test_the_signature_beside_the_pdf_is_the_one_in_it(result: dict[str, Any], verdict: Verify) -> None:
    assert_not_ours(verdict(result | {"signature": base64.b64encode(bytes(256)).decode()}))


@pytest.mark.parametrize("pdf", [None, "", "?", 7])
def test_what_is_no_pdf_is_refused(result: dict[str, Any], verdict: Verify, pdf: Any) -> None:
    assert not verdict(result | {"pdf": pdf}).accepted


def _phone_certificate(realm: Realm) -> Any:
    from ca.models import Certificate

    return Certificate.objects.get(realm=realm, purpose=Purpose.SIGNATURE, medium=Medium.PHONE)
