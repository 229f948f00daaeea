"""The public register, for people and for programs."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from ca import clock
from ca.models import Realm
from whitelist import register
from whitelist.models import Logo


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


@require_safe
@cache_control(public=True, max_age=365 * 24 * 3600, immutable=True)
def logo(request: HttpRequest, digest: str) -> HttpResponse:
    """Give a logo by its digest. Opened by itself it runs and fetches nothing."""
    found = Logo.objects.filter(digest=digest.replace("\0", "")).first()
    if found is None:
        raise Http404("no such logo")
    policy = {"Content-Security-Policy": "default-src 'none'; sandbox"}
    return HttpResponse(bytes(found.content), content_type=found.media_type, headers=policy)


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
        "logo": settings.PUBLIC_URL + reverse("register:logo", args=[entry.logo]) if entry.logo else None,
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
