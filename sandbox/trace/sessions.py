"""Sessions with a chip, on the trace: a transport around another that keeps what went through until the power goes."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from ca import clock
from sandbox.models import TraceEvent
from sandbox.trace import context, dialogue, vocabulary
from sandbox.trace.dialogue import Noted as Words
from sandbox.trace.notes import Noted, is_kept, note_all
from tsm.enrolment import UNDER_WAY
from tsm.models import Enrolment
from tsm.transports.base import Transport

Lane = TraceEvent.Lane
MOST = 600  # commands of a session that are kept


class Heard:
    """A transport that passes everything on to the chip it was given, and remembers it."""

    def __init__(self) -> None:
        self._inner: Transport | None = None
        self.pairs: list[tuple[bytes, bytes]] = []

    def at(self, inner: Transport) -> "Heard":
        """Stand before this chip, or before what lets an app through to it."""
        self._inner = inner
        return self

    def transmit(self, apdu: bytes) -> bytes:
        """Send one command; what is asked and answered is remembered, also that no answer came."""
        answer = b""
        assert self._inner is not None  # noqa: S101  (whoever listens puts it before a chip)
        try:
            answer = self._inner.transmit(apdu)
        finally:
            if len(self.pairs) < MOST:
                self.pairs.append((bytes(apdu), answer))
        return answer


@contextmanager
def listening(
    realm_id: int, *, medium: str, phone: uuid.UUID | None = None, words: Callable[[], Sequence[Words]] = tuple
) -> Iterator[Heard]:
    """Give what is put before a chip for one session, and note afterwards what was said.

    `medium` is `card` or `phone`; `words` returns what the TSM noted of its script's commands. An error goes on, after
    it was noted. The note is written when the inner contexts have ended: nobody waits for it with a chip in hands.
    """
    begun, heard, trouble = clock.machine(), Heard(), ""
    try:
        yield heard
    except Exception as error:
        trouble = type(error).__name__
        raise
    finally:
        if (heard.pairs or trouble) and is_kept(realm_id):
            noted = _noted(heard, medium, dialogue.read(heard.pairs, words()), trouble, begun)
            note_all(realm_id, [replace(noted, phone=phone, enrolment=_enrolment(phone))])


def _enrolment(phone: uuid.UUID | None) -> uuid.UUID | None:
    """Return the enrolment that is under way in the phone: what is done at its chip now belongs to that."""
    about = context.current()
    if phone is None or about.enrolment or about.hand_off:
        return None
    rows = Enrolment.objects.filter(phone__reference=phone, state__in=UNDER_WAY)
    return rows.values_list("reference", flat=True).first()


def _noted(heard: Heard, medium: str, told: list[dict[str, Any]], trouble: str, begun: datetime) -> Noted:
    data = {
        "medium": medium,
        "by": context.current().by,
        "apdus": len(heard.pairs),
        "octets": sum(len(sent) + len(answer) for sent, answer in heard.pairs),
        "milliseconds": round((clock.machine() - begun).total_seconds() * 1000),
        "commands": told,
    }
    if trouble:
        data["trouble"] = trouble
    failed = bool(trouble) or any(one.get("failed") for one in told[-1:])
    return Noted(Lane.ELEMENT, f"apdus.{medium}", summary(told, medium), data, failed=failed, at=begun)


def summary(told: Sequence[dict[str, Any]], medium: str) -> tuple[str, str]:
    """Return in one sentence what a session was for: the deed that counts most in it."""
    where = {"card": ("カード", "Card"), "phone": ("スマホのチップ", "Phone's chip")}[medium]
    sections = list(dict.fromkeys(one["section"] for one in told if one.get("section")))
    if sections:
        names = [vocabulary.SECTIONS.get(section, (section, section)) for section in sections]
        return (
            f"{where[0]}：" + "、".join(name[0] for name in names),
            f"{where[1]}: " + "; ".join(name[1] for name in names),
        )
    for name, deed in _DEEDS.items():
        for one in told:
            if one["name"] != name or (name == "VERIFY" and one["command"].count(" ") == 0):
                continue  # without a password, VERIFY only asks
            about = one.get("object", {})
            ja, en = deed[0].format(about.get("ja", "")), deed[1].format(about.get("en", ""))
            if one.get("failed"):
                ja, en = f"{ja}（できなかった：{one['means']['ja']}）", f"{en} (failed: {one['means']['en']})"
            return f"{where[0]}：{ja}", f"{where[1]}: {en}"
    return f"{where[0]}：やりとり", f"{where[1]}: exchange"


# The first of these that happened gives the session its name.
_DEEDS = {
    "PERFORM SECURITY OPERATION": ("{}で署名した", "signed with the {}"),
    "CHANGE REFERENCE DATA": ("{}を設定した", "the {} was set"),
    "VERIFY": ("{}を照合した", "the {} was compared"),
    "READ BINARY": ("{}を読んだ", "the {} was read"),
    "GET DATA": ("ようすを尋ねた", "its state was asked"),
    "SELECT": ("アプリを選んだ", "an application was selected"),
}
