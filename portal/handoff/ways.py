"""How a hand-off comes to the phone, and in what form its signature is wanted."""

from enum import StrEnum


class Way(StrEnum):
    """From where the citizen comes."""

    BROWSER = "browser"  # a link on the service's page, on the phone itself
    APP = "app"  # a link in the service's app: the code is bound to the app's secret besides (RFC 7636)
    QR = "qr"  # a code on another screen


class Format(StrEnum):
    """What the one signature of a hand-off is over."""

    RAW = "raw"  # the text itself
    CADES = "cades"  # the signed attributes of a detached CMS over the text (ETSI EN 319 122-1, B-B)
    PADES = "pades"  # those of the signature inside a PDF (ETSI EN 319 142-1, B-B)
