"""What never stands in a trace, whoever notes it: passwords, keys, tokens, and links that are good for their reader."""

import re
from collections.abc import Mapping
from typing import Any

from portal.logs import LINK

MASK = "••"
# Names of members whose value is nobody's to read. A `code` is a problem's; a hand-off's code stands in addresses.
SECRET = re.compile(
    r"password|passphrase|(^|_)pin($|_)|secret|private|authorization|cookie|(^|_)token$|assertion|verifier|pkcs12",
    re.IGNORECASE,
)
_QUERY = re.compile(r"([?&](?:code|token|access_token|code_verifier|client_assertion)=)[^&\s\"']+")
_BEARER = re.compile(r"(?i)(bearer\s+)[a-z0-9._~+/=:-]{8,}")
_PRIVATE = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL)
LONGEST = 4000  # characters of a text
MOST = 300  # items of a list
DEEPEST = 8


def masked(value: Any, depth: int = 0) -> Any:
    """Return JSON that may be kept: secrets masked by their members' names and by what they look like, lengths cut."""
    if isinstance(value, Mapping):
        if depth >= DEEPEST:
            return "…"
        return {
            str(name): MASK
            if SECRET.search(str(name)) and inner not in (None, "", True, False)
            else masked(inner, depth + 1)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        if depth >= DEEPEST:
            return "…"
        kept = [masked(inner, depth + 1) for inner in value[:MOST]]
        return [*kept, f"… +{len(value) - MOST}"] if len(value) > MOST else kept
    if isinstance(value, bytes | bytearray | memoryview):
        return text(bytes(value).hex().upper())
    if value is None or isinstance(value, bool | int | float):
        return value
    return text(str(value))


def text(told: str) -> str:
    """Return text without links, codes, bearer tokens and private keys, and not too long. U+0000 isn't kept."""
    told = _PRIVATE.sub(MASK, told.replace("\0", "�"))
    told = _QUERY.sub(rf"\1{MASK}", LINK.sub(r"\1…", _BEARER.sub(rf"\1{MASK}", told)))
    return told if len(told) <= LONGEST else f"{told[:LONGEST]}… +{len(told) - LONGEST}"
