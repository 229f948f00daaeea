"""What the chip signs, and that it belongs to the document: three formats, one signature.

raw: the text itself, or an authentication's text. cades and pades: the signed attributes of a CMS (RFC 5652 §5.3),
which name the document by its digest and the signer by a digest of the certificate (RFC 5035). They can't be written
before the certificate is known, so the chip is read first, then it signs.
"""

import hashlib
import io
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from ca.der import integer_hex
from ca.models import Certificate, Realm
from portal.handoff.errors import HandOffOver, NotPrepared
from portal.handoff.models import HandOff, HandOffPdf, Preparation
from portal.handoff.ways import Format

if TYPE_CHECKING:
    from asn1crypto import cms
    from pyhanko.sign.signers.pdf_cms import ExternalSigner

DIGEST = "sha256"


def prepare(hand_off: HandOff, certificate: bytes, *, now: datetime) -> bytes:
    """Return what the key of `certificate` (DER) is to sign: a message, whose SHA-256 goes to the chip.

    What was prepared before for another certificate is forgotten: of a phone and a card, the last one counts. Raise
    `HandOffOver` where it was answered meanwhile: what was signed stays as it is.
    """
    if hand_off.format == Format.RAW:
        return hand_off.signed_text.encode()
    made = make(hand_off, certificate, now)
    with transaction.atomic():
        # An answer's claim waits for this row, or is seen here.
        if not HandOff.objects.filter(pk=hand_off.pk, state=hand_off.state).update(state=hand_off.state):
            hand_off.refresh_from_db(fields=["state"])
            raise HandOffOver("ended meanwhile", state=hand_off.state)
        Preparation.objects.update_or_create(
            hand_off=hand_off, defaults={"certificate": certificate, "prepared_at": now, **made}
        )
    return bytes(made["signed_attributes"])


def make(hand_off: HandOff, certificate: bytes, now: datetime) -> dict[str, Any]:
    """Return what a `Preparation` in format cades or pades holds: signed_attributes, pdf, room_start, room_end."""
    return (
        _in_pdf(hand_off, certificate, now) if hand_off.format == Format.PADES else _of_text(hand_off, certificate, now)
    )


def message(hand_off: HandOff, certificate: bytes) -> bytes:
    """Return what `certificate` was given to sign, after checking that it is bound to this very document.

    Raise `NotPrepared` where it was given nothing, or where what stands ready is about something else.
    """
    if hand_off.format == Format.RAW:
        return hand_off.signed_text.encode()
    prepared = Preparation.objects.filter(hand_off=hand_off).first()
    if prepared is None or bytes(prepared.certificate) != certificate:
        raise NotPrepared("this certificate was given nothing to sign")
    if not _is_about(prepared, hand_off, certificate):
        raise NotPrepared("what was made ready isn't about this document")
    return bytes(prepared.signed_attributes)


def detached_cms(hand_off: HandOff) -> bytes:
    """Return the answer as a detached CMS (DER) over the text document; with signed attributes in format cades."""
    from asn1crypto import cms

    certificate, signature = bytes(hand_off.certificate or b""), bytes(hand_off.signature or b"")
    if hand_off.format == Format.CADES:
        return _cms(hand_off).dump()
    # RFC 5652 §5.4: without signed attributes the signature is over the content itself, which must be of type data.
    signer, chain = _parsed(certificate), _chain(hand_off.realm, certificate)
    signed = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [{"algorithm": DIGEST}],
            "encap_content_info": {"content_type": "data"},
            "certificates": [signer, *chain],
            "signer_infos": [
                {
                    "version": "v1",
                    "sid": cms.SignerIdentifier(
                        {
                            "issuer_and_serial_number": {
                                "issuer": signer.issuer,
                                "serial_number": signer.serial_number,
                            }
                        }
                    ),
                    "digest_algorithm": {"algorithm": DIGEST},
                    "signature_algorithm": {"algorithm": "rsassa_pkcs1v15"},
                    "signature": signature,
                }
            ],
        }
    )
    return cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump()


def signed_pdf(hand_off: HandOff) -> bytes:
    """Return the PDF with the answer's signature in the room that was left for it (PAdES B-B)."""
    from pyhanko.sign.signers.pdf_byterange import PreparedByteRangeDigest

    prepared = hand_off.preparation
    out = io.BytesIO(bytes(prepared.pdf))
    filled = PreparedByteRangeDigest(b"", prepared.room_start, prepared.room_end)
    filled.fill_with_cms(out, _cms(hand_off))
    return out.getvalue()


