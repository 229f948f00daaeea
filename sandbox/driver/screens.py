"""What the citizen sees, as data: the same that the page shows, from the register and the hand-off, in both languages.

Which page it is, the page itself said; this tells what stands on it and what can be done there. The buttons' words are
the pages' own.
"""

import hashlib
from typing import Any

from django.utils.translation import override

from ca import clock
from ca.profiles import Medium, Purpose
from portal.handoff import numbers, screens
from portal.handoff.models import HandOff
from portal.handoff.sentences import REFUSALS
from portal.handoff.states import OPEN, State
from portal.handoff.ways import Format
from portal.screen_lock import locks
from sandbox.driver.wording import LANGUAGES, Both, both, of_text
from tsm.models import Phone
from whitelist import register
from whitelist.register import Text

Screen = dict[str, Any]

# How a hand-off ended, as over.html says it: title, and what stands below.
_OVER = {
    State.DECLINED: (
        "依頼を断りました",
        "サービスには、断ったことだけが伝わります。電子証明書は使われていません。",
    ),
    State.WRONG_NUMBER: (
        "番号が違うため、止めました",
        "電子証明書は使われていません。心当たりのある依頼なら、サービスの画面から、もう一度始めてください。",
    ),
    State.WRONG_BROWSER: (
        "別のブラウザで戻ったため、止めました",
        "回答は捨てられ、サービスには渡っていません。はじめと同じブラウザで、もう一度始めてください。",
    ),
    State.EXPIRED: (
        "この依頼は期限が切れました",
        "時間内に回答がなかったため、この依頼は使えなくなりました。サービスの画面から、もう一度始めてください。",
    ),
    State.ANSWERED: ("この依頼には回答済みです", "同じ依頼に二度答えることはできません。"),
}


def question(hand_off: HandOff, phone: Phone, *, with_card: bool, has_form: bool) -> Screen:
    """Return the page that asks: who, for what, what will be signed, yes or no."""
    entry = screens.entry_of(hand_off)
    signing = hand_off.purpose == Purpose.SIGNATURE
    name = of_text(entry.name) if entry else _plain(hand_off.relying_party.client_id)
    asks = "password" if signing else "pin"
    actions = [(asks, both("署名する" if signing else "確認する"))] if has_form else []
    if has_form and not signing and not with_card and locks.find(phone) is not None:
        actions.append(("screen_lock", both("画面ロックで確認する")))
    if hand_off.card_allowed:
        actions.append(
            ("phone", both("スマートフォンで答える")) if with_card else ("card", both("マイナンバーカードで答える"))
        )
    actions.append(("refuse", both("断る")))
    return {
        **_named("question", _asking(name, signing=signing)),
        "service": service(hand_off, entry),
        "document": _document(hand_off),
        "signs": None if signing else hand_off.signed_text,
        "digest": hand_off.document_digest or hashlib.sha256(hand_off.signed_text.encode()).hexdigest(),
        "hands_over": both(
            "署名すると、あなたの署名用電子証明書（氏名・住所・生年月日・性別）が、署名と一緒にサービスに渡ります。"
            if signing
            else "確認すると、あなたの利用者証明用電子証明書がサービスに渡ります。氏名や住所は渡りません。"
        ),
        "medium": str(Medium.CARD if with_card else Medium.PHONE),
        "notice": None if has_form else both("このスマートフォンには、スマホ用電子証明書がありません。"),
        "expires_at": hand_off.expires_at.isoformat(),
        **_buttons(actions),
    }


def numbers_to_choose(hand_off: HandOff) -> Screen:
    """Return the page on which the other screen's number is chosen."""
    return {
        **_named("numbers", both("画面に出ている番号を選んでください")),
        "service": service(hand_off, screens.entry_of(hand_off)),
        "numbers": numbers.choices(hand_off),
        "expires_at": hand_off.expires_at.isoformat(),
        **_buttons([("choose_number", both("画面の番号")), ("refuse", both("断る"))]),
    }


def camera() -> Screen:
    """Return the phone before it reads a code: no page of ours yet."""
    told = {"ja": "画面のコードをカメラで読み取ります", "en": "The camera is pointed at the code on the screen"}
    return {**_named("camera", told), **_buttons([("scan", {"ja": "読み取る", "en": "Scan"})])}


def over(hand_off: HandOff, *, way_back: bool, on_another_screen: bool) -> Screen:
    """Return the page that says how it ended."""
    title, text = _OVER[State(hand_off.state)]
    if hand_off.state == State.ANSWERED and on_another_screen:
        title = "このスマートフォンでの操作は終わりました"
        text = "コードを表示していた画面に戻って、続きをお進めください。この画面は閉じてかまいません。"
    entry = screens.entry_of(hand_off)
    back = []
    if way_back:
        told = {
            "ja": both("%(name)sに戻る", name=entry.name.ja)["ja"] if entry else "",
            "en": both("%(name)sに戻る", name=entry.name.en)["en"] if entry else "",
        }
        back = [("continue", told)]
    return {**_named("over", both(title)), "text": both(text), "state": hand_off.state, **_buttons(back)}


