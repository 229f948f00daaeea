"""Which language a visitor reads: `?lang=`, else the cookie, else what the browser says; Japanese first."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from sandbox.relying_parties.catalogue import TEXTS
from sandbox.relying_parties.environment import JPKI_URL


def from_address(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Take `?lang=` for this page and the next ones."""

    def middleware(request: HttpRequest) -> HttpResponse:
        wanted = request.GET.get("lang")
        if wanted not in dict(settings.LANGUAGES):
            return get_response(request)
        translation.activate(wanted)
        response = get_response(request)
        secure = settings.SESSION_COOKIE_SECURE
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, wanted, samesite="Lax", secure=secure)
        return response

    return middleware


def current() -> str:
    """Return "ja" or "en"."""
    return "en" if (translation.get_language() or "").startswith("en") else "ja"


def say(key: str, **facts: Any) -> str:
    """Return a text in the visitor's language with the facts in it."""
    return say_in(current(), key, **facts)


def say_in(language: str, key: str, **facts: Any) -> str:
    """Return a text in that language, whatever the visitor's is."""
    return TEXTS[key][language == "en"].format(**facts)


def words(request: HttpRequest) -> dict[str, Any]:
    """Give every template its texts as `t`, and the address of this page in the other language."""
    language = current()
    query = request.GET.copy()
    query["lang"] = "ja" if language == "en" else "en"
    return {
        "language": language,
        "t": {key: pair[language == "en"] for key, pair in TEXTS.items()},
        "other_language": f"?{query.urlencode()}",
        "other_language_name": "日本語" if language == "en" else "English",
        "jpki_url": JPKI_URL,
    }
