"""The certificate profiles, CRL and OCSP names, as frozen data. Every OID stands beside its source.

"facts" is the team's `jpki-facts.md`, section 1; its marks are kept: [S] seen in a primary artefact, [L] likely,
[G] guess. What a certificate must look like is decided here and nowhere else: `assembly` builds after it, `lint` holds
the bytes against it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from cryptography.x509 import ObjectIdentifier
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID


class Purpose(StrEnum):
    """What a certificate is for; one authority each."""

    SIGNATURE = "signature"
    USER_AUTHENTICATION = "user_authentication"

    @property
    def slug(self) -> str:
        """Return the purpose as it stands in a URL."""
        return self.value.replace("_", "-")


class Medium(StrEnum):
    """Where the holder's key lives."""

    CARD = "card"
    PHONE = "phone"


class Life(StrEnum):
    """Which rule sets the end of validity."""

    FIFTH_BIRTHDAY = "fifth_birthday"  # 14:59:59Z (23:59:59 JST) of the fifth birthday after issue, facts 1.4 [S]
    LINKED_CERTIFICATE = "linked_certificate"  # to the second the card certificate's, facts 1.5 [S]


class SubjectForm(StrEnum):
    """Which name a subject bears."""

    PLACE = "place"  # C, L prefecture, L municipality, CN of 28 digits: signature, facts 1.4 [L]
    PSEUDONYM = "pseudonym"  # C, CN of 23 characters: user authentication, facts 1.4 [S]


@dataclass(frozen=True)
class ExtensionRule:
    """One extension's place: the order of rules is the order in the certificate."""

    oid: ObjectIdentifier
    critical: bool


@dataclass(frozen=True)
class Profile:
    """One end-entity profile."""

    purpose: Purpose
    medium: Medium
    subject: SubjectForm
    life: Life
    key_usage: tuple[str, ...]  # names of cryptography's KeyUsage arguments that are set
    extended_key_usage: tuple[ObjectIdentifier, ...]
    extensions: tuple[ExtensionRule, ...]
    crl_point_unit: str  # the OU above the prefecture in the CRL distribution point
    crl_point_suffix: str  # what follows the municipality in its CN

    @property
    def names_holder(self) -> bool:
        """Tell whether the holder's name, sex, birth and address are in it (subjectAltName)."""
        return any(rule.oid == ExtensionOID.SUBJECT_ALTERNATIVE_NAME for rule in self.extensions)

    @property
    def names_responder(self) -> bool:
        """Tell whether the OCSP URL is in it (authorityInfoAccess)."""
        return any(rule.oid == ExtensionOID.AUTHORITY_INFORMATION_ACCESS for rule in self.extensions)


# --- Keys and times: facts 1.1 and 1.4 [S] ---------------------------------------------------------------
RSA_BITS = 2048
RSA_EXPONENT = 65537
AUTHORITY_YEARS = 10  # ends the day before its tenth anniversary, 14:59:59Z: facts 1.1, three generations [S]
BIRTHDAYS = 5
RESPONDER_YEARS = 5  # no source; ca.responders renews ahead of it

# --- Object identifiers -----------------------------------------------------------------------------------
JPKI_ARC = "1.2.392.200149.8.5"  # facts 1.2 [L]
CPS_URI = "http://www.jpki.go.jp/cps.html"  # facts 1.2 [S]
OCSP_NO_CHECK = ObjectIdentifier("1.3.6.1.5.5.7.48.1.5")  # RFC 6960 4.2.2.2.1
OCSP_NONCE = ObjectIdentifier("1.3.6.1.5.5.7.48.1.2")  # RFC 6960 4.4.1, RFC 9654
OCSP_BASIC = ObjectIdentifier("1.3.6.1.5.5.7.48.1.1")  # RFC 6960 4.2.1
SHA256_WITH_RSA = ObjectIdentifier("1.2.840.113549.1.1.11")  # RFC 4055 5

