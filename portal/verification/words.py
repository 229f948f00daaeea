"""The words of the log and of delegations, in the language of the page."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ca.profiles import Purpose
from whitelist.models import VerificationLog

PURPOSES: Mapping[str, Promise] = {
    Purpose.SIGNATURE: _("電子署名"),
    Purpose.USER_AUTHENTICATION: _("ログイン（利用者証明）"),
}
KINDS: Mapping[str, Promise] = {
    VerificationLog.Kind.STATUS: _("有効性"),
    VerificationLog.Kind.OTHER_MEDIUM: _("対応する番号（カードとスマートフォン）"),
    VerificationLog.Kind.OTHER_PURPOSE: _("対応する番号（署名用と利用者証明用）"),
}
CHECKS: Mapping[str, Promise] = {
    VerificationLog.CheckPurpose.SIGNATURE_VERIFICATION: _("署名等の検証"),
    VerificationLog.CheckPurpose.LIVENESS_CHECK: _("現況の確認"),
}
VERDICTS: Mapping[str, tuple[Promise, str]] = {
    "good": (_("有効"), "tag--success"),
    "revoked": (_("失効"), "tag--error"),
    "on_hold": (_("一時保留"), "tag--warning"),
    "expired": (_("期限切れ"), "tag--warning"),
    "not_yet_valid": (_("有効期間の前"), "tag--warning"),
    "unknown": (_("該当なし"), "tag--quiet"),
    "found": (_("あり"), "tag--success"),
    "none": (_("なし"), "tag--quiet"),
}
