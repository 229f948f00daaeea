"""Which relying party a request of the API comes from: a bearer token, and the TLS client certificate beside it.

The certificate is what the TLS front in front of us has verified and hands on in `API_CLIENT_CERTIFICATE_HEADER`; it
must strip what clients send under that name. Without the setting a header of whatever name is anybody's, and nothing.
"""

from typing import Any
from urllib.parse import unquote

from cryptography import x509
from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request

from ca import presented
from portal.api import limits
from whitelist import credentials
from whitelist.errors import TokenInvalid
from whitelist.models import Credential

LONGEST = 16_000  # characters of the header


def of(request: Request | HttpRequest) -> Credential:
    """Return the credential whose token the request shows; asked, and counted, once a request.

    Raises `TokenInvalid`, `TooManyRequests`.
    """
    bare: Any = getattr(request, "_request", request)
    if not hasattr(bare, "api_caller"):
        count(request, _authenticate(request))
    found: Credential = bare.api_caller
    return found


def count(request: Request | HttpRequest, credential: Credential) -> None:
    """Take a request for this credential's; what is left is told in its headers. Raises `TooManyRequests`."""
    bare: Any = getattr(request, "_request", request)
    bare.api_caller, bare.api_left = credential, limits.take(credential)
    limits.require(bare.api_left)


def _authenticate(request: Request | HttpRequest) -> Credential:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenInvalid("Authorization: Bearer <token> is missing")
    return credentials.authenticate(token.strip(), certificate(request))


def certificate(request: Request | HttpRequest) -> x509.Certificate | None:
    """Return the certificate whose key the client has proven to the TLS front, or None where it has shown none."""
    name = settings.API_CLIENT_CERTIFICATE_HEADER
    written = request.headers.get(name, "") if name else ""
    if not written or len(written) > LONGEST:
        return None
    try:
        # nginx's $ssl_client_escaped_cert: PEM, percent-encoded
        return presented.of_pem(unquote(written).encode())
    except ValueError:
        return None
