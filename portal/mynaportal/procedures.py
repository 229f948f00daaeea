"""The procedures: a small set after the briefing's table of uses, each with what it asks. Data.

Municipality and amounts are invented; what is asked follows the real forms in outline.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

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


def _text(one: Procedure) -> str:
    category = CATEGORIES[one.category]
    parts = (one.name, one.summary, category)
    return _folded(" ".join([*(f"{part.ja} {part.en}" for part in parts), one.words]))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
