"""The five kinds of probe: each goes there, and returns as evidence what it saw, or raises why it won't do."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import jwt
from cryptography import x509

from whitelist.models import ProbeResult
from whitelist.probes.errors import Wrong
from whitelist.probes.fetching import Answer, Fetcher
from whitelist.probes.targets import Target

Kind = ProbeResult.Kind
Evidence = dict[str, Any]
# RFC 7518 7.4 and RFC 8037: what only the holder of a private or shared key has.
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
MOST_KEYS = 20
DAY = 86_400


def name(target: Target, fetcher: Fetcher, now: datetime) -> Evidence:
    """See that the name has addresses, all of them public."""
    return {"addresses": fetcher.lookup(target.where)[:10]}


def tls(target: Target, fetcher: Fetcher, now: datetime) -> Evidence:
    """See that TLS comes about and its certificate holds for the name; nothing is asked for at the address."""
    said = fetcher.handshake(target.where)
    if said.certificate is None:
        return {"own": True}
    end = said.certificate.not_valid_after_utc
    return {
        "version": said.version,
        "valid_until": end.isoformat(),
        "days_left": int((end - now).total_seconds() // DAY),
        "issuer": said.certificate.issuer.rfc4514_string()[:200],
        "names": _names(said.certificate)[:10],
    }


def asset_links(target: Target, fetcher: Fetcher, now: datetime) -> Evidence:
    """See that the site names the Android app by package and signing certificate (Digital Asset Links).

    Android follows no redirection there, so a probe doesn't either.
    """
    package, *fingerprints = target.expected
    answer = _json(fetcher.get(target.where, redirects=0))
    statements = [each for each in answer.value if isinstance(each, dict)] if isinstance(answer.value, list) else None
    if statements is None:
        raise Wrong("malformed", **answer.evidence)
    found = set()
    for statement in statements:
        app = statement.get("target")
        if isinstance(app, dict) and app.get("namespace") == "android_app" and app.get("package_name") == package:
            found |= {_fingerprint(each) for each in app.get("sha256_cert_fingerprints") or () if isinstance(each, str)}
    if not found:
        raise Wrong("app_missing", app=package, **answer.evidence)
    missing = [each for each in fingerprints if _fingerprint(each) not in found]
    if missing:
        raise Wrong("fingerprint_missing", app=package, missing=missing[:5], **answer.evidence)
    return {"app": package, **answer.evidence}


def app_site_association(target: Target, fetcher: Fetcher, now: datetime) -> Evidence:
    """See that the site names the iOS app by team and bundle (Apple, `applinks`); without a redirection, as Apple."""
    answer = _json(fetcher.get(target.where, redirects=0))
    if not isinstance(answer.value, dict):
        raise Wrong("malformed", **answer.evidence)
    links = answer.value.get("applinks")
    details = links.get("details") if isinstance(links, dict) else None
    named = {app for app in _apps(details) if isinstance(app, str)}
    if target.expected[0] not in named:
        raise Wrong("app_missing", app=target.expected[0], **answer.evidence)
    return {"app": target.expected[0], **answer.evidence}


def key_set(target: Target, fetcher: Fetcher, now: datetime) -> Evidence:
    """See that the key set (RFC 7517) has keys that we can use for private_key_jwt, each with a name, none private."""
    answer = _json(fetcher.get(target.where))
    keys = answer.value.get("keys") if isinstance(answer.value, dict) else None
    if not isinstance(keys, list) or not all(isinstance(each, dict) for each in keys) or len(keys) > MOST_KEYS:
        raise Wrong("malformed", **answer.evidence)
    if any(PRIVATE_MEMBERS & set(each) for each in keys):
        # The worst first: that key is everybody's now.
        raise Wrong("private_key_published", **answer.evidence)
    usable = [each for each in keys if _usable(each)]
    evidence = {"keys": len(keys), "usable": [each["kid"][:64] for each in usable], **answer.evidence}
    if not usable:
        raise Wrong("no_usable_key", **evidence)
    if len({each["kid"] for each in usable}) < len(usable):
        raise Wrong("key_names_twice", **evidence)
    return evidence


PROBES: Mapping[str, Callable[[Target, Fetcher, datetime], Evidence]] = {
    Kind.NAME: name,
    Kind.TLS: tls,
    Kind.ASSET_LINKS: asset_links,
    Kind.APP_SITE_ASSOCIATION: app_site_association,
    Kind.KEY_SET: key_set,
}


class _Read:
    """JSON that came, and what is kept of how it came."""

    def __init__(self, value: Any, evidence: Evidence) -> None:
        self.value, self.evidence = value, evidence


def _json(answer: Answer) -> _Read:
    evidence: Evidence = {
        "status": answer.status,
        "media_type": answer.media_type,
        "octets": len(answer.body),
        "sha256": hashlib.sha256(answer.body).hexdigest(),
    }
    if answer.status != 200:
        raise Wrong("http_status", **evidence)
    try:
        return _Read(json.loads(answer.body), evidence)
    except (ValueError, RecursionError):
        raise Wrong("not_json", **evidence) from None


def _fingerprint(text: str) -> str:
    return re.sub(r"[^0-9A-F]", "", text.upper())


def _apps(details: Any) -> Iterator[Any]:
    """Yield the apps of `applinks.details`, in Apple's form of today (a list, `appIDs`) and in both older ones."""
    if isinstance(details, dict):
        yield from details
    for each in details if isinstance(details, list) else ():
        if isinstance(each, dict):
            yield each.get("appID")
            yield from each["appIDs"] if isinstance(each.get("appIDs"), list) else ()


def _usable(key: dict[str, Any]) -> bool:
    """Tell whether it is a key as `whitelist.credentials` takes them: EC on P-256, with a name, to sign with."""
    kid = key.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= 64:
        return False
    if key.get("kty") != "EC" or key.get("crv") != "P-256" or key.get("use", "sig") != "sig":
        return False
    try:
        jwt.PyJWK.from_dict(key, algorithm="ES256")
    except (jwt.PyJWTError, ValueError, TypeError):
        return False
    return True


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    return list(names.get_values_for_type(x509.DNSName))
