"""What the journal says, on the trace: hand-offs, certificates, enrolments, keys, lists.

`ca.journal` gives each entry here in the transaction that writes it (JOURNAL_OBSERVER): a note stands if and only if
the entry does. What the journal doesn't say, the trace doesn't claim.
"""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from ca.journal import Happening
from ca.models import Realm
from ca.profiles import Purpose
from portal.providers.models import Workspace
from sandbox.models import TraceEvent
from sandbox.trace.notes import Noted, note_all
from tsm.models import Enrolment

Lane = TraceEvent.Lane
Pair = tuple[str, str]
MOST = 100  # entries of one go: a sweep may write thousands

PURPOSES: Mapping[str, Pair] = {
    Purpose.SIGNATURE: ("署名用", "signature"),
    Purpose.USER_AUTHENTICATION: ("利用者証明用", "user authentication"),
}
MEDIA: Mapping[str, Pair] = {"card": ("カードの", "card's"), "phone": ("スマホの", "phone's")}
CAUSES: Mapping[str, Pair] = {
    "holder_request": ("本人の申請", "the holder's request"),
    "key_compromise": ("秘密鍵が漏れたおそれ", "the key may have leaked"),
    "authority_key_compromise": ("認証局の鍵が漏れたおそれ", "the authority's key may have leaked"),
    "attributes_changed": ("氏名や住所が変わった", "name or address changed"),
    "record_error": ("記録の誤り", "an error in the record"),
    "death": ("死亡", "death"),
    "phone_use_ended": ("スマホの利用を終えた", "the use of the phone ended"),
    "card_certificate_revoked": ("カードの証明書が失効した（連動）", "the card's certificate was revoked (linked)"),
    "superseded": ("新しい証明書が出た", "a newer certificate was issued"),
    "not_delivered": ("発行を取りやめた", "not delivered"),
    "loss": ("紛失の届出", "loss"),
    "awaiting_activation": ("パスワードの設定を待つ", "awaiting activation"),
    "expiry": ("期間が終わった", "expiry"),
}
# Lane and sentence of what the journal calls so. {} are filled by `_words`.
KINDS: Mapping[str, tuple[str, str, str]] = {
    "handoff.asked": (
        Lane.API,
        "サービスがハンドオフを求めた：{purpose}",
        "The service asked for a hand-off: {purpose}",
    ),
    "handoff.refused": (
        Lane.API,
        "登録簿がハンドオフを認めなかった：{reason}",
        "The register refused the hand-off: {reason}",
    ),
    "handoff.shown": (Lane.PHONE, "スマホに、誰が何を求めているかが出た", "The phone shows who asks for what"),
    "handoff.scanned": (Lane.PHONE, "スマホがQRコードを読んだ", "A phone has read the code"),
    "handoff.matched": (Lane.PHONE, "選んだ番号が画面と合った", "The number that was chosen is the screen's"),
    "handoff.mismatched": (
        Lane.PHONE,
        "選んだ番号が画面と違った。ここで終わる",
        "Another number was chosen: it ends here",
    ),
    "handoff.answered": (
        Lane.API,
        "答えを検証して受け取った：{medium}電子証明書 {serial_number}",
        "The answer was verified and taken: the {medium} certificate {serial_number}",
    ),
    "handoff.declined": (Lane.PHONE, "利用者が断った", "The citizen declined"),
    "handoff.expired": (Lane.API, "時間切れになった", "Time ran out"),
    "handoff.delivered": (
        Lane.SERVICE,
        "サービスがコードを結果に引き換えた：{outcome}",
        "The service redeemed the code: {outcome}",
    ),
    "handoff.strayed": (
        Lane.WEB,
        "別のブラウザーに戻ったので、答えを捨てた",
        "It went back in another browser: the answer was thrown away",
    ),
    "card.ordered": (
        Lane.CA,
        "市区町村の窓口がカードの電子証明書を申し込んだ（{order}）",
        "A municipality's counter ordered a card's certificates ({order})",
    ),
    "issuance.intended": (
        Lane.CA,
        "これから署名する{medium}{purpose}証明書を記録した（{subject}）",
        "About to sign a {medium} {purpose} certificate: written down first ({subject})",
    ),
    "issuance.refused": (Lane.CA, "発行しなかった：{code}", "Not issued: {code}"),
    "certificate.issued": (
        Lane.CA,
        "{medium}{purpose}証明書を発行した（{subject}）",
        "Issued the {medium} {purpose} certificate ({subject})",
    ),
    "certificate.activated": (
        Lane.CA,
        "{medium}{purpose}証明書が有効になった（{subject}）",
        "The {medium} {purpose} certificate is valid now ({subject})",
    ),
    "certificate.held": (
        Lane.CA,
        "{medium}{purpose}証明書を一時保留にした（{subject}）",
        "The {medium} {purpose} certificate is on hold ({subject})",
    ),
    "certificate.released": (
        Lane.CA,
        "{medium}{purpose}証明書の保留を解いた（{subject}）",
        "The {medium} {purpose} certificate was released ({subject})",
    ),
    "certificate.revoked": (
        Lane.CA,
        "{medium}{purpose}証明書が失効した：{cause}（{subject}）",
        "The {medium} {purpose} certificate was revoked: {cause} ({subject})",
    ),
    "linkage.rechecked": (
        Lane.CA,
        "発行から{hours_after_issue}時間：元のカードの証明書を見直した（{card_status}）",
        "{hours_after_issue} hours after the issue: the card's certificate was looked at again ({card_status})",
    ),
    "crl.intended": (
        Lane.CA,
        "これから署名するCRLを記録した：{subject}",
        "About to sign a CRL: written down first: {subject}",
    ),
    "crl.published": (
        Lane.CA,
        "CRL {number}号を出した：{subject}（{entries}件）",
        "CRL no. {number} published: {subject} ({entries} entries)",
    ),
    "crl.refused": (Lane.CA, "CRLを出さなかった：{subject}", "The CRL was not published: {subject}"),
    "enrolment.verified": (
        Lane.TSM,
        "申請を受け付けた：カードの署名と証明書は有効",
        "The application is taken: the card's signature and certificate hold",
    ),
    "enrolment.refused": (Lane.TSM, "申請を受け付けなかった：{reasons}", "The application was refused: {reasons}"),
    "enrolment.prepared": (Lane.TSM, "チップにドメインとアプレットができた", "Domain and applet are on the chip"),
    "enrolment.keyed": (
        Lane.TSM,
        "鍵ペアが2つでき、チップが所持を証明した。認証局に証明書を求める",
        "Two key pairs are made and proved: the authority is asked for certificates",
    ),
    "enrolment.certified": (
        Lane.TSM,
        "電子証明書が2枚出た。チップに書く",
        "Both certificates are issued: to be written to the chip",
    ),
    "enrolment.installed": (
        Lane.TSM,
        "電子証明書が書かれ、読み戻して確かめた。パスワードの設定を待つ",
        "The certificates are on the chip, read back and compared; passwords are to be set",
    ),
    "enrolment.active": (Lane.TSM, "スマホの電子証明書が使えるようになった", "The phone's certificates can be used"),
    "enrolment.ended": (Lane.TSM, "このスマホでの利用が終わった", "The use of this phone has ended"),
    "enrolment.abandoned": (Lane.TSM, "申請を打ち切った", "The enrolment was abandoned"),
    "enrolment.deleted": (Lane.TSM, "チップから鍵と証明書が消えた", "Keys and certificates are gone from the chip"),
    "incident.taken": (Lane.TSM, "知らせがあった：{signal}", "Something was reported: {signal}"),
    "incident.measure": (Lane.TSM, "措置：{action}", "A measure was taken: {action}"),
    "token.generated": (
        Lane.TSM,
        "SEI-TSMが委任管理のトークンを作った",
        "The SEI-TSM made a delegated management token",
    ),
    "clock.moved": (
        Lane.CA,
        "記録：時計が {before} から {after} へ動いた",
        "On record: the clock went from {before} to {after}",
    ),
    "rotation.asked": (Lane.CA, "鍵の世代交代を求めた：{what}", "A rotation of keys was asked for: {what}"),
    "webhook.made": (Lane.WEBHOOK, "Webhookを加えた：{url}", "A webhook was made: {url}"),
    "webhook.changed": (Lane.WEBHOOK, "Webhookを変えた", "A webhook was changed"),
    "webhook.enabled": (Lane.WEBHOOK, "Webhookを動かした", "A webhook was enabled"),
    "webhook.disabled": (Lane.WEBHOOK, "Webhookを止めた：{ending}", "A webhook was disabled: {ending}"),
    "webhook.deleted": (Lane.WEBHOOK, "Webhookを消した", "A webhook was deleted"),
    "webhook.secret_replaced": (Lane.WEBHOOK, "Webhookの秘密を替えた", "A webhook has a new secret"),
    "key.created": (Lane.CA, "鍵を作った：{subject}", "A key was made: {subject}"),
    "key.used": (Lane.CA, "鍵を使った：{subject}", "A key was used: {subject}"),
    "authority.intended": (
        Lane.CA,
        "これから署名する認証局の証明書を記録した",
        "About to sign an authority's certificate: written down first",
    ),
    "responder.intended": (
        Lane.CA,
        "これから署名するOCSPレスポンダの証明書を記録した",
        "About to sign a responder's certificate: written down first",
    ),
    "responder.created": (Lane.CA, "OCSPレスポンダを認証した：{purpose}", "An OCSP responder was certified: {purpose}"),
    "register.entry": (Lane.CA, "登録簿の記録：{subject}（{event}）", "On the register's record: {subject} ({event})"),
    "journal.key_created": (Lane.CA, "記録に署名する鍵を作った", "The journal's key was made"),
    "journal.sealed": (Lane.CA, "{sequence}件までの記録に署名した", "The journal was sealed up to entry {sequence}"),
    "conformance.reported": (
        Lane.API,
        "適合試験の報告書ができた：{passed}／{of}",
        "A conformance run was reported: {passed} of {of}",
    ),
    "authority.created": (Lane.CA, "認証局を作った：{subject}", "An authority was created: {subject}"),
    "responder.answered": (
        Lane.OCSP,
        "レスポンダの鍵で{answers}回答えた",
        "The responder's key signed {answers} answers",
    ),
    "register.signed": (Lane.CA, "登録簿に署名した（{subject}号）", "The register was signed (no. {subject})"),
    "credential.issued": (Lane.SERVICE, "接続用の鍵を登録した", "A key for the API was registered"),
    "credential.rotated": (Lane.SERVICE, "接続用の鍵を替えた", "A key for the API was rotated"),
    "credential.disabled": (Lane.SERVICE, "接続用の鍵を止めた", "A key for the API was disabled"),
    "workspace.registered": (Lane.SERVICE, "登録簿に載った：{subject}", "Entered in the register: {subject}"),
    "workspace.ready": (Lane.CA, "ワークスペースができた", "The workspace is ready"),
    "workspace.callbacks_changed": (Lane.SERVICE, "戻り先のアドレスを変えた", "The callback addresses were changed"),
}
LANES = {
    "handoff": Lane.API,
    "enrolment": Lane.TSM,
    "service": Lane.TSM,
    "incident": Lane.TSM,
    "credential": Lane.SERVICE,
    "workspace": Lane.SERVICE,
    "holder": Lane.WEB,
    "screen_lock": Lane.PHONE,
    "webhook": Lane.WEBHOOK,
    "verification": Lane.API,
}
BAD = frozenset(
    {"handoff.refused", "handoff.mismatched", "handoff.strayed", "issuance.refused", "crl.refused", "enrolment.refused"}
)
# Numbers that hide what is public beside them: for nobody's eyes.
UNSEEN = frozenset({"register.veil"})
# Whose subject is an enrolment's reference.
OF_ENROLMENTS = ("enrolment", "service", "incident")


