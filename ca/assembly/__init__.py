"""Assembly: a profile, a holder and a public key become the bytes to be signed. No authority's key is needed.

`builder` says what a certificate is, through the library's builder; `template` writes the same octets from pieces that
were encoded once. The twin is what lint reads: the bytes to be signed, in a certificate that nobody will ever trust.
"""

import hashlib

from ca.assembly.builder import authority_certificate, end_entity, responder_certificate, throw_away_key
from ca.assembly.fitness import key_bits, key_identifier, load_public_key, public_key_bits, require_fit
from ca.assembly.names import authority_name, crl_point_name, japanese_name
from ca.assembly.plan import Issuer, Plan, pseudonym
from ca.assembly.template import Template, signed_twin, twin
from ca.assembly.times import birthday, end_of_authority_life, end_of_card_life, era_date

__all__ = [
    "Issuer",
    "Plan",
    "Template",
    "authority_certificate",
    "authority_name",
    "birthday",
    "crl_point_name",
    "digest",
    "end_entity",
    "end_of_authority_life",
    "end_of_card_life",
    "era_date",
    "japanese_name",
    "key_bits",
    "key_identifier",
    "load_public_key",
    "pseudonym",
    "public_key_bits",
    "require_fit",
    "responder_certificate",
    "signed_twin",
    "throw_away_key",
    "twin",
]


def digest(tbs: bytes) -> str:
    """Return the SHA-256 of what is to be signed, as the journal notes it."""
    return hashlib.sha256(tbs).hexdigest()
