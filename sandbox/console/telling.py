"""An event of the trace as its page shows it: the way it went, what can be learned, and its bytes in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy

from sandbox.models import TraceEvent
from sandbox.trace import lessons, ways
from sandbox.trace.ways import LANES

Lane = TraceEvent.Lane
# A pause that is worth a line of its own.
PAUSE = timedelta(seconds=20)

LABELS: Mapping[str, Promise] = {
    "address": gettext_lazy("アドレス"),
    "after": gettext_lazy("あと"),
    "answer": gettext_lazy("答え"),
    "apdus": gettext_lazy("コマンドの数"),
    "before": gettext_lazy("まえ"),
    "body": gettext_lazy("本文"),
    "by": gettext_lazy("だれが"),
    "card_certificate": gettext_lazy("カードの証明書"),
    "cause": gettext_lazy("事由"),
    "choice": gettext_lazy("選ばれたもの"),
    "der": gettext_lazy("DER（16進）"),
    "entries": gettext_lazy("件数"),
    "headers": gettext_lazy("ヘッダー"),
    "http": gettext_lazy("HTTPの状態"),
    "location": gettext_lazy("行き先"),
    "medium": gettext_lazy("媒体"),
    "method": gettext_lazy("メソッド"),
    "milliseconds": gettext_lazy("かかった時間（ミリ秒）"),
    "next_update": gettext_lazy("次の更新（nextUpdate）"),
    "nonce": gettext_lazy("nonce"),
    "number": gettext_lazy("番号"),
    "octets": gettext_lazy("バイト数"),
    "offer": gettext_lazy("申し出"),
    "order": gettext_lazy("命令"),
    "outcome": gettext_lazy("結果"),
    "parameters": gettext_lazy("パラメーター"),
    "produced_at": gettext_lazy("作られた日時（producedAt）"),
    "purpose": gettext_lazy("目的"),
    "question": gettext_lazy("問い"),
    "reason": gettext_lazy("理由"),
    "reasons": gettext_lazy("理由"),
    "relying_party": gettext_lazy("サービス"),
    "report": gettext_lazy("報告"),
    "request": gettext_lazy("リクエスト"),
    "response": gettext_lazy("レスポンス"),
    "revoked_at": gettext_lazy("失効した日時"),
    "serial_number": gettext_lazy("発行の番号"),
    "session": gettext_lazy("セッション"),
    "signature": gettext_lazy("署名"),
    "signed_by": gettext_lazy("署名した者"),
    "since": gettext_lazy("いつから"),
    "status": gettext_lazy("状態"),
    "subject": gettext_lazy("対象"),
    "this_update": gettext_lazy("答えの時点（thisUpdate）"),
    "trouble": gettext_lazy("つまずき"),
    "way": gettext_lazy("方法"),
}
# Said already by the page around it.
QUIET = frozenset({"commands"})


@dataclass(frozen=True)
class Fact:
    """A named value of an event; one that has parts of its own has no text."""

    name: str
    label: Any
    text: str = ""
    parts: tuple["Fact", ...] = ()


# So many events in a row of the authorities' own are told as one line that opens: lists and certificates in dozens.
FOLD = 4


@dataclass(frozen=True)
class Fold:
    """Lines that stand as one."""

    rows: tuple["Row", ...]

    @property
    def first(self) -> "Row":
        return self.rows[0]

    @property
    def last(self) -> "Row":
        return self.rows[-1]


@dataclass(frozen=True)
class Row:
    """An event as a line of the time line."""

    event: TraceEvent
    title: str
    start: int  # columns, from 1
    end: int
    both: bool
    names: tuple[str, str]
    milliseconds: str
    gap: str = ""
    pause: timedelta | None = None
    other_time: bool = False
    classes: str = field(default="")

    @property
    def moves(self) -> bool:
        return self.start != self.end

    @property
    def folds(self) -> bool:
        """Return whether it may stand among others as one line: nothing failed, and it is part of nobody's story."""
        event = self.event
        return event.lane == Lane.CA and not (event.failed or event.hand_off or event.enrolment or self.moves)


