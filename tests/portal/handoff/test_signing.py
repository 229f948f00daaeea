"""What the chip signs, and what becomes of it: a CMS that openssl verifies, a PDF that pdfsig does."""

import hashlib
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms
from django.db import connection

from ca.models import Realm
from ca.profiles import Medium, Purpose
from portal.handoff import delivery, hand_offs, results
from portal.handoff.asking import Asked
from portal.handoff.errors import AnswerRefused, HandOffOver, NotPrepared, RequestInvalid
from portal.handoff.models import HandOff, HandOffPdf, Preparation
from portal.handoff.results import Result
from portal.handoff.ways import Format
from tests.ca.fixtures import openssl, write_pem
from tests.conftest import missing
from tests.portal.handoff import pdfs
from tests.portal.handoff.citizens import Citizen

Ask = Callable[..., Asked]
SIGNATURE = Purpose.SIGNATURE
TEXT = "契約書\r\n第1条\n"
BROWSER = "b" * 64


def answered(asked: Asked, citizen: Citizen, medium: Medium = Medium.PHONE) -> Result:
    """Answer, go back, redeem: return what the service gets."""
    hand_off = hand_offs.show(hand_offs.by_token(asked.token), BROWSER)
    hand_offs.answer(hand_off, **citizen.answer(hand_off, medium))
    address = delivery.leave(hand_offs.by_token(asked.token), BROWSER)
    code = re.search(r"code=([\w-]+)", address)
    assert code is not None
    redeemed = delivery.redeem(hand_off.credential, reference=hand_off.pk, code=code[1])
    result = results.of(redeemed)
    assert result is not None
    return result


def openssl_verifies(folder: Path, result: Result, content: bytes, realm: Realm) -> str:
    """Let openssl verify a detached CMS up to the authority; return what it says."""
    assert result.cms is not None
    from ca.models import Generation

    authority = Generation.objects.get(authority__realm=realm, authority__purpose=SIGNATURE)
    anchor = write_pem(folder, "authority.pem", "CERTIFICATE", bytes(authority.certificate))
    (folder / "signature.p7s").write_bytes(result.cms)
    (folder / "content").write_bytes(content)
    run = openssl(
        "cms", "-verify", "-binary", "-inform", "DER", "-in", folder / "signature.p7s", "-content", folder / "content",
        "-CAfile", anchor, "-purpose", "any", "-out", folder / "out",
    )  # fmt: skip
    return run.stderr


@pytest.mark.parametrize("format", [Format.RAW, Format.CADES])
@pytest.mark.parametrize("medium", list(Medium))
def test_a_text_comes_back_with_a_cms_that_openssl_verifies(
    ask: Ask, citizen: Citizen, realm: Realm, tmp_path: Path, format: Format, medium: Medium
) -> None:
    result = answered(ask(SIGNATURE, format=format, media=list(Medium)), citizen, medium)
    assert "CMS Verification successful" in openssl_verifies(tmp_path, result, TEXT.encode(), realm)
    assert "CMS Verification successful" not in openssl_verifies(tmp_path, result, TEXT.encode() + b" ", realm)
    assert (result.medium, result.format, result.pdf) == (medium, format, None)
    assert result.document_digest == hashlib.sha256(TEXT.encode()).hexdigest()


def test_a_cades_signature_names_signer_document_and_time(ask: Ask, citizen: Citizen) -> None:
    result = answered(ask(SIGNATURE, format=Format.CADES), citizen)
    signed = cms.ContentInfo.load(result.cms or b"")["content"]
    signer = signed["signer_infos"][0]
    values = {one["type"].native: one["values"] for one in signer["signed_attrs"]}
    assert values["message_digest"][0].native == hashlib.sha256(TEXT.encode()).digest()
    certificate = values["signing_certificate_v2"][0]["certs"][0]["cert_hash"].native
    assert certificate == hashlib.sha256(result.certificate).digest()
    assert "signing_time" in values
    assert signed["encap_content_info"]["content"].native is None
    assert signer["signature"].native == result.signature
    assert signer["signed_attrs"].untag().dump() == result.signed_attributes
    # The signer's own and the authority's certificate.
    assert len(signed["certificates"]) == 2


