"""Which PDF may be signed: one that looks the same to everybody, does nothing, and isn't locked.

Read with pyHanko (structure) and PDFium (pictures and text). A service that is registered sends it, so it is no
stranger's file; it is still taken apart as one.
"""

import io
from dataclasses import dataclass
from typing import Any, NoReturn

from portal.handoff.errors import DocumentUnacceptable
from whitelist import pdf_tree, pdfium

LARGEST = 4 * 1024 * 1024
MOST_PAGES = 50
# All streams of a file together, packed and unpacked: a small file can't be made to fill the memory.
LARGEST_UNPACKED = 128 * 1024 * 1024
# The longest side of a page's picture, pixels: sharp on a phone that is held close, and enough to enlarge.
PICTURE_SIDE = 1400
LONGEST_TEXT = 100_000

# What a file can do by itself, or when it is touched (ISO 32000-2 12.6.4). A link to a page or an address does nothing
# before it is followed, and is left alone.
_ACTIONS = frozenset(
    {
        "/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/ResetForm", "/GoToR", "/GoToE", "/GoToDp", "/Hide",
        "/Sound", "/Movie", "/Rendition", "/RichMediaExecute", "/Trans", "/SetOCGState", "/GoTo3DView", "/Named",
    }
)  # fmt: skip
# Keys under which a file hides what its pages don't show, or shows it to some only.
_ACTIVE = {
    "/JavaScript": "JavaScript",
    "/JS": "JavaScript",
    "/AA": "actions of their own accord",
    "/EmbeddedFiles": "embedded files",
    "/EmbeddedFile": "embedded files",
    "/XFA": "an XFA form",
    "/OCProperties": "layers that can be hidden",
    "/RichMediaContent": "rich media",
    "/Collection": "a portfolio of files",
}
_ANNOTATIONS = frozenset({"/FileAttachment", "/Sound", "/Movie", "/Screen", "/RichMedia", "/3D"})
# Filters behind which a picture's own format begins, which is PDFium's to bound.
_PICTURES = frozenset({"/DCTDecode", "/JPXDecode", "/CCITTFaxDecode", "/JBIG2Decode"})


@dataclass(frozen=True)
class Accepted:
    """A PDF that may be shown and signed: how many pages, and the text of each."""

    pages: int
    texts: list[str]


def accept(content: bytes) -> Accepted:
    """Return what a PDF shows; raise `DocumentUnacceptable` for one that isn't to be signed, saying why."""
    if not content.startswith(b"%PDF-"):
        _refuse("not a PDF")
    if len(content) > LARGEST:
        _refuse(f"larger than {LARGEST} bytes")
    _check_structure(content)
    return _read(content)


def picture(content: bytes, page: int) -> bytes:
    """Return a page, counted from 1, as PNG; raise IndexError where there is none."""
    import pypdfium2

    with pdfium.TURN:
        document = pypdfium2.PdfDocument(content)
        try:
            if not 1 <= page <= len(document):
                raise IndexError(page)
            shown = document[page - 1]
            bitmap = shown.render(scale=PICTURE_SIDE / max(shown.get_size()), draw_annots=True, may_draw_forms=True)
            image = bitmap.to_pil().convert("RGB")
        finally:
            document.close()
    out = io.BytesIO()
    # Pages are mostly black on white: some colours are enough, and a third of the octets.
    image.quantize(64).save(out, "PNG", optimize=True)
    return out.getvalue()


def _read(content: bytes) -> Accepted:
    import pypdfium2

    with pdfium.TURN:
        try:
            document = pypdfium2.PdfDocument(content)
            try:
                if not 1 <= len(document) <= MOST_PAGES:
                    _refuse(f"it has {len(document)} pages; 1 to {MOST_PAGES} are taken")
                texts = [_text(page) for page in document]
                pages = len(document)
            finally:
                document.close()
        except pypdfium2.PdfiumError as error:
            raise DocumentUnacceptable(f"it can't be shown: {error}", member="pdf") from None
    if sum(map(len, texts)) > LONGEST_TEXT:
        _refuse(f"its text is longer than {LONGEST_TEXT} characters")
    return Accepted(pages, texts)


