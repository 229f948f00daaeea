"""The public register: which relying parties may ask, and in which words the phone shows them.

What a citizen reads of a service comes from here, never from a request.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from ca.models import Realm
from ca.profiles import Purpose
from whitelist import access
from whitelist.models import RelyingParty


@dataclass(frozen=True)
class Text:
    """One sentence in both languages."""

    ja: str
    en: str

    def in_language(self, language: str | None) -> str:
        """Return the sentence in Japanese, or in English when `language` is English."""
        return self.en if (language or "").startswith("en") else self.ja


@dataclass(frozen=True)
class CertificationShown:
    """The ministerial certification that holds now."""

    number: str
    granted_on: date
    valid_until: date


@dataclass(frozen=True)
class Entry:
    """What everybody may know of a registered relying party."""

    client_id: str
    name: Text
    kind: str
    website: str
    # "17-1-6" is article 17(1) item 6; `basis_text` is its short name in Japanese.
    basis: str
    basis_text: str
    origins: tuple[str, ...]
    purposes: Mapping[Purpose, Text]
    certification: CertificationShown | None
    # SHA-256 of the logo, by which its address is made; empty where there is none.
    logo: str = ""

    @property
    def basis_item(self) -> int | None:
        """Return the number of the item of article 17(1); None for who stands under a platform operator."""
        return None if self.basis == RelyingParty.Basis.OPERATOR else int(self.basis.rsplit("-", 1)[1])


def entries(realm: Realm, *, now: datetime) -> list[Entry]:
    """Return the realm's registered relying parties, by client id."""
    return [_entry(row, now) for row in _registered(realm, now)]


def find(realm: Realm, client_id: str, *, now: datetime) -> Entry | None:
    """Return the entry of `client_id`, or `None` when it isn't registered (any more)."""
    for row in _registered(realm, now, client_id=client_id):
        return _entry(row, now)
    return None


def _registered(realm: Realm, now: datetime, **only: str) -> list[RelyingParty]:
    rows = RelyingParty.objects.filter(realm=realm, state=RelyingParty.State.REGISTERED, **only)
    rows = rows.select_related("logo", "operator").defer("logo__content")
    rows = rows.prefetch_related("purposes", "applications", "ministerial_certifications")
    return [row for row in rows if not access.is_over(row.valid_until, now)]


def _entry(row: RelyingParty, now: datetime) -> Entry:
    certification = None
    for each in row.ministerial_certifications.all():
        if access.certification_holds(
            access.Certification(each.granted_on, each.valid_until, each.withdrawn_at), now=now
        ):
            certification = CertificationShown(each.number, each.granted_on, each.valid_until)
    return Entry(
        client_id=row.client_id,
        name=Text(row.name_ja, row.name_en),
        kind=row.kind,
        website=row.website,
        basis=row.basis,
        basis_text=RelyingParty.Basis(row.basis).label,
        origins=tuple(application.origin for application in row.applications.all()),
        purposes={Purpose(use.purpose): Text(use.text_ja, use.text_en) for use in row.purposes.all()},
        certification=certification,
        logo=row.logo.digest if hasattr(row, "logo") else "",
    )
