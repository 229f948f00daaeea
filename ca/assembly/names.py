"""Distinguished names: of authorities, of their CRL distribution points, and of whom they certify (facts 1.1, 1.4)."""

from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.x509.oid import NameOID

from ca import profiles
from ca.assembly.plan import Plan
from ca.assembly.times import JST
from ca.profiles import Profile, Purpose, SubjectForm


def name(*attributes: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    """Return a name of these attributes, one a relative distinguished name."""
    # cryptography writes C as PrintableString and the others as UTF8String, one RDN each: as facts 1.1 have it.
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])


def authority_name(organisation: str, purpose: Purpose) -> x509.Name:
    """Return an authority's distinguished name (facts 1.1)."""
    return name(
        (NameOID.COUNTRY_NAME, profiles.COUNTRY),
        (NameOID.ORGANIZATION_NAME, organisation),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, profiles.AUTHORITY_UNIT[purpose]),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, profiles.AUTHORITY_OPERATOR),
    )


def japanese_name(purpose: Purpose) -> x509.Name:
    """Return the authority's Japanese name, which stands in alternative names (facts 1.1 and 1.4)."""
    return name(
        (NameOID.COUNTRY_NAME, profiles.COUNTRY),
        (NameOID.ORGANIZATION_NAME, profiles.JAPANESE_ORGANISATION),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, profiles.JAPANESE_UNIT[purpose]),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, profiles.JAPANESE_OPERATOR),
    )


def crl_point_name(organisation: str, profile: Profile, prefecture: str, municipality: str) -> x509.Name:
    """Return the directory name of a CRL distribution point: one per municipality and medium (facts 1.4)."""
    return name(
        (NameOID.COUNTRY_NAME, profiles.COUNTRY),
        (NameOID.ORGANIZATION_NAME, organisation),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, profiles.AUTHORITY_UNIT[profile.purpose]),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, profile.crl_point_unit),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, prefecture),
        (NameOID.COMMON_NAME, f"{municipality} {profile.crl_point_suffix}"),
    )


def subject_name(plan: Plan) -> x509.Name:
    """Return the subject's name after the profile's form (facts 1.4); the common name stands last in both."""
    common = (NameOID.COMMON_NAME, common_name(plan))
    if plan.profile.subject is SubjectForm.PLACE:
        return name(
            (NameOID.COUNTRY_NAME, profiles.COUNTRY),
            (NameOID.LOCALITY_NAME, plan.holder.prefecture),
            (NameOID.LOCALITY_NAME, plan.holder.municipality),
            common,
        )
    return name((NameOID.COUNTRY_NAME, profiles.COUNTRY), common)


def common_name(plan: Plan) -> str:
    """Return the subject's common name after the profile's form (facts 1.4)."""
    if plan.profile.subject is SubjectForm.PLACE:
        issued = _stamp(plan.not_before)
        # 28 digits that begin with a timestamp are seen; what follows it is a guess [G].
        return f"{issued}{plan.holder.municipality_code}{plan.serial_number:09d}"
    return f"{plan.pseudonym}{plan.holder.municipality_code}003A"


@lru_cache(maxsize=16)  # one a batch
def _stamp(at: datetime) -> str:
    return at.astimezone(JST).strftime("%Y%m%d%H%M%S")