def observe(realm: Realm, happenings: Iterable[Happening]) -> None:
    """Note what was just written into a workspace's journal."""
    happenings = [one for one in happenings if one.kind not in UNSEEN]
    if not happenings or not Workspace.objects.filter(realm=realm).exists():
        return
    note_all(realm.pk, [_noted(realm, one) for one in happenings[:MOST]])


def _noted(realm: Realm, one: Happening) -> Noted:
    family = one.kind.partition(".")[0]
    lane, ja, en = KINDS.get(one.kind, (LANES.get(family, Lane.CA), one.kind, one.kind))
    return Noted(
        lane,
        one.kind,
        (ja.format_map(_words(one, 0)), en.format_map(_words(one, 1))),
        {"subject": one.subject, **one.data},
        hand_off=one.subject if family == "handoff" else None,
        enrolment=_enrolment(realm, one, family),
        phone=one.subject if one.kind == "enrolment.refused" else None,
        failed=one.kind in BAD,
    )


class _Words(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return ""


def _words(one: Happening, language: int) -> _Words:
    told = _Words({name: _plain(value) for name, value in one.data.items()})
    told["subject"] = one.subject
    for name, names in (("purpose", PURPOSES), ("medium", MEDIA), ("cause", CAUSES)):
        pair = names.get(str(one.data.get(name)))
        if pair is not None:
            told[name] = pair[language]
    return told


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _enrolment(realm: Realm, one: Happening, family: str) -> uuid.UUID | str | None:
    """Return the enrolment that an entry is about: by its subject, or by the phone's certificate that it names."""
    if family in OF_ENROLMENTS:
        return one.subject if one.kind != "enrolment.refused" else None
    certificates = {"certificate": one.subject, "linkage": one.subject, "issuance": one.subject}
    serial_number = certificates.get(family)
    if serial_number is None or one.data.get("medium", "phone") != "phone":
        return None
    return enrolment_of(realm, str(one.data.get("purpose", "")), serial_number, str(one.data.get("request_key", "")))


def enrolment_of(realm: Realm, purpose: str, serial_number: str, request_key: str = "") -> uuid.UUID | None:
    """Return the enrolment of a phone's certificate; while it is issued, by what it was asked for under."""
    column = _COLUMNS.get(purpose)
    if column is None:
        return None
    rows = Enrolment.objects.filter(realm=realm).values_list("reference", flat=True)
    found = rows.filter(**{f"{column}__serial_number": serial_number}).first()
    if found is None:
        found = next((of for of in map(_uuid, request_key.replace("/", ":").split(":")) if of is not None), None)
        found = rows.filter(reference=found).first() if found is not None else None
    return found


_COLUMNS = {
    str(Purpose.SIGNATURE): "signature_certificate",
    str(Purpose.USER_AUTHENTICATION): "authentication_certificate",
}


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
