"""What looks through files, where nothing better is set up (CASE_ATTACHMENT_SCAN).

A hook is called with content and media type, and raises `AttachmentDangerous`. This one knows the test virus that every
scanner knows, and what makes a PDF more than paper; it is no virus scanner.
"""

import io
from typing import Any

from whitelist import pdf_tree, pdfium
from whitelist.cases.errors import AttachmentDangerous, AttachmentRefused

# In two parts, or scanners would take this file for it (eicar.org).
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"

# What a file can do by itself, or when it is touched (ISO 32000-2 12.6.4), and where it hides another file.
_ACTIONS = frozenset(
    {
        "/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/Rendition", "/Sound", "/Movie",
        "/RichMediaExecute",
    }
)  # fmt: skip
_ACTIVE = frozenset({"/JavaScript", "/JS", "/AA", "/EmbeddedFiles", "/EmbeddedFile", "/XFA", "/RichMediaContent"})
_ANNOTATIONS = frozenset({"/FileAttachment", "/Sound", "/Movie", "/Screen", "/RichMedia", "/3D"})


def look(content: bytes, media_type: str) -> None:
    """Look through a file. Raise `AttachmentDangerous`; `AttachmentRefused` for a PDF that can't be looked through."""
    if EICAR in content:
        raise AttachmentDangerous("the EICAR test file")
    if media_type == "application/pdf":
        _look_through(content)


def _look_through(content: bytes) -> None:
    from pyhanko.pdf_utils.reader import PdfFileReader

    try:
        # Not strict: a scan of a certificate comes from many programs. What can't be read at all isn't taken.
        reader = PdfFileReader(io.BytesIO(content), strict=False)
        if reader.encrypted:
            raise AttachmentRefused("an encrypted PDF can't be looked through", why="encrypted")
        for value in pdf_tree.dictionaries(reader):
            _look_at(value)
    except (AttachmentDangerous, AttachmentRefused):
        raise
    except pdf_tree.TooManyObjects:
        raise AttachmentRefused("a PDF of too many objects", why="large") from None
    except Exception as error:  # any bytes may come in, and what reads them raises more than its own errors
        raise AttachmentRefused(f"the PDF can't be read: {error}"[:200], why="kind") from None
    _open(content)


def _look_at(value: Any) -> None:
    found = next((key for key in _ACTIVE if key in value), None)
    if found is not None:
        raise AttachmentDangerous(f"the PDF holds {found[1:]}")
    action = value.get("/S")
    if isinstance(action, str) and action in _ACTIONS and value.get("/Type", "/Action") == "/Action":
        raise AttachmentDangerous(f"the PDF holds an action {action[1:]}")
    kind = value.get("/Subtype")
    if isinstance(kind, str) and kind in _ANNOTATIONS:
        raise AttachmentDangerous(f"the PDF holds an annotation {kind[1:]}")


def _open(content: bytes) -> None:
    """Have the PDF opened as a reader opens it: one that shows no page is none."""
    import pypdfium2

    with pdfium.TURN:
        try:
            document = pypdfium2.PdfDocument(content)
        except pypdfium2.PdfiumError as error:
            raise AttachmentRefused(f"the PDF can't be opened: {error}", why="kind") from None
        try:
            if len(document) < 1:
                raise AttachmentRefused("the PDF has no page", why="kind")
        finally:
            document.close()
