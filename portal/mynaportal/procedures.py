"""The procedures: a small set after the briefing's table of uses, each with what it asks. Data, and the rules of data.

Municipality and amounts are invented; what is asked follows the real forms in outline.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from portal.notices import texts
from whitelist.register import Text

NO_HINT = Text("", "")


class Kind(StrEnum):
    """What a field takes."""

    LINE = "line"
    LINES = "lines"
    DATE = "date"
    NUMBER = "number"
    DIGITS = "digits"
    TELEPHONE = "telephone"
    CHOICE = "choice"


@dataclass(frozen=True)
class Field:
    """One question of a form. `least` and `most` bound a number, a line's length, or how many digits."""

    code: str
    kind: Kind
    label: Text
    hint: Text = NO_HINT
    required: bool = True
    least: int = 1
    most: int = 100
    choices: tuple[tuple[str, Text], ...] = ()
    past: bool = False  # a date that can't be ahead
    autocomplete: str = ""


@dataclass(frozen=True)
class Procedure:
    """One procedure: what it is for, where it goes, what it asks; `words` are found by the search, too."""

    code: str
    category: str
    name: Text
    summary: Text
    office: Text
    needs: tuple[Text, ...]
    fields: tuple[Field, ...]
    words: str = ""


CATEGORIES: Mapping[str, Text] = {
    "childcare": Text("子育て", "Children"),
    "moving": Text("引っ越し", "Moving house"),
    "benefits": Text("給付・手当", "Benefits"),
}

_CHILD = (
    Field(
        "child_name",
        Kind.LINE,
        Text("子どもの氏名", "Child's name"),
        Text("姓と名のあいだを空ける", "Family and given name"),
    ),
    Field("child_born", Kind.DATE, Text("子どもの生年月日", "Child's date of birth"), past=True),
)
_BANK = (
    Field("bank", Kind.LINE, Text("振込先の金融機関", "Bank"), Text("例： みらい銀行", "Example: Mirai Bank"), most=40),
    Field("branch", Kind.LINE, Text("支店", "Branch"), most=40),
    Field(
        "account",
        Kind.DIGITS,
        Text("口座番号（普通）", "Account number"),
        Text("数字7桁", "Seven digits"),
        least=7,
        most=7,
    ),
)
_TELEPHONE = Field(
    "telephone",
    Kind.TELEPHONE,
    Text("連絡先の電話番号", "Telephone number"),
    Text("例： 090-0000-0000", "Example: 090-0000-0000"),
    autocomplete="tel",
)
_REMARKS = Field("remarks", Kind.LINES, Text("備考", "Remarks"), required=False, most=500)

