"""The public register, for people and for programs."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from ca import clock
from ca.models import Realm
from whitelist import register


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Show the registered relying parties of `?realm=`, or of the default realm."""
    realm, entries = _entries(request)
    language = get_language()
    rows = [
        {
            "entry": entry,
            "name": entry.name.in_language(language),
            "purposes": [
                {"purpose": purpose.value, "text": text.in_language(language)}
                for purpose, text in entry.purposes.items()
            ],
        }
        for entry in entries
    ]
    return render(request, "register/list.html", {"realm": realm, "rows": rows}, status=200 if realm else 404)


@require_safe
def listing_json(request: HttpRequest) -> HttpResponse:
    """Answer the same as JSON: {"realm", "entries": […]}."""
    realm, entries = _entries(request)
    return JsonResponse(
        {"realm": realm.slug if realm else None, "entries": [_shape(entry) for entry in entries]},
        status=200 if realm else 404,
        json_dumps_params={"ensure_ascii": False},
    )


def _entries(request: HttpRequest) -> tuple[Realm | None, list[register.Entry]]:
    slug = request.GET.get("realm", settings.DEFAULT_REALM).replace("\0", "")
    realm = Realm.objects.filter(slug=slug).first()
    return realm, register.entries(realm, now=clock.now(realm)) if realm else []


def _shape(entry: register.Entry) -> dict[str, Any]:
    certification = entry.certification
    return {
        "client_id": entry.client_id,
        "name": {"ja": entry.name.ja, "en": entry.name.en},
        "kind": entry.kind,
        "website": entry.website,
        "origins": list(entry.origins),
        "basis": entry.basis,
        "purposes": {purpose.value: {"ja": text.ja, "en": text.en} for purpose, text in entry.purposes.items()},
        "ministerial_certification": certification
        and {
            "number": certification.number,
            "granted_on": certification.granted_on.isoformat(),
            "valid_until": certification.valid_until.isoformat(),
        },
    }
