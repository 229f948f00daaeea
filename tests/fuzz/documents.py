"""Files that strangers hand in: PDFs to be signed and signed ones, pictures, logos, attachments of cases."""

import base64
import contextlib
import io

from jpki_client import Original, pades

from portal.handoff import pdf
from portal.handoff.errors import DocumentUnacceptable
from tests.fuzz import world
from tests.fuzz.target import Target, text
from tests.portal.handoff import pdfs
from whitelist import logos
from whitelist.cases import attachments, scanning
from whitelist.cases.errors import AttachmentDangerous, AttachmentRefused
from whitelist.errors import LogoUnacceptable


def feed_pdf(data: bytes) -> None:
    """A PDF that a service wants signed: what is accepted can be shown."""
    with contextlib.suppress(DocumentUnacceptable):
        accepted = pdf.accept(data)
        assert 1 <= accepted.pages <= pdf.MOST_PAGES
        assert pdf.picture(data, 1).startswith(b"\x89PNG")


def _pdf_seeds() -> list[bytes]:
    return [pdfs.plain(1), pdfs.plain(3, "Vertrag"), pdfs.nested(3, 20), world.CONTENT]


def feed_attachment(data: bytes) -> None:
    """A file of a case: its kind by its content, and what looks through it."""
    with contextlib.suppress(AttachmentRefused, AttachmentDangerous):
        scanning.look(data, attachments.kind(data))


def feed_logo(data: bytes) -> None:
    """A picture that citizens shall see."""
    with contextlib.suppress(LogoUnacceptable):
        logos.check(data)


def feed_file_name(data: bytes) -> None:
    """What a browser says a file is called."""
    name = attachments.plain_name(text(data))
    assert 0 < len(name) <= 100
    assert not set(name) & set('/\\"<>:|?*\0')
    name.encode()


def _pictures() -> list[bytes]:
    from PIL import Image

    found = []
    for mode, kind, more in (
        ("RGB", "PNG", {}),
        ("RGBA", "PNG", {"compress_level": 0}),
        ("P", "PNG", {}),
        ("I;16", "PNG", {}),
        ("RGB", "JPEG", {}),
        ("L", "JPEG", {"progressive": True}),
        ("CMYK", "JPEG", {}),
    ):
        out = io.BytesIO()
        Image.new(mode, (9, 7)).save(out, kind, **more)
        found.append(out.getvalue())
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z" fill="url(#a)"/></svg>'
    return [*found, svg, b'<?xml version="1.0"?>' + svg]


def feed_signed_pdf(data: bytes) -> None:
    """The octets that come after a service's own document, as the signed PDF that it gets back."""
    with contextlib.suppress(pades.NotOurs):
        pades.read(world.CONTENT + data, Original.of(world.CONTENT))


def _signed_seeds() -> list[bytes]:
    whole = base64.b64decode(world.get().results["pades"]["pdf"])
    return [whole[len(world.CONTENT) :]]


LARGE = 20_000
TARGETS = (
    Target("pdf", feed_pdf, _pdf_seeds, longest=LARGE, seconds=10, megabytes=768),
    Target("attachment", feed_attachment, lambda: [*_pdf_seeds(), *_pictures()], longest=LARGE, megabytes=768),
    Target("logo", feed_logo, _pictures, longest=logos.LARGEST),
    Target("file-name", feed_file_name, lambda: ["契約書.pdf".encode(), b"C:\\a\\b.pdf", b"../../x." + b"y" * 200]),
    Target(
        "signed-pdf",
        feed_signed_pdf,
        _signed_seeds,
        longest=LARGE,
        prepare=world.make,
        database=True,
    ),
)
