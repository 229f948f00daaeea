"""What a notice says: what happened, when, why, and what to do if it wasn't you. Japanese first, English below it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from ca.causes import Cause
from ca.profiles import Purpose
from portal.notices.models import Happening
from tsm.measures import Signal
from whitelist.register import Text

Kind = Happening.Kind


@dataclass(frozen=True)
class Letter:
    """A notice in words. Sentences are whole ones; `why` may be empty, `facts` is what identifies the matter."""

    title: Text
    what: Text
    why: Text
    when: Text
    facts: tuple[tuple[Text, Text], ...]
    advice: tuple[Text, ...]

    @property
    def subject(self) -> str:
        """Return a mail's subject."""
        return f"【スマホ用電子証明書】{self.title.ja} / {self.title.en}"


TITLES: Mapping[str, Text] = {
    Kind.ISSUED: Text("電子証明書が使えるようになりました", "Your phone's certificates are ready"),
    Kind.DEVICE_CHANGED: Text("機種変更が終わりました", "Your certificates have moved to another phone"),
    Kind.HELD: Text("電子証明書を一時利用停止しました", "Your phone's certificates are on hold"),
    Kind.RELEASED: Text("電子証明書の一時利用停止を解除しました", "The hold on your phone's certificates is over"),
    Kind.REVOKED: Text("電子証明書が失効しました", "Your phone's certificates have been revoked"),
    Kind.ABANDONED: Text("発行の申請を取りやめました", "Your application was given up"),
    Kind.UNBLOCKED: Text("パスワードの初期化を受け付けました", "A password of your phone is being reset"),
    Kind.SCREEN_LOCK: Text("画面ロックで本人確認できるようになりました", "Your screen lock now shows who you are"),
    Kind.SILENT: Text("スマートフォンと長い間つながっていません", "Your phone hasn't been in contact for long"),
    Kind.CONTACT_CHANGED: Text("お知らせの送り先が変わりました", "Your notices now go to another address"),
    Kind.CONTACT_REMOVED: Text("メールでのお知らせをやめました", "You will get no more notices by mail"),
    Kind.APPLICATION_RECEIVED: Text("申請を受け付けました", "Your application was received"),
}

WHAT: Mapping[str, Text] = {
    Kind.ISSUED: Text(
        "スマートフォン「{phone}」で、{certificates}が使えるようになりました。",
        "The {certificates} on your phone “{phone}” can be used from now on.",
    ),
    Kind.DEVICE_CHANGED: Text(
        "スマートフォン「{phone}」で、{certificates}が使えるようになりました。前のスマートフォンのものは失効し、もう使えません。",
        "The {certificates} on your phone “{phone}” can be used from now on. Those on your earlier phone were revoked.",
    ),
    Kind.HELD: Text(
        "スマートフォン「{phone}」の{certificates}を一時利用停止しました。解除するまで、だれも使えません。",
        "The {certificates} on your phone “{phone}” are on hold. Nobody can use them until the hold is released.",
    ),
    Kind.RELEASED: Text(
        "スマートフォン「{phone}」の{certificates}の一時利用停止を解除しました。また使えます。",
        "The {certificates} on your phone “{phone}” are no longer on hold and can be used again.",
    ),
    Kind.REVOKED: Text(
        "スマートフォン「{phone}」の{certificates}が失効しました。もう使えません。",
        "The {certificates} on your phone “{phone}” were revoked and can't be used any more.",
    ),
    Kind.ABANDONED: Text(
        "スマートフォン「{phone}」への発行は、終わりまで進まなかったため取りやめました。途中で作られた{certificates}は使えません。",
        "The issue to your phone “{phone}” didn't come to its end and was given up. "
        "The {certificates} made on the way can't be used.",
    ),
    Kind.UNBLOCKED: Text(
        "スマートフォン「{phone}」の{password}の初期化を受け付けました。済むと、スマートフォンで新しく決められます。",
        "The {password} of your phone “{phone}” is being reset. A new one can then be set on the phone.",
    ),
    Kind.SCREEN_LOCK: Text(
        "スマートフォン「{phone}」で、利用者証明用暗証番号の代わりに、画面ロック（指紋・顔など）を使えるようになりました。",
        "On your phone “{phone}” the screen lock (a finger, a face) now stands for the authentication PIN.",
    ),
    Kind.SILENT: Text(
        "スマートフォン「{phone}」から、長い間連絡がありません。手元にあるときは、アプリを一度開いてください。",
        "Your phone “{phone}” hasn't been in contact for long. If you have it, please open the app once.",
    ),
    Kind.CONTACT_CHANGED: Text(
        "これからのお知らせは、別のメールアドレスに届きます。このアドレスへのお知らせは、これが最後です。",
        "From now on notices go to another mail address. This is the last one to this address.",
    ),
    Kind.CONTACT_REMOVED: Text(
        "これからのお知らせは、郵便で届きます。このアドレスへのお知らせは、これが最後です。",
        "From now on notices come by letter. This is the last one to this address.",
    ),
    Kind.APPLICATION_RECEIVED: Text(
        "マイナポータルで「{procedure_ja}」の申請を受け付けました。控えは、マイナポータルで受け取れます。",
        "Your application “{procedure_en}” was received by Mynaportal, where you can get your receipt.",
    ),
}

