"""The help desk's words for what is kept as a code."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from portal.helpdesk.models import Call

REASONS: Mapping[Call.Reason, Promise] = {
    Call.Reason.LOST: gettext_lazy("なくした"),
    Call.Reason.STOLEN: gettext_lazy("盗まれた"),
    Call.Reason.FOUND: gettext_lazy("見つかった"),
    Call.Reason.QUESTION: gettext_lazy("問い合わせ"),
    Call.Reason.OBJECTION: gettext_lazy("身に覚えのない利用の申し出"),
    Call.Reason.OTHER: gettext_lazy("その他"),
}
STATES: Mapping[str, Promise] = {
    "verified": gettext_lazy("申請中"),
    "prepared": gettext_lazy("申請中"),
    "keyed": gettext_lazy("申請中"),
    "certified": gettext_lazy("申請中"),
    "installed": gettext_lazy("パスワードの設定待ち"),
    "active": gettext_lazy("利用中"),
    "ended": gettext_lazy("利用を終了"),
    "abandoned": gettext_lazy("申請を取りやめ"),
    "deleted": gettext_lazy("利用を終了し、削除済み"),
}