PROCEDURES: tuple[Procedure, ...] = (
    Procedure(
        "nursery",
        "childcare",
        Text("保育施設利用申込み", "Application for a nursery place"),
        Text(
            "保育所や認定こども園などの利用を申し込みます。",
            "Apply for a place at a nursery or a centre for early childhood.",
        ),
        Text("お住まいの市区町村 保育課", "Your municipality, nursery section"),
        (Text("就労証明書など、保育が必要な理由の書類（後日提出）", "Papers that show why (handed in later)"),),
        (
            *_CHILD,
            Field("first_wish", Kind.LINE, Text("第1希望の施設", "First choice of nursery"), most=60),
            Field("second_wish", Kind.LINE, Text("第2希望の施設", "Second choice"), required=False, most=60),
            Field("begin", Kind.DATE, Text("利用を始めたい日", "From which day")),
            Field(
                "reason",
                Kind.CHOICE,
                Text("保育が必要な理由", "Why it is needed"),
                choices=(
                    ("work", Text("就労", "Work")),
                    ("birth", Text("妊娠・出産", "Pregnancy or birth")),
                    ("illness", Text("病気・障害", "Illness or disability")),
                    ("care", Text("家族の介護", "Care for a relative")),
                    ("seeking", Text("求職活動", "Looking for work")),
                ),
            ),
            _TELEPHONE,
            _REMARKS,
        ),
        "保育園 こども園 入園 ほいく nursery kindergarten",
    ),
    Procedure(
        "child_allowance",
        "childcare",
        Text("児童手当 認定請求", "Claim for child allowance"),
        Text(
            "子どもが生まれたときや、引っ越してきたときに請求します。",
            "Claim it when a child is born, or when you have moved here.",
        ),
        Text("お住まいの市区町村 子育て支援課", "Your municipality, family section"),
        (Text("振込先の口座がわかるもの", "Your bank account number"),),
        (
            *_CHILD,
            Field(
                "relation",
                Kind.CHOICE,
                Text("子どもとの関係", "You are the child's"),
                choices=(
                    ("father", Text("父", "Father")),
                    ("mother", Text("母", "Mother")),
                    ("guardian", Text("未成年後見人など", "Guardian")),
                ),
            ),
            *_BANK,
        ),
        "じどうてあて 出生 出産 child benefit birth",
    ),
    Procedure(
        "pregnancy",
        "childcare",
        Text("妊娠の届出", "Notice of pregnancy"),
        Text("届け出ると、母子健康手帳を受け取れます。", "Give notice, and get the mother and child handbook."),
        Text("お住まいの市区町村 保健センター", "Your municipality, health centre"),
        (),
        (
            Field("due", Kind.DATE, Text("出産予定日", "Expected date of birth")),
            Field("clinic", Kind.LINE, Text("診断を受けた医療機関", "Clinic"), most=60),
            _TELEPHONE,
        ),
        "母子手帳 にんしん maternity",
    ),
    Procedure(
        "moving_out",
        "moving",
        Text("転出届", "Notice of moving out"),
        Text(
            "ほかの市区町村へ引っ越すときに届け出ます。引っ越したあとに、新しい市区町村の窓口で転入届が必要です。",
            "Give notice before you move to another municipality. After it you go to the new municipality's office.",
        ),
        Text("お住まいの市区町村 市民課", "Your municipality, residents' section"),
        (Text("転入届では、マイナンバーカードが必要です。", "Moving in needs your My Number Card."),),
        (
            Field("day", Kind.DATE, Text("引っ越す日", "Day of the move")),
            Field(
                "new_address",
                Kind.LINE,
                Text("新しい住所", "New address"),
                Text("都道府県から入力", "From the prefecture on"),
                most=200,
            ),
            Field("new_head", Kind.LINE, Text("新しい世帯主の氏名", "Head of the new household")),
            Field(
                "people",
                Kind.NUMBER,
                Text("引っ越す人数", "How many people move"),
                Text("あなたも含めて", "Yourself included"),
                most=20,
            ),
            _TELEPHONE,
        ),
        "ひっこし 転居 住所変更 てんしゅつ move address",
    ),
    Procedure(
        "benefit",
        "benefits",
        Text("給付金申請（物価高への支援）", "Application for the cost-of-living benefit"),
        Text(
            "対象の世帯に、1世帯あたり3万円を支給します（架空の制度です）。",
            "Pays 30,000 yen to each household (an invented scheme).",
        ),
        Text("お住まいの市区町村 給付金室", "Your municipality, benefits office"),
        (Text("振込先の口座がわかるもの", "Your bank account number"),),
        (
            Field("people", Kind.NUMBER, Text("世帯の人数", "People in the household"), most=20),
            *_BANK,
            _TELEPHONE,
        ),
        "きゅうふきん 手当 benefit payment",
    ),
)
_BY_CODE = {procedure.code: procedure for procedure in PROCEDURES}


def find(code: str) -> Procedure | None:
    """Return the procedure of that code, or None."""
    return _BY_CODE.get(code)


def search(words: str, category: str = "") -> list[Procedure]:
    """Return the procedures that hold all of the words, in any width or case, and are of the category."""
    wanted = _folded(words).split()
    return [
        one
        for one in PROCEDURES
        if (not category or one.category == category) and all(word in _text(one) for word in wanted)
    ]


