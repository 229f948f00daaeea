"""Taking an element on: a development card, or any element whose keys were handed over, becomes one of the issuer's.

What its maker put on it is replaced by the issuer's own keys, which are derived from its number. Done twice, the second
time finds them there. The maker's keys are used once, and kept nowhere.
"""

import secrets
from dataclasses import dataclass

from django.db import transaction

from ca import clock
from ca.models import Realm
from tsm import compatibility, keysets
from tsm.errors import ElementNotFit, PhoneNotSupported
from tsm.globalplatform import commands
from tsm.globalplatform.apdu import Response
from tsm.globalplatform.errors import GlobalPlatformError
from tsm.globalplatform.scp03 import HostSession, KeySet, KeySetMissing
from tsm.globalplatform.scp03.keys import I_PSEUDO_RANDOM, I_R_MAC_R_ENC, I_S16, PROTOCOL
from tsm.models import Phone, SecureElement
from tsm.transports.base import Transport

# The keys that every GlobalPlatform development card comes with.
DEVELOPMENT_KEY = bytes.fromhex("404142434445464748494A4B4C4D4E4F")
NEEDED = I_PSEUDO_RANDOM | I_R_MAC_R_ENC


@dataclass(frozen=True)
class Registered:
    """A phone as it was taken on; the token is told this once."""

    phone: Phone
    token: str


def take_over(element: Transport, number: bytes, maker: KeySet) -> bool:
    """Put the issuer's keys in the place of the maker's; False where they were there before.

    Raises `ElementNotFit` where the element won't do or the keys aren't the maker's, `TransportError`.
    """
    own = keysets.issuer(number)
    try:
        try:
            _open(element, own)
            return False
        except KeySetMissing:
            pass
        except GlobalPlatformError:
            # A set of that version, but another: the maker's own has the same version.
            if maker.version != own.version:
                raise
        session = _open(element, maker)
        replaced = maker.version if maker.version == own.version else 0
        answer = session.unwrap(
            element.transmit(session.wrap(commands.put_key(own, dek=maker.dek, replace=replaced)).encode())
        )
        if not answer.ok:
            raise ElementNotFit(f"PUT KEY was answered with {answer.sw:04X}")
        commands.check_put_key(answer.data, own)
        _open(element, own)
    except GlobalPlatformError as error:
        raise ElementNotFit(f"no channel with version {maker.version:02X} of the given keys: {error}") from error
    return True


def add(realm: Realm, model_code: str, iin: bytes, cin: bytes) -> Registered:
    """Write the element and its phone into the registry; the phone that had the element is given a new token.

    Raises `PhoneNotSupported`.
    """
    model = compatibility.find(model_code)
    reason = compatibility.reason_against(model) if model is not None else None
    if model is None or reason is not None:
        raise PhoneNotSupported(f"model {model_code!r} can't be registered", reason=reason or "unknown")
    token, digest = Phone.new_token()
    with transaction.atomic():
        known = SecureElement.objects.select_related("phone").filter(iin=iin, cin=cin).first()
        if known is not None:
            Phone.objects.filter(pk=known.phone_id).update(token_digest=digest)
            return Registered(known.phone, token)
        phone = Phone.objects.create(
            realm=realm, model_code=model.code, name=model.name, token_digest=digest, created_at=clock.now(realm)
        )
        # How far its counters are, the first conversation asks.
        SecureElement.objects.create(phone=phone, iin=iin, cin=cin, isd_counter=None, domain_counter=None)
    return Registered(phone, token)


def _open(element: Transport, keys: KeySet) -> HostSession:
    """Return a channel with the issuer's domain; raises GlobalPlatformError, ElementNotFit."""
    if element.transmit(commands.select(commands.ISSUER_SECURITY_DOMAIN_AID).encode())[-2:] != b"\x90\x00":
        raise ElementNotFit("there is no issuer security domain of the usual name A000000151000000")
    session = HostSession.open(keys, host_challenge=secrets.token_bytes(8))
    answer = element.transmit(session.initialize_update().encode())
    _require_variant(Response.parse(answer).data)
    session.check_initialize_update(answer)
    session.check_external_authenticate(element.transmit(session.external_authenticate().encode()))
    return session


def _require_variant(answer: bytes) -> None:
    # Amendment D 7.1.1.6: ten bytes of diversification data, key version, protocol, i.
    if len(answer) < 13:
        return
    protocol, parameter = answer[11], answer[12]
    if protocol != PROTOCOL or parameter & NEEDED != NEEDED or parameter & I_S16:
        raise ElementNotFit(
            f"it speaks SCP{protocol:02X} i={parameter:02X}: scripts are computed ahead, which needs SCP03 i=70"
        )
