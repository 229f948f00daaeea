"""Once, however often it is sent: an answer is kept for its Idempotency-Key, and given again instead of a new one.

What the register forbids meanwhile isn't told again either.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from ca import clock
from whitelist.errors import VerificationKeyUsed
from whitelist.models import VerificationRequest
from whitelist.verification.asking import Asker

Body = dict[str, Any]


def once(
    who: Asker, key: str, asked: Any, answer: Callable[[], Body], *, permit: Callable[[], None]
) -> tuple[Body, bool]:
    """Return the answer, and whether it was given before; `asked` is what was asked, JSON. Without a key it is new.

    `answer` asks for permission itself; `permit` does before one is given again. Raise `VerificationKeyUsed` for a key
    that stands for another question.
    """
    if not key:
        with transaction.atomic():
            return answer(), False
    digest = _digest([who.party.client_id, key])
    kept = _kept(who, digest)
    if kept is not None:
        permit()
        return _same(kept, asked), True
    try:
        with transaction.atomic():
            # First the row: of two at once the other waits for it, or loses here, and has logged nothing.
            row = VerificationRequest.objects.create(
                relying_party=who.credential.relying_party,
                key_digest=digest,
                asked_digest=_digest(asked),
                answer={},
                at=clock.machine(),
            )
            row.answer = answer()
            row.save(update_fields=["answer"])
            return row.answer, False
    except IntegrityError:
        kept = _kept(who, digest)
        if kept is None:
            raise
        permit()
        return _same(kept, asked), True


def _kept(who: Asker, digest: str) -> VerificationRequest | None:
    found = VerificationRequest.objects.filter(relying_party=who.credential.relying_party, key_digest=digest)
    since = clock.machine() - timedelta(seconds=settings.VERIFICATION_AGAIN_SECONDS)
    found.filter(at__lt=since).delete()
    return found.first()


def _same(kept: VerificationRequest, asked: Any) -> Body:
    if kept.asked_digest != _digest(asked):
        raise VerificationKeyUsed("the key stands for another question")
    answer: Body = kept.answer
    return answer


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
