"""clamd as what looks through files: `CASE_ATTACHMENT_SCAN=whitelist.cases.clamav.look`, and CLAMD_ADDRESS.

The content goes over a socket in chunks (INSTREAM, clamd(8)) and nowhere into a file. What clamd can't say is no
"clean": while it is away no file is taken. What acts in a PDF is refused besides, as `scanning.look` does.
"""

import re
import socket
import struct

from django.conf import settings

from whitelist.cases import scanning
from whitelist.cases.errors import AttachmentDangerous, ScannerAway

SECONDS = 30
CHUNK = 64 * 1024
_LONGEST_ANSWER = 4096


def look(content: bytes, media_type: str) -> None:
    """Look through a file. Raise AttachmentDangerous, AttachmentRefused, ScannerAway."""
    scanning.look(content, media_type)
    try:
        answer = _asked(content)
    except OSError as error:
        raise ScannerAway(f"clamd doesn't answer: {type(error).__name__}") from None
    if answer == "stream: OK":
        return
    found = re.fullmatch(r"stream: (.+) FOUND", answer)
    if found is None:
        raise ScannerAway(f"clamd says {answer[:100]!r}")
    raise AttachmentDangerous(f"clamd finds {found[1][:100]}")


def _asked(content: bytes) -> str:
    with _connection() as clamd:
        clamd.sendall(b"zINSTREAM\0")
        for at in range(0, len(content), CHUNK):
            part = content[at : at + CHUNK]
            clamd.sendall(struct.pack(">I", len(part)) + part)
        clamd.sendall(struct.pack(">I", 0))
        answer = b""
        while not answer.endswith(b"\0") and len(answer) < _LONGEST_ANSWER:
            part = clamd.recv(1024)
            if not part:
                break
            answer += part
    return answer.rstrip(b"\0").decode("utf-8", "replace").strip()


def _connection() -> socket.socket:
    address = settings.CLAMD_ADDRESS
    if address.startswith("/"):
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(SECONDS)
        try:
            made.connect(address)
        except OSError:
            made.close()
            raise
        return made
    host, _, port = address.rpartition(":")
    if not port.isdecimal():
        raise ConnectionError("CLAMD_ADDRESS is neither a path nor host:port")
    return socket.create_connection((host, int(port)), timeout=SECONDS)
