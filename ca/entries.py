"""A certificate's entry in CRLs, as bytes: made when its status changes, joined as it is by each list after."""

from datetime import datetime

from ca.der import ENUMERATED, OCTET_STRING, SEQUENCE, integer, time, tlv

_REASON_OID = bytes.fromhex("0603551d15")  # 2.5.29.21


def entry(serial_number: str, at: datetime, reason_code: int) -> bytes:
    """Return one element of revokedCertificates (RFC 5280 5.1.2.6).

    `serial_number` is hex, `at` is aware and in UTC, `reason_code` is a CRLReason (5.3.1).
    """
    return tlv(SEQUENCE, integer(int(serial_number, 16)), time(at), _extensions(reason_code))


def _extensions(reason_code: int) -> bytes:
    # RFC 5280 5.3.1: unspecified is said by saying nothing.
    if reason_code == 0:
        return b""
    code = tlv(OCTET_STRING, tlv(ENUMERATED, bytes((reason_code,))))
    return tlv(SEQUENCE, tlv(SEQUENCE, _REASON_OID, code))
