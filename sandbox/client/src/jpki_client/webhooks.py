"""Webhooks as the site signs them (Standard Webhooks): verify before anything is read, and take each id once.

Headers `webhook-id`, `webhook-timestamp`, `webhook-signature`; the signature is HMAC-SHA256 over
`<id>.<timestamp>.<body>`, in base64 after `v1,`; several, with a blank between, while a secret is exchanged.
"""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jpki_client.problems import JpkiError

PREFIX = "whsec_"
VERSION = "v1"
# How old, or how far ahead of our clock, a message may be, in seconds.
TOLERANCE = 300
# Digits of a timestamp: more are no moment, and with enough of them no number that Python reads.
LONGEST_TIMESTAMP = 12


class WebhookNotGenuine(JpkiError):
    """The message isn't the site's, was changed, or is too old."""

    code = "webhook_not_genuine"


@dataclass(frozen=True)
class Event:
    """A message that is genuine. The same `id` may come again: take it once."""

    id: str
    timestamp: int
    type: str
    data: Mapping[str, Any]
    payload: Mapping[str, Any]


def verify(
    secrets: str | Sequence[str],
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: float | None = None,
    tolerance: int = TOLERANCE,
) -> Event:
    """Return the message if one of our secrets (`whsec_…`) signed it. `body` is what came, to the octet.

    `now` is in seconds since 1970. Raises `WebhookNotGenuine`.
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        reference, written = given["webhook-id"], given["webhook-timestamp"]
        signatures = [each.encode() for each in given["webhook-signature"].split(" ")]
        reference.encode()
    except KeyError as error:
        raise WebhookNotGenuine(f"header {error} is missing") from error
    except UnicodeEncodeError as error:
        raise WebhookNotGenuine("a header is no text") from error
    if not (written.isascii() and written.isdigit() and len(written) <= LONGEST_TIMESTAMP) or not reference:
        raise WebhookNotGenuine("the timestamp is no number, or there is no id")
    if abs((time.time() if now is None else now) - int(written)) > tolerance:
        raise WebhookNotGenuine("older, or further ahead, than it may be")
    wanted = [sign(one, reference, int(written), body) for one in ([secrets] if isinstance(secrets, str) else secrets)]
    if not any(hmac.compare_digest(one.encode(), each) for one in wanted for each in signatures):
        raise WebhookNotGenuine("none of our secrets signed it")
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise WebhookNotGenuine("the body is no JSON, or too deep") from error
    if not isinstance(payload, dict):
        raise WebhookNotGenuine("the body is no object")
    data = payload.get("data")
    return Event(reference, int(written), str(payload.get("type", "")), data if isinstance(data, dict) else {}, payload)


def sign(secret: str, reference: str, timestamp: int, body: bytes) -> str:
    """Return the signature of a message, `v1,…`, as the site writes it. Raises `ValueError` for what is no secret."""
    if not secret.startswith(PREFIX):
        raise ValueError(f"a secret begins with {PREFIX}")
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("a secret is base64") from error
    mac = hmac.new(key, f"{reference}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"{VERSION},{base64.b64encode(mac).decode()}"