# Why, by the cause of the law; where a measure did it, by what was noticed (below).
CAUSES: Mapping[str, Text] = {
    Cause.HOLDER_REQUEST: Text("ご本人からの申請があったため。", "You asked for it."),
    Cause.KEY_COMPROMISE: Text(
        "秘密鍵が他人に知られたおそれがあると届け出があったため。",
        "It was reported that the key may be known to others.",
    ),
    Cause.AUTHORITY_KEY_COMPROMISE: Text(
        "認証局の鍵に事故があったため。", "Something happened to the key of the certification authority."
    ),
    Cause.ATTRIBUTES_CHANGED: Text(
        "氏名や住所などの記載が変わったため。", "Your name, address or another detail has changed."
    ),
    Cause.RECORD_ERROR: Text("記録に誤りが見つかったため。", "An error was found in the records."),
    Cause.DEATH: Text("届け出があったため。", "It was reported to us."),
    Cause.PHONE_USE_ENDED: Text(
        "このスマートフォンでの利用をやめる手続があったため。", "The use of this phone was ended."
    ),
    Cause.CARD_CERTIFICATE_REVOKED: Text(
        "もとになるマイナンバーカードの電子証明書が失効したため（連動失効）。",
        "The certificate of your My Number Card, on which it stands, was revoked.",
    ),
    Cause.SUPERSEDED: Text("新しい電子証明書に替わったため。", "A newer certificate took its place."),
    Cause.NOT_DELIVERED: Text("有効になる前に取りやめたため。", "It was given up before it became valid."),
    Cause.LOSS: Text(
        "紛失・盗難の届け出など、他人に使われるおそれがあったため。",
        "The phone was reported lost or stolen, or others might have used it.",
    ),
}
SIGNALS: Mapping[str, Text] = {
    Signal.ANOTHER_HOLDER: Text(
        "同じスマートフォンで、ほかの人が発行を申請したため。",
        "Somebody else applied for certificates on the same phone.",
    ),
    Signal.DISPOSAL_REPORTED: Text(
        "スマートフォンを手放したと届け出があったため。", "The phone was reported as given away."
    ),
    Signal.FACTORY_RESET: Text("スマートフォンが初期化されたため。", "The phone was reset to its factory state."),
    Signal.SILENT: Text("スマートフォンから長い間連絡がないため。", "The phone hasn't been in contact for long."),
}
UNKNOWN_CAUSE = Text("手続があったため。", "A procedure led to it.")

NAMES: Mapping[str, Text] = {
    Purpose.SIGNATURE: Text("署名用電子証明書", "signature certificate"),
    Purpose.USER_AUTHENTICATION: Text("利用者証明用電子証明書", "user authentication certificate"),
}
PASSWORDS: Mapping[str, Text] = {
    "service.unblock_signature": Text("署名用パスワード", "signature password"),
    "service.unblock_authentication": Text("利用者証明用暗証番号", "authentication PIN"),
}
NO_PHONE = Text("（機種名の記録なし）", "(model not recorded)")

ALL_WELL = Text("ご自身の手続であれば、何もする必要はありません。", "If this was you, there is nothing to do.")
NOT_YOU = Text(
    "心当たりがないときは、すぐに{desk}へ電話してください（24時間365日）。スマートフォンが手元にないときも同じです。",
    "If this wasn't you, or you don't have the phone, call {desk} at once (day and night).",
)
LOST = Text(
    "紛失したときの一時利用停止は、どのブラウザからもできます： {lost}",
    "You can also put it on hold from any browser: {lost}",
)
AGAIN = Text(
    "もう一度使うときは、マイナンバーカードでスマートフォンから申請してください。",
    "To use a phone again, apply on it with your My Number Card.",
)
MOVED = Text(
    "住所などが変わったときは、カードの署名用電子証明書を市区町村の窓口で発行し直してから、申請してください。",
    "After a move, first get a new signature certificate for your card at your municipal office.",
)
NEVER = Text(
    "お知らせで、パスワードや暗証番号をおたずねすることはありません。",
    "We never ask for a password or PIN in a notice.",
)


def of(happening: Happening) -> Letter:
    """Return what is told of a happening."""
    entries: list[dict[str, Any]] = happening.entries
    holes_ja, holes_en = _holes(happening.kind, entries)
    what = WHAT[happening.kind]
    return Letter(
        title=TITLES[happening.kind],
        what=Text(what.ja.format(**holes_ja), what.en.format(**holes_en)),
        why=_why(happening.kind, entries),
        when=moment(happening.at),
        facts=_facts(happening.kind, entries),
        advice=_advice(happening.kind, entries),
    )


def mail(letter: Letter, name: str) -> str:
    """Return a mail's text."""
    return f"{_in_japanese(letter, name)}\n\n{'-' * 40}\n\n{_in_english(letter, name)}\n"


