"""What is to be probed: read from what an applicant typed, half or wrong as it may be, or from the register's rows."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from whitelist.models import Case, CaseVersion, ProbeResult, RegisteredApplication, RelyingParty

Kind = ProbeResult.Kind


@dataclass(frozen=True)
class Target:
    """One probe: a kind, where it goes, and what should be found there.

    `expected` is for asset links `(package, fingerprint, …)`, for an app-site association `(team.bundle,)`.
    """

    kind: Kind
    where: str
    expected: tuple[str, ...] = ()


def of_case(case: Case) -> list[Target]:
    """Return the probes of a case, as its draft stands now."""
    return of_answers({section.name: section.answers for section in case.sections.all()})


def of_entry(entry: RelyingParty) -> list[Target]:
    """Return the probes of an entry: by the case that was approved for it, else by its rows alone."""
    version = (
        CaseVersion.objects.filter(case__relying_party=entry, case__state=Case.State.APPROVED)
        .order_by("-case__moved_at", "-number")
        .first()
    )
    if version is not None and isinstance(version.answers, dict):
        return of_answers(version.answers)
    rows = entry.applications.filter(kind=RegisteredApplication.Kind.BROWSER)
    return _unique(
        target for row in rows for url in (row.origin, *_texts(row.callback_urls)) for target in _origin(url)
    )


def of_answers(answers: Mapping[str, Any]) -> list[Target]:
    """Return the probes for `{section: answers}`; what can't be read asks for none."""
    return _unique(_all(answers))


def _all(answers: Mapping[str, Any]) -> Iterator[Target]:
    for application in _applications(answers.get("applications")):
        callbacks = _texts(application.get("callback_urls"))
        if application.get("kind") == "browser":
            yield from _origin(_text(application.get("origin")))
        for url in callbacks:
            yield from _origin(url)
        sites = dict.fromkeys(filter(None, map(_site, callbacks)))
        if application.get("kind") == "android":
            package, prints = _text(application.get("package")), _texts(application.get("certificate_sha256"))
            if package and prints:
                for site in sites:
                    yield Target(Kind.ASSET_LINKS, f"{site}/.well-known/assetlinks.json", (package, *prints))
        if application.get("kind") == "ios":
            team, bundle = _text(application.get("team_id")), _text(application.get("bundle_id"))
            if team and bundle:
                for site in sites:
                    where = f"{site}/.well-known/apple-app-site-association"
                    yield Target(Kind.APP_SITE_ASSOCIATION, where, (f"{team}.{bundle}",))
    handoff = answers.get("handoff")
    key_set = _text(handoff.get("jwks_url")) if isinstance(handoff, dict) else ""
    if key_set:
        yield from _origin(key_set)
        yield Target(Kind.KEY_SET, key_set)


def _applications(section: Any) -> Iterator[dict[str, Any]]:
    """Yield the applications of the section, which is their list, or holds it."""
    if isinstance(section, dict):
        section = next((each for each in section.values() if isinstance(each, list)), [])
    if isinstance(section, list):
        yield from (each for each in section if isinstance(each, dict))


def _origin(url: str) -> Iterator[Target]:
    site = _site(url)
    if not site:
        return
    yield Target(Kind.NAME, urlsplit(site).hostname or "")
    yield Target(Kind.TLS, site)


def _site(url: str) -> str:
    """Return scheme, host and port of a web address; nothing for an app's own scheme and for what is none.

    What is left out here (user, path) is looked at where it is gone to.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("https", "http") or not host:
        return ""
    where = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{where}" + (f":{port}" if port is not None else "")


def _unique(found: Iterable[Target]) -> list[Target]:
    # By kind, so that a page and an officer read them in one order.
    order = list(Kind)
    return sorted(dict.fromkeys(found), key=lambda one: order.index(one.kind))


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _texts(value: Any) -> list[str]:
    return [each.strip() for each in value if isinstance(each, str) and each.strip()] if isinstance(value, list) else []
