"""The words of the console: what states and causes are called."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from ca.models import Certificate
from portal import problems
from sandbox.models import Issuing
from sandbox.personas import Card
from tsm.enrolment import UNDER_WAY
from tsm.models import Enrolment

__all__ = ["CARDS", "CERTIFICATES", "ENROLMENTS", "UNDER_WAY", "UNTIL", "sentence"]

State = Enrolment.State
CARDS: Mapping[str, Promise] = {
    Card.GOOD: gettext_lazy("ふつうのカード"),
    Card.EXPIRED: gettext_lazy("期限の切れたカード"),
    Card.REVOKED: gettext_lazy("引っ越しで署名用証明書が失効したカード"),
    Card.ON_HOLD: gettext_lazy("署名用証明書が一時保留のカード"),
    Card.BLOCKED: gettext_lazy("署名用パスワードがロックされたカード"),
    Card.CHILD: gettext_lazy("15歳未満で署名用証明書のないカード"),
}
ENROLMENTS: Mapping[str, Promise] = {
    State.APPLIED: gettext_lazy("申請した"),
    State.VERIFIED: gettext_lazy("受け付けた"),
    State.PREPARED: gettext_lazy("チップの用意ができた"),
    State.KEYED: gettext_lazy("鍵ができた"),
    State.CERTIFIED: gettext_lazy("証明書が出た"),
    State.INSTALLED: gettext_lazy("書き込んだ"),
    State.ACTIVE: gettext_lazy("使える"),
    State.ENDED: gettext_lazy("利用を終えた"),
    State.ABANDONED: gettext_lazy("打ち切った"),
    State.DELETED: gettext_lazy("消した"),
}
UNTIL: Mapping[str, Promise] = {
    Issuing.Until.ACTIVE: gettext_lazy("使えるようになるまで"),
    Issuing.Until.INSTALLED: gettext_lazy("証明書を書き込むまで（パスワードは未設定）"),
    Issuing.Until.CERTIFIED: gettext_lazy("証明書が出るまで"),
    Issuing.Until.APPLIED: gettext_lazy("申請だけ"),
}
CERTIFICATES: Mapping[str, tuple[str, Promise]] = {
    Certificate.Status.PENDING: ("quiet", gettext_lazy("有効になるのを待つ")),
    Certificate.Status.VALID: ("success", gettext_lazy("有効")),
    Certificate.Status.ON_HOLD: ("warning", gettext_lazy("一時保留")),
    Certificate.Status.REVOKED: ("error", gettext_lazy("失効")),
}


def sentence(code: str) -> str:
    """Return what a person reads about a refusal of that code."""
    return problems.sentence(code)
