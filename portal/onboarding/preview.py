"""What the citizen will see: an entry of the register made of a draft, drawn by the hand-off's own template."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from ca.profiles import Purpose
from whitelist.access import CERTIFIED_BY_MINISTERS
from whitelist.cases import sections, shapes
from whitelist.models import Case
from whitelist.register import CertificationShown, Entry, Text

LANGUAGES = (("ja", "日本語"), ("en", "English"))


def purpose_of(page: str, answers: Mapping[str, Any]) -> Purpose:
    """Return the purpose that a page's preview is about: its own, else the first that is asked for."""
    own = {"signature": Purpose.SIGNATURE, "user-authentication": Purpose.USER_AUTHENTICATION}.get(page)
    wanted = (answers.get("purposes") or {}).get("asks") or []
    signs = sections.USER_AUTHENTICATION not in wanted and sections.SIGNATURE in wanted
    return own or (Purpose.SIGNATURE if signs else Purpose.USER_AUTHENTICATION)


def entry(answers: Mapping[str, Any]) -> Entry:
    """Return the entry that the answers would make, as far as they go."""
    service, purposes = answers.get("service") or {}, answers.get("purposes") or {}
    basis = (answers.get("basis") or {}).get("item") or ""
    texts = {}
    for purpose in Purpose:
        told = purposes.get(purpose.value) or {}
        texts[purpose] = Text(
            told.get("text_ja") or "（目的がここに出ます）", told.get("text_en") or "(the purpose comes here)"
        )
    return Entry(
        client_id=service.get("client_id") or "",
        name=Text(
            service.get("name_ja") or "（サービス名）", service.get("name_en") or "(service’s name)"
        ),
        kind=(answers.get("organisation") or {}).get("kind") or "",
        website=service.get("website") or "",
        basis=basis if basis == sections.OPERATOR or basis.startswith("17-1-") else "",
        basis_text="",
        origins=tuple(
            block["origin"] for block in shapes.blocks(answers.get("applications")) if block.get("origin")
        ),
        purposes=texts,
        certification=_certification(basis, answers.get("certification") or {}),
        logo=str(service.get("logo") or ""),
    )  # fmt: skip


def drawn(case: Case, page: str, answers: Mapping[str, Any], files: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return what the phone will show, in each language, as HTML."""
    made, purpose = entry(answers), purpose_of(page, answers)
    if made.logo in files:
        logo = reverse("onboarding:logo", args=[case.organisation.reference, case.reference, made.logo])
    else:
        made, logo = replace(made, logo=""), ""
    pictures = []
    for code, name in LANGUAGES:
        with translation.override(code):
            context = {
                "preview": True,
                "entry": made,
                "logo_address": logo,
                "name": made.name.in_language(code),
                "signing": purpose == Purpose.SIGNATURE,
                "purpose_text": made.purposes[purpose].in_language(code),
                "mark": f"-{code}",
            }
            pictures.append({"language": code, "name": name, "html": render_to_string("handoff/request.html", context)})
    return pictures


def _certification(basis: str, given: Mapping[str, Any]) -> CertificationShown | None:
    if basis not in CERTIFIED_BY_MINISTERS or not given.get("number"):
        return None
    day = date(2000, 1, 1)  # not shown by the phone
    return CertificationShown(str(given["number"]), day, day)
