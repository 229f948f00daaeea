"""What the libraries say of a connection that went wrong, in findings of ours."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import httpcore
import httpx

from whitelist.probes.errors import ProbeError, Unreachable, Wrong

# OpenSSL's X509_V_ERR codes (`man 3 X509_STORE_CTX_get_error`).
_CERTIFICATE = {
    9: "certificate_not_yet",
    10: "certificate_expired",
    18: "certificate_untrusted",
    19: "certificate_untrusted",
    20: "certificate_untrusted",
    21: "certificate_untrusted",
    62: "certificate_wrong_name",
}


@contextmanager
def told() -> Iterator[None]:
    """Tell whatever the libraries say in findings of ours."""
    try:
        yield
    except ProbeError:
        raise
    except (httpcore.TimeoutException, httpx.TimeoutException, TimeoutError):
        raise Unreachable("too_slow") from None
    except (httpcore.NetworkError, httpcore.ProtocolError, httpx.HTTPError, OSError) as error:
        refusal = _certificate_error(error)
        if refusal is not None:
            raise Wrong(
                _CERTIFICATE.get(refusal.verify_code, "certificate_invalid"), code=refusal.verify_code
            ) from None
        if isinstance(error, httpcore.ConnectError | ssl.SSLError):
            raise Wrong("tls_failed") from None
        if isinstance(error, httpcore.ProtocolError | httpx.ProtocolError):
            raise Wrong("not_http") from None
        raise Unreachable("broken_off") from None


def _certificate_error(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        for one in (error, *error.args):
            if isinstance(one, ssl.SSLCertVerificationError):
                return one
        error = error.__cause__ or error.__context__
    return None
