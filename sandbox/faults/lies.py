"""What each fault on a result tells: a table from its name to a function of the true result."""

import base64
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from django.db.models import QuerySet

from portal.handoff import results
from portal.handoff.models import HandOff
from portal.handoff.states import State
from portal.handoff.ways import Format
from sandbox.faults import forging, strangers
from sandbox.faults.forging import OTHER_TEXT, Shape, copied, shaped, signed
from sandbox.faults.standins import Signer
from whitelist.models import RelyingParty

OTHER_SERVICE = "somebody-else"


@dataclass(frozen=True)
class Truth:
    """A hand-off with its true result, and the certificate with a key that its fault needs, where it needs one."""

    hand_off: HandOff
    result: Shape
    signer: Signer | None

    @property
    def good(self) -> Signer:
        """Return the certificate with a key."""
        if self.signer is None:
            raise LookupError("this fault needs a certificate with its key")
        return self.signer

    @property
    def certificate(self) -> bytes:
        return bytes(self.hand_off.certificate or b"")

    @property
    def signature(self) -> bytes:
        return bytes(self.hand_off.signature or b"")

    def copy(self, **changes: Any) -> HandOff:
        """Return a copy of the hand-off, changed."""
        lie = copied(self.hand_off)
        for name, value in changes.items():
            setattr(lie, name, value)
        return lie

    def by_stranger(self, certificate: bytes) -> Shape:
        """Return the result as the stranger's key signs it, with that certificate."""
        return signed(self.copy(), Signer(certificate, strangers.holder_key()))


Lie = Callable[[Truth], "Shape | None"]


# --- the signature
def _signature_wrong(true: Truth) -> Shape:
    return shaped(true.copy(), signature=true.signature[:-1] + bytes((true.signature[-1] ^ 1,)))


def _signature_missing(true: Truth) -> Shape:
    return true.result | {"signature": None, "cms": None, "pdf": _original(true)}


def _signature_stripped(true: Truth) -> Shape:
    return true.result | {"signature": "", "cms": _without_signers(true.result["cms"]), "pdf": _original(true)}


def _signature_by_other_key(true: Truth) -> Shape:
    lie = true.copy()
    message = forging.prepared(lie, true.certificate)
    return shaped(lie, signature=forging.properly(strangers.holder_key(), message))


# --- which hand-off it is about
def _nonce_other(true: Truth) -> Shape:
    return signed(true.copy(nonce=_another(true.hand_off.nonce)), true.good)


def _nonce_reused(true: Truth) -> Shape:
    earlier = _others(true).filter(answered_with=true.hand_off.answered_with).first() or _others(true).first()
    return (results.shape(earlier) if earlier is not None else None) or _nonce_other(true)


def _hand_off_other(true: Truth) -> Shape:
    return signed(true.copy(id=uuid.uuid4()), true.good)


def _service_other(true: Truth) -> Shape:
    party = true.hand_off.relying_party
    return signed(true.copy(relying_party=RelyingParty(pk=party.pk, client_id=OTHER_SERVICE)), true.good)


def _result_of_other_session(true: Truth) -> Shape:
    somebodys = _others(true).exclude(answered_with=true.hand_off.answered_with).first()
    found = results.shape(somebodys) if somebodys is not None else None
    if found is not None:
        return found
    if true.hand_off.format == Format.PADES:
        return signed(forging.about_pdf(true.hand_off, forging.another_pdf()), true.good)
    if true.hand_off.document:
        return signed(forging.about_text(true.hand_off, OTHER_TEXT), true.good)
    return signed(true.copy(id=uuid.uuid4(), nonce=_another(true.hand_off.nonce)), true.good)


