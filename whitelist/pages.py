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
from whitelist.published import statement, words


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Show the registered relying parties of `?realm=`, or of the default realm."""
    realm, entries = _entries(request)
    language = get_language()
    rows = [
        {
            "entry": entry,
            "name": entry.name.in_language(language),
            "basis": words.basis_name(entry.basis).in_language(language),
            "purposes": [
                {"purpose": purpose.value, "text": text.in_language(language)}
                for purpose, text in entry.purposes.items()
            ],
        }
        for entry in entries
    ]
    signed = statement.newest(realm) if realm else None
    context = {"realm": realm, "rows": rows, "signed": signed}
    return render(request, "register/list.html", context, status=200 if realm else 404)


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


@require_safe
def signed_compact(request: HttpRequest) -> HttpResponse:
    """Give the signed register as a compact JWS (RFC 7515 7.1). Its own `exp` says until when it is good."""
    return HttpResponse(_signed(request).row.jws, content_type="application/jose")


@require_safe
def signed_json(request: HttpRequest) -> HttpResponse:
    """Give it in the flattened JSON serialization (RFC 7515 7.2.2); what is added beside it is not signed."""
    signed = _signed(request)
    said = {
        **signed.flattened,
        "stale": signed.stale,
        "changed_since": signed.behind,
        "issued_at": signed.row.issued_at.isoformat(),
        "next_update": signed.row.next_update.isoformat(),
    }
    return JsonResponse(said, content_type="application/jose+json")


@require_safe
def jwks(request: HttpRequest) -> HttpResponse:
    """Give the public keys of the journal, which sign register and seals (RFC 7517)."""
    return JsonResponse(statement.jwks(_realm(request)), content_type="application/jwk-set+json")


def _signed(request: HttpRequest) -> statement.Signed:
    signed = statement.newest(_realm(request))
    if signed is None:
        raise Http404("nothing is signed yet")
    return signed


def _realm(request: HttpRequest) -> Realm:
    slug = request.GET.get("realm", settings.DEFAULT_REALM).replace("\0", "")
    realm = Realm.objects.filter(slug=slug).first()
    if realm is None:
        raise Http404("no such realm")
    return realm


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
