"""Files handed out to be kept: opened in a browser, whatever it turns out to be, one runs and fetches nothing."""

from urllib.parse import quote

from django.http import HttpResponse

POLICY = "default-src 'none'; sandbox"


def response(content: bytes, *, media_type: str, name: str) -> HttpResponse:
    """Return the answer that hands a file out under its name, kept by no cache."""
    # RFC 6266, appendix D: a name for those who can't read the other.
    plain = "".join(one if (one.isascii() and one.isalnum()) or one in "._- " else "_" for one in name)
    headers = {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": POLICY,
        "Cache-Control": "private, no-store",
    }
    return HttpResponse(content, content_type=media_type, headers=headers)
