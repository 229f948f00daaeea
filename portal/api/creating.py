"""Made once, however often it is asked for: a request with an Idempotency-Key is answered once, and then told again.

The same key with the same request gets the same answer, with `Idempotency-Replayed: true`, for IDEMPOTENCY_SECONDS;
with another request it is refused. Errors aren't kept: nothing was made, the key is free. Keys are a caller's own.
"""

import functools
import hmac
import json
import re
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from ca import clock
from portal import callers
from portal.api.errors import KeyInUse, KeyUsed
from portal.api.models import KeptAnswer
from whitelist.models import RelyingParty

HEADER = "Idempotency-Key"
# Under this name a method knows that it heeds the header: `describing` tells of it.
_HEEDS = "heeds_idempotency_key"
REPLAYED = {"Idempotency-Replayed": "true"}
# Of an answer's headers, those that belong to what was made.
_KEPT_HEADERS = ("Location", "Cache-Control")
_KEY = re.compile(r"[\x21-\x7e]{1,128}")
_NONCE = 12  # octets, SP 800-38D 5.2.1.1

Method = Callable[..., Response]


def once(method: Method) -> Method:
    """Let a view's `post` heed Idempotency-Keys. It runs in one transaction with the row that keeps its answer.

    For a `post` that waits for somebody (an address outside, a worker), or calls us in turn, see `once_alone`.
    """
    return _decorated(method, whole=True)


def once_alone(method: Method) -> Method:
    """Let a view's `post` heed Idempotency-Keys, outside of any transaction: the key is taken first.

    Who asks with the same key meanwhile is told so (409). Should we die before it is answered, the key stays taken.
    """
    return _decorated(method, whole=False)


def heeded(method: Method) -> Method:
    """Say of a view's `post` that it heeds Idempotency-Keys by itself, calling `answer`."""
    method.__dict__[_HEEDS] = True
    return method


def heeds(method: Callable[..., Any]) -> bool:
    """Tell whether a view's method heeds Idempotency-Keys."""
    return bool(getattr(method, _HEEDS, False))


def _decorated(method: Method, *, whole: bool) -> Method:
    @functools.wraps(method)
    def post(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        def make() -> Response:
            return method(view, request, *args, **kwargs)

        if HEADER not in request.headers:
            return make()
        return answer(request, callers.of(request).relying_party, make, whole=whole)

    return heeded(post)


def answer(
    request: Request,
    who: RelyingParty,
    make: Callable[[], Response],
    *,
    permit: Callable[[], None] = lambda: None,
    whole: bool = True,
) -> Response:
    """Return what `make` returns, or what it returned before for the request's Idempotency-Key.

    `permit` is asked before an answer is told again: permission may have ended. Raise `ValidationError` for what is no
    key, `KeyUsed`, `KeyInUse`.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return make()
    if not _KEY.fullmatch(key):
        raise ValidationError({HEADER: ["must be 1 to 128 visible ASCII characters"]})
    digest, asked = _digest("key", f"{who.pk} {key}"), _digest("asked", _asked(request))
    kept = _kept(who, digest)
    if kept is None:
        try:
            return (_make_whole if whole else _make_alone)(who, key, digest, asked, make)
        except _Taken:
            # First of two at once: the other waited for it on PostgreSQL and SQLite alike.
            kept = _kept(who, digest)
            if kept is None:
                raise KeyInUse("another request with this key was answered at this moment") from None
    if not hmac.compare_digest(kept.asked_digest, asked):
        raise KeyUsed("the key stands for another request")
    if not kept.answer:
        raise KeyInUse("the request of this key isn't answered")
    permit()
    return _open(key, bytes(kept.answer))


def forget() -> int:
    """Delete the answers that were kept for long enough; return how many."""
    return KeptAnswer.objects.filter(at__lt=_since()).delete()[0]


class _Taken(Exception):
    pass


def _make_whole(who: RelyingParty, key: str, digest: str, asked: str, make: Callable[[], Response]) -> Response:
    with transaction.atomic():
        row = _take(who, digest, asked)
        made = make()
        _keep(row, key, made)
    return made


def _make_alone(who: RelyingParty, key: str, digest: str, asked: str, make: Callable[[], Response]) -> Response:
    row = _take(who, digest, asked)
    try:
        made = make()
    except BaseException:
        row.delete()
        raise
    _keep(row, key, made)
    return made


def _take(who: RelyingParty, digest: str, asked: str) -> KeptAnswer:
    try:
        with transaction.atomic():
            return KeptAnswer.objects.create(
                relying_party=who, key_digest=digest, asked_digest=asked, at=clock.machine()
            )
    except IntegrityError:
        raise _Taken from None


def _keep(row: KeptAnswer, key: str, made: Response) -> None:
    if made.status_code >= 400:
        row.delete()
        return
    headers = {name: made[name] for name in _KEPT_HEADERS if name in made}
    whole = [made.status_code, headers, json.loads(JSONRenderer().render(made.data) or b"null")]
    nonce = secrets.token_bytes(_NONCE)
    row.answer = nonce + AESGCM(_seal(key)).encrypt(nonce, json.dumps(whole).encode(), None)
    row.save(update_fields=["answer"])


def _open(key: str, sealed: bytes) -> Response:
    status, headers, data = json.loads(AESGCM(_seal(key)).decrypt(sealed[:_NONCE], sealed[_NONCE:], None))
    return Response(data, status=status, headers=headers | REPLAYED)


def _kept(who: RelyingParty, digest: str) -> KeptAnswer | None:
    found = KeptAnswer.objects.filter(relying_party=who, key_digest=digest)
    found.filter(at__lt=_since()).delete()
    return found.first()


def _since() -> Any:
    return clock.machine() - timedelta(seconds=settings.IDEMPOTENCY_SECONDS)


def _asked(request: Request) -> str:
    """Return what was asked, in one spelling: of two bodies that differ in spaces or order nobody says they differ."""
    return json.dumps([request.method, request.path, request.data], sort_keys=True)


def _digest(what: str, value: str) -> str:
    return salted_hmac(f"portal.api.creating.{what}", value, algorithm="sha256").hexdigest()


def _seal(key: str) -> bytes:
    return salted_hmac("portal.api.creating.answer", key, algorithm="sha256").digest()
