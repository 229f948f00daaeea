"""A phone's conversation with the TSM, exchange by exchange, as its app holds it (GlobalPlatform SERAM 2.0)."""

import uuid
from collections.abc import Sequence
from typing import Any

import httpx

from ca import clock
from sandbox.models import TraceEvent, VirtualPhone
from sandbox.trace.dialogue import Noted
from sandbox.trace.notes import note
from sandbox.trace.vocabulary import SECTIONS
from tsm.agent import Post
from tsm.instructions import STOP
from tsm.models import Leg
from tsm.plans import Plan

Lane = TraceEvent.Lane
KINDS = {
    "survey": ("エレメントのようすを調べる", "survey the element"),
    "registry": ("台帳を読む", "read the registry"),
    "prepare": ("ドメイン、アプレット、鍵ペアを用意する", "prepare domain, applet and key pairs"),
    "part": ("用意の一部", "one part of the preparation"),
    "install": ("電子証明書を書く", "write the certificates"),
    "delete": ("すべて消す", "delete everything"),
    "suspend": ("アプレットを止める", "lock the applet"),
    "resume": ("アプレットを動かす", "unlock the applet"),
    "unblock": ("パスワードのロックを解く", "unblock a password"),
    "rotate_issuer": ("発行者の鍵を次の世代にする", "rotate the issuer's keys"),
    "rotate_domain": ("提供者の鍵を次の世代にする", "rotate the provider's keys"),
}


def words(session: uuid.UUID | str) -> Sequence[Noted]:
    """Return what the TSM noted of the script that is with the phone now, command by command."""
    leg = _leg(session)
    return [(row[0], row[1], row[2]) for row in leg.described] if leg is not None else []


def enrolment(session: uuid.UUID | str) -> uuid.UUID | None:
    """Return the reference of the enrolment that the conversation is about at the moment."""
    leg = _leg(session)
    return leg.enrolment.reference if leg is not None else None


def woken(row: VirtualPhone, session: uuid.UUID | str) -> None:
    """Note that the TSM has the phone woken."""
    note(
        row.phone.realm_id,
        Lane.PHONE,
        "phone.woken",
        title=("プッシュで起こされた：TSMが話したがっている", "Woken by a push: the TSM wants to talk"),
        data={"session": str(session)},
        enrolment=enrolment(session),
        phone=row.phone.reference,
    )


def traced(post: Post, row: VirtualPhone, session: uuid.UUID | str) -> Post:
    """Return a `Post` that notes what the phone tells, when it tells it, and what the TSM answers, when it does.

    Polls, and answers that there is nothing to do, aren't noted.
    """

    def asked(path: str, body: dict[str, Any]) -> dict[str, Any]:
        begun = clock.machine()
        if path != "/handshake" and body.get("ramResponses"):
            _reported(row, session, body)
        try:
            answer = post(path, body)
        except httpx.HTTPError as error:
            _unanswered(row, session, path, error)
            raise
        milliseconds = round((clock.machine() - begun).total_seconds() * 1000)
        if path == "/handshake":
            _shaken(row, session, body, answer)
        elif answer.get("ramCommands"):
            _ordered(row, session, answer, milliseconds)
        return answer

    return asked


def _shaken(row: VirtualPhone, session: uuid.UUID | str, body: dict[str, Any], answer: dict[str, Any]) -> None:
    _note(
        row,
        session,
        "handshake",
        ("握手：HTTPS、JSON、SERAM 2.0.0で話すと決めた", "Handshake: HTTPS, JSON and SERAM 2.0.0 are agreed"),
        {"offer": body, "choice": answer},
    )


def _reported(row: VirtualPhone, session: uuid.UUID | str, body: dict[str, Any]) -> None:
    answers = sum(len(part.get("listOfRAPDU", [])) for part in body["ramResponses"])
    status = body.get("localAgentStatus", {}).get("localAgentStatusEnum", "")
    failed = status != "PROCESSED"
    _note(
        row,
        session,
        "report",
        (
            f"スマホの報告：チップの答え{answers}個" + (f"（{status}）" if failed else ""),
            f"The phone reports {answers} answers of its chip" + (f" ({status})" if failed else ""),
        ),
        {"report": _report(body)},
        failed=failed,
    )


