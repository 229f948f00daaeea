"""Faults: a workspace's world tells something else than the truth, by name and for whom it was asked for.

catalogue   every fault's name: what happens, what it takes, what a right counterpart does
arming      which stand in a realm, for whom and how often
handoffs    results, the way back, the trust list; lies are the results, forging makes them
responder   OCSP and lists, before the responder's desk; statuses the same by API
phones      the service manager away, a chip torn off
strangers   a look-alike authority; standins are certificates that the realm's own really issued, with keys

A fault touches no other realm, and nothing that is kept: certificates, statuses and hand-offs stay what they are.
"""

from sandbox.faults.arming import again, arm, disarm, find, of, ready, standing
from sandbox.faults.errors import FaultNotArmed, FaultParameterInvalid, FaultScopeInvalid, FaultUnknown

__all__ = [
    "FaultNotArmed",
    "FaultParameterInvalid",
    "FaultScopeInvalid",
    "FaultUnknown",
    "again",
    "arm",
    "disarm",
    "find",
    "of",
    "ready",
    "standing",
]
