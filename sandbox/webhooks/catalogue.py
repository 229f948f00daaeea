"""The types of events: from which entry of a realm's journal each comes, and what it says. The table is the contract.

What is told names things by their ids and says how they stand; nothing personal, no secret, and of a hand-off nothing
that is the service's only once it redeemed the code.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PING = "webhook.ping"


@dataclass(frozen=True)
class EventType:
    """One type of events: its name, what it tells in Japanese and English, and the data of an example."""

    name: str
    ja: str
    en: str
    example: Mapping[str, Any]


_CERTIFICATE = {
    "certificate": "user-authentication-4D2",
    "serial_number": "4D2",
    "purpose": "user_authentication",
    "medium": "phone",
    "status": "valid",
    "before": "pending",
    "cause": None,
    "since": "2026-11-27T10:00:00.000000+00:00",
    "enrolment": "5d0b5f0e-6c1c-4a55-8f0a-0d6b6c1c9a55",
}
_ENROLMENT = {
    "enrolment": "5d0b5f0e-6c1c-4a55-8f0a-0d6b6c1c9a55",
    "phone": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "state": "active",
    "detail": {},
}
_HAND_OFF = {
    "handoff": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "client_id": "mirai-bank-test-1a2b3c4d",
    "purpose": "user_authentication",
    "state": "shown",
    "reason": None,
}


def _certificate(**changes: Any) -> Mapping[str, Any]:
    return {**_CERTIFICATE, **changes}


def _enrolment(state: str, **detail: Any) -> Mapping[str, Any]:
    return {**_ENROLMENT, "state": state, "detail": detail}


def _hand_off(state: str, **changes: Any) -> Mapping[str, Any]:
    return {**_HAND_OFF, "state": state, **changes}


def _type(name: str, ja: str, en: str, example: Mapping[str, Any]) -> EventType:
    return EventType(name, ja, en, example)


# Kind of an entry of the journal -> the type of its event. What isn't here is no event.
BY_KIND: Mapping[str, EventType] = {
    "certificate.issued": _type(
        "certificate.issued", "証明書が発行された（スマホ用は、有効になるのを待つ）",
        "A certificate was issued; a phone's waits to be activated", _certificate(status="pending", before=None),
    ),
    "certificate.activated": _type(
        "certificate.activated", "スマホ用証明書が有効になった", "A phone's certificate became valid", _certificate(),
    ),
    "certificate.held": _type(
        "certificate.held", "証明書が一時停止された", "A certificate was put on hold",
        _certificate(status="on_hold", before="valid", cause="loss"),
    ),
    "certificate.released": _type(
        "certificate.released", "一時停止が解かれた", "A hold was released",
        _certificate(before="on_hold"),
    ),
    "certificate.revoked": _type(
        "certificate.revoked", "証明書が失効した（カードに連動した失効も）",
        "A certificate was revoked; also because its card's fell",
        _certificate(status="revoked", before="valid", cause="card_certificate_revoked"),
    ),
    "certificate.expired": _type(
        "certificate.expired", "証明書の有効期間が終わった", "A certificate came to its end",
        _certificate(status="expired", before="valid"),
    ),
    "enrolment.refused": _type(
        "enrolment.refused", "利用申請が受け付けられなかった", "An application was refused",
        {**_enrolment("refused", reasons=["revoked"]), "enrolment": None},
    ),
    "enrolment.verified": _type(
        "enrolment.verified", "利用申請が受け付けられた", "An application was taken", _enrolment("verified"),
    ),
    "enrolment.prepared": _type(
        "enrolment.prepared", "チップに領域とアプレットができた", "The element has its domain and applet",
        _enrolment("prepared"),
    ),
    "enrolment.keyed": _type(
        "enrolment.keyed", "チップの中で鍵ペアができた", "The element made its key pairs", _enrolment("keyed"),
    ),
    "enrolment.certified": _type(
        "enrolment.certified", "証明書の組が発行された", "The pair of certificates was issued", _enrolment("certified"),
    ),
    "enrolment.installed": _type(
        "enrolment.installed", "証明書がチップに書き込まれた", "The certificates are in the element",
        _enrolment("installed"),
    ),
    "enrolment.active": _type(
        "enrolment.active", "スマホで使えるようになった", "The phone can be used", _enrolment("active"),
    ),
    "enrolment.ended": _type(
        "enrolment.ended", "スマホでの利用が終わった", "The phone's use ended",
        _enrolment("ended", cause="phone_use_ended"),
    ),
    "enrolment.abandoned": _type(
        "enrolment.abandoned", "利用開始が途中で終わった", "It was given up before it was active",
        _enrolment("abandoned", reason="given_up"),
    ),
    "enrolment.deleted": _type(
        "enrolment.deleted", "チップから消された", "It was deleted from the element", _enrolment("deleted"),
    ),
    "handoff.asked": _type(
        "handoff.asked", "サービスが依頼した", "A service asked", _hand_off("waiting"),
    ),
    "handoff.scanned": _type(
        "handoff.scanned", "スマホが二次元コードを読んだ", "A phone read the code", _hand_off("scanned"),
    ),
    "handoff.shown": _type(
        "handoff.shown", "スマホの画面に依頼が出た", "The phone's screen shows the request", _hand_off("shown"),
    ),
    "handoff.matched": _type(
        "handoff.shown", "", "", {},  # the numbers were compared, and the screen shows it
    ),
    "handoff.answered": _type(
        "handoff.answered", "利用者が応じた（結果は、コードと引き換えに）",
        "The citizen answered; the result is for whoever brings the code", _hand_off("answered"),
    ),
    "handoff.declined": _type(
        "handoff.declined", "利用者が断った", "The citizen said no", _hand_off("declined"),
    ),
    "handoff.refused": _type(
        "handoff.refused", "登録簿に照らして断られた", "The register says no",
        _hand_off("refused", reason="purpose_not_registered"),
    ),
    "handoff.expired": _type(
        "handoff.expired", "時間内に応じられなかった", "Nobody answered in time", _hand_off("expired"),
    ),
    "handoff.mismatched": _type(
        "handoff.wrong_number", "画面と違う番号が選ばれた", "Another number than the screen's was chosen",
        _hand_off("wrong_number"),
    ),
    "handoff.strayed": _type(
        "handoff.wrong_browser", "別のブラウザーで戻り、答えは捨てられた",
        "It went back in another browser; the answer was thrown away", _hand_off("wrong_browser"),
    ),
    "handoff.delivered": _type(
        "handoff.redeemed", "サービスがコードと引き換えに結果を受け取った", "The service redeemed the code",
        _hand_off("answered"),
    ),
    "clock.moved": _type(
        "clock.moved", "ワークスペースの時計が動かされた", "The workspace's clock was moved",
        {"before": "2026-11-27T10:00:00+00:00", "after": "2031-11-27T10:00:00+00:00", "offset_seconds": 157766400},
    ),
    "rotation.done": _type(
        "rotation.done", "鍵の世代交代が終わった", "A rotation of keys is done",
        {"rotation": "16fd2706-8baf-433b-82eb-8c7fada847da", "what": "authority", "purpose": "signature",
         "made": {"generation": 2}},
    ),
}  # fmt: skip

# For the catalogue, in its order; a ping comes when it is asked for.
TYPES: Mapping[str, EventType] = {
    **{one.name: one for kind, one in BY_KIND.items() if kind != "handoff.matched"},
    PING: _type(PING, "試しの送信", "A test", {"webhook": "9b2f6a1e-3c4d-4e5f-8a9b-0c1d2e3f4a5b"}),
}
GROUPS = tuple(dict.fromkeys(f"{name.partition('.')[0]}.*" for name in TYPES if name != PING))
CHOICES = (*GROUPS, *(name for name in TYPES if name != PING))


def wants(chosen: list[str], name: str) -> bool:
    """Tell whether a webhook that chose these types (none: all) is told of an event of that type; of a ping, always."""
    return not chosen or name == PING or name in chosen or f"{name.partition('.')[0]}.*" in chosen
