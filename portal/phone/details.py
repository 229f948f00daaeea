"""A certificate in plain words and in full, for its holder's screen."""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.x509.oid import AuthorityInformationAccessOID
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ca.models import Certificate
from ca.profiles import Purpose
from tsm.models import Enrolment

_TONES = {"valid": "success", "pending": "warning", "on_hold": "warning", "revoked": "error"}


@dataclass(frozen=True)
class Standing:
    """What a certificate is worth now, in a word; `tone` colours it and never says it alone."""

    label: str
    tone: str


@dataclass(frozen=True)
class Details:
    """What a screen shows of a certificate."""

    purpose: str
    name: str
    plain: str
    standing: Standing
    serial_number: str
    not_before: datetime
    not_after: datetime
    subject: str
    holder: str
    issuer: str
    policy: str
    key_usage: str
    distribution_point: str
    ocsp_url: str
    key_fingerprint: str
    url: str


def of(enrolment: Enrolment, *, attributes: bool = False) -> list[Details]:
    """Return the enrolment's certificates, signature first; none before they are issued.

    The four `attributes` are for the holder alone, who proves himself first (portal.screen_lock.proof): a phone's
    session proves only that this browser was given the phone.
    """
    return [describe(one, enrolment, attributes=attributes) for one in enrolment.pair]


def describe(certificate: Certificate, enrolment: Enrolment, *, attributes: bool = False) -> Details:
    """Return one certificate for the screen, read from its DER."""
    parsed = x509.load_der_x509_certificate(bytes(certificate.der))
    signature = certificate.purpose == Purpose.SIGNATURE
    fingerprint = Hash(SHA256())
    fingerprint.update(bytes(certificate.public_key))
    return Details(
        purpose=certificate.purpose,
        name=_("スマホ用署名用電子証明書") if signature else _("スマホ用利用者証明用電子証明書"),
        plain=_("契約や申請に、署名用パスワードで電子署名をします。氏名・住所・生年月日・性別が入っています。")
        if signature
        else _("利用者証明用暗証番号で、ログインする人が本人であることを示します。氏名や住所は入っていません。"),
        standing=standing(certificate),
        serial_number=certificate.serial_number,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        subject=parsed.subject.rfc4514_string(),
        holder=_holder(certificate) if signature and attributes else "",
        issuer=parsed.issuer.rfc4514_string(),
        policy=_policy(parsed),
        key_usage=_key_usage(parsed),
        distribution_point=_distribution_point(parsed),
        ocsp_url=_ocsp_url(parsed),
        key_fingerprint=fingerprint.finalize().hex().upper(),
        url=reverse("phone:certificate", args=[enrolment.reference, Purpose(certificate.purpose).slug]),
    )


def standing(certificate: Certificate) -> Standing:
    """Return what a certificate, the phone's or the card's, is worth now."""
    labels = {
        "valid": _("有効"),
        "pending": _("有効になる前（一時保留）"),
        "on_hold": _("一時保留"),
        "revoked": _("失効"),
    }
    return Standing(labels[certificate.status], _TONES[certificate.status])


def _holder(certificate: Certificate) -> str:
    person = certificate.holder
    sexes = {"1": _("男"), "2": _("女")}
    born = date_format(person.born_on, "Y-m-d")
    return " / ".join([person.name, person.address, born, sexes.get(person.sex, _("不明"))])


def _policy(parsed: x509.Certificate) -> str:
    policies = parsed.extensions.get_extension_for_class(x509.CertificatePolicies).value
    return ", ".join(policy.policy_identifier.dotted_string for policy in policies)


def _key_usage(parsed: x509.Certificate) -> str:
    usage = parsed.extensions.get_extension_for_class(x509.KeyUsage).value
    names = {"digitalSignature": usage.digital_signature, "nonRepudiation": usage.content_commitment}
    return ", ".join(name for name, present in names.items() if present)


def _distribution_point(parsed: x509.Certificate) -> str:
    points = parsed.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    names = [name for point in points for name in point.full_name or ()]
    return ", ".join(
        name.value.rfc4514_string() if isinstance(name, x509.DirectoryName) else str(name.value) for name in names
    )


def _ocsp_url(parsed: x509.Certificate) -> str:
    try:
        access = parsed.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return ""
    found = [item.access_location.value for item in access if item.access_method == AuthorityInformationAccessOID.OCSP]
    return str(found[0]) if found else ""
