"""The script by which an agent makes sure who calls: questions as data, with what the agent must hear.

The agent compares; what is kept is which questions were asked and which were answered right. A question that only the
phone's user can answer weighs more than one whose answer is printed on the card.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ca.models import Holder
from portal.handoff.models import HandOff
from tsm.models import Enrolment


class Act(StrEnum):
    """What an agent may do once the caller has been asked enough."""

    HOLD = "hold"
    RELEASE = "release"


@dataclass(frozen=True)
class Question:
    """One question: what is said, what must be heard (empty: not to be asked), and whether the card shows it."""

    code: str
    say: Promise
    hear: Callable[[Holder, Enrolment], str]
    on_card: bool


@dataclass(frozen=True)
class Enough:
    """How many right answers an act takes, and how many of them that no card shows. A wrong one is one too many."""

    right: int
    not_on_card: int


def _day(value: date) -> str:
    return date_format(value, "Y-m-d")


def _services(holder: Holder, enrolment: Enrolment) -> str:
    pair = (enrolment.signature_certificate_id, enrolment.authentication_certificate_id)
    issued = [one for one in pair if one is not None]
    used = HandOff.objects.filter(answered_with__in=issued).order_by("-ended_at")[:20]
    return "、".join(list(dict.fromkeys(used.values_list("relying_party__name_ja", flat=True)))[:5])


QUESTIONS = (
    Question("name", gettext_lazy("お名前をフルネームでおっしゃってください。"), lambda holder, _e: holder.name, True),
    Question(
        "born_on", gettext_lazy("生年月日をおっしゃってください。"), lambda holder, _e: _day(holder.born_on), True
    ),
    Question(
        "address",
        gettext_lazy("ご住所を番地までおっしゃってください。"),
        lambda holder, _e: holder.address,
        True,
    ),
    Question("phone", gettext_lazy("お使いのスマートフォンの機種は何ですか。"), lambda _h, one: one.phone.name, False),
    Question(
        "applied",
        gettext_lazy("スマートフォンの電子証明書を申請されたのは、いつごろですか。"),
        lambda _h, one: _("{day}（前後ひと月まで可）").format(day=_day(timezone.localtime(one.created_at))),
        False,
    ),
    Question(
        "service",
        gettext_lazy("スマートフォンの電子証明書を最近使ったサービスを、1つ挙げてください。"),
        _services,
        False,
    ),
)
POLICY: Mapping[Act, Enough] = {Act.HOLD: Enough(3, 0), Act.RELEASE: Enough(4, 2)}
_BY_CODE = {question.code: question for question in QUESTIONS}


@dataclass(frozen=True)
class Line:
    """One question as it stands on the agent's screen."""

    code: str
    say: str
    hear: str
    on_card: bool


def lines(holder: Holder, enrolment: Enrolment) -> list[Line]:
    """Return the questions for a caller, with what must be heard."""
    told = (Line(one.code, str(one.say), one.hear(holder, enrolment), one.on_card) for one in QUESTIONS)
    return [line for line in told if line.hear]


def is_enough(asked: Mapping[str, bool], act: Act) -> bool:
    """Tell whether what was asked, and how it was answered, will do for an act."""
    right = [code for code, was_right in asked.items() if was_right and code in _BY_CODE]
    if len(right) != len(asked):
        return False
    enough = POLICY[act]
    return len(right) >= enough.right and sum(not _BY_CODE[code].on_card for code in right) >= enough.not_on_card
