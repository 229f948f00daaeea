"""How far an enrolment is, as the citizen's screen tells it: from the rows of `tsm`, in sentences."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ca.models import Certificate
from ca.revocation import Cause
from portal.problems import CATALOGUE, sentence
from tsm.models import Enrolment, EnrolmentStep

State = Enrolment.State

# On the way up: the state that ends the stage, what the citizen reads, what happens behind it.
STAGES = (
    (
        State.VERIFIED,
        gettext_lazy("申請を確かめる"),
        gettext_lazy("カードの署名、証明書の連鎖、有効期間、失効の有無を確かめます。"),
    ),
    (
        State.PREPARED,
        gettext_lazy("セキュアエレメントを準備する"),
        gettext_lazy("SEI-TSMが専用の領域（SSD）を作り、JPKIアプレットを入れます。"),
    ),
    (
        State.KEYED,
        gettext_lazy("鍵を作る"),
        gettext_lazy("セキュアエレメントの中で2組の鍵ができ、持っていることを証明します。"),
    ),
    (
        State.CERTIFIED,
        gettext_lazy("電子証明書を発行する"),
        gettext_lazy("認証局が2枚に署名します。有効になるまでは「一時保留」と答えます。"),
    ),
    (
        State.INSTALLED,
        gettext_lazy("電子証明書を書き込む"),
        gettext_lazy("SP-TSMがセキュアエレメントに書き、読み戻して同じことを確かめます。"),
    ),
    (
        State.ACTIVE,
        gettext_lazy("パスワードを設定して有効にする"),
        gettext_lazy("スマートフォンが2つの鍵で署名し、使えることを示します。"),
    ),
)
# On the way out.
LEAVING = (
    (
        State.ENDED,
        gettext_lazy("電子証明書を失効させる"),
        gettext_lazy("失効はすぐにOCSPと失効リストに現れます。"),
    ),
    (
        State.DELETED,
        gettext_lazy("セキュアエレメントから削除する"),
        gettext_lazy("SEI-TSMがアプレットごと、鍵と電子証明書を消します。"),
    ),
)


@dataclass(frozen=True)
class Stage:
    """One line of the progress: `state` is done, doing, todo or failed."""

    title: str
    behind: str
    state: str
    at: datetime | None
    took: str


def mode(enrolment: Enrolment) -> str:
    """Return which screen an enrolment wants: progress, passwords, active, ended or abandoned."""
    match enrolment.state:
        case State.INSTALLED:
            return "passwords"
        case State.ACTIVE:
            return "active"
        case State.ENDED:
            return "ended"
        case State.ABANDONED:
            return "abandoned"
        case State.DELETED:
            return "ended" if enrolment.signature_certificate_id and not enrolment.trouble else "abandoned"
    return "progress"


def fallen(enrolment: Enrolment) -> list[Certificate]:
    """Return the certificates that fell with the card's (linked revocation): both, or one alone."""
    return [certificate for certificate in enrolment.pair if certificate.cause == Cause.CARD_CERTIFICATE_REVOKED]


def held(enrolment: Enrolment) -> bool:
    """Tell whether something of the pair is on hold."""
    return any(certificate.status == Certificate.Status.ON_HOLD for certificate in enrolment.pair)


def successor(enrolment: Enrolment) -> Enrolment | None:
    """Return the enrolment that took this one's place in a device change, or None."""
    followed = enrolment.replaced_by.filter(steps__step=State.ACTIVE)
    found: Enrolment | None = followed.select_related("phone").order_by("-pk").first()
    return found


def moving(enrolment: Enrolment) -> bool:
    """Tell whether something may still happen without the citizen."""
    return enrolment.state not in (State.INSTALLED, State.ACTIVE, State.DELETED)


def stages(enrolment: Enrolment, steps: Sequence[EnrolmentStep]) -> list[Stage]:
    """Return the lines of the progress, oldest first."""
    reached = {step.step: step for step in steps}
    ended, dropped = mode(enrolment) == "ended", mode(enrolment) == "abandoned"
    told: list[Stage] = []
    before = steps[0].at if steps and not ended else None
    for code, title, behind in LEAVING if ended else STAGES:
        step = reached.get(code)
        if step is not None:
            state = "done"
        elif all(stage.state == "done" for stage in told):
            state = "failed" if dropped else "doing"
        elif dropped:
            break
        else:
            state = "todo"
        at = step.at if step else None
        told.append(Stage(str(title), str(behind), state, at, _took(before, at)))
        before = at
    return told


