"""SP-TSM: what the service provider (J-LIS) does in its own domain on the element. It alone holds that domain's keys.

It takes over the domain, lets the applet generate its keys and prove them, writes the certificates and reads them
back. Each function returns one section of a script (`tsm.sections`); passwords aren't its business: the phone sets
them, straight into the element.
"""

from collections.abc import Mapping

from tsm import jpki, keysets
from tsm.errors import KeyProofWrong, ReadBackDiffers
from tsm.globalplatform import commands
from tsm.globalplatform.apdu import Response
from tsm.globalplatform.commands import Target
from tsm.globalplatform.scp03 import KeySet
from tsm.jpki import Key
from tsm.sections import Channel, Section, Step
from tsm.sei import PROVIDER_DOMAIN

# GPCS 5.3.1.3: the life cycle state PERSONALIZED of a security domain.
PERSONALIZED = 0x0F


def channel(element_number: bytes, generation: int, counter: int, host_challenge: bytes) -> Channel:
    """Return the channel under the provider's own keys of that generation that uses sequence counter `counter`."""
    return Channel(keysets.domain(element_number, generation), counter, host_challenge)


def take_domain(via: Channel, new: KeySet) -> Section:
    """Return the section that puts the provider's keys into its new domain and makes it work.

    A domain without keys of its own lends its parent's: `via` is the issuer's channel.
    """
    return Section(
        "take_domain",
        PROVIDER_DOMAIN,
        (
            Step("put_key", commands.put_key(new, dek=via.keys.dek)),
            Step("personalized", commands.set_status(Target.APPLICATION, PERSONALIZED, PROVIDER_DOMAIN)),
        ),
        via,
    )


def finish_domain(via: Channel) -> Section:
    """Return the section that makes a domain work which has its keys, but was torn away before the last step."""
    return Section(
        "finish_domain",
        PROVIDER_DOMAIN,
        (Step("personalized", commands.set_status(Target.APPLICATION, PERSONALIZED, PROVIDER_DOMAIN)),),
        via,
    )


def make_keys(via: Channel, *, challenge: bytes, generate: frozenset[Key]) -> Section:
    """Return the section that generates (or, once generated, reads) both keys, and lets the applet prove them."""
    steps: list[Step] = []
    for key in Key:
        command = jpki.generate_key_pair(key) if key in generate else jpki.read_public_key(key)
        steps.append(Step(f"public_key_{key:02X}", command))
        steps.append(Step(f"proof_{key:02X}", jpki.prove_possession(key, challenge)))
    return Section("make_keys", jpki.AID, tuple(steps), via)


def proven_keys(found: Mapping[str, Response], challenge: bytes) -> dict[Key, bytes]:
    """Return both public keys (SubjectPublicKeyInfo, DER), each proved by the applet. Raises `KeyProofWrong`."""
    keys: dict[Key, bytes] = {}
    for key in Key:
        try:
            public_key = jpki.public_key_from_7f49(found[f"public_key_{key:02X}"].data)
            jpki.check_proof(key, public_key, challenge, found[f"proof_{key:02X}"].data)
        except jpki.JpkiError as error:
            raise KeyProofWrong(f"key {key:02X}: {error}", label=f"proof_{key:02X}") from error
        keys[key] = public_key
    return keys


def write_certificates(
    via: Channel, certificates: Mapping[Key, bytes], ca_certificates: Mapping[Key, bytes]
) -> Section:
    """Return the section that writes both certificates, each with its authority's, and reads them back."""
    steps: list[Step] = []
    for key in Key:
        steps += _write(key.ca_certificate_file, ca_certificates[key])
        steps += _write(key.certificate_file, certificates[key])
        steps += [
            Step(f"read_back_{key:02X}_{number}", command)
            for number, command in enumerate(jpki.read_back(len(certificates[key])))
        ]
    return Section("write_certificates", jpki.AID, tuple(steps), via)


def check_read_back(found: Mapping[str, Response], certificates: Mapping[Key, bytes]) -> None:
    """Check that the element holds what was written. Raises `ReadBackDiffers`."""
    for key in Key:
        blocks = len(jpki.read_back(len(certificates[key])))
        read = b"".join(found[f"read_back_{key:02X}_{number}"].data for number in range(blocks))
        if read != certificates[key]:
            raise ReadBackDiffers(f"certificate of key {key:02X}", label=f"read_back_{key:02X}")


def unblock(via: Channel, key: Key) -> Section:
    """Return the section that returns the password of `key` to "not set", and reads what the passwords are then."""
    return Section(
        "unblock", jpki.AID, (Step("reset", jpki.return_to_not_set(key)), Step("status", jpki.status())), via
    )


def is_not_set(found: Mapping[str, Response], key: Key) -> bool:
    """Tell whether the password of `key` is "not set", from what `unblock` read over the channel."""
    return jpki.parse_status(found["status"].data).passwords[key] is jpki.PasswordState.NOT_SET


def _write(file: jpki.File, content: bytes) -> list[Step]:
    return [
        Step(f"select_{file:04X}", jpki.select_file_in_session(file)),
        *(Step(f"write_{file:04X}_{number}", command) for number, command in enumerate(jpki.update_binary(content))),
    ]