def _of_text(hand_off: HandOff, certificate: bytes, now: datetime) -> dict[str, Any]:
    from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes

    digest = hashlib.sha256(hand_off.document.encode()).digest()
    settings = PdfCMSSignedAttributes(signing_time=now.replace(microsecond=0))
    signer = _signer(hand_off.realm, certificate)
    attributes = _run(signer.signed_attrs(digest, DIGEST, settings, use_pades=True, is_pdf_sig=False))
    return {"signed_attributes": attributes.dump(), "pdf": b"", "room_start": 0, "room_end": 0}


def _in_pdf(hand_off: HandOff, certificate: bytes, now: datetime) -> dict[str, Any]:
    """Add a signature field to the PDF, as an increment, and leave room in it."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import PdfSignatureMetadata
    from pyhanko.sign.fields import SigSeedSubFilter
    from pyhanko.sign.signers.pdf_signer import PdfSigner

    metadata = PdfSignatureMetadata(
        field_name=f"JPKI-{hand_off.pk.hex[:12]}", md_algorithm=DIGEST, subfilter=SigSeedSubFilter.PADES
    )
    writer = IncrementalPdfFileWriter(io.BytesIO(bytes(hand_off.pdf.content)))
    signer = _signer(hand_off.realm, certificate)
    session = PdfSigner(metadata, signer).init_signing_session(writer)
    session.system_time = now.replace(microsecond=0)  # the realm's: its clock may stand elsewhere than the machine's
    room = _run(session.estimate_signature_container_size(validation_info=None))
    ready = session.prepare_tbs_document(validation_info=None, bytes_reserved=room)
    out = io.BytesIO()
    digest, _ = ready.digest_tbs_document(output=out)
    attributes = _run(signer.signed_attrs(digest.document_digest, DIGEST, use_pades=True))
    return {
        "signed_attributes": attributes.dump(),
        "pdf": out.getvalue(),
        "room_start": digest.reserved_region_start,
        "room_end": digest.reserved_region_end,
    }


def _is_about(prepared: Preparation, hand_off: HandOff, certificate: bytes) -> bool:
    """Return whether the attributes name this document and this certificate, and the PDF begins with the shown one."""
    from asn1crypto import cms

    values = {one["type"].native: one["values"] for one in cms.CMSAttributes.load(bytes(prepared.signed_attributes))}
    named = values["signing_certificate_v2"][0]["certs"][0]["cert_hash"].native
    if named != hashlib.sha256(certificate).digest():
        return False
    digest = hashlib.sha256()
    if hand_off.format == Format.PADES:
        original, whole = bytes(HandOffPdf.objects.get(hand_off=hand_off).content), bytes(prepared.pdf)
        if hashlib.sha256(original).hexdigest() != hand_off.document_digest or not whole.startswith(original):
            return False
        if prepared.room_start < len(original):
            return False
        digest.update(whole[: prepared.room_start])
        digest.update(whole[prepared.room_end :])
    else:
        document = hand_off.document.encode()
        if hashlib.sha256(document).hexdigest() != hand_off.document_digest:
            return False
        digest.update(document)
    return bool(values["message_digest"][0].native == digest.digest())


def _cms(hand_off: HandOff) -> "cms.ContentInfo":
    from asn1crypto import cms

    prepared = hand_off.preparation
    attributes = cms.CMSAttributes.load(bytes(prepared.signed_attributes))
    signer = _signer(hand_off.realm, bytes(prepared.certificate), bytes(hand_off.signature or b""))
    return _run(signer.async_sign_prescribed_attributes(DIGEST, attributes))


def _signer(realm: Realm, certificate: bytes, signature: bytes = bytes(256)) -> "ExternalSigner":
    from pyhanko.sign.signers.pdf_cms import ExternalSigner
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    chain = SimpleCertificateStore.from_certs(_chain(realm, certificate))
    return ExternalSigner(_parsed(certificate), chain, signature)


def _chain(realm: Realm, certificate: bytes) -> list[Any]:
    """Return the certificate of the authority that issued this one of ours."""
    number = integer_hex(_parsed(certificate).serial_number)
    found = Certificate.objects.select_related("generation").filter(issuer__realm=realm, serial_number=number)
    return [_parsed(bytes(row.generation.certificate)) for row in found if bytes(row.der) == certificate]


def _parsed(der: bytes) -> Any:
    from asn1crypto import x509

    return x509.Certificate.load(der)


def _run(work: Any) -> Any:
    """Run what pyHanko makes asynchronous though nothing here is waited for."""
    import asyncio

    return asyncio.run(work)