def rows(events: Iterable[TraceEvent], before: TraceEvent | None = None) -> list[Row]:
    """Return events as lines, in their order, each with the time since the one before."""
    told = []
    for event in events:
        told.append(_row(event, before))
        before = event
    return told


def folded(told: Iterable[Row]) -> list[Fold]:
    """Return lines by what stands as one: each by itself, but long runs of what the authorities do for themselves."""
    kept: list[list[Row]] = []
    for row in told:
        if kept and row.folds and kept[-1][-1].folds and row.pause is None:
            kept[-1].append(row)
        else:
            kept.append([row])
    return [
        fold for run in kept for fold in ([Fold(tuple(run))] if len(run) >= FOLD else [Fold((one,)) for one in run])
    ]


def title(event: TraceEvent) -> str:
    """Return the event's sentence in the reader's language."""
    return event.title_ja if _japanese() else event.title_en


def lesson(event: TraceEvent) -> dict[str, str] | None:
    """Return what can be learned from it, in the reader's language: text and source."""
    found = lessons.lesson_of(event.what)
    return {"text": found.ja if _japanese() else found.en, "source": found.source} if found else None


def facts(event: TraceEvent) -> tuple[Fact, ...]:
    """Return what is known of it, but for its APDUs."""
    return tuple(
        _fact(name, value) for name, value in event.data.items() if name not in QUIET and value not in ("", None)
    )


def commands(event: TraceEvent) -> list[dict[str, Any]]:
    """Return its APDUs, each with words in the reader's language; a new section has a `heading`."""
    told, section = [], None
    listed = event.data.get("commands")
    for one in listed if isinstance(listed, list) else ():
        if not isinstance(one, dict):
            continue
        line = {**one, "says": _said(one.get("says")), "means": _said(one.get("means")), "count": one.get("count", 1)}
        # What only fetches the rest of an answer belongs to no section.
        if one.get("section") and one["section"] != section:
            section = one["section"]
            line["heading"] = _said(one.get("section_title"))
        told.append(line)
    return told


def columns() -> list[tuple[str, str]]:
    """Return the lanes from left to right: value and name."""
    return [(lane, str(Lane(lane).label)) for lane in LANES]


def _row(event: TraceEvent, before: TraceEvent | None) -> Row:
    way = ways.way_of(event)
    start, end = LANES.index(way.start) + 1, LANES.index(way.end) + 1
    since = event.at - before.at if before is not None else None
    low, high = min(start, end), max(start, end)
    return Row(
        event=event,
        title=title(event),
        start=start,
        end=end,
        both=way.both,
        names=(str(Lane(way.start).label), str(Lane(way.end).label)),
        milliseconds=f"{event.at.microsecond // 1000:03d}",
        gap=_gap(since) if since is not None and since < PAUSE else "",
        pause=since if since is not None and since >= PAUSE else None,
        other_time=abs(event.realm_at - event.at) > timedelta(seconds=1),
        classes=f"from-{low} to-{high}" + (" both" if way.both else " right" if end > start else " left"),
    )


def _gap(since: timedelta) -> str:
    milliseconds = max(0, round(since / timedelta(milliseconds=1)))
    return f"+{milliseconds} ms" if milliseconds < 1000 else f"+{milliseconds / 1000:.1f} s"


def _fact(name: str, value: Any) -> Fact:
    label = LABELS.get(name, name)
    if isinstance(value, dict):
        if set(value) == {"ja", "en"}:
            return Fact(name, label, _said(value))
        return Fact(name, label, parts=tuple(_fact(each, inner) for each, inner in value.items()))
    if isinstance(value, list) and any(isinstance(each, dict | list) for each in value):
        return Fact(name, label, parts=tuple(_fact(str(number), each) for number, each in enumerate(value, 1)))
    if isinstance(value, list):
        return Fact(name, label, "\n".join(map(str, value)))
    return Fact(name, label, "" if value is None else str(value))


def _said(pair: Any) -> str:
    if not isinstance(pair, Mapping):
        return ""
    return str(pair.get("ja" if _japanese() else "en", ""))


def _japanese() -> bool:
    return get_language() == "ja"
