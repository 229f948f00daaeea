"""What was signed in a PDF: our own document, whole, and nothing beside it.

A signature in a PDF may cover less than one sees, and a file may be changed after it was signed; so before anything is
verified, the file must be the one that we sent, followed by one signature that covers it to the last octet.
"""

import io
from dataclasses import dataclass
from typing import Any

from jpki_client import cms
from jpki_client.cms import NotOurs
from jpki_client.documents import Original


@dataclass(frozen=True)
class Signed:
    """What the key signed (DER of the signed attributes), the signature, and the certificate that stands with it."""

    message: bytes
    signature: bytes
    certificate: bytes


def read(pdf: bytes, original: Original) -> Signed:
    """Return what the last signature of `pdf` signed; raise `NotOurs` where that isn't `original` as we sent it.

    Needs pyHanko: `pip install jpki-client[pdf]`.
    """
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import SignatureCoverageLevel

    if not original.begins(pdf):
        raise NotOurs("not our document")
    try:
        reader = PdfFileReader(io.BytesIO(pdf))
        embedded = reader.embedded_signatures[-1]
        if embedded.evaluate_signature_coverage() != SignatureCoverageLevel.ENTIRE_FILE:
            raise NotOurs("the signature doesn't cover the whole file")
        if _pages(reader) != _pages(PdfFileReader(io.BytesIO(pdf[: original.length]))):
            raise NotOurs("its pages aren't ours any more")
        message = embedded.signer_info["signed_attrs"].untag().dump()
        certificate = embedded.signer_cert.dump()
        cms.check_attributes(message, digest=embedded.compute_digest(), certificate=certificate)
        return Signed(message, embedded.signer_info["signature"].native, certificate)
    except (PdfError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise NotOurs(f"can't be read: {error}") from error


def _pages(reader: Any) -> list[tuple[Any, ...]]:
    """Return what makes each page look as it does: its contents and resources, by reference, and its frame."""
    count = int(reader.root["/Pages"]["/Count"])
    found = []
    for number in range(count):
        page = reader.find_page_for_modification(number)[0].get_object()
        drawn = [page.raw_get(key) if key in page else None for key in ("/Contents", "/Resources")]
        found.append((*map(repr, drawn), repr(page.get("/MediaBox")), repr(page.get("/Rotate"))))
    return found
