"""Findings of pkilint that are meant: each by its code, where it may occur, and why. Data only.

A test holds that each occurs where it is listed for, and that nothing else does.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What pkilint reads."""

    END_ENTITY = "end_entity"
    AUTHORITY = "authority"
    AUTHORITY_TWIN = "authority_twin"  # before it signs itself: under the throw-away key
    RESPONDER = "responder"
    CRL = "crl"
    OCSP = "ocsp"


@dataclass(frozen=True)
class Finding:
    """One thing that pkilint says."""

    code: str
    severity: str  # INFO, NOTICE, WARNING, ERROR, FATAL
    place: str  # path of the element
    message: str

    def __str__(self) -> str:
        return f"pkilint {self.code}: {self.message or self.severity.lower()} at {self.place}"


@dataclass(frozen=True)
class Accepted:
    """One finding that is meant."""

    code: str
    kinds: frozenset[Kind]
    reason: str
    message: str = ""  # a pattern that the whole message must match

    def covers(self, kind: Kind, finding: Finding) -> bool:
        """Tell whether a finding is this one."""
        return (
            finding.code == self.code
            and kind in self.kinds
            and re.fullmatch(self.message, finding.message, re.DOTALL) is not None
        )


_CERTIFICATES = frozenset({Kind.END_ENTITY, Kind.AUTHORITY, Kind.AUTHORITY_TWIN, Kind.RESPONDER})

ACCEPTED: tuple[Accepted, ...] = (
    Accepted(
        "pkix.certificate_policies_policy_has_qualifier",
        frozenset({Kind.END_ENTITY}),
        "Real card certificates name the CPS in a qualifier (facts 1.2 [S]); RFC 5280 4.2.1.4 only recommends none.",
    ),
    Accepted(
        "pkix.subject_key_identifier_method_1_identified",
        _CERTIFICATES,
        "An observation: SHA-1 of the key's bits, RFC 5280 4.2.1.2 method 1, as real ones have it (facts 1.4 [S]).",
    ),
    Accepted(
        "pkix.authority_key_identifier_extension_absent",
        frozenset({Kind.AUTHORITY_TWIN}),
        "RFC 5280 4.2.1.1 lets self-signed certificates do without, and real ones do (facts 1.1 [S]). The twin is "
        "signed by the throw-away key and looks as if it were not; in the signed certificate pkilint finds nothing.",
    ),
    Accepted(
        "pkix.invalid_uri_syntax",
        frozenset({Kind.END_ENTITY}),
        "RESPONDER_URL's default is localhost. RFC 3986 3.2.2 allows a host without a dot; pkilint wants a public one.",
        message=r'Invalid URI syntax: "https?://[A-Za-z0-9-]+(:[0-9]{1,5})?/[a-z0-9/_-]*"',
    ),
)

BY_CODE: Mapping[str, Accepted] = {accepted.code: accepted for accepted in ACCEPTED}
