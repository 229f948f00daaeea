"""PDF files for the hand-off's tests: plain ones, and such as aren't to be signed."""

import io
from collections.abc import Callable
from functools import cache
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter


@cache
def plain(pages: int = 2, text: str = "Contract") -> bytes:
    """Return a PDF whose pages say `text` and their number, in Helvetica."""
    return made(pages=pages, text=text)


def made(
    change: Callable[[PdfFileWriter, Any], None] | None = None, *, pages: int = 1, text: str = "Contract"
) -> bytes:
    """Return a PDF; `change(writer, first page)` makes it into something else."""
    writer = PdfFileWriter(stream_xrefs=False)
    font = generic.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Font"),
            pdf_name("/Subtype"): pdf_name("/Type1"),
            pdf_name("/BaseFont"): pdf_name("/Helvetica"),
        }
    )
    resources = generic.DictionaryObject({pdf_name("/Font"): generic.DictionaryObject({pdf_name("/F1"): font})})
    first = None
    for number in range(1, pages + 1):
        drawn = f"BT /F1 24 Tf 72 700 Td ({text} page {number}) Tj ET".encode()
        content = writer.add_object(generic.StreamObject(stream_data=drawn))
        page = PageObject(contents=content, media_box=(0, 0, 595, 842), resources=resources)
        writer.insert_page(page)
        first = first or page
    if change is not None:
        change(writer, first)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def dictionary(**values: Any) -> generic.DictionaryObject:
    """Return a PDF dictionary; a text that begins with / is a name."""
    return generic.DictionaryObject({pdf_name(f"/{name}"): value(one) for name, one in values.items()})


def value(one: Any) -> Any:
    if isinstance(one, str):
        return pdf_name(one) if one.startswith("/") else generic.pdf_string(one)
    if isinstance(one, list):
        return generic.ArrayObject([value(each) for each in one])
    return generic.NumberObject(one) if isinstance(one, int) else one
