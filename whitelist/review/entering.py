"""An approved case becomes rows of the register, in the decision's own transaction.

A change takes the place of what stood there; until then the live entry stands as it was. Its state is another matter: a
change of a suspended entry leaves it suspended; one of an expired entry brings it back.
"""

import secrets
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from ca import journal
from ca.profiles import Purpose
from whitelist import delegations, logos
from whitelist.cases import attachments, states
from whitelist.errors import ArrowGone, DelegationInvalid
from whitelist.models import (
    Case,
    Logo,
    MinisterialCertification,
    Organisation,
    Proposal,
    PurposeOfUse,
    RegisteredApplication,
    RegisterRecord,
    RelyingParty,
)
from whitelist.published import records
from whitelist.review import courses

State = RelyingParty.State
Kind = RegisteredApplication.Kind
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that reads like something else


def enter(case: Case, decision: Proposal, *, by: str) -> RelyingParty:
    """Write what the decided version says into the register and return the entry. Inside the decision's transaction.

    Raises ArrowGone when the entry that was to be changed has been removed meanwhile.
    """
    answers: Mapping[str, Any] = decision.review.version.answers
    before = courses.entered(case)
    entry = case.relying_party if case.changes_entry else None
    if entry is None:
        entry = _new(case, answers)
    else:
        entry = RelyingParty.objects.select_related("realm").get(pk=entry.pk)
        if entry.state == State.REMOVED:
            raise ArrowGone("the entry has been removed")
    facts = {**_facts(answers), **_until(decision)}
    for name, value in facts.items():
        setattr(entry, name, value)
    entry.save(update_fields=facts)
    _purposes(entry, answers.get("purposes") or {})
    _applications(entry, answers.get("applications") or [])
    _certify(entry, case)
    _logo(entry, case, answers)
    touched = courses.changed(before.answers if before else None, answers)
    if entry.basis != RelyingParty.Basis.OPERATOR:
        RelyingParty.objects.filter(pk=entry.pk).update(operator=None)
    elif touched & {"basis", "purposes"}:  # of what stands otherwise, whoever ended the delegation has ended it
        _stand_under(entry, case, answers, by=by)
    number = (answers.get("organisation") or {}).get("corporate_number")
    if number:  # checked by now
        Organisation.objects.filter(pk=case.organisation_id).update(corporate_number=number)
    if entry.state in (State.DRAFT, State.EXPIRED):
        states.move_entry(entry, "register", by=by, case=str(case.reference))
    else:
        journal.record(
            entry.realm, "register.change", entry.client_id, by=by, case=str(case.reference), sections=sorted(touched)
        )
        records.note(entry, RegisterRecord.Event.CHANGED)
    return entry


def _facts(answers: Mapping[str, Any]) -> dict[str, Any]:
    service, organisation = answers.get("service") or {}, answers.get("organisation") or {}
    purposes = answers.get("purposes") or {}
    kinds = RelyingParty.Kind
    operator = organisation.get("kind") == kinds.PLATFORM_OPERATOR
    return {
        "name_ja": service["name_ja"],
        "name_en": service["name_en"],
        "website": service.get("website") or organisation.get("website") or "",
        "kind": kinds.PLATFORM_OPERATOR if operator else kinds.SERVICE_PROVIDER,
        "attributes": list(purposes.get("attributes") or []),
        "attributes_why": str(purposes.get("attributes_why") or "") if purposes.get("attributes") else "",
        "basis": RelyingParty.Basis(str((answers.get("basis") or {}).get("item"))),
    }


def _until(decision: Proposal) -> dict[str, date | None]:
    until = decision.terms.get("valid_until")
    return {"valid_until": date.fromisoformat(until) if until else None}


def _new(case: Case, answers: Mapping[str, Any]) -> RelyingParty:
    """Return a new row, under the client id that was wished for if it is fit and free, otherwise under a made one."""
    wish = str((answers.get("service") or {}).get("client_id") or "")
    while True:
        client_id = wish or "rp-" + "".join(secrets.choice(ALPHABET) for _ in range(10))
        row = RelyingParty(
            realm=case.organisation.realm, organisation=case.organisation, client_id=client_id, **_facts(answers)
        )
        try:
            row.clean_fields(exclude={field.name for field in row._meta.fields} - {"client_id"})
            with transaction.atomic():
                row.save(force_insert=True)
            return row
        except (ValidationError, IntegrityError):
            wish = ""


def _purposes(entry: RelyingParty, answers: Mapping[str, Any]) -> None:
    wanted = {purpose: answers[purpose] for purpose in Purpose if answers.get(purpose)}
    entry.purposes.exclude(purpose__in=wanted).delete()
    for purpose, texts in wanted.items():
        values = {"text_ja": texts["text_ja"], "text_en": texts["text_en"]}
        PurposeOfUse.objects.update_or_create(relying_party=entry, purpose=purpose, defaults=values)


def _applications(entry: RelyingParty, answers: Any) -> None:
    wanted: dict[tuple[str, str], dict[str, Any]] = {}
    for one in answers:
        kind = Kind(one["kind"])
        origin = str(one.get({Kind.BROWSER: "origin", Kind.ANDROID: "package", Kind.IOS: "bundle_id"}[kind]) or "")
        values = wanted.setdefault((kind, origin), {"callback_urls": [], "proofs": {}})
        values["callback_urls"] += [url for url in one.get("callback_urls") or [] if url not in values["callback_urls"]]
        for name in ("certificate_sha256", "team_id"):
            if one.get(name):
                values["proofs"][name] = one[name]
    for row in entry.applications.all():
        if (row.kind, row.origin) not in wanted:
            row.delete()
    for (name, origin), values in wanted.items():
        RegisteredApplication.objects.update_or_create(relying_party=entry, kind=name, origin=origin, defaults=values)


def _logo(entry: RelyingParty, case: Case, answers: Mapping[str, Any]) -> None:
    """Give the entry the picture that the case names, looked through again; without one it has none."""
    reference = (answers.get("service") or {}).get("logo")
    file = attachments.find(case, reference) if reference else None
    if file is None:
        Logo.objects.filter(relying_party=entry).delete()
    else:
        logos.put(entry, bytes(file.content))


def _certify(entry: RelyingParty, case: Case) -> None:
    """Write down the ministry's certification, where this case has one."""
    decided = courses.certification(case)
    if decided is not None:
        terms = decided.terms
        _put_certification(
            entry,
            terms["number"],
            date.fromisoformat(terms["granted_on"]),
            date.fromisoformat(terms["valid_until"]),
            terms["conditions"],
        )


def _stand_under(entry: RelyingParty, case: Case, answers: Mapping[str, Any], *, by: str) -> None:
    """Write down under which platform operator the entry stands: a delegation, of which the case is the document."""
    client_id = str((answers.get("basis") or {}).get("operator_client_id") or "")
    operator = RelyingParty.objects.select_related("realm").filter(realm=entry.realm, client_id=client_id).first()
    if operator is None:
        raise DelegationInvalid("there is no such platform operator", member="operator")
    purposes = [Purpose(one.purpose) for one in entry.purposes.all()]
    delegations.record(operator, entry, purposes, by=by, document=str(case.reference), case=case)


def _put_certification(entry: RelyingParty, number: str, granted: date, until: date, conditions: str) -> None:
    values = {"granted_on": granted, "valid_until": until, "conditions": conditions}
    MinisterialCertification.objects.update_or_create(relying_party=entry, number=number, defaults=values)
