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


def nested(count: int, innermost: int) -> bytes:
    """Return a PDF that draws its page by `count` streams, each but the last with all that follow it inside."""
    first = 4
    width = len("000 0 obj <</Length 0000000>>stream\n")
    content, places = b"%PDF-1.7\n", []
    for left in range(count - 1, -1, -1):
        places.append(len(content))
        head = f"{first + len(places) - 1:03d} 0 obj <</Length {left * width + innermost:07d}>>stream\n"
        content += head.encode()
    content += b" " * innermost + b"\nendstream endobj\n"
    drawn = " ".join(f"{first + at} 0 R" for at in range(count))
    for number, one in enumerate(
        (
            "<</Type/Catalog/Pages 2 0 R>>",
            "<</Type/Pages/Count 1/Kids[3 0 R]>>",
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents[{drawn}]>>",
        ),
        1,
    ):
        places.insert(number - 1, len(content))
        content += f"{number} 0 obj {one} endobj\n".encode()
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    end = f"xref\n0 {len(places) + 1}\n0000000000 65535 f \n{table}trailer <</Size {len(places) + 1}/Root 1 0 R>>\n"
    return content + f"{end}startxref\n{len(content)}\n%%EOF\n".encode()


def dictionary(**values: Any) -> generic.DictionaryObject:
    """Return a PDF dictionary; a text that begins with / is a name."""
    return generic.DictionaryObject({pdf_name(f"/{name}"): value(one) for name, one in values.items()})


def value(one: Any) -> Any:
    if isinstance(one, str):
        return pdf_name(one) if one.startswith("/") else generic.pdf_string(one)
    if isinstance(one, list):
        return generic.ArrayObject([value(each) for each in one])
    return generic.NumberObject(one) if isinstance(one, int) else one