def _text(page: Any) -> str:
    if max(page.get_size()) > 5000 or min(page.get_size()) < 10:
        _refuse("a page of unreadable size")
    text: str = page.get_textpage().get_text_bounded()
    # What no reader would see goes; the picture, and the file's digest, are what is signed.
    return "".join(one for one in text.replace("\r\n", "\n") if one >= " " or one == "\n")


def _check_structure(content: bytes) -> None:
    from pyhanko.pdf_utils.generic import StreamObject
    from pyhanko.pdf_utils.misc import PdfDecodeLimitError
    from pyhanko.pdf_utils.reader import PdfFileReader

    left = LARGEST_UNPACKED
    try:
        # Strict: what readers disagree about may look different to two of them.
        reader = PdfFileReader(io.BytesIO(content), strict=True)
        if reader.encrypted:
            _refuse("it is encrypted")
        _check_locks(reader)
        for value in pdf_tree.dictionaries(reader):
            _check_dictionary(value)
            if isinstance(value, StreamObject):
                left -= _size(value, left)
    except DocumentUnacceptable:
        raise
    except pdf_tree.TooManyObjects:
        _refuse("it has more objects than are taken")
    except PdfDecodeLimitError:
        _refuse("its streams unpack to more than is taken")
    except Exception as error:  # any bytes may come in, and what reads them raises more than its own errors
        raise DocumentUnacceptable(f"its structure doesn't hold: {error}"[:200], member="pdf") from None


def _check_locks(reader: Any) -> None:
    """Refuse a file that doesn't allow another signature (ISO 32000-2 12.8.2.2, DocMDP)."""
    permission = None
    for signature in reader.embedded_signatures:
        level = signature.docmdp_level
        if level is not None:
            permission = level.value if permission is None else min(permission, level.value)
        if signature.fieldmdp is not None:
            _refuse("a signature in it locks its fields")
    if permission == 1:
        _refuse("a certifying signature in it allows no other")


def _check_dictionary(value: Any) -> None:
    for key, what in _ACTIVE.items():
        if key in value:
            _refuse(f"it holds {what}")
    action = value.get("/S")
    if isinstance(action, str) and action in _ACTIONS and value.get("/Type", "/Action") == "/Action":
        _refuse(f"it holds an action {action[1:]}")
    if value.get("/Type") == "/Annot" or "/Rect" in value:
        kind = value.get("/Subtype")
        if isinstance(kind, str) and kind in _ANNOTATIONS:
            _refuse(f"it holds an annotation {kind[1:]}")
        # A form that is still to be filled in is no document yet.
        if kind == "/Widget" and _field_type(value) != "/Sig":
            _refuse("it holds form fields that can still be filled in")
    # To turn to a page when it is opened is all that it may do.
    opened = value.get("/OpenAction", []) if value.get("/Type") == "/Catalog" else []
    if not isinstance(opened, list) and not (isinstance(opened, dict) and opened.get("/S") == "/GoTo"):
        _refuse("it acts when it is opened")


def _size(stream: Any, most: int) -> int:
    """Return how many octets a stream comes to, with every layer in which it is packed; refuse more than `most`."""
    from pyhanko.pdf_utils.filters import get_generic_decoder
    from pyhanko.pdf_utils.misc import PdfDecodeLimitError

    data = stream.encoded_data
    size = len(data)
    if size > most:  # streams may stand in one another
        raise PdfDecodeLimitError("more than the file can hold")
    for name in _filters(stream):
        try:
            decoder = get_generic_decoder(name)
        except NotImplementedError:
            _refuse(f"a stream is packed by {name[1:]}")
        data = decoder.decode_bounded(data, {}, most - size)
        size += len(data)
    return size


def _filters(stream: Any) -> list[str]:
    given = stream.get("/Filter", [])
    names = [given] if isinstance(given, str) else [given[at] for at in range(len(given))]
    return names[:-1] if names and names[-1] in _PICTURES else names


def _field_type(value: Any) -> str:
    for _ in range(20):
        if "/FT" in value:
            return str(value["/FT"])
        if "/Parent" not in value:
            break
        value = value["/Parent"]
    return ""


def _refuse(why: str) -> NoReturn:
    raise DocumentUnacceptable(why, member="pdf")
