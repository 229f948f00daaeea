"""What a municipality's system hands in, for tests: lines of orders with requests that cards have signed."""

import base64
import json
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.ca.fixtures import private_key

HOLDER = "0b8d7a52-6f7e-4c1c-9a51-2c2f5a3d9e10"
HANAKO = {
    "holder": HOLDER,
    "name": "試験　花子",
    "sex": "2",
    "born_on": "1999-03-01",
    "address": "東京都清瀬市観布子南１２－７",
    "prefecture": "Tokyo-to",
    "municipality": "Kiyose-shi",
    "municipality_code": "13221",
}


@cache
def request(number: int = 0, digest: Any = None) -> x509.CertificateSigningRequest:
    """Return the PKCS#10 request of a test's key, signed by it."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "whatever a card says")])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    return builder.sign(private_key(number), digest or hashes.SHA256())


def pem(number: int = 0) -> str:
    return request(number).public_bytes(Encoding.PEM).decode()


def der(number: int = 0) -> str:
    return base64.b64encode(request(number).public_bytes(Encoding.DER)).decode()


def line(order: str = "A-1", *, keys: tuple[int, ...] = (0, 1), **changes: Any) -> dict[str, Any]:
    """Return an order's members: for `keys`, the first is the signature's, the second user authentication's."""
    asked = dict(zip(("signature", "user_authentication"), [pem(keys[0]), der(keys[1])] if keys else [], strict=False))
    return {name: value for name, value in {"order": order, **HANAKO, **asked, **changes}.items() if value is not None}


def written(folder: Path, *orders: Any) -> str:
    """Return the path of a file of these lines: octets as they are, all else as JSON."""
    path = folder / "orders.jsonl"
    path.write_bytes(
        b"".join(
            one if isinstance(one, bytes) else json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in orders
        )
    )
    return str(path)
