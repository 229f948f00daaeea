"""The pages of わかば診療所: check in by link, by code or on the reader; the patient's file; its certificates."""

from datetime import date
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sandbox.relying_parties import visitor
from sandbox.relying_parties.asking import Service
from sandbox.relying_parties.clinic import insurance
from sandbox.relying_parties.clinic.accounts import Accounts, Found
from sandbox.relying_parties.clinic.store import Patient, Store
from sandbox.relying_parties.counter import Counter
from sandbox.relying_parties.environment import SAMPLES_DATA_DIR
from sandbox.relying_parties.language import say
from sandbox.relying_parties.pages import client, outcome, reporting
from sandbox.relying_parties.visitor import Visitor

CLINIC = Service("clinic", "wakaba-clinic", ("phone", "card"))
COUNTER = Counter(CLINIC, then="clinic_file")
LONGEST_NAME = 60


@cache
def accounts() -> Accounts:
    """Return the clinic's files."""
    return Accounts(Store(SAMPLES_DATA_DIR / "clinic.sqlite3"), client(CLINIC.client_id))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@reporting("clinic")
def register(request: HttpRequest) -> HttpResponse:
    """Ask a new patient what the certificate doesn't say; on POST open their file."""
    here = visitor.current(request, CLINIC)
    if here is None:
        return outcome(request, "clinic", "over", status=403)
    if _found(here) is not None:
        return redirect("clinic_file")
    answers = {"name": "", "birth_date": "", "insured": ""}
    wrong: dict[str, str] = {}
    if request.method == "POST":
        answers, wrong = _read(request.POST.dict())
        if not wrong:
            accounts().create(here.number, here.medium, **answers, now=_now())
            return redirect("clinic_file")
    fields = _fields(answers, wrong)
    context = {
        "service": "clinic",
        "medium": here.medium,
        "fields": fields,
        "wrong": [field for field in fields if field["problem"]],
    }
    return render(request, "samples/clinic/register.html", context, status=400 if wrong else 200)


@never_cache
@require_safe
@reporting("clinic")
def file(request: HttpRequest) -> HttpResponse:
    """Show the patient's file: insurance of today, and the certificates that lead to it."""
    here = visitor.current(request, CLINIC)
    if here is None:
        return outcome(request, "clinic", "over", status=403)
    found = _found(here)
    if found is None:
        return redirect("clinic_register")
    answer = insurance.check(found.patient.insured, date.fromisoformat(found.patient.birth_date), timezone.localdate())
    context = {
        "service": "clinic",
        "patient": found.patient,
        "found": say(f"found_{found.how}_{here.medium}"),
        "double": found.double,
        "insurance": answer,
        "insurance_said": say("insured_yes", share=answer.share) if answer.valid else say("insured_no"),
        "certificates": _certificates(found.patient, here),
        "lines": visitor.checked(request, CLINIC),
    }
    return render(request, "samples/clinic/file.html", context)


@never_cache
@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """Forget who was here; the file stays."""
    request.session.flush()
    return redirect("clinic")


@never_cache
@require_POST
@reporting("clinic")
def delete(request: HttpRequest) -> HttpResponse:
    """Throw the patient's file away: what one's certificates are linked by is one's own to end."""
    here = visitor.current(request, CLINIC)
    found = _found(here) if here else None
    if found is None:
        return outcome(request, "clinic", "over", status=403)
    accounts().store.delete(found.patient)
    request.session.flush()
    return outcome(request, "clinic", "deleted")


def _found(here: Visitor) -> Found | None:
    return accounts().find(here.number, here.medium, _now())


def _certificates(patient: Patient, here: Visitor) -> list[dict[str, Any]]:
    standings = accounts().standings(patient)
    return [
        {
            "medium": say(f"medium_{one.medium}"),
            "number": one.number,
            "how": say(f"linked_{one.how}"),
            "since": one.since,
            "standing": say(f"standing_{standings.get(one.number, 'unknown')}"),
            "good": standings.get(one.number) == "good",
            "now": one.number == here.number,
        }
        for one in accounts().store.linked(patient)
    ]


def _read(form: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the answers as they are kept, and by field the text's key of what is wrong with them."""
    answers = {name: " ".join(form.get(name, "").split()) for name in ("name", "birth_date", "insured")}
    wrong = {name: "field_missing" for name, answer in answers.items() if not answer}
    if len(answers["name"]) > LONGEST_NAME or not answers["name"].isprintable():
        wrong["name"] = "field_name_wrong"
    try:
        if not date(1900, 1, 1) <= date.fromisoformat(answers["birth_date"]) <= timezone.localdate():
            wrong.setdefault("birth_date", "field_birthday_wrong")
    except ValueError:
        wrong.setdefault("birth_date", "field_birthday_wrong")
    insured = insurance.tidy(answers["insured"])
    if not insured:
        wrong.setdefault("insured", "field_insured_wrong")
    return answers | {"insured": insured or answers["insured"]}, wrong


def _fields(answers: dict[str, str], wrong: dict[str, str]) -> list[dict[str, Any]]:
    kinds = {"name": ("text", "name"), "birth_date": ("date", "bday"), "insured": ("text", "off")}
    return [
        {
            "name": name,
            "kind": kind,
            "autocomplete": autocomplete,
            "label": say(f"patient_{name}"),
            "hint": say(f"patient_{name}_hint"),
            "value": answers[name],
            "problem": say(wrong[name]) if name in wrong else "",
        }
        for name, (kind, autocomplete) in kinds.items()
    ]


def _now() -> str:
    return f"{timezone.localtime():%Y-%m-%d %H:%M}"