def now_sentence(enrolment: Enrolment) -> str:
    """Return what is going on, in one sentence; spoken by the page's live region when it changes."""
    match enrolment.state:
        case State.APPLIED:
            return _("申請を確かめています。")
        case State.VERIFIED:
            return _("申請を受け付けました。セキュアエレメントを準備しています。")
        case State.PREPARED:
            return _("セキュアエレメントの中で鍵を作っています。")
        case State.KEYED:
            return _("鍵ができました。認証局が電子証明書を発行しています。")
        case State.CERTIFIED:
            return _("電子証明書ができました。セキュアエレメントに書き込んでいます。")
        case State.INSTALLED:
            return _("電子証明書を書き込みました。パスワードを設定してください。")
        case State.ACTIVE if fallen(enrolment):
            return _("カードの電子証明書が失効したため、スマートフォンの電子証明書も連動して失効しました。")
        case State.ACTIVE if held(enrolment):
            return _("電子証明書は一時利用停止中です。解除されるまで、ログインにも電子署名にも使えません。")
        case State.ACTIVE:
            return _("2枚の電子証明書が有効です。これからは、このスマートフォンだけでログインと電子署名ができます。")
        case State.ENDED if fallen(enrolment):
            return _("カードの電子証明書が失効したため、連動して失効しました。セキュアエレメントから削除しています。")
        case State.ENDED | State.DELETED if (newer := successor(enrolment)) is not None:
            return _replaced(enrolment, newer)
        case State.ENDED:
            return _("電子証明書は失効しました。セキュアエレメントから削除しています。")
    if mode(enrolment) == "abandoned":
        return _(
            "申請を取りやめました。発行された電子証明書があれば、失効しています。前の電子証明書があれば、そのまま使えます。"
        )
    return _("電子証明書は失効し、セキュアエレメントから削除されました。")


def _replaced(enrolment: Enrolment, newer: Enrolment) -> str:
    gone = enrolment.state == State.DELETED
    told = (
        _("{name}を使い始めたため（機種変更）、このスマートフォンの電子証明書は失効し、削除されました。")
        if gone
        else _("{name}を使い始めたため（機種変更）、このスマートフォンの電子証明書は失効しました。削除しています。")
    )
    return told.format(name=newer.phone.name)


def trouble_sentence(enrolment: Enrolment) -> str:
    """Return why the enrolment stands still or was given up; empty while nothing is the matter."""
    match enrolment.trouble:
        case "":
            return ""
        case "element_answers_wrong":
            return _("セキュアエレメントから思わぬ答えが続いたため、少し休んでいます。時間をおいて自動でやり直します。")
        case "newer_application":
            return _("同じ方の新しい申請を受け付けたため、この申請は取りやめになりました。")
        case "given_up":
            return _("長いあいだ先へ進まなかったため、この申請は取りやめになりました。")
    return sentence(enrolment.trouble if enrolment.trouble in CATALOGUE else "server_error")


def heading(enrolment: Enrolment) -> str:
    """Return the page's heading."""
    match mode(enrolment):
        case "progress":
            return _("電子証明書を発行しています")
        case "passwords":
            return _("パスワードを設定する")
        case "active" if fallen(enrolment) or held(enrolment):
            return _("スマホ用電子証明書")
        case "active":
            return _("発行が終わりました")
        case "ended":
            return _("利用を終わりました")
    return _("申請は取りやめになりました")


def figures(detail: dict[str, Any]) -> str:
    """Return a step's figures in one line: "commands 42, bytes 5120"."""
    return ", ".join(f"{name} {value}" for name, value in detail.items())


def _took(before: datetime | None, at: datetime | None) -> str:
    if before is None or at is None:
        return ""
    return _("{seconds}秒").format(seconds=f"{(at - before).total_seconds():.1f}")