def answered(hand_off: HandOff) -> Screen:
    """Return the moment after the answer was taken: the page leads back to the service, unless something happens."""
    told = {"ja": "回答しました。サービスに戻ります。", "en": "Answered; the browser goes back to the service."}
    return {
        **_named("answered", told),
        "state": hand_off.state,
        **_buttons([("continue", {"ja": "サービスに戻る", "en": "Go back to the service"})]),
    }


def refused(hand_off: HandOff) -> Screen:
    """Return the register's no."""
    return {
        **_named("refused", both("この依頼は受け付けられません")),
        "text": of_text(REFUSALS[hand_off.reason]),
        "reason": hand_off.reason,
        **_buttons([]),
    }


def stopped(code: str) -> Screen:
    """Return the page that says why a hand-off can't be opened here or now."""
    told: dict[str, Both] = {"title": {}, "text": {}}
    for language in LANGUAGES:
        with override(language):
            title, text, _ = screens.sentences().get(code, ("", "", 0))
        told["title"][language], told["text"][language] = title, text
    return {**_named("stopped", told["title"]), "code": code, "text": told["text"], **_buttons([])}


def stops(code: str) -> bool:
    """Tell whether a code is of a page that stops a hand-off."""
    return code in screens.sentences()


def unknown() -> Screen:
    """Return the page of a link that leads nowhere (any more)."""
    return {**_named("unknown", both("依頼が見つかりません")), **_buttons([])}


def no_network() -> Screen:
    """Return a page that can't be loaded."""
    told = {"ja": "通信できません", "en": "There is no network"}
    return {
        **_named("no_network", told),
        **_buttons([("back_in_network", {"ja": "通信が戻る", "en": "The network is back"})]),
    }


def at_the_service() -> Screen:
    """Return the end: the browser is at the service again."""
    told = {"ja": "サービスに戻りました", "en": "Back at the service"}
    return {**_named("service", told), **_buttons([])}


def desk(hand_off: HandOff) -> Screen:
    """Return the other screen, which shows code or number."""
    state = State(hand_off.state)
    now = clock.now(hand_off.realm)
    return {
        **_named("desk", both("スマートフォンで読み取る")),
        "state": str(state),
        "number": numbers.of(hand_off) if state == State.SCANNED else None,
        "service": service(hand_off, screens.entry_of(hand_off)),
        "seconds": max(0, int((hand_off.expires_at - now).total_seconds())) if state in OPEN else 0,
        **_buttons([("cancel", both("やめる"))] if state in OPEN else []),
    }


def service(hand_off: HandOff, entry: register.Entry | None) -> dict[str, Any]:
    """Return who asks and for what: all of it from the register, as service.html shows it."""
    if entry is None:
        return {"client_id": hand_off.relying_party.client_id, "registered": False}
    operator = hand_off.operator
    return {
        "client_id": entry.client_id,
        "registered": True,
        "name": of_text(entry.name),
        "purpose": of_text(entry.purposes[Purpose(hand_off.purpose)]),
        "addresses": list(entry.origins),
        "basis": entry.basis or None,
        "certification": entry.certification.number if entry.certification else None,
        "operator": of_text(Text(operator.name_ja, operator.name_en)) if operator else None,
        "logo": entry.logo or None,
    }


def _document(hand_off: HandOff) -> dict[str, Any] | None:
    if hand_off.purpose != Purpose.SIGNATURE:
        return None
    pdf = hand_off.pdf if hand_off.format == Format.PADES else None
    return {
        "name": hand_off.document_name,
        "format": hand_off.format,
        "text": None if pdf else hand_off.document,
        "pages": pdf.pages if pdf else None,
        "texts": list(pdf.texts) if pdf else None,
        "sha256": hand_off.document_digest,
    }


def _asking(name: Both, *, signing: bool) -> Both:
    msgid = "%(name)sが電子署名を求めています" if signing else "%(name)sが本人確認を求めています"
    return {language: both(msgid, name=name[language])[language] for language in name}


def _named(name: str, title: Both) -> Screen:
    return {"name": name, "title": title}


def _buttons(actions: list[tuple[str, Both]]) -> Screen:
    return {
        "actions": [action for action, _ in actions],
        "buttons": [{"action": action, "label": label} for action, label in actions],
    }


def _plain(text: str) -> Both:
    return {"ja": text, "en": text}
