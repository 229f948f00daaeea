"""What was to be signed, as a service knows it again without keeping it: by length and digest."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Original:
    """By what a document that we sent is known again, without keeping it. `digest` is SHA-256, hex."""

    length: int
    digest: str

    @classmethod
    def of(cls, document: bytes | str) -> "Original":
        """Return what is kept of a document; of a text its UTF-8."""
        octets = document.encode() if isinstance(document, str) else document
        return cls(len(octets), hashlib.sha256(octets).hexdigest())

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> "Original":
        """Return what `kept` wrote."""
        return cls(int(kept["length"]), str(kept["digest"]))

    def kept(self) -> dict[str, Any]:
        """Return it as a session keeps it (JSON)."""
        return asdict(self)

    def begins(self, signed: bytes) -> bool:
        """Return whether `signed` is our document with something after it."""
        return len(signed) > self.length and hashlib.sha256(signed[: self.length]).hexdigest() == self.digest

    def is_(self, document: bytes) -> bool:
        """Return whether `document` is ours, to the octet."""
        return len(document) == self.length and hashlib.sha256(document).hexdigest() == self.digest
