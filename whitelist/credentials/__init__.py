"""How a relying party proves who it is: its keys, and what they are exchanged for.

`keys`: what may be a key · `life`: issue, rotate, disable · `assertions`: what must hold of a signed client assertion ·
`tokens`: short-lived bearer tokens for an assertion or a TLS client certificate.
"""

from whitelist.credentials.life import Issuing, add, check_end, check_overlap, disable, ending, issue, listing, rotate
from whitelist.credentials.tokens import Token, authenticate, exchange, exchange_certificate, note_use

__all__ = [
    "Issuing",
    "Token",
    "add",
    "authenticate",
    "check_end",
    "check_overlap",
    "disable",
    "ending",
    "exchange",
    "exchange_certificate",
    "issue",
    "listing",
    "note_use",
    "rotate",
]
