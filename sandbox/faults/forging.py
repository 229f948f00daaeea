"""Results that lie: made of a copy of the hand-off, which is never saved, by the very code that makes the true ones."""

import copy
import io
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ca import clock
from portal.handoff import results, signing
from portal.handoff.models import HandOff, HandOffPdf, Preparation
from portal.handoff.ways import Format
from sandbox.faults.standins import Signer

# (key, message) -> what stands for a signature
Sign = Callable[[rsa.RSAPrivateKey, bytes], bytes]
Shape = dict[str, Any]
OTHER_TEXT = "これは別の文書です。\r\nThis is another document.\r\n"


def properly(key: rsa.RSAPrivateKey, message: bytes) -> bytes:
    """Sign as a chip does: PKCS#1 v1.5 with SHA-256."""
    return key.sign(message, padding.PKCS1v15(), hashes.SHA256())


def by_sha1(key: rsa.RSAPrivateKey, message: bytes) -> bytes:
    """Sign with a digest that nobody should take."""
    return key.sign(message, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303


def by_pss(key: rsa.RSAPrivateKey, message: bytes) -> bytes:
    """Sign in another scheme than the one that is agreed on."""
    return key.sign(message, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())


def by_nothing(key: rsa.RSAPrivateKey, message: bytes) -> bytes:
    """Give the digest where a signature belongs."""
    del key
    digest = hashes.Hash(hashes.SHA256())
    digest.update(message)
    return digest.finalize()


def copied(hand_off: HandOff) -> HandOff:
    """Return a copy of a hand-off to lie about. What hangs on it is its own, too."""
    lie = copy.copy(hand_off)
    if hand_off.format != Format.RAW:
        lie.preparation = copy.copy(hand_off.preparation)
    if hand_off.format == Format.PADES:
        lie.pdf = copy.copy(hand_off.pdf)
    return lie


def shaped(lie: HandOff, **changes: Any) -> Shape:
    """Return the result of a copy whose fields were changed."""
    for name, value in changes.items():
        setattr(lie, name, value)
    shape = results.shape(lie)
    if shape is None:
        raise ValueError("there is no result of what isn't answered")
    return shape


def signed(lie: HandOff, signer: Signer, *, sign: Sign = properly, named: bytes | None = None) -> Shape:
    """Return the result of a copy, signed by `signer`; in signed attributes `named` is the certificate (DER)."""
    message = prepared(lie, signer.certificate, named=named)
    return shaped(lie, certificate=signer.certificate, signature=sign(signer.key, message))


def prepared(lie: HandOff, certificate: bytes, *, named: bytes | None = None) -> bytes:
    """Make a copy's signed attributes anew for a certificate, and return what is to be signed."""
    if lie.format == Format.RAW:
        return lie.signed_text.encode()
    now = clock.now(lie.realm)
    made = signing.make(lie, named or certificate, now)
    lie.preparation = Preparation(hand_off=lie, certificate=certificate, prepared_at=now, **made)
    return bytes(made["signed_attributes"])


def about_text(hand_off: HandOff, text: str) -> HandOff:
    """Return a copy that is about another text."""
    lie = copied(hand_off)
    lie.document = text
    lie.document_digest = _sha256(text.encode())
    return lie


def about_pdf(hand_off: HandOff, content: bytes) -> HandOff:
    """Return a copy that is about another PDF."""
    lie = copied(hand_off)
    lie.pdf = HandOffPdf(hand_off=lie, content=content, pages=1)
    lie.document_digest = _sha256(content)
    return lie


def another_pdf() -> bytes:
    """Return a PDF of one empty page."""
    from pyhanko.pdf_utils.writer import PdfFileWriter

    writer = PdfFileWriter()
    writer.insert_page(_page(writer))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def with_page_added(content: bytes) -> bytes:
    """Return a PDF to which an incremental update has added an empty page."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    writer.insert_page(_page(writer))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _page(writer: Any) -> Any:
    from pyhanko.pdf_utils.generic import StreamObject
    from pyhanko.pdf_utils.writer import PageObject

    contents = writer.add_object(StreamObject(stream_data=b"0 0 1 rg 100 700 200 40 re f"))
    return PageObject(contents=contents, media_box=(0, 0, 595, 842))


def _sha256(octets: bytes) -> str:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(octets)
    return digest.finalize().hex()
