"""Answers to a procedure's questions: made plain, found wrong, and as they are read."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date

from portal.mynaportal.procedures import Field, Kind, Procedure
from portal.notices import texts
from whitelist.register import Text


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
