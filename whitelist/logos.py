"""Logos of the register: small pictures that are nothing but pictures.

A citizen tells services apart by them, so they come with the registration and never with a request. PNG is decoded
whole before it is taken; of SVG only shapes and colours are: no script, no style sheet, no text, no address.
"""

import hashlib
import io
import re
import struct
import xml.etree.ElementTree as ElementTree
import zlib

from whitelist.errors import LogoUnacceptable
from whitelist.models import Logo, RelyingParty

LARGEST = 32 * 1024
LARGEST_SIDE = 512

_SVG = "{http://www.w3.org/2000/svg}"
_ELEMENTS = frozenset(
    {"svg", "g", "path", "circle", "ellipse", "rect", "line", "polyline", "polygon", "title", "desc",
     "defs", "linearGradient", "radialGradient", "stop"}
)  # fmt: skip
_ATTRIBUTES = frozenset(
    {"viewBox", "width", "height", "d", "cx", "cy", "r", "rx", "ry", "x", "y", "x1", "y1", "x2", "y2", "points", "fill",
     "fill-rule", "clip-rule", "fill-opacity", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin",
     "stroke-opacity", "opacity", "transform", "offset", "stop-color", "stop-opacity", "gradientUnits",
     "gradientTransform", "id", "role", "preserveAspectRatio", "shape-rendering"}
)  # fmt: skip
# A gradient of the same picture is the one thing that may be pointed at.
_URL = re.compile(r"url\(\s*(?!#[\w-]+\s*\))", re.IGNORECASE)


def put(relying_party: RelyingParty, content: bytes) -> Logo:
    """Give the relying party this logo instead of any before; raise `LogoUnacceptable`."""
    values = {"media_type": check(content), "content": content, "digest": hashlib.sha256(content).hexdigest()}
    logo, _ = Logo.objects.update_or_create(relying_party=relying_party, defaults=values)
    return logo


def check(content: bytes) -> str:
    """Return the media type of a picture that may be shown to citizens; raise `LogoUnacceptable` for any other."""
    if not 0 < len(content) <= LARGEST:
        raise LogoUnacceptable(f"a logo has at most {LARGEST} bytes, and not none")
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        _check_png(content)
        return "image/png"
    _check_svg(content)
    return "image/svg+xml"


def _check_png(content: bytes) -> None:
    from PIL import Image

    # Pillow can be told to take what breaks off, for a whole process, and WeasyPrint tells it.
    if not _is_whole(content):
        raise LogoUnacceptable("not a PNG: it breaks off, or something follows it")
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            if max(image.size) > LARGEST_SIDE:
                raise LogoUnacceptable(f"at most {LARGEST_SIDE} pixels a side")
            if getattr(image, "n_frames", 1) != 1:
                raise LogoUnacceptable("a logo doesn't move")
            image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise LogoUnacceptable(f"not a PNG: {error}") from None


def _is_whole(content: bytes) -> bool:
    """Tell whether the chunks of a PNG are all there, each with its checksum, and the picture's octets complete.

    PNG (third edition) §5.3, §10.1.
    """
    at, kind, picture = 8, b"", zlib.decompressobj()
    try:
        while kind != b"IEND":
            size, kind = struct.unpack_from(">I4s", content, at)
            body = content[at + 8 : at + 8 + size]
            (checksum,) = struct.unpack_from(">I", content, at + 8 + size)
            if zlib.crc32(kind + body) != checksum:
                return False
            if kind == b"IDAT":
                picture.decompress(body, LARGEST_SIDE * (LARGEST_SIDE * 8 + 8))
            at += 12 + size
    except (struct.error, zlib.error):
        return False
    return at == len(content) and picture.eof


def _check_svg(content: bytes) -> None:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise LogoUnacceptable("neither PNG nor SVG in UTF-8") from None
    # Entities and style sheets come by these; an SVG needs neither.
    if "<!" in text or re.search(r"<\?(?!xml\s)", text):
        raise LogoUnacceptable("an SVG has no document type, comment or processing instruction")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314  (without a document type there are no entities to expand)
    except ElementTree.ParseError as error:
        raise LogoUnacceptable(f"neither PNG nor SVG: {error}") from None
    if root.tag != f"{_SVG}svg" or "viewBox" not in root.attrib:
        raise LogoUnacceptable("an SVG begins with svg, and has a viewBox")
    for element in root.iter():
        if not isinstance(element.tag, str) or element.tag.removeprefix(_SVG) not in _ELEMENTS:
            raise LogoUnacceptable(f"{element.tag} isn't taken in a logo")
        for name, value in element.attrib.items():
            if name not in _ATTRIBUTES or _URL.search(value) or "javascript:" in value.lower():
                raise LogoUnacceptable(f"{name} isn't taken in a logo")
