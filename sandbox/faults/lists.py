"""Lists of revoked certificates that are told otherwise."""

import base64
from dataclasses import replace

from cryptography import x509

from ca import clock
from ca.models import Crl, Realm
from ca.reply import NO_STORE, NOT_FOUND, Reply
from sandbox.faults import strangers
from sandbox.models import Fault

PEM = "application/x-pem-file"


def fits(fault: Fault, target: bytes, true: Reply) -> bool:
    """Tell whether a fault's parameters let it act on this list; those of a directory's entry tell only their list."""
    wanted, parts = fault.parameters, target.decode("latin-1").split("/")
    if parts[1] == "crl" and len(parts) > 4:
        purpose, medium = parts[3].replace("-", "_"), parts[4]
        return wanted["purpose"] in ("", purpose) and wanted["medium"] in ("", medium)
    return bool(not wanted["purpose"] and not wanted["medium"])


def told(fault: Fault, realm: Realm, true: Reply) -> Reply:
    """Return what is told in place of a list (one, or several as PEM)."""
    lies = [_lie(fault.name, realm, one) for one in _lists(true)]
    found = [one for one in lies if one is not None]
    if not found:
        return NOT_FOUND
    body = b"".join(map(_pem, found)) if true.kind == PEM else found[0]
    return replace(true, body=body, headers=NO_STORE)


def is_stale(realm: Realm) -> bool:
    """Tell whether the realm has a list that is past its time: a fault signs none with an authority's key."""
    return Crl.objects.filter(partition__generation__authority__realm=realm, next_update__lt=clock.now(realm)).exists()


def _lie(name: str, realm: Realm, der: bytes) -> bytes | None:
    if name == "crl_signature_wrong":
        return der[:-1] + bytes((der[-1] ^ 1,))
    if name == "crl_signer_wrong":
        return strangers.empty_list(der)
    return _earlier(realm, der)


def _earlier(realm: Realm, der: bytes) -> bytes | None:
    """Return the oldest list of the same point that was published."""
    rows = Crl.objects.filter(partition__generation__authority__realm=realm)
    number = x509.load_der_x509_crl(der).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    for one in rows.filter(number=number).only("partition_id", "der"):
        if bytes(one.der) == der:
            oldest = rows.filter(partition=one.partition_id).order_by("number").first()
            return bytes(oldest.der) if oldest is not None else None
    return None


def _lists(true: Reply) -> list[bytes]:
    if true.kind != PEM:
        return [true.body]
    blocks = true.body.split(b"-----BEGIN X509 CRL-----")[1:]
    return [base64.b64decode(one.partition(b"-----END")[0]) for one in blocks]


def _pem(der: bytes) -> bytes:
    return b"-----BEGIN X509 CRL-----\n" + base64.encodebytes(der) + b"-----END X509 CRL-----\n"
