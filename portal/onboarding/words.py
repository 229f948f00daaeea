"""Words for a case's state, and answers as people read them."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.notices import texts
from whitelist.cases import sections
from whitelist.cases.fields import Field, Kind
from whitelist.models import Attachment, Case
from whitelist.register import Text

# State: name, and the colour that it is shown in.
STATES: Mapping[str, tuple[Text, str]] = {
    Case.State.DRAFT: (Text("下書き", "Draft"), "quiet"),
    Case.State.SUBMITTED: (Text("提出しました", "Submitted"), "key"),
    Case.State.IN_REVIEW: (Text("審査中", "In review"), "key"),
    Case.State.RETURNED: (Text("差し戻されました", "Returned"), "warning"),
    Case.State.APPROVED: (Text("承認されました", "Approved"), "success"),
    Case.State.REFUSED: (Text("認められませんでした", "Refused"), "error"),
    Case.State.WITHDRAWN: (Text("取り下げました", "Withdrawn"), "quiet"),
}
AUTHORITIES: Mapping[str, Text] = {
    Case.Authority.MINISTRY: Text("主務省", "the competent ministries"),
    Case.Authority.REGISTRAR: Text("J-LIS", "J-LIS"),
}


def said(text: Text) -> str:
    """Return a text in the reader's language."""
    return text.in_language(get_language())


def state(case: Case) -> dict[str, str]:
    """Return a case's state as it is shown: name and colour, and whose turn it is."""
    name, colour = STATES[case.state]
    authority = AUTHORITIES.get(case.authority)
    return {"name": said(name), "colour": colour, "authority": said(authority) if authority else ""}


def title(case: Case, answers: Mapping[str, Any] | None) -> str:
    """Return what a case is called: the service's name, as far as it is known."""
    service = (answers or {}).get("service") or {}
    ja, en = service.get("name_ja") or "", service.get("name_en") or ""
    name = (ja or en) if get_language() == "ja" else (en or ja)
    return name or (case.relying_party.client_id if case.relying_party else _("名前のないサービス"))


def shown(field: Field, value: Any, files: Mapping[str, Attachment] | None = None) -> str:
    """Return an answer as it is read; several, a line each."""
    if value in ("", [], None):
        return ""
    if isinstance(value, list):
        return "\n".join(shown(field, one, files) for one in value)
    if field.kind in (Kind.CHOICE, Kind.CHOICES):
        found = dict(field.choices).get(value)
        return said(found) if found else str(value)
    if field.kind is Kind.DATE:
        return _day(str(value))
    if field.kind is Kind.FILE:
        file = (files or {}).get(str(value))
        return file.name if file else _("ファイル")
    return str(value)


def answer(section: str, path: str, value: Any, files: Mapping[str, Attachment] | None = None) -> str:
    """Return an answer as it is read, by the field's path."""
    found = sections.find(section)
    field = sections.field_of(found, path) if found else None
    return shown(field, value, files) if field else str(value or "")


def files(case: Case) -> dict[str, Attachment]:
    """Return the case's files by their reference, without their content."""
    return {str(one.reference): one for one in Attachment.objects.filter(case=case).defer("content")}


def _day(value: str) -> str:
    from datetime import date

    try:
        return said(texts.moment_day(date.fromisoformat(value)))
    except ValueError:
        return value
