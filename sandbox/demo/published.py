"""What the responder publishes of a walk's certificates, fetched, kept and verified with `openssl`."""

from urllib.parse import urlsplit

from sandbox.demo.proof import Proof
from tsm.jpki import Key

MUNICIPALITY = "27991"
SLUGS = {Key.SIGNATURE: "signature", Key.AUTHENTICATION: "user-authentication"}


class Published:
    """Authorities, CRLs and OCSP of one realm; the files are the proof's.

    A file's name tells which phone's certificate it is about (`phone`), and from which moment of the walk it is.
    """

    def __init__(self, responder: str, realm: str, proof: Proof) -> None:
        self.responder, self.realm, self.proof = responder, realm, proof
        self.phone, self.moment = "phone", "issued"

    def fetch_authority(self, key: Key) -> None:
        """Fetch the certificate of the authority that issues for this key, and keep it."""
        slug = SLUGS[key]
        der = self.proof.fetch(f"authority-{slug}.cer", f"{self.responder}/authority/{self.realm}/{slug}.cer")
        self.proof.keep_certificate(f"authority-{slug}", der)

    def name(self, key: Key, medium: str) -> str:
        """Return what the files of a certificate are called."""
        return f"{self.phone if medium == 'phone' else medium}-{SLUGS[key]}"

    def _crl(self, key: Key, medium: str) -> str:
        return f"{self.name(key, medium)}-{self.moment}.crl"

    def fetch_crl(self, key: Key, medium: str) -> None:
        """Fetch the list that a certificate would stand on, and keep it under the moment's name."""
        url = f"{self.responder}/crl/{self.realm}/{SLUGS[key]}/{medium}/{MUNICIPALITY}.crl"
        name = self._crl(key, medium)
        self.proof.fetch(name, url)
        self.proof.run("crl", "-inform", "DER", "-in", name, "-out", f"{name}.pem")

    def on_crl(self, key: Key, medium: str = "phone") -> bool:
        """Fetch the list anew, and say whether the certificate stands on it."""
        self.fetch_crl(key, medium)
        certificate = f"{self.name(key, medium)}.pem"
        serial = self.proof.run("x509", "-in", certificate, "-noout", "-serial").partition("=")[2].strip()
        listed = self.proof.run("crl", "-in", f"{self._crl(key, medium)}.pem", "-noout", "-text")
        return f"Serial Number: {serial}\n" in listed

    def verified(self, key: Key, medium: str, says: str = "OK") -> None:
        """Let openssl verify a certificate against its authority and the list fetched last; raises `Differs`."""
        name = self.name(key, medium)
        self.proof.verified(
            f"{name}: chain and CRL", "verify", "-crl_check", "-CAfile", f"authority-{SLUGS[key]}.pem",
            "-CRLfile", f"{self._crl(key, medium)}.pem", f"{name}.pem", says=says,
        )  # fmt: skip

    def status(self, key: Key, medium: str, says: str) -> None:
        """Let openssl ask for the status of a certificate; raises `Differs`."""
        name = self.name(key, medium)
        self.ocsp(name, key, medium, says, "-cert", f"{name}.pem")

    def ocsp(self, what: str, key: Key, medium: str, says: str, *which: str) -> None:
        """Let openssl ask for the status of `which` (its own options); raises `Differs`."""
        url = f"{self.responder}/ocsp/{self.realm}/{SLUGS[key]}/{medium}"
        keep = f"{self.name(key, medium)}-{self.moment}-{says}.ocsp"
        self.proof.ocsp(
            f"{what}: OCSP at {urlsplit(url).path}", *which, url=url, authority=f"authority-{SLUGS[key]}.pem",
            keep=keep, says=f": {says}",
        )  # fmt: skip

    def end(self, key: Key, medium: str) -> str:
        """Return the end of a certificate's validity, as openssl writes it."""
        return self.proof.run("x509", "-in", f"{self.name(key, medium)}.pem", "-noout", "-enddate").strip()