def _ordered(row: VirtualPhone, session: uuid.UUID | str, answer: dict[str, Any], milliseconds: int) -> None:
    scripts = [one for one in answer["ramCommands"] if one.get("ramCommandType") == "seRamCommand"]
    sent = sum(len(one.get("listOfCAPDU", [])) for one in scripts)
    leg = _leg(session)
    if scripts:
        kind = KINDS.get(leg.kind, (leg.kind, leg.kind)) if leg is not None else ("命令", "an order")
        title = (f"TSMの命令：{kind[0]}（{sent}コマンド）", f"The TSM's order: {kind[1]} ({sent} commands)")
    elif any(one.get("ramCommandType") in STOP for one in answer["ramCommands"]):
        title = ("TSM：これで終わり", "The TSM: that is all")
    else:
        title = ("TSMからの知らせ", "A word from the TSM")
    _note(row, session, "order", title, {"order": _order(answer, leg), "milliseconds": milliseconds}, leg=leg)


def _unanswered(row: VirtualPhone, session: uuid.UUID | str, path: str, error: httpx.HTTPError) -> None:
    # 404: the conversation is over, which is no fault.
    status = error.response.status_code if isinstance(error, httpx.HTTPStatusError) else None
    if status == httpx.codes.NOT_FOUND:
        return
    _note(
        row,
        session,
        "failed",
        (
            f"TSMが応じない（{status or type(error).__name__}）",
            f"The TSM doesn't answer ({status or type(error).__name__})",
        ),
        {"path": path, "status": status, "trouble": type(error).__name__},
        failed=True,
    )


def _note(
    row: VirtualPhone,
    session: uuid.UUID | str,
    what: str,
    title: tuple[str, str],
    data: dict[str, Any],
    *,
    leg: Leg | None = None,
    failed: bool = False,
) -> None:
    leg = leg or _leg(session)
    note(
        row.phone.realm_id,
        Lane.TSM,
        f"seram.{what}",
        title=title,
        data={"session": str(session), **data},
        enrolment=leg.enrolment.reference if leg is not None else None,
        phone=row.phone.reference,
        failed=failed,
    )


def _report(body: dict[str, Any]) -> dict[str, Any]:
    """Return the phone's half: answers are in the element's event of the same session, byte by byte."""
    told = {name: value for name, value in body.items() if name != "ramResponses"}
    parts = body.get("ramResponses")
    if parts:
        told["ramResponses"] = [
            {
                "ramResponseType": part.get("ramResponseType", ""),
                "listOfRAPDU": f"{len(part.get('listOfRAPDU', []))} R-APDU",
                "last": (part.get("listOfRAPDU") or [""])[-1][-4:],
            }
            for part in parts
        ]
    return told


def _order(answer: dict[str, Any], leg: Leg | None) -> dict[str, Any]:
    told = {name: value for name, value in answer.items() if name != "ramCommands"}
    sections = iter([entry.name for entry in Plan.from_json(leg.plan).entries] if leg is not None else [])
    commands = []
    for one in answer.get("ramCommands") or []:
        if one.get("ramCommandType") != "seRamCommand":
            commands.append(one)
            continue
        name = next(sections, "")
        ja, en = SECTIONS.get(name, (name, name))
        octets = sum(len(apdu) // 2 for apdu in one.get("listOfCAPDU", []))
        commands.append(
            {
                "ramCommandType": "seRamCommand",
                "section": name,
                "title": {"ja": ja, "en": en},
                "listOfCAPDU": f"{len(one.get('listOfCAPDU', []))} C-APDU, {octets} bytes",
            }
        )
    return told | ({"ramCommands": commands} if commands else {})


def _leg(session: uuid.UUID | str) -> Leg | None:
    legs = Leg.objects.filter(conversation__reference=session).select_related("enrolment")
    return legs.only("kind", "plan", "described", "enrolment__reference").order_by("-pk").first()