# Certificate policies, card (facts 1.2). The phone's are settings: CA_PHONE_POLICY_OIDS.
CARD_POLICIES: Mapping[tuple[str, Purpose], ObjectIdentifier] = {
    ("production", Purpose.SIGNATURE): ObjectIdentifier(f"{JPKI_ARC}.1.1.20"),  # [S]
    ("production", Purpose.USER_AUTHENTICATION): ObjectIdentifier(f"{JPKI_ARC}.1.3.30"),  # [S]
    ("sandbox", Purpose.SIGNATURE): ObjectIdentifier(f"{JPKI_ARC}.1.0.20"),  # [L]
    ("sandbox", Purpose.USER_AUTHENTICATION): ObjectIdentifier(f"{JPKI_ARC}.1.0.30"),  # [G]
}

# otherName types of the signature certificate's subjectAltName (facts 1.3) [S]
NAME = ObjectIdentifier(f"{JPKI_ARC}.5.1")
NAME_SUBSTITUTION = ObjectIdentifier(f"{JPKI_ARC}.5.2")
SEX = ObjectIdentifier(f"{JPKI_ARC}.5.3")
BIRTH_DATE = ObjectIdentifier(f"{JPKI_ARC}.5.4")
ADDRESS = ObjectIdentifier(f"{JPKI_ARC}.5.5")
ADDRESS_SUBSTITUTION = ObjectIdentifier(f"{JPKI_ARC}.5.6")
# As real certificates write them: 1, 4, 3, 5, 2, 6 [S]. The second is the holder's field.
OTHER_NAMES: tuple[tuple[ObjectIdentifier, str], ...] = (
    (NAME, "name"),
    (BIRTH_DATE, "birth_date"),
    (SEX, "sex"),
    (ADDRESS, "address"),
    (NAME_SUBSTITUTION, "name_substitution"),
    (ADDRESS_SUBSTITUTION, "address_substitution"),
)

# --- Names: facts 1.1 [S]. C is PrintableString, everything else UTF8String --------------------------------
COUNTRY = "JP"
AUTHORITY_UNIT: Mapping[Purpose, str] = {
    Purpose.SIGNATURE: "JPKI for digital signature",
    Purpose.USER_AUTHENTICATION: "JPKI for user authentication",
}
AUTHORITY_OPERATOR = "Japan Agency for Local Authority Information Systems"
# The authority's Japanese name: subjectAltName of its certificate, issuerAltName of what it issues.
JAPANESE_ORGANISATION = "公的個人認証サービス"
JAPANESE_UNIT: Mapping[Purpose, str] = {
    Purpose.SIGNATURE: "公的個人認証サービス署名用",
    Purpose.USER_AUTHENTICATION: "公的個人認証サービス利用者証明用",
}
JAPANESE_OPERATOR = "地方公共団体情報システム機構"
RESPONDER_NAME = "OCSP Responder"  # no source: the responder certificate's profile is not public (facts 2)

# --- End-entity profiles: facts 1.4 and 1.5 -----------------------------------------------------------------
_KEY_USAGE = ExtensionRule(ExtensionOID.KEY_USAGE, critical=True)
_EXTENDED_KEY_USAGE = ExtensionRule(ExtensionOID.EXTENDED_KEY_USAGE, critical=False)
_SUBJECT_ALT_NAME = ExtensionRule(ExtensionOID.SUBJECT_ALTERNATIVE_NAME, critical=False)
_POLICIES = ExtensionRule(ExtensionOID.CERTIFICATE_POLICIES, critical=True)
_ISSUER_ALT_NAME = ExtensionRule(ExtensionOID.ISSUER_ALTERNATIVE_NAME, critical=False)
_CRL_POINTS = ExtensionRule(ExtensionOID.CRL_DISTRIBUTION_POINTS, critical=False)
_INFORMATION_ACCESS = ExtensionRule(ExtensionOID.AUTHORITY_INFORMATION_ACCESS, critical=False)
_AUTHORITY_KEY = ExtensionRule(ExtensionOID.AUTHORITY_KEY_IDENTIFIER, critical=False)
_SUBJECT_KEY = ExtensionRule(ExtensionOID.SUBJECT_KEY_IDENTIFIER, critical=False)

