"""SEI-TSM: what the issuer of the secure element does. It alone holds the issuer security domain's keys.

It makes room for the service provider (a supplementary security domain), loads and installs the provider's applet,
reads the element's registry, and deletes. Each function returns one section of a script (`tsm.sections`).
"""

import functools
import hashlib

from tsm import jpki, keysets
from tsm.globalplatform import commands, loadfile
from tsm.globalplatform.apdu import Response
from tsm.globalplatform.commands import Scope
from tsm.sections import Channel, Section, Step

ISSUER_DOMAIN = commands.ISSUER_SECURITY_DOMAIN_AID
# The provider's domain for the JPKI application: the application's RID with a PIX of our own.
PROVIDER_DOMAIN = bytes.fromhex("D392F00026010000FF")
LOAD_FILE_VERSION = (1, 0)
# GPCS 11.2.2.2: 6A88 referenced data not found, 6A82 application not found: deleted before. An error word is bare, so
# this is the phone's word only: that its old keys are never certified again is the CA's rule.
GONE = frozenset({0x9000, 0x6A88, 0x6A82})
# GPCS 11.4.3: 6A88 nothing to list, 6310 more to come.
LISTED = frozenset({0x9000, 0x6A88})


def channel(element_number: bytes, counter: int, host_challenge: bytes) -> Channel:
    """Return the channel under the issuer's keys that uses sequence counter `counter`."""
    return Channel(keysets.issuer(element_number), counter, host_challenge)


@functools.cache
def load_file() -> bytes:
    """Return the JPKI applet's load file data block.

    Its header and applet components are a real CAP's; the code component stands in for byte code that only a Java
    Card could run, in the size of a real one, so that loading costs what it costs.
    """
    code = b"".join(hashlib.sha256(b"JPKI applet 1.0 %d" % block).digest() for block in range(320))
    return loadfile.build(jpki.PACKAGE_AID, version=LOAD_FILE_VERSION, modules=[jpki.AID], code=code)


def survey() -> list[Section]:
    """Return the sections that ask, without a key, how far the counters are and what is there."""
    return [
        Section("issuer", ISSUER_DOMAIN, (Step("counter", commands.get_data(commands.TAG_SEQUENCE_COUNTER)),)),
        Section(
            "provider",
            PROVIDER_DOMAIN,
            (
                Step("counter", commands.get_data(commands.TAG_SEQUENCE_COUNTER), accept=frozenset({0x9000, 0x6A88})),
                Step("keys", commands.get_data(commands.TAG_KEY_INFORMATION), accept=frozenset({0x9000, 0x6A88})),
            ),
            optional=True,
        ),
        Section("application", jpki.AID, (Step("status", jpki.status()),), optional=True),
    ]


def read_registry(via: Channel) -> Section:
    """Return the section that reads the registry: applications and domains, then load files."""
    return Section(
        "registry",
        ISSUER_DOMAIN,
        (
            Step("applications", commands.get_status(Scope.APPLICATIONS), accept=LISTED),
            Step("packages", commands.get_status(Scope.LOAD_FILES), accept=LISTED),
        ),
        via,
    )


def create_domain(via: Channel) -> Section:
    """Return the section that makes the provider's security domain."""
    return Section(
        "create_domain", ISSUER_DOMAIN, (Step("install_domain", commands.install_ssd(PROVIDER_DOMAIN)),), via
    )


def install_application(via: Channel, *, load: bool) -> Section:
    """Return the section that loads the JPKI applet into the provider's domain, unless it's there, and installs it."""
    steps = []
    if load:
        block = load_file()
        steps.append(
            Step(
                "install_for_load",
                commands.install_for_load(jpki.PACKAGE_AID, domain=PROVIDER_DOMAIN, block_hash=loadfile.digest(block)),
            )
        )
        steps += [Step(f"load_{number}", command) for number, command in enumerate(commands.load_blocks(block))]
    steps.append(
        Step("install", commands.install_for_install_and_make_selectable(jpki.PACKAGE_AID, jpki.AID, jpki.AID))
    )
    return Section("install_application", ISSUER_DOMAIN, tuple(steps), via)


def delete_all(via: Channel) -> Section:
    """Return the section that deletes applet, keys, certificates, load file, and the provider's domain."""
    return Section(
        "delete",
        ISSUER_DOMAIN,
        (
            Step("package", commands.delete(jpki.PACKAGE_AID, related=True), accept=GONE),
            Step("domain", commands.delete(PROVIDER_DOMAIN), accept=GONE),
        ),
        via,
    )


def listed(response: Response) -> dict[bytes, int]:
    """Return AID -> life cycle state of a GET STATUS answer; empty where nothing is listed."""
    if response.sw != 0x9000:
        return {}
    return {entry.aid: entry.life_cycle for entry in commands.parse_status(response.data)}
