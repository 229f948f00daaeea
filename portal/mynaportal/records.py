"""自己情報: what is known of oneself. What this system knows, and what other bodies' systems would give.

The others stand behind the module that MYNAPORTAL_RECORDS names: a function from a holder to a list of `Record`s as
plain data. Without one, only what is known here is shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ca.models import Certificate, Holder
from ca.profiles import Medium, Purpose
from portal import attributes
from portal.mynaportal import applications
from portal.notices import texts
from whitelist.register import Text


@dataclass(frozen=True)
class Record:
    """One matter, from one body: a table whose first column names the row."""

    title: str
    source: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


def of(holder: Holder) -> list[Record]:
    """Return what is known of a holder, in the language of the page."""
    return [*_own(holder), *_others(holder)]


def _own(holder: Holder) -> list[Record]:
    certificate = applications.signature_certificate(holder)
    told = attributes.of(certificate) if certificate is not None else None
    source = _("署名用電子証明書")
    own = []
    if told is not None:
        born = texts.moment_day(told.born_on).in_language(get_language()) if told.born_on else _("不明")
        sexes = {"1": _("男"), "2": _("女")}
        rows = [
            (_("氏名"), told.name),
            (_("住所"), told.address),
            (_("生年月日"), born),
            (_("性別"), sexes.get(told.sex, _("不明"))),
        ]
        own.append(Record(_("基本の情報"), source, (), rows))
    own.append(Record(_("電子証明書"), _("公的個人認証サービス"), _certificate_head(), _certificates(holder)))
    return own


def _certificate_head() -> list[str]:
    return [_("種類"), _("状態"), _("有効期間の終わり")]


def _certificates(holder: Holder) -> list[list[str]]:
    media = {Medium.CARD: _("カード"), Medium.PHONE: _("スマートフォン")}
    purposes = {Purpose.SIGNATURE: _("署名用"), Purpose.USER_AUTHENTICATION: _("利用者証明用")}
    labels = {
        "valid": _("有効"),
        "pending": _("有効になる前（一時保留）"),
        "on_hold": _("一時保留"),
    }
    language = get_language()
    rows = Certificate.objects.filter(holder=holder).exclude(status=Certificate.Status.REVOKED).order_by("pk")
    return [
        [
            f"{media[Medium(one.medium)]}・{purposes[Purpose(one.purpose)]}",
            labels[one.status],
            texts.moment_day(timezone.localdate(one.not_after)).in_language(language),
        ]
        for one in rows.only("medium", "purpose", "status", "not_after")
    ]


def _others(holder: Holder) -> list[Record]:
    if not settings.MYNAPORTAL_RECORDS:
        return []
    language = get_language()

    def read(text: tuple[str, str]) -> str:
        return Text(*text).in_language(language)

    return [
        Record(
            read(one["title"]),
            read(one["source"]),
            [read(cell) for cell in one["head"]],
            [[read(cell) for cell in row] for row in one["rows"]],
            read(one["note"]),
        )
        for one in import_string(settings.MYNAPORTAL_RECORDS)(holder)
    ]