def check(procedure: Procedure, posted: Mapping[str, str], *, today: date) -> tuple[dict[str, str], dict[str, Text]]:
    """Return what was answered, in its plain form, and what is wrong with it by field: a whole sentence each."""
    answers, wrong = {}, {}
    for field in procedure.fields:
        value = tidy(field, posted.get(field.code, ""))
        answers[field.code] = value
        problem = _problem(field, value, today)
        if problem is not None:
            wrong[field.code] = problem
    return answers, wrong


def tidy(field: Field, typed: str) -> str:
    """Return what was typed without what nobody means: blanks around it, full-width digits, kinds of line ends, NUL."""
    value = typed.replace("\0", "").replace("\r\n", "\n").strip()[:2000]  # PostgreSQL's JSON takes no NUL
    if field.kind in (Kind.NUMBER, Kind.DIGITS, Kind.TELEPHONE):
        value = unicodedata.normalize("NFKC", value)
        value = re.sub(r"[‐-―−ー]", "-", value) if field.kind is Kind.TELEPHONE else re.sub(r"[\s-]", "", value)
    return value


def shown(field: Field, value: str, language: str | None) -> str:
    """Return an answer as it is read."""
    if field.kind is Kind.CHOICE:
        return next((label.in_language(language) for code, label in field.choices if code == value), value)
    if field.kind is Kind.DATE and value:
        return texts.moment_day(date.fromisoformat(value)).in_language(language)
    return value


def _problem(field: Field, value: str, today: date) -> Text | None:
    label = field.label
    if not value:
        if not field.required:
            return None
        verb = ("選んで", "choose") if field.kind is Kind.CHOICE else ("入力して", "enter")
        return Text(f"{label.ja}を{verb[0]}ください。", f"Please {verb[1]}: {label.en}.")
    if any(unicodedata.category(sign) in {"Cc", "Cs", "Co", "Cn"} and sign != "\n" for sign in value):
        return Text(
            f"{label.ja}に、使えない文字があります。", f"There is a character in “{label.en}” that can't be used."
        )
    match field.kind:
        case Kind.CHOICE if value not in {code for code, _ in field.choices}:
            return Text(f"{label.ja}を選んでください。", f"Please choose: {label.en}.")
        case Kind.DATE:
            return _date_problem(field, value, today)
        case Kind.NUMBER if not (value.isascii() and value.isdecimal() and field.least <= int(value[:9]) <= field.most):
            return Text(
                f"{label.ja}は、{field.least}から{field.most}までの数字で入力してください。",
                f"“{label.en}” must be a number from {field.least} to {field.most}.",
            )
        case Kind.DIGITS if not re.fullmatch(rf"[0-9]{{{field.least},{field.most}}}", value):
            return Text(
                f"{label.ja}は、数字{field.most}桁で入力してください。", f"“{label.en}” must be {field.most} digits."
            )
        case Kind.TELEPHONE if not re.fullmatch(r"0[0-9-]{8,14}", value) or not 10 <= len(re.sub("-", "", value)) <= 11:
            return Text(
                f"{label.ja}は、0で始まる10桁か11桁の番号を入力してください。",
                f"“{label.en}” must begin with 0 and have 10 or 11 digits.",
            )
        case Kind.LINE if "\n" in value:
            return Text(f"{label.ja}は、1行で入力してください。", f"“{label.en}” must be one line.")
        case Kind.LINE | Kind.LINES if len(value) > field.most:
            return Text(
                f"{label.ja}は、{field.most}文字までで入力してください。",
                f"“{label.en}” must be at most {field.most} characters.",
            )
    return None


def _date_problem(field: Field, value: str, today: date) -> Text | None:
    label = field.label
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return Text(f"{label.ja}を、年・月・日で入力してください。", f"Please enter year, month and day: {label.en}.")
    if field.past and day > today:
        return Text(f"{label.ja}が、今日より先の日になっています。", f"“{label.en}” is a day that is still to come.")
    if abs(day.year - today.year) > 130:
        return Text(f"{label.ja}の年を確かめてください。", f"Please check the year: {label.en}.")
    return None


def _text(one: Procedure) -> str:
    category = CATEGORIES[one.category]
    parts = (one.name, one.summary, category)
    return _folded(" ".join([*(f"{part.ja} {part.en}" for part in parts), one.words]))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
