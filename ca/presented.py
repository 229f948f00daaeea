"""Certificates that somebody shows: read, or a ValueError, whatever is wrong with them."""

from cryptography import x509


def of_der(data: bytes) -> x509.Certificate:
    """Return a certificate in DER. Raises ValueError."""
    try:
        return x509.load_der_x509_certificate(data)
    except x509.InvalidVersion as error:  # which is no ValueError
        raise ValueError(str(error)) from None


def of_pem(data: bytes) -> x509.Certificate:
    """Return the first certificate in PEM. Raises ValueError."""
    try:
        return x509.load_pem_x509_certificate(data)
    except x509.InvalidVersion as error:
        raise ValueError(str(error)) from None