def pdfsig(file: Path) -> str:
    program = shutil.which("pdfsig")
    if program is None:
        missing("pdfsig is not installed (Debian: apt-get install poppler-utils)")
    return subprocess.run([program, str(file)], capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("medium", list(Medium))
def test_a_pdf_comes_back_signed_and_pdfsig_accepts_it(
    ask: Ask, citizen: Citizen, tmp_path: Path, medium: Medium
) -> None:
    content = pdfs.plain()
    result = answered(ask(SIGNATURE, pdf=content, media=list(Medium)), citizen, medium)
    assert result.pdf is not None
    assert result.pdf.startswith(content)
    (tmp_path / "signed.pdf").write_bytes(result.pdf)
    told = pdfsig(tmp_path / "signed.pdf")
    assert "Signature is Valid" in told
    assert "ETSI.CAdES.detached" in told
    assert "Total document signed" in told
    assert "SHA-256" in told
    spoilt = bytearray(result.pdf)
    spoilt[content.index(b"Contract")] ^= 1
    (tmp_path / "spoilt.pdf").write_bytes(spoilt)
    assert "Signature is Valid" not in pdfsig(tmp_path / "spoilt.pdf")


def test_pyhanko_finds_a_pades_b_b_up_to_the_authority(ask: Ask, citizen: Citizen, realm: Realm) -> None:
    import io

    from asn1crypto import x509
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    from ca import clock
    from ca.models import Generation

    result = answered(ask(SIGNATURE, pdf=pdfs.plain()), citizen)
    authority = Generation.objects.get(authority__realm=realm, authority__purpose=SIGNATURE)
    context = ValidationContext(
        trust_roots=[x509.Certificate.load(bytes(authority.certificate))], moment=clock.now(realm), allow_fetching=False
    )
    found = PdfFileReader(io.BytesIO(result.pdf or b"")).embedded_signatures[0]
    from pyhanko.sign.validation.settings import KeyUsageConstraints

    told = validate_pdf_signature(found, context, key_usage_settings=KeyUsageConstraints(key_usage={"non_repudiation"}))
    assert (told.valid, told.intact, told.trusted) == (True, True, True), told.pretty_print_details()
    # PAdES forbids the CMS's own time; the dictionary's stands in its stead, and is the realm's.
    assert "signing_time" not in {one["type"].native for one in found.signer_info["signed_attrs"]}
    assert abs(told.signer_reported_dt - clock.now(realm)) < timedelta(minutes=1)


def test_a_signed_pdf_can_be_signed_again_by_another(ask: Ask, citizen: Citizen, tmp_path: Path) -> None:
    once = answered(ask(SIGNATURE, pdf=pdfs.plain()), citizen).pdf or b""
    twice = answered(ask(SIGNATURE, pdf=once), citizen).pdf or b""
    (tmp_path / "twice.pdf").write_bytes(twice)
    assert pdfsig(tmp_path / "twice.pdf").count("Signature is Valid") == 2


# --- the signature belongs to what was shown


@pytest.fixture
def shown(ask: Ask) -> HandOff:
    return hand_offs.show(ask(SIGNATURE, pdf=pdfs.plain()).hand_off)


def test_nothing_is_signed_that_was_not_made_ready(shown: HandOff, citizen: Citizen) -> None:
    certificate = bytes(citizen.certificate(SIGNATURE).der)
    with pytest.raises(NotPrepared):
        hand_offs.answer(shown, certificate=certificate, signature=bytes(256))


def test_what_was_made_ready_for_one_certificate_is_not_signed_by_another(ask: Ask, citizen: Citizen) -> None:
    hand_off = hand_offs.show(ask(SIGNATURE, pdf=pdfs.plain(), media=list(Medium)).hand_off)
    card = citizen.answer(hand_off, Medium.CARD)
    phone = citizen.answer(hand_off, Medium.PHONE)
    with pytest.raises(NotPrepared):
        hand_offs.answer(hand_off, **card)
    hand_offs.answer(hand_off, **phone)


@pytest.mark.parametrize("what", ["original", "prepared", "attributes"])
def test_a_signature_over_another_document_is_not_taken(shown: HandOff, citizen: Citizen, what: str) -> None:
    answer = citizen.answer(shown)
    prepared = Preparation.objects.get(hand_off=shown)
    if what == "original":
        HandOffPdf.objects.filter(hand_off=shown).update(content=pdfs.plain(2, "Another"))
    elif what == "prepared":
        other = bytes(prepared.pdf).replace(b"Contract page 1", b"Contract page 9", 1)
        assert other != bytes(prepared.pdf)
        Preparation.objects.filter(pk=prepared.pk).update(pdf=other)
    else:
        other = hand_offs.show(shown)
        attributes = bytes(prepared.signed_attributes)
        digest = cms.CMSAttributes.load(attributes)
        found = next(one for one in digest if one["type"].native == "message_digest")["values"][0].native
        changed = attributes.replace(found, hashlib.sha256(b"another").digest())
        Preparation.objects.filter(pk=prepared.pk).update(signed_attributes=changed)
        answer["signature"] = citizen.sign(SIGNATURE, changed)
    with pytest.raises(NotPrepared):
        hand_offs.answer(hand_offs.found(pk=shown.pk), **answer)


def test_what_was_signed_stays_as_it_is_when_it_is_made_ready_once_more(ask: Ask, citizen: Citizen) -> None:
    """Two taps: the second's preparation comes after the first's answer."""
    hand_off = hand_offs.show(ask(SIGNATURE, pdf=pdfs.plain(), media=list(Medium)).hand_off, BROWSER)
    late = hand_offs.found(pk=hand_off.pk)
    hand_offs.answer(hand_off, **citizen.answer(hand_off))
    signed = Preparation.objects.values().get()
    with pytest.raises(HandOffOver):
        hand_offs.prepare(late, bytes(citizen.certificate(SIGNATURE, Medium.CARD).der))
    assert Preparation.objects.values().get() == signed


def test_an_answer_to_what_was_made_ready_anew_meanwhile_is_not_taken(ask: Ask, citizen: Citizen) -> None:
    """Two taps: the second's preparation comes between the first's check and its claim."""
    hand_off = hand_offs.show(ask(SIGNATURE, pdf=pdfs.plain(), media=list(Medium)).hand_off, BROWSER)
    answer = citizen.answer(hand_off)
    other = bytes(citizen.certificate(SIGNATURE, Medium.CARD).der)

    def between(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("UPDATE") and "answered" in params and waiting:
            hand_offs.prepare(waiting.pop(), other)
        return execute(sql, params, many, context)

    waiting = [hand_offs.found(pk=hand_off.pk)]
    with connection.execute_wrapper(between), pytest.raises(NotPrepared):
        hand_offs.answer(hand_off, **answer)
    assert not waiting
    assert HandOff.objects.get(pk=hand_off.pk).state == HandOff.State.SHOWN


def test_a_certificate_that_will_not_do_gets_nothing_to_sign(shown: HandOff, citizen: Citizen) -> None:
    for certificate in (
        bytes(citizen.certificate(Purpose.USER_AUTHENTICATION).der),
        bytes(citizen.certificate(SIGNATURE, Medium.CARD).der),
    ):
        with pytest.raises(AnswerRefused):
            hand_offs.prepare(shown, certificate)
    assert not Preparation.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"purpose": Purpose.USER_AUTHENTICATION, "format": Format.CADES},
        {"purpose": SIGNATURE, "format": Format.PADES},
        {"purpose": SIGNATURE, "pdf": pdfs.plain(), "format": Format.RAW},
    ],
)
def test_a_format_that_does_not_go_with_the_document_is_refused(ask: Ask, changes: dict[str, Any]) -> None:
    with pytest.raises(RequestInvalid):
        ask(**changes)
    assert not HandOff.objects.exists()
