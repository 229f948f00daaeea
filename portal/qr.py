"""QR codes as pictures: a text that a phone's camera reads off the screen."""

import base64

import qrcode

# Modules of white around the code (ISO/IEC 18004 asks for four).
_QUIET = 4


def picture(text: str) -> str:
    """Return a text as a QR code, as the address (data:) of an SVG: one path, dark on white, a unit a module."""
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=0)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    size = len(rows) + 2 * _QUIET
    runs = "".join(
        f"M{start + _QUIET} {y + _QUIET}h{end - start}v1h-{end - start}z"
        for y, row in enumerate(rows)
        for start, end in _runs(row)
    )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{size}v{size}H0z"/><path d="{runs}"/></svg>'
    )
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def _runs(row: list[bool]) -> list[tuple[int, int]]:
    """Return where dark modules begin and end in a row."""
    edges = [x for x in range(len(row) + 1) if bool(x < len(row) and row[x]) != bool(x > 0 and row[x - 1])]
    return list(zip(edges[::2], edges[1::2], strict=True))
