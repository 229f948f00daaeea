"""A phone's conversation with the TSM, exchange by exchange, as its app holds it (GlobalPlatform SERAM 2.0)."""

import uuid
from collections.abc import Sequence
from typing import Any

import httpx

from ca import clock
from sandbox.models import TraceEvent, VirtualPhone
from sandbox.trace.dialogue import SECTIONS, Noted
from sandbox.trace.notes import note
from tsm.agent import Post
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
    """Return a `Post` that notes each exchange; one in which neither side had anything to say isn't noted."""

    def asked(path: str, body: dict[str, Any]) -> dict[str, Any]:
        begun = clock.machine()
        try:
            answer = post(path, body)
        except httpx.HTTPStatusError as error:
            if error.response.status_code != httpx.codes.NOT_FOUND:
                _note(row, session, path, body, {"status": error.response.status_code}, begun, failed=True)
            raise
        except httpx.TransportError as error:
            _note(row, session, path, body, {"trouble": type(error).__name__}, begun, failed=True)
            raise
        if path == "/handshake" or body.get("ramResponses") or answer.get("ramCommands"):
            _note(row, session, path, body, answer, begun)
        return answer

    return asked


def _note(
    row: VirtualPhone,
    session: uuid.UUID | str,
    path: str,
    body: dict[str, Any],
    answer: dict[str, Any],
    begun: Any,
    *,
    failed: bool = False,
) -> None:
    leg = _leg(session)
    title = _shaken(failed) if path == "/handshake" else _managed(body, answer, leg, failed)
    status = body.get("localAgentStatus", {}).get("localAgentStatusEnum", "")
    note(
        row.phone.realm_id,
        Lane.TSM,
        "seram.handshake" if path == "/handshake" else "seram.exchange",
        title=title,
        data={
            "session": str(session),
            "report": _report(body),
            "order": _order(answer, leg),
            "milliseconds": round((clock.machine() - begun).total_seconds() * 1000),
        },
        enrolment=leg.enrolment.reference if leg is not None else None,
        phone=row.phone.reference,
        failed=failed or status not in ("", "PROCESSED", "POLLING"),
        at=begun,
    )


def _shaken(failed: bool) -> tuple[str, str]:
    if failed:
        return "握手が断られた", "The handshake was refused"
    return "握手：HTTPS、JSON、SERAM 2.0.0で話すと決めた", "Handshake: HTTPS, JSON and SERAM 2.0.0 are agreed"


def _managed(body: dict[str, Any], answer: dict[str, Any], leg: Leg | None, failed: bool) -> tuple[str, str]:
    answers = sum(len(part.get("listOfRAPDU", [])) for part in body.get("ramResponses", []))
    scripts = [one for one in answer.get("ramCommands") or [] if one.get("ramCommandType") == "seRamCommand"]
    sent = sum(len(one.get("listOfCAPDU", [])) for one in scripts)
    ja, en = [], []
    if answers:
        ja.append(f"スマホの報告：{answers}個の答え")
        en.append(f"the phone reports {answers} answers")
    if failed:
        ja.append("TSMが応じない")
        en.append("the TSM doesn't answer")
    elif scripts:
        kind = KINDS.get(leg.kind, (leg.kind, leg.kind)) if leg is not None else ("命令", "an order")
        ja.append(f"TSMの命令：{kind[0]}（{sent}コマンド）")
        en.append(f"the TSM's order: {kind[1]} ({sent} commands)")
    elif any("top" in str(one.get("ramCommandType")) for one in answer.get("ramCommands") or []):
        ja.append("TSM：これで終わり")
        en.append("the TSM: that is all")
    told = "; ".join(en) or "nothing to do yet"
    return "。".join(ja) or "まだすることがない", told[:1].upper() + told[1:]


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
