"""What a field takes: its kind, its bounds, and what is wrong with an answer, as a sentence in both languages."""

import re
import unicodedata
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from whitelist import texts
from whitelist.cases import corporate_number
from whitelist.cases.errors import AnswerTooLong, FieldUnknown
from whitelist.register import Text

# {section: its answers, as `whitelist.cases.sections` has them}
Answers = Mapping[str, Any]
# May look at all answers, and at the block (one application) that the field stands in.
Condition = Callable[[Answers, Mapping[str, Any]], bool]

NO_TEXT = Text("", "")
# What a draft keeps of one answer, whatever the field allows: a long text isn't cut, and no row grows without end.
LONGEST_KEPT = 20_000
MOST_LINES = 20


class Kind(StrEnum):
    """What a field takes. An answer is a text, and a list of texts for CHOICES and LIST."""

    LINE = "line"
    LINES = "lines"
    DATE = "date"
    CHOICE = "choice"
    CHOICES = "choices"
    LIST = "list"  # one a line
    URL = "url"
    EMAIL = "email"
    TELEPHONE = "telephone"
    CORPORATE_NUMBER = "corporate_number"
    FILE = "file"  # the reference of an attachment


MANY = frozenset({Kind.CHOICES, Kind.LIST})


def always(answers: Answers, block: Mapping[str, Any]) -> bool:
    """Tell that a field is required whatever the answers are."""
    return True


def never(answers: Answers, block: Mapping[str, Any]) -> bool:
    """Tell that a field may stay empty whatever the answers are."""
    return False


@dataclass(frozen=True)
class Field:
    """One question. `name` is its path in the section's answers; `form` is what each text must look like."""

    name: str
    kind: Kind
    label: Text
    hint: Text = NO_TEXT
    required: Condition = always
    # Whether it is asked at all; what stands in a field that isn't asked doesn't matter.
    asked: Condition = always
    most: int = 100
    choices: tuple[tuple[str, Text], ...] = ()
    form: str = ""
    form_told: Text = NO_TEXT
    autocomplete: str = ""

    @property
    def empty(self) -> Any:
        """Return the answer that stands for none."""
        return [] if self.kind in MANY else ""


def tidy(field: Field, given: Any) -> Any:
    """Return an answer in its plain form. Raise `FieldUnknown` for another type, `AnswerTooLong`.

    Without what nobody means: blanks around it, full-width digits, kinds of line ends; and without what no database
    keeps (NUL, halves of characters). What is merely wrong stays: a draft keeps what was typed.
    """
    if field.kind in MANY:
        if isinstance(given, str):
            given = given.splitlines()
        if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
            raise FieldUnknown(f"{field.name} is a list of texts", field=field.name)
        texts = [_plain(one, field) for one in given]
        kept = [one for one in dict.fromkeys(texts) if one]
        if sum(map(len, kept)) > LONGEST_KEPT or len(kept) > 10 * MOST_LINES:
            raise AnswerTooLong("an answer is longer than is kept", field=field.name, most=LONGEST_KEPT)
        return kept
    if not isinstance(given, str):
        raise FieldUnknown(f"{field.name} is a text", field=field.name)
    if len(given) > LONGEST_KEPT:
        raise AnswerTooLong("an answer is longer than is kept", field=field.name, most=LONGEST_KEPT)
    return _plain(given, field)


def _plain(given: str, field: Field) -> str:
    value = given.replace("\r\n", "\n").replace("\r", "\n")
    value = texts.kept(value)
    if field.kind is Kind.CORPORATE_NUMBER:
        return corporate_number.plain(value)
    if field.kind in (Kind.TELEPHONE, Kind.EMAIL):
        value = unicodedata.normalize("NFKC", value)
        return re.sub(r"[‐-―−ー]", "-", value) if field.kind is Kind.TELEPHONE else value
    return value


def problem(field: Field, value: Any, answers: Answers, block: Mapping[str, Any]) -> Text | None:
    """Return what is wrong with an answer in its plain form, or None."""
    label = field.label
    if not value:
        if not field.required(answers, block):
            return None
        if label.ja.endswith("。"):  # a statement, to be answered
            return Text(f"「{label.ja}」に答えてください。", f"Please answer: “{label.en}”.")
        if field.kind in (Kind.CHOICE, Kind.CHOICES):
            return Text(f"{label.ja}を選んでください。", f"Please choose: {label.en}.")
        if field.kind is Kind.FILE:
            return Text(f"{label.ja}のファイルを選んでください。", f"Please choose a file: {label.en}.")
        return Text(f"{label.ja}を入力してください。", f"Please enter: {label.en}.")
    if field.kind in MANY:
        if len(value) > MOST_LINES:
            return Text(f"{label.ja}は、{MOST_LINES}件までです。", f"“{label.en}” may have {MOST_LINES} at most.")
        return next((found for one in value if (found := _problem(field, one)) is not None), None)
    return _problem(field, value)


