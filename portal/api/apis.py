"""Which REST APIs the site has: the relying parties', and what apps above name in APIS."""

from dataclasses import dataclass
from importlib import import_module

from django.conf import settings
from django.http import Http404

VERSION = "1.0.0"


@dataclass(frozen=True)
class Api:
    """One API: all operations below `prefix`. Titles and texts are Japanese and English."""

    slug: str
    prefix: str
    title: tuple[str, str]
    text: tuple[str, str]
    # Of operations with a token: what they refuse beside what any API refuses.
    problems: tuple[str, ...] = ()


RELYING_PARTY = Api(
    slug="relying-party",
    prefix="/api/v1/",
    title=("サービス事業者のAPI", "Relying-party API"),
    text=(
        "利用者のスマートフォンに認証や署名を頼み、結果を受け取り、電子証明書の有効性を確かめます。本番と試験環境で同じです。",
        "Ask a citizen's phone to authenticate or sign, fetch the result, and ask how certificates stand. The same in "
        "production and in the sandbox.",
    ),
)


def every() -> list[Api]:
    """Return the site's APIs."""
    found = []
    for path in settings.APIS:
        module, _, name = path.rpartition(".")
        found.append(getattr(import_module(module), name))
    return found


def named(slug: str) -> Api:
    """Return one. Raises Http404."""
    for api in every():
        if api.slug == slug:
            return api
    raise Http404("no such API")


def at(path: str) -> Api | None:
    """Return the API to which an address belongs, or None."""
    return next((api for api in every() if path.startswith(api.prefix)), None)
