"""Logs: one line a record, as text or as JSON, with the request that it was for and without what must not stand there.

What must not stand in a log is whatever is good for who reads it: links, passwords, tokens, this process's own secrets.
Nothing here writes them; but a library may, or an error's text. So what goes out is looked over once more as a whole,
message, trace and all: as text in `Redacted.format`, value by value in `JsonLine`.
"""

import logging
import os
import re
import traceback
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

from ca import correlation

LINK = re.compile(r"(/handoff/(?:screen/|qr/)?|/phone/opened/)[^/\s?\"']+(?:/\?[^\s\"']*)?")
# A name that says that what follows is a secret: in a query, a form, JSON, a header, a repr.
_NAMED = re.compile(
    r"(?i)(?<![a-z])("
    r"(?:[a-z_]*_)?(?:password|passphrase|passwd|secret|pin|otp|token)|code_verifier|client_assertion|authorization|cookie"
    r"|(?<=[?&])code|(?:api|master|seal|secret)[_-]?key"
    r")(['\"]?\s*[:=]\s*)(b?['\"]?)(?:(?:Bearer|Basic|DPoP)\s+)?[^\s'\"&,;)}\]]+"
)
_HEADER = re.compile(r"(?i)\b(authorization|cookie|set-cookie)(\s*:\s*)[^\n'\"]+")
_URL = re.compile(r"(?<=://)([^/\s:@]*):[^/\s@]+(?=@)")  # the password in an address
_BEARER = re.compile(r"(?i)\b(Bearer|Basic|DPoP)\s+[A-Za-z0-9._~+/=-]{8,}")
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
GONE = "…"
# Shorter than this it might be a word of the text.
_SHORTEST = 8


def without_secrets(told: str) -> str:
    """Return a text with every link, named secret, token, and secret of this process cut out of it."""
    told = LINK.sub(rf"\1{GONE}", told)
    for secret in _own():
        if secret in told:
            told = told.replace(secret, GONE)
    told = _HEADER.sub(rf"\1\2{GONE}", told)
    told = _JWT.sub(GONE, _BEARER.sub(rf"\1 {GONE}", told))
    return _URL.sub(rf"\1:{GONE}", _NAMED.sub(rf"\1\2\3{GONE}", told))


@lru_cache(maxsize=1)
def _own() -> tuple[str, ...]:
    """Return the secrets that this process has, the longest first."""
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    found = set()
    for name in SECRETS:
        try:
            value = getattr(settings, name, None)
        except ImproperlyConfigured:
            continue
        found.add(str(value or ""))
    found.add(str(settings.DATABASES["default"].get("PASSWORD") or ""))
    for address in (os.environ.get("DATABASE_URL", ""), settings.BROKER_URL):
        try:
            found.add(urlsplit(address).password or "")
        except ValueError:
            continue
    return tuple(sorted((one for one in found if len(one) >= _SHORTEST), key=len, reverse=True))


SECRETS = (
    "SECRET_KEY",
    "CA_KEYS_PASSPHRASE",
    "RESPONDER_KEYS_PASSPHRASE",
    "TSM_MASTER_KEY",
    "SANDBOX_SEAL_KEY",
    "EMAIL_HOST_PASSWORD",
    "METRICS_TOKEN",
)


class WithoutLinks(logging.Filter):
    """Cut the token out of the address of every hand-off and of a phone's pages, wherever in a record it stands."""

    def filter(self, record: logging.LogRecord) -> bool:
        if LINK.search(told := record.getMessage()):
            record.msg, record.args = LINK.sub(r"\1…", told), ()
        return True


class Correlated(logging.Filter):
    """Put the request's id and the process's name into every record."""

    def __init__(self, process: str = "") -> None:
        super().__init__()
        self.process = process

    def filter(self, record: logging.LogRecord) -> bool:
        request_id = record.__dict__.setdefault("request_id", correlation.current())
        record.request_mark = f" [{request_id}]" if request_id else ""
        record.service = self.process
        return True


class Redacted(logging.Formatter):
    """A line of text, and of a trace, without secrets."""

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))


class JsonLine(JsonFormatter):
    """One JSON object a line: at, level, logger, message, process, request_id, what `extra` named, and the trace."""

    def __init__(self) -> None:
        # A record may carry a whole request or its arguments along: of what isn't named by us only plain values go out.
        super().__init__(
            "{levelname}{name}{message}",
            style="{",
            rename_fields={"levelname": "level", "name": "logger", "service": "process"},
            reserved_attrs=[
                *RESERVED_ATTRS,
                "request",
                "server_time",
                "request_mark",
                "status_code",
                "data",
                "context",
            ],
            json_ensure_ascii=False,
        )

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Leave the empty out, and cut secrets out of the rest."""
        plain = (str, int, float, bool)
        return {
            name: without_secrets(value) if isinstance(value, str) else value
            for name, value in log_data.items()
            if isinstance(value, plain) and value != ""
        }

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """Begin with when it was."""
        log_data["at"] = self.formatTime(record)
        super().add_fields(log_data, record, message_dict)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        """Return the time in UTC, RFC 3339, with milliseconds."""
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def formatException(self, ei: Any) -> str:
        """Return the trace as text."""
        return "".join(traceback.format_exception(*ei)).rstrip("\n")