# --- the certificate
def _certificate_malformed(true: Truth) -> Shape:
    return true.result | {"certificate": _base64(true.certificate[: len(true.certificate) // 2])}


def _certificate_self_signed(true: Truth) -> Shape:
    subject = x509.load_der_x509_certificate(true.certificate).subject
    key = strangers.holder_key()
    return true.by_stranger(strangers.copy_of(true.certificate, key=key, signed_by=key, issuer=subject))


def _certificate_of_other_authority(true: Truth) -> Shape:
    return true.by_stranger(
        strangers.copy_of(true.certificate, key=strangers.holder_key(), signed_by=strangers.authority_key())
    )


def _certificate_of_other_realm(true: Truth) -> Shape:
    name = strangers.elsewhere(x509.load_der_x509_certificate(true.certificate).issuer)
    certificate = strangers.copy_of(
        true.certificate, key=strangers.holder_key(), signed_by=strangers.authority_key(), issuer=name
    )
    return true.by_stranger(certificate)


def _certificate_other_key(true: Truth) -> Shape:
    return true.by_stranger(strangers.with_other_key(true.certificate))


def _certificate_by_holder(true: Truth) -> Shape:
    name = x509.load_der_x509_certificate(true.good.certificate).subject
    certificate = strangers.copy_of(true.certificate, key=strangers.holder_key(), signed_by=true.good.key, issuer=name)
    return true.by_stranger(certificate)


def _by_standin(true: Truth) -> Shape:
    """Return the hand-off's own text or document, signed properly by the certificate that the fault names."""
    return signed(true.copy(), true.good)


# --- the document
def _document_other(true: Truth) -> Shape:
    return signed(forging.about_text(true.hand_off, OTHER_TEXT), true.good)


def _document_tampered(true: Truth) -> Shape:
    text = true.hand_off.document
    place = next((at for at, one in enumerate(text) if one.isalnum()), 0)
    changed = text[:place] + ("9" if text[place] != "9" else "8") + text[place + 1 :]
    return signed(forging.about_text(true.hand_off, changed), true.good)


def _cms_other_document(true: Truth) -> Shape:
    return true.result | {"cms": _document_other(true)["cms"]}


def _cades_digest_other(true: Truth) -> Shape:
    lie = signed(forging.about_text(true.hand_off, OTHER_TEXT), true.good)
    return lie | {"document_digest": true.result["document_digest"]}


def _cades_certificate_unnamed(true: Truth) -> Shape:
    return signed(true.copy(), true.good, named=true.certificate)


def _pdf_other(true: Truth) -> Shape:
    return signed(forging.about_pdf(true.hand_off, forging.another_pdf()), true.good)


def _pdf_changed(true: Truth) -> Shape:
    return true.result | {"pdf": _base64(forging.with_page_added(base64.b64decode(true.result["pdf"])))}


def _pdf_page_replaced(true: Truth) -> Shape:
    changed = forging.with_page_added(bytes(true.hand_off.pdf.content))
    lie = signed(forging.about_pdf(true.hand_off, changed), true.good)
    return lie | {"document_digest": true.result["document_digest"]}


def _pdf_uncovered(true: Truth) -> Shape:
    whole = base64.b64decode(true.result["pdf"])
    found = list(re.finditer(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)", whole))[-1]
    shorter = str(max(int(found[4]) - 200, 1)).encode().rjust(len(found[4]))
    return true.result | {"pdf": _base64(whole[: found.start(4)] + shorter + whole[found.end(4) :])}


LIES: Mapping[str, Lie] = {
    "signature_wrong": _signature_wrong,
    "signature_missing": _signature_missing,
    "signature_stripped": _signature_stripped,
    "signature_by_other_key": _signature_by_other_key,
    "algorithm_none": lambda true: shaped(true.copy(), signature=forging.by_nothing(
        strangers.holder_key(), forging.prepared(true.copy(), true.certificate)
    )),
    "algorithm_sha1": lambda true: signed(true.copy(), true.good, sign=forging.by_sha1),
    "algorithm_pss": lambda true: signed(true.copy(), true.good, sign=forging.by_pss),
    "nonce_other": _nonce_other,
    "nonce_reused": _nonce_reused,
    "hand_off_other": _hand_off_other,
    "service_other": _service_other,
    "result_of_other_session": _result_of_other_session,
    "result_missing": lambda true: None,
    "result_by_poll": lambda true: true.result,
    "state_declined": lambda true: true.result,
    "members_lie": lambda true: _by_standin(true) | {"medium": "phone"},
    "certificate_missing": lambda true: true.result | {"certificate": None},
    "certificate_malformed": _certificate_malformed,
    "certificate_self_signed": _certificate_self_signed,
    "certificate_of_other_authority": _certificate_of_other_authority,
    "certificate_of_other_realm": _certificate_of_other_realm,
    "certificate_other_key": _certificate_other_key,
    "certificate_by_holder": _certificate_by_holder,
    "certificate_expired": _by_standin,
    "certificate_revoked": _by_standin,
    "certificate_on_hold": _by_standin,
    "certificate_pending": _by_standin,
    "certificate_wrong_purpose": _by_standin,
    "certificate_card": lambda true: _by_standin(true) | {"medium": "card"},
    "certificate_of_other_holder": _by_standin,
    "document_other": _document_other,
    "document_tampered": _document_tampered,
    "cms_other_document": _cms_other_document,
    "cades_digest_other": _cades_digest_other,
    "cades_certificate_unnamed": _cades_certificate_unnamed,
    "pdf_other": _pdf_other,
    "pdf_changed": _pdf_changed,
    "pdf_page_replaced": _pdf_page_replaced,
    "pdf_unsigned": lambda true: true.result | {"pdf": _original(true)},
    "pdf_uncovered": _pdf_uncovered,
}  # fmt: skip


def _others(true: Truth) -> QuerySet[HandOff]:
    """Return the service's other results of this kind, the newest first."""
    asked = true.hand_off
    rows = HandOff.objects.select_related("realm", "relying_party").filter(
        relying_party=asked.relying_party,
        purpose=asked.purpose,
        format=asked.format,
        state=State.ANSWERED,
        fetched_at__isnull=False,
    )
    return rows.exclude(pk=asked.pk).order_by("-created_at")


def _original(true: Truth) -> str | None:
    """Return the PDF that was asked about, without a signature; None where there is none."""
    return _base64(bytes(true.hand_off.pdf.content)) if true.hand_off.format == Format.PADES else None


def _without_signers(told: str | None) -> str | None:
    from asn1crypto import cms

    if told is None:
        return None
    content = cms.ContentInfo.load(base64.b64decode(told))
    content["content"]["signer_infos"] = cms.SignerInfos([])
    return _base64(content.dump(force=True))


def _another(token: str) -> str:
    return token[:-1] + ("A" if token[-1] != "A" else "B")


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