def moment(at: datetime) -> Text:
    """Return a moment as people in Japan read it."""
    there = timezone.localtime(at)
    clock = f"{there.hour}:{there.minute:02d}"
    return Text(
        f"{there.year}年{there.month}月{there.day}日 {clock}",
        f"{there.day} {there:%B} {there.year}, {clock} (Japan time)",
    )


def moment_day(day: date) -> Text:
    """Return a day as people read it."""
    return Text(f"{day.year}年{day.month}月{day.day}日", f"{day.day} {day:%B} {day.year}")


def _in_japanese(letter: Letter, name: str) -> str:
    lines = [f"{name} 様", "", letter.what.ja, "", f"日時： {letter.when.ja}"]
    lines += [f"理由： {letter.why.ja}"] if letter.why.ja else []
    lines += [f"{label.ja}： {value.ja}" for label, value in letter.facts]
    return "\n".join([*lines, "", *(f"・{one.ja}" for one in letter.advice)])


def _in_english(letter: Letter, name: str) -> str:
    lines = [f"To {name}", "", letter.what.en, "", f"When: {letter.when.en}"]
    lines += [f"Why: {letter.why.en}"] if letter.why.en else []
    lines += [f"{label.en}: {value.en}" for label, value in letter.facts]
    return "\n".join([*lines, "", *(f"- {one.en}" for one in letter.advice)])


def _holes(kind: str, entries: list[dict[str, Any]]) -> tuple[dict[str, str], dict[str, str]]:
    told = _present(kind, entries)
    names = [NAMES[purpose] for purpose in Purpose if any(one.get("purpose") == purpose for one in told)]
    passwords = [PASSWORDS[one["kind"]] for one in entries if one.get("kind") in PASSWORDS]
    phone = next((one["phone"] for one in told if one.get("phone")), "")
    ja = {"phone": phone or NO_PHONE.ja, "certificates": "と".join(each.ja for each in names)}
    en = {"phone": phone or NO_PHONE.en, "certificates": " and ".join(each.en for each in names)}
    ja["password"], en["password"] = "と".join(each.ja for each in passwords), " and ".join(p.en for p in passwords)
    ja["procedure_ja"] = next((one["procedure_ja"] for one in entries if "procedure_ja" in one), "")
    en["procedure_en"] = next((one["procedure_en"] for one in entries if "procedure_en" in one), "")
    return ja, en


def _present(kind: str, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return those entries that the sentence is about: in a device change, the new pair's."""
    if kind == Kind.DEVICE_CHANGED:
        return [one for one in entries if one["kind"] == "certificate.activated"]
    return entries


def _why(kind: str, entries: list[dict[str, Any]]) -> Text:
    if kind not in (Kind.HELD, Kind.REVOKED):
        return Text("", "")
    signals = [SIGNALS[one["signal"]] for one in entries if one.get("signal") in SIGNALS]
    causes = list(dict.fromkeys(one["cause"] for one in entries if one.get("cause")))
    told = signals[:1] or [CAUSES.get(cause, UNKNOWN_CAUSE) for cause in causes]
    return Text("".join(each.ja for each in told), " ".join(each.en for each in told))


def _facts(kind: str, entries: list[dict[str, Any]]) -> tuple[tuple[Text, Text], ...]:
    facts = []
    for one in _present(kind, entries):
        if one.get("serial_number"):
            name = NAMES[one["purpose"]]
            number = one["serial_number"]
            facts.append((Text(f"{name.ja}の発行の番号", f"Serial number of the {name.en}"), Text(number, number)))
        if one.get("number"):
            facts.append((Text("受付番号", "Reception number"), Text(one["number"], one["number"])))
    ends = [one["not_after"] for one in _present(kind, entries) if one.get("not_after")]
    if kind in (Kind.ISSUED, Kind.DEVICE_CHANGED) and ends:
        facts.append((Text("有効期間の終わり", "Valid until"), moment(datetime.fromisoformat(min(ends)))))
    return tuple(facts)


def _advice(kind: str, entries: list[dict[str, Any]]) -> tuple[Text, ...]:
    holes = {"desk": settings.HELP_DESK_NUMBER, "lost": settings.LOST_PHONE_URL}
    advice = [ALL_WELL]
    if kind in (Kind.REVOKED, Kind.ABANDONED):
        causes = {one.get("cause") for one in entries}
        purposes = {one.get("purpose") for one in entries}
        moved = causes == {Cause.CARD_CERTIFICATE_REVOKED} and purposes == {Purpose.SIGNATURE}
        advice = [*advice, MOVED] if moved else advice
        advice.append(AGAIN)
    advice.append(NOT_YOU)
    if kind not in (Kind.HELD, Kind.REVOKED, Kind.ABANDONED, Kind.APPLICATION_RECEIVED):  # what can still be held
        advice.append(LOST)
    advice.append(NEVER)
    return tuple(Text(one.ja.format(**holes), one.en.format(**holes)) for one in advice)