def _problem(field: Field, value: str) -> Text | None:
    label = field.label
    unseen = {"Cc", "Cf", "Co", "Cn", "Zl", "Zp"}
    # U+200D joins emoji, the variation selectors are of category Mn: neither hides or turns anything.
    if any(unicodedata.category(one) in unseen and one not in "\n\t\u200d" for one in value):
        return Text(
            f"{label.ja}に、見えない文字か使えない文字があります。打ち直してください。",
            f"There is a character in “{label.en}” that isn't seen or can't be used. Please type it anew.",
        )
    if field.kind is not Kind.LINES and "\n" in value:
        return Text(f"{label.ja}は、1行で入力してください。", f"“{label.en}” must be one line.")
    if len(value) > field.most:
        return Text(
            f"{label.ja}は、{field.most}文字までです。いまは{len(value)}文字あります。",
            f"“{label.en}” may have {field.most} characters; it has {len(value)}.",
        )
    if field.form and not re.fullmatch(field.form, value):
        return field.form_told
    check = _CHECKS.get(field.kind)
    if check is not None and not check(value, field):
        return _TOLD[field.kind](label)
    return None


def _is_date(value: str, field: Field) -> bool:
    try:
        return 1950 <= date.fromisoformat(value).year <= 2100 and len(value) == 10
    except ValueError:
        return False


def _is_url(value: str, field: Field) -> bool:
    try:
        found = urlsplit(value)
        port = found.port
    except ValueError:
        return False
    name = found.hostname or ""
    return (
        found.scheme == "https"
        and "." in name
        and port != 0
        and not found.username
        and not found.password
        and value.isascii()
        and not re.search(r"[\s\"<>\\^`{|}]", value)
    )


def _is_telephone(value: str, field: Field) -> bool:
    return re.fullmatch(r"(0|\+)[0-9-]{8,16}", value) is not None and 9 <= len(re.sub("[^0-9]", "", value)) <= 15


def _is_reference(value: str, field: Field) -> bool:
    try:
        return str(uuid.UUID(value)) == value
    except ValueError:
        return False


_CHECKS: Mapping[Kind, Callable[[str, Field], bool]] = {
    Kind.DATE: _is_date,
    Kind.CHOICE: lambda value, field: value in dict(field.choices),
    Kind.CHOICES: lambda value, field: value in dict(field.choices),
    Kind.URL: _is_url,
    Kind.EMAIL: lambda value, field: (
        re.fullmatch(r"[^@\s]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}", value) is not None
    ),
    Kind.TELEPHONE: _is_telephone,
    Kind.CORPORATE_NUMBER: lambda value, field: corporate_number.is_valid(value),
    Kind.FILE: _is_reference,
}
_TOLD: Mapping[Kind, Callable[[Text], Text]] = {
    Kind.DATE: lambda label: Text(
        f"{label.ja}を、年・月・日で入力してください。", f"Please enter year, month and day: {label.en}."
    ),
    Kind.CHOICE: lambda label: Text(f"{label.ja}を選んでください。", f"Please choose: {label.en}."),
    Kind.CHOICES: lambda label: Text(f"{label.ja}を選んでください。", f"Please choose: {label.en}."),
    Kind.URL: lambda label: Text(
        f"{label.ja}は、https:// で始まるアドレスを入力してください。",
        f"“{label.en}” must be an address that begins with https://.",
    ),
    Kind.EMAIL: lambda label: Text(
        f"{label.ja}は、name@example.jp のような形で入力してください。", f"“{label.en}” must look like name@example.jp."
    ),
    Kind.TELEPHONE: lambda label: Text(
        f"{label.ja}は、0か＋で始まる番号を入力してください。",
        f"“{label.en}” must be a number that begins with 0 or +.",
    ),
    Kind.CORPORATE_NUMBER: lambda label: Text(
        f"{label.ja}が正しくありません。13桁の数字を確かめてください。",
        f"“{label.en}” isn't right. Please check its 13 digits.",
    ),
    Kind.FILE: lambda label: Text(f"{label.ja}のファイルを選んでください。", f"Please choose a file: {label.en}."),
}
