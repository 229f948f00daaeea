"""The application for child allowance: what is asked, what is wrong with an answer, and the text that is signed."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sandbox.relying_parties.language import say_in

RELATIONS = ("father", "mother", "guardian")
# Child allowance is for children until the 31st of March after their 18th birthday.
LAST_AGE = 18
LONGEST_NAME = 60
_TELEPHONE = re.compile(r"0\d{1,4}-?\d{1,4}-?\d{3,4}")


@dataclass(frozen=True)
class Field:
    """One question of the form: its name, how it is asked, and the choices where there are some."""

    name: str
    kind: str
    choices: tuple[str, ...] = ()
    autocomplete: str = "off"


FIELDS = (
    Field("child_name", "text"),
    Field("child_birth_date", "date"),
    Field("relation", "choice", RELATIONS),
    Field("telephone", "tel", autocomplete="tel"),
)

# For whoever tries the sample, and for programs that do.
EXAMPLE = {
    "child_name": "青葉　若葉",
    "child_birth_date": "2020-05-05",
    "relation": "guardian",
    "telephone": "090-0000-0000",
}


def read(form: Mapping[str, str], today: date) -> tuple[dict[str, str], dict[str, str]]:
    """Return the answers as they are kept, and by field the text's key of what is wrong with them."""
    answers = {field.name: _tidy(form.get(field.name, "")) for field in FIELDS}
    answers["telephone"] = unicodedata.normalize("NFKC", answers["telephone"]).replace("‐", "-").replace("ー", "-")
    wrong = {name: "field_missing" for name, answer in answers.items() if not answer}
    if len(answers["child_name"]) > LONGEST_NAME or not answers["child_name"].isprintable():
        wrong["child_name"] = "field_name_wrong"
    if "child_birth_date" not in wrong and not _is_a_childs(answers["child_birth_date"], today):
        wrong["child_birth_date"] = "field_birth_date_wrong"
    if "relation" not in wrong and answers["relation"] not in RELATIONS:
        wrong["relation"] = "field_missing"
    if "telephone" not in wrong and not _TELEPHONE.fullmatch(answers["telephone"]):
        wrong["telephone"] = "field_telephone_wrong"
    return answers, wrong


@dataclass(frozen=True)
class Application:
    """One application: its number, its day, the answers, and the language that the applicant read it in."""

    number: str
    date: str
    language: str
    answers: dict[str, str]

    @property
    def text(self) -> str:
        """Return what is signed: the same for the same application, whenever it is asked for."""
        facts = {**self.answers, "relation": say_in(self.language, f"relation_{self.answers['relation']}")}
        return say_in(self.language, "application_text", number=self.number, date=self.date, **facts)


def _tidy(answer: str) -> str:
    return " ".join(answer.split())


def _is_a_childs(answer: str, today: date) -> bool:
    try:
        born = date.fromisoformat(answer)
    except ValueError:
        return False
    # The school year that the 18th birthday is in ends on the 31st of March.
    last = date(born.year + LAST_AGE + ((born.month, born.day) > (4, 1)), 3, 31)
    return born <= today <= last
