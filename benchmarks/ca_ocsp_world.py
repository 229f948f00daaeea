"""What `benchmarks.ca_ocsp` asks about: an authority with one certificate, on the database of the environment.

    python -m benchmarks.ca_ocsp_world FOLDER

Leaves in the folder what `wrk` asks (known.lua, nonced.lua), the same as DER, and what `openssl ocsp` needs (index, CA,
rsigner, rkey).
"""

import os
import sys
from datetime import date
from pathlib import Path

_DONE = """
function done(summary, latency, requests)
  local wrong = summary.errors.status + summary.errors.connect + summary.errors.timeout
  io.write(string.format('{"count": %d, "microseconds": %d, "p50": %d, "p99": %d, "wrong": %d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), wrong))
end
"""


def make(folder: Path) -> None:
    """Make an authority and one certificate, and leave in the folder what is asked."""
    import django

    django.setup()
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
        load_pem_private_key,
    )
    from cryptography.x509 import ocsp
    from django.core.management import call_command

    from ca import ceremony, issuance
    from ca.models import Holder
    from ca.profiles import Medium, Purpose

    call_command("migrate", verbosity=0, interactive=False)
    realm = ceremony.create_realm("bench")
    ceremony.create_authorities(realm)
    holder = Holder.objects.create(
        realm=realm,
        name="黒桐　幹也",
        name_substitution="00000",
        sex="1",
        birth_date="319800217",
        born_on=date(1980, 2, 17),
        address="東京都清瀬市",
        address_substitution="000000",
        prefecture="Tokyo-to",
        municipality="Kiyose-shi",
        municipality_code="13221",
    )
    public_key = rsa.generate_private_key(65537, 2048).public_key()
    row = issuance.request(
        realm=realm,
        purpose=Purpose.SIGNATURE,
        medium=Medium.CARD,
        holder=holder,
        public_key=public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        request_key="bench",
    )
    card = issuance.issue(row.pk)
    own, authority = (x509.load_der_x509_certificate(bytes(one)) for one in (card.der, card.generation.certificate))
    builder = ocsp.OCSPRequestBuilder().add_certificate(own, authority, hashes.SHA256())
    nonced = builder.add_extension(x509.OCSPNonce(b"n" * 16), critical=False)
    for name, asked in (("known", builder), ("nonced", nonced)):
        (folder / name).write_bytes(asked.build().public_bytes(Encoding.DER))
        body = "".join(f"\\{octet:03d}" for octet in asked.build().public_bytes(Encoding.DER))
        kind = 'wrk.headers["Content-Type"] = "application/ocsp-request"'
        (folder / f"{name}.lua").write_text(f'wrk.method = "POST"\n{kind}\nwrk.body = "{body}"\n{_DONE}')
    responder = card.generation.responder_keys.get()
    certificate = x509.load_der_x509_certificate(bytes(responder.certificate))
    store = folder / "responder-keys" / f"{responder.key_label}.pem"
    key = load_pem_private_key(store.read_bytes(), os.environ["RESPONDER_KEYS_PASSPHRASE"].encode())
    (folder / "CA").write_bytes(authority.public_bytes(Encoding.PEM))
    (folder / "rsigner").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "rkey").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "index").write_text(f"V\t400101000000Z\t\t{card.serial_number}\tunknown\t/CN=x\n")


if __name__ == "__main__":
    make(Path(sys.argv[1]))
