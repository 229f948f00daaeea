"""SEI-TSM: what the issuer of the secure element does. It alone holds the issuer security domain's keys.

It makes room for the service provider (a supplementary security domain), loads and installs the provider's applet,
reads the element's registry, and deletes. Each function returns one section of a script (`tsm.sections`).
"""

from collections.abc import Mapping

from tsm import jpki, keysets
from tsm.globalplatform import commands, loadfile
from tsm.globalplatform.apdu import Command, Response
from tsm.globalplatform.commands import Scope, Target
from tsm.globalplatform.scp03.host import INS_INITIALIZE_UPDATE
from tsm.sections import Channel, Section, Step

ISSUER_DOMAIN = commands.ISSUER_SECURITY_DOMAIN_AID
# The provider's domain for the JPKI application: the application's RID with a PIX of our own.
PROVIDER_DOMAIN = bytes.fromhex("D392F00026010000FF")
# GPCS 11.2.2.2: 6A88 referenced data not found, 6A82 application not found: deleted before. An error word is bare, so
# this is the phone's word only: that its old keys are never certified again is the CA's rule.
GONE = frozenset({0x9000, 0x6A88, 0x6A82})
# GPCS 11.4.3: 6A88 nothing to list, 6310 more to come.
LISTED = frozenset({0x9000, 0x6A88})
# Tag list of GET STATUS (GPCS table 11-36): AID, life cycle state, version of a load file.
PACKAGE_TAGS = bytes.fromhex("4F9F70CE")
# GPCS 5.3.1: b8 of an application's life cycle state.
LOCKED = 0x80
# GPCS 11.10.3: it was in that state already. What it is then, the registry says over the channel.
TRIED = frozenset({0x9000, 0x6985, 0x6A80})
# SCP03 7.1.1.5: 6A88 no key set of that version.
PROBED = frozenset({0x9000, 0x6A88})


def channel(element_number: bytes, generation: int, counter: int, host_challenge: bytes) -> Channel:
    """Return the channel under the issuer's keys of that generation that uses sequence counter `counter`."""
    return Channel(keysets.issuer(element_number, generation), counter, host_challenge)


def survey(probes: Mapping[str, tuple[int, int]] | None = None) -> list[Section]:
    """Return the sections that ask, without a key, how far the counters are and what is there.

    `probes` names, by role, the present and the next key version of a rotation under way: INITIALIZE UPDATE tells
    whether a set is there and how far its counter is, and no host cryptogram is spent on it.
    """
    probed = {role: _probe(*versions) for role, versions in (probes or {}).items()}
    return [
        Section(
            "issuer",
            ISSUER_DOMAIN,
            (Step("counter", commands.get_data(commands.TAG_SEQUENCE_COUNTER)), *probed.get("issuer", ())),
        ),
        Section(
            "provider",
            PROVIDER_DOMAIN,
            (
                Step("counter", commands.get_data(commands.TAG_SEQUENCE_COUNTER), accept=frozenset({0x9000, 0x6A88})),
                Step("keys", commands.get_data(commands.TAG_KEY_INFORMATION), accept=frozenset({0x9000, 0x6A88})),
                *probed.get("provider", ()),
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
            Step("packages", commands.get_status(Scope.LOAD_FILES, tags=PACKAGE_TAGS), accept=LISTED),
        ),
        via,
    )


def create_domain(via: Channel) -> Section:
    """Return the section that makes the provider's security domain."""
    return Section(
        "create_domain", ISSUER_DOMAIN, (Step("install_domain", commands.install_ssd(PROVIDER_DOMAIN)),), via
    )


def remove_package(via: Channel) -> Section:
    """Return the section that deletes the applet's package and what was installed from it, to make room for another."""
    step = Step("package", commands.delete(jpki.PACKAGE_AID, related=True), accept=GONE)
    return Section("remove_package", ISSUER_DOMAIN, (step,), via)


def set_lock(via: Channel, *, locked: bool) -> Section:
    """Return the section that locks or unlocks the applet, and reads from the registry what it is then."""
    return Section(
        "lock",
        ISSUER_DOMAIN,
        (
            Step("set", commands.set_status(Target.APPLICATION, LOCKED if locked else 0, jpki.AID), accept=TRIED),
            Step("applications", commands.get_status(Scope.APPLICATIONS), accept=LISTED),
        ),
        via,
    )


def install_application(via: Channel, block: bytes | None) -> Section:
    """Return the section that loads `block` into the provider's domain, unless it's there (None), and installs it."""
    steps = []
    if block is not None:
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


def versions(response: Response) -> dict[bytes, str]:
    """Return AID -> version of a GET STATUS answer about load files; empty text where the element doesn't tell."""
    if response.sw != 0x9000:
        return {}
    return {
        entry.aid: "{}.{}".format(*entry.version) if entry.version else ""
        for entry in commands.parse_status(response.data)
    }


def is_locked(response: Response) -> bool | None:
    """Tell whether the applet is locked, from a GET STATUS answer; None when it isn't there."""
    state = listed(response).get(jpki.AID)
    return None if state is None else bool(state & LOCKED)


def _probe(present: int, following: int) -> tuple[Step, Step]:
    return (
        Step("present", _initialize_update(present), accept=PROBED),
        Step("next", _initialize_update(following), accept=PROBED),
    )


def _initialize_update(version: int) -> Command:
    return Command(0x80, INS_INITIALIZE_UPDATE, version, 0x00, bytes(8), le=256)
