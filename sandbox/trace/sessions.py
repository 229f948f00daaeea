"""Sessions with a chip, on the trace: a transport around another that keeps what went through until the power goes."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from ca import clock
from sandbox.models import TraceEvent
from sandbox.trace import context, dialogue
from sandbox.trace.dialogue import Noted as Words
from sandbox.trace.notes import Noted, note_all
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
        if heard.pairs or trouble:
            noted = _noted(heard, medium, dialogue.read(heard.pairs, words()), trouble, begun)
            note_all(realm_id, [replace(noted, phone=phone)])


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
        names = [dialogue.SECTIONS.get(section, (section, section)) for section in sections]
        return (
            f"{where[0]}：" + "、".join(name[0] for name in names),
            f"{where[1]}: " + "; ".join(name[1] for name in names),
        )
    for name, deed in _DEEDS.items():
        for one in told:
            if one["name"] == name and (name != "VERIFY" or "残り回数" not in one["says"]["ja"]):
                ending = ("できなかった", "failed") if one.get("failed") else ("", "")
                return (
                    f"{where[0]}：{deed[0]}" + (f"（{ending[0]}：{one['means']['ja']}）" if ending[0] else ""),
                    f"{where[1]}: {deed[1]}" + (f" ({ending[1]}: {one['means']['en']})" if ending[1] else ""),
                )
    return f"{where[0]}：やりとり", f"{where[1]}: exchange"


# The first of these that happened gives the session its name.
_DEEDS = {
    "PERFORM SECURITY OPERATION": ("署名した", "signed"),
    "CHANGE REFERENCE DATA": ("パスワードを設定した", "a password was set"),
    "VERIFY": ("パスワードを照合した", "a password was compared"),
    "READ BINARY": ("電子証明書などを読んだ", "a file was read"),
    "GET DATA": ("ようすを尋ねた", "its state was asked"),
    "SELECT": ("アプリを選んだ", "an application was selected"),
}
