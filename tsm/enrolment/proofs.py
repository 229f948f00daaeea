"""The texts that a phone signs with its new keys, and whether a signature is by such a key."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.db.models import Min

from ca.models import Certificate
from ca.profiles import Purpose
from tsm.errors import WrongState
from tsm.jpki import Key
from tsm.models import Enrolment, ServiceOrder

UNBLOCKS = {
    Key.SIGNATURE: ServiceOrder.Function.UNBLOCK_SIGNATURE,
    Key.AUTHENTICATION: ServiceOrder.Function.UNBLOCK_AUTHENTICATION,
}
_CERTIFICATE_OF = {Key.SIGNATURE: "署名用電子証明書", Key.AUTHENTICATION: "利用者証明用電子証明書"}


def activation_text(enrolment: Enrolment) -> str:
    """Return the text that the phone signs with both new keys to activate its certificates."""
    return f"JPKI-ACTIVATION-1\n{enrolment.reference}\n{bytes(enrolment.challenge).hex()}\n"


def end_text(enrolment: Enrolment) -> str:
    """Return the text that the phone's signature key signs to end the use of the phone."""
    return (
        "移動端末設備の使用停止の届出\n"
        "この端末のスマートフォン用電子証明書(署名用・利用者証明用)の失効を申請します。\n"
        f"申請番号: {enrolment.reference}\n"
        f"発行の番号: {_serial(enrolment.signature_certificate)} {_serial(enrolment.authentication_certificate)}\n"
    )


def resume_text(enrolment: Enrolment) -> str:
    """Return the text that the phone's signature key signs to have what is on hold made valid again.

    It names the moment since when it is on hold: a signed one that somebody kept releases no later hold.
    """
    keys = [one.pk for one in pair(enrolment).values()]
    held = Certificate.objects.filter(pk__in=keys, status=Certificate.Status.ON_HOLD).aggregate(at=Min("changed_at"))
    since = held["at"].isoformat() if held["at"] else "-"
    return (
        "一時保留の解除の申請\n"
        "この端末のスマートフォン用電子証明書(署名用・利用者証明用)の一時保留の解除を申請します。\n"
        f"申請番号: {enrolment.reference}\n"
        f"一時保留の日時: {since}\n"
        f"発行の番号: {_serial(enrolment.signature_certificate)} {_serial(enrolment.authentication_certificate)}\n"
    )


def unblock_text(enrolment: Enrolment, key: Key) -> str:
    """Return the text that the holder signs to have that key's password returned to "not set".

    It counts what was asked before, so that a signed one is good once: whoever kept it can't send it again.
    """
    asked = ServiceOrder.objects.filter(enrolment=enrolment, function=UNBLOCKS[key]).count()
    return (
        "パスワードの初期化の申請\n"
        f"この端末の{_CERTIFICATE_OF[key]}のパスワードの初期化を申請します。\n"
        f"申請番号: {enrolment.reference}\n"
        f"初期化の申請: {asked + 1}回目\n"
    )


def pair(enrolment: Enrolment) -> dict[Purpose, Certificate]:
    signature, authentication = enrolment.signature_certificate, enrolment.authentication_certificate
    if signature is None or authentication is None:
        raise WrongState("the certificates aren't issued yet", state=enrolment.state)
    return {Purpose.SIGNATURE: signature, Purpose.USER_AUTHENTICATION: authentication}


def signed_by(certificate: Certificate, message: bytes, signature: bytes) -> bool:
    """Tell whether it is a PKCS#1 v1.5 signature over SHA-256 of the message, by the certificate's key."""
    key = load_der_public_key(bytes(certificate.public_key))
    if not isinstance(key, RSAPublicKey):
        return False
    try:
        key.verify(signature, message, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _serial(certificate: Certificate | None) -> str:
    return certificate.serial_number if certificate is not None else ""
