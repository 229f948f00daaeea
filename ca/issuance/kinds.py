"""Kinds of certificates: what those of one profile, generation and place have in common, made ready once."""

from datetime import datetime
from functools import lru_cache

from cryptography import x509

from ca import assembly, lint
from ca.issuance import terms
from ca.models import Generation, Issuance
from ca.profiles import PROFILES, Life, Medium, Profile, Purpose, SubjectForm


class Kind:
    """How to assemble certificates of one kind, and what lint holds them against."""

    def __init__(
        self,
        profile: Profile,
        issuer: assembly.Issuer,
        authority: x509.Certificate,
        organisation: str,
        policy: x509.ObjectIdentifier,
        responder_url: str,
        place: tuple[str, str],  # prefecture, municipality
    ) -> None:
        self.profile = profile
        self.standard = lint.Standard(
            profile=profile,
            policy=policy,
            authority=authority,
            crl_point=assembly.crl_point_name(organisation, profile, *place),
            responder_url=responder_url,
        )
        self._issuer = issuer
        self._organisation = organisation
        self._template: assembly.Template | None = None

    def plan(self, row: Issuance, serial_number: int, now: datetime) -> assembly.Plan:
        """Return what the certificate of a request will say."""
        if self.profile.life is Life.LINKED_CERTIFICATE:
            assert row.linked_to is not None  # noqa: S101  (request)
            not_after = row.linked_to.not_after
        else:
            not_after = assembly.end_of_card_life(now, row.holder.born_on)
        return assembly.Plan(
            profile=self.profile,
            policy=self.standard.policy,
            organisation=self._organisation,
            issuer=self._issuer,
            holder=row.holder,
            public_key=bytes(row.public_key),
            serial_number=serial_number,
            not_before=now.replace(microsecond=0),
            not_after=not_after,
            pseudonym=assembly.pseudonym() if self.profile.subject is SubjectForm.PSEUDONYM else "",
            responder_url=self.standard.responder_url,
        )

    def assemble(self, plan: assembly.Plan) -> bytes:
        """Return the TBSCertificate, DER, of a plan of this kind. Raises HolderUnfit."""
        if self._template is None:
            self._template = assembly.Template(plan)
        return self._template.fill(plan)


class Kinds:
    """The kinds of one realm's requests, each looked up once: for as long as no setting changes."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str, str, str], Kind] = {}

    def of(self, row: Issuance, generation: Generation) -> Kind:
        """Return the kind of a request's certificate, when that generation signs it."""
        same = (generation.pk, row.medium, row.holder.prefecture, row.holder.municipality)
        kind = self._known.get(same)
        if kind is None:
            kind = self._known[same] = of(row, generation)
        return kind


def of(row: Issuance, generation: Generation) -> Kind:
    """Return the kind of a request's certificate, when that generation signs it."""
    profile = PROFILES[Purpose(row.purpose), Medium(row.medium)]
    return _kind(
        profile.purpose,
        profile.medium,
        bytes(generation.certificate),
        row.realm.organisation,
        terms.policy(row.realm, profile).dotted_string,
        terms.responder_url(row.realm, profile.purpose, profile.medium),
        row.holder.prefecture,
        row.holder.municipality,
    )


# Some 10 kB each. All that it depends on is in the key, so nothing kept can be out of date.
@lru_cache(maxsize=4096)
def _kind(
    purpose: Purpose,
    medium: Medium,
    certificate: bytes,
    organisation: str,
    policy: str,
    responder_url: str,
    prefecture: str,
    municipality: str,
) -> Kind:
    issuer, authority = _issuer(certificate)
    return Kind(
        PROFILES[purpose, medium],
        issuer,
        authority,
        organisation,
        x509.ObjectIdentifier(policy),
        responder_url,
        (prefecture, municipality),
    )


@lru_cache(maxsize=64)
def _issuer(certificate: bytes) -> tuple[assembly.Issuer, x509.Certificate]:
    return assembly.Issuer.read(certificate), x509.load_der_x509_certificate(certificate)