_SIGNATURE_EXTENSIONS = (
    _KEY_USAGE,
    _SUBJECT_ALT_NAME,
    _POLICIES,
    _ISSUER_ALT_NAME,
    _CRL_POINTS,
    _AUTHORITY_KEY,
    _SUBJECT_KEY,
)
_USER_AUTHENTICATION_EXTENSIONS = (
    _KEY_USAGE,
    _EXTENDED_KEY_USAGE,
    _POLICIES,
    _ISSUER_ALT_NAME,
    _CRL_POINTS,
    _INFORMATION_ACCESS,
    _AUTHORITY_KEY,
    _SUBJECT_KEY,
)

CARD_CRL_UNIT, CARD_CRL_SUFFIX = "CRL Distribution Points", "CRLDP"  # facts 1.4 [S]
# That card and phone have separate distribution points is sure (briefing, 認証局 5) [S]; their names are not public, so
# these are ours [G].
PHONE_CRL_UNIT, PHONE_CRL_SUFFIX = "Mobile CRL Distribution Points", "Mobile CRLDP"


def _signature(medium: Medium, life: Life, unit: str, suffix: str) -> Profile:
    return Profile(
        purpose=Purpose.SIGNATURE,
        medium=medium,
        subject=SubjectForm.PLACE,
        life=life,
        key_usage=("digital_signature", "content_commitment"),  # 030206C0 [S]
        extended_key_usage=(),
        extensions=_SIGNATURE_EXTENSIONS,  # neither EKU nor AIA [L]
        crl_point_unit=unit,
        crl_point_suffix=suffix,
    )


def _user_authentication(medium: Medium, life: Life, unit: str, suffix: str) -> Profile:
    return Profile(
        purpose=Purpose.USER_AUTHENTICATION,
        medium=medium,
        subject=SubjectForm.PSEUDONYM,
        life=life,
        key_usage=("digital_signature",),  # 03020780 [S]
        extended_key_usage=(ExtendedKeyUsageOID.CLIENT_AUTH,),  # [S]
        extensions=_USER_AUTHENTICATION_EXTENSIONS,
        crl_point_unit=unit,
        crl_point_suffix=suffix,
    )


# The phone's are the card's but for policy, distribution point, OCSP URL and end of validity: 別プロファイルとする
# （KeyUsageの変更は無い）, briefing 認証局 3 [S]; that nothing else differs is a guess [G].
PROFILES: Mapping[tuple[Purpose, Medium], Profile] = {
    (profile.purpose, profile.medium): profile
    for profile in (
        _signature(Medium.CARD, Life.FIFTH_BIRTHDAY, CARD_CRL_UNIT, CARD_CRL_SUFFIX),
        _user_authentication(Medium.CARD, Life.FIFTH_BIRTHDAY, CARD_CRL_UNIT, CARD_CRL_SUFFIX),
        _signature(Medium.PHONE, Life.LINKED_CERTIFICATE, PHONE_CRL_UNIT, PHONE_CRL_SUFFIX),
        _user_authentication(Medium.PHONE, Life.LINKED_CERTIFICATE, PHONE_CRL_UNIT, PHONE_CRL_SUFFIX),
    )
}

# --- The authorities' and the responders' certificates -------------------------------------------------------
AUTHORITY_KEY_USAGE = ("key_cert_sign", "crl_sign")  # 03020106, facts 1.1 [S]
AUTHORITY_EXTENSIONS = (  # facts 1.1 [S]: no AKI, no policies, no AIA
    _KEY_USAGE,
    _SUBJECT_ALT_NAME,
    ExtensionRule(ExtensionOID.BASIC_CONSTRAINTS, critical=True),
    _CRL_POINTS,
    _SUBJECT_KEY,
)
# No source (facts 2): a delegated responder after RFC 6960 4.2.2.2.
RESPONDER_KEY_USAGE = ("digital_signature",)
RESPONDER_EXTENSIONS = (
    _KEY_USAGE,
    _EXTENDED_KEY_USAGE,
    ExtensionRule(OCSP_NO_CHECK, critical=False),
    _AUTHORITY_KEY,
    _SUBJECT_KEY,
)
RESPONDER_EXTENDED_KEY_USAGE = (ExtendedKeyUsageOID.OCSP_SIGNING,)
