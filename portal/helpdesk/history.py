"""A holder's history as the journal has it: applications, certificates, holds, calls, in words and with who did it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from ca.models import Certificate, Holder, JournalEntry
from ca.profiles import Medium, Purpose
from portal.certificates import objections
from portal.helpdesk.models import Call
from portal.helpdesk.sentences import REASONS
from tsm.models import Enrolment

NEWEST = 100
WORDS: Mapping[str, Promise] = {
    "certificate.issued": gettext_lazy("電子証明書を発行"),
    "certificate.activated": gettext_lazy("電子証明書が有効になった"),
    "certificate.held": gettext_lazy("電子証明書を一時保留"),
    "certificate.released": gettext_lazy("電子証明書の一時保留を解除"),
    "certificate.revoked": gettext_lazy("電子証明書が失効"),
    "enrolment.verified": gettext_lazy("申請を受け付けた"),
    "enrolment.installed": gettext_lazy("電子証明書を書き込んだ"),
    "enrolment.active": gettext_lazy("利用を始めた"),
    "enrolment.ended": gettext_lazy("利用を終えた"),
    "enrolment.abandoned": gettext_lazy("申請が取りやめになった"),
    "enrolment.deleted": gettext_lazy("スマートフォンから削除した"),
    "incident.taken": gettext_lazy("手放した可能性の知らせ"),
    "incident.measure": gettext_lazy("知らせへの措置"),
    "service.suspend": gettext_lazy("利用停止をスマートフォンに指示"),
    "service.resume": gettext_lazy("利用再開をスマートフォンに指示"),
    "service.unblock_signature": gettext_lazy("署名用パスワードの初期化を指示"),
    "service.unblock_authentication": gettext_lazy("暗証番号の初期化を指示"),
    "service.terminate": gettext_lazy("利用終了を指示"),
    "helpdesk.opened": gettext_lazy("ヘルプデスクがこのページを開いた"),
    "helpdesk.closed": gettext_lazy("ヘルプデスクが対応を終えた"),
    "helpdesk.identity_checked": gettext_lazy("本人確認をした"),
    "helpdesk.held": gettext_lazy("ヘルプデスクが一時保留にした"),
    "helpdesk.release_proposed": gettext_lazy("一時保留の解除を申し出た"),
    "helpdesk.release_looked_at": gettext_lazy("解除の申し出を見た"),
    "helpdesk.release_approved": gettext_lazy("解除を承認した"),
    "helpdesk.release_refused": gettext_lazy("解除を認めなかった"),
    "helpdesk.objection_looked_at": gettext_lazy("お申し出を見た"),
    "objection.raised": gettext_lazy("身に覚えのない利用のお申し出"),
    "objection.answered": gettext_lazy("お申し出に回答した"),
    "helpdesk.release_lapsed": gettext_lazy("解除の申し出が時間切れになった"),
}
_PURPOSES = {
    Purpose.SIGNATURE: gettext_lazy("署名用"),
    Purpose.USER_AUTHENTICATION: gettext_lazy("利用者証明用"),
}
_MEDIA = {Medium.CARD: gettext_lazy("カード"), Medium.PHONE: gettext_lazy("スマートフォン")}


@dataclass(frozen=True)
class Event:
    """One line: when, what, about which, who, why."""

    at: datetime
    what: str
    about: str
    staff: str
    reason: str


def of(holder: Holder, enrolments: list[Enrolment]) -> list[Event]:
    """Return what the journal says of a holder, newest first, at most NEWEST lines; three queries."""
    certificates = Certificate.objects.filter(realm_id=holder.realm_id, holder=holder)
    # Two authorities count alike: of another holder's certificate with the same number the purpose is another.
    own = set(certificates.values_list("serial_number", "purpose"))
    raised = objections.of(holder).values_list("reference", flat=True)
    phones = {str(one.reference): one.phone.name for one in enrolments}
    subjects = {serial for serial, _ in own} | set(phones) | {str(holder.reference), *map(str, raised)}
    found = JournalEntry.objects.filter(realm_id=holder.realm_id, subject__in=subjects, kind__in=WORDS)
    entries = found.order_by("-sequence")[: 2 * NEWEST]
    told = [
        _event(entry, phones)
        for entry in entries
        if not entry.kind.startswith("certificate.") or (entry.subject, entry.data.get("purpose")) in own
    ]
    return told[:NEWEST]


def _event(entry: JournalEntry, phones: Mapping[str, str]) -> Event:
    data: dict[str, Any] = entry.data
    about = phones.get(entry.subject) or phones.get(str(data.get("enrolment")), "")
    if entry.kind.startswith("certificate."):
        about = f"{_MEDIA[Medium(data['medium'])]}・{_PURPOSES[Purpose(data['purpose'])]} {entry.subject}"
    reason = data.get("ground") or data.get("note") or ""
    named = data.get("reason") if entry.kind.startswith("helpdesk.") else ""
    label = str(REASONS[Call.Reason(named)]) if named in Call.Reason.values else ""
    return Event(
        at=entry.at,
        what=str(WORDS[entry.kind]),
        about=about,
        staff=str(data.get("staff") or data.get("source") or data.get("by") or ""),
        reason="：".join(part for part in (label, reason) if part),
    )
