"""What is on an element: asked in the clear first, then read from its registry over a secure channel."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from tsm import jpki, keysets, sei, sp
from tsm.errors import LegFailed
from tsm.globalplatform import commands
from tsm.globalplatform.apdu import Response
from tsm.jpki import Key

Reading = dict[str, dict[str, Response]]
# SCP03 6.2.2.1: three bytes; a plan uses a few of what is left.
LARGEST_COUNTER = 0xFFFFFF
ROOM = 16


@dataclass(frozen=True)
class Findings:
    """What is on the element. The default is an element that has nothing of ours."""

    domain: bool = False
    domain_keys: bool = False
    personalized: bool = False
    package: bool = False
    package_version: str = ""
    applet: bool = False
    keys: tuple[int, ...] = ()
    # Read from the registry over a secure channel, and not only asked in the clear.
    confirmed: bool = False
    # Which domain's next key set is there beside the present one, or instead of it.
    rotated: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Findings":
        return cls(**{**value, "keys": tuple(value["keys"]), "rotated": tuple(value.get("rotated", ()))})


@dataclass(frozen=True)
class Surveyed:
    """The counters of both domains' key sets, and what else a survey shows without a key."""

    issuer: int
    provider: int
    found: Findings


def surveyed(reading: Reading, *, domain_generation: int) -> Surveyed:
    """Return what a survey shows. Raises `LegFailed` where a counter has no room left."""
    provider = reading["provider"]
    domain = provider["select"].sw == 0x9000
    versions = set()
    if domain and provider["keys"].sw == 0x9000:
        versions = {entry.version for entry in commands.parse_key_information(provider["keys"].data)}
    rotated = tuple(role for role in ("issuer", "provider") if _has_next(reading, role))
    domain_keys = "provider" in rotated or keysets.domain_version(domain_generation) in versions
    application = reading["application"]
    applet = application["select"].sw == 0x9000
    keys = jpki.parse_status(application["status"].data).keys if applet else frozenset[Key]()
    issuer = _counter(reading["issuer"], "issuer" in rotated)
    counter = _counter(provider, "provider" in rotated) if domain_keys else 0
    # Asked in the clear, so only the phone's word: a counter without room would stop the element's work for ever.
    if max(issuer, counter) > LARGEST_COUNTER - ROOM:
        raise LegFailed("a sequence counter has no room left", label="survey.counter")
    found = Findings(
        domain=domain,
        domain_keys=domain_keys,
        applet=applet,
        keys=tuple(sorted(int(key) for key in keys)),
        rotated=rotated,
    )
    return Surveyed(issuer, counter, found)


def registered(reading: Reading, before: Findings) -> Findings:
    """Return the findings with what the registry, read over a secure channel, says of them."""
    applications = sei.listed(reading["registry"]["applications"])
    domain = applications.get(sei.PROVIDER_DOMAIN)
    packages = sei.versions(reading["registry"]["packages"])
    return Findings(
        domain=domain is not None,
        domain_keys=domain is not None and before.domain_keys,
        personalized=domain == sp.PERSONALIZED,
        package=jpki.PACKAGE_AID in packages,
        package_version=packages.get(jpki.PACKAGE_AID, ""),
        applet=jpki.AID in applications,
        keys=before.keys if jpki.AID in applications else (),
        confirmed=True,
        rotated=before.rotated,
    )


def progressed(before: Findings, section: str) -> Findings:
    """Return the findings after a section of a preparing plan was proved to have run."""
    made: Mapping[str, dict[str, Any]] = {
        "create_domain": {"domain": True},
        "take_domain": {"domain_keys": True, "personalized": True},
        "finish_domain": {"personalized": True},
        "remove_package": {"package": False, "package_version": "", "applet": False, "keys": ()},
        "install_application": {"package": True, "applet": True},
    }
    return replace(before, **made[section])


def _has_next(reading: Reading, role: str) -> bool:
    probe = reading[role].get("next")
    return probe is not None and probe.sw == 0x9000


def _counter(section: Mapping[str, Response], rotated: bool) -> int:
    """Return the counter used last: of the next set where it is there, told by INITIALIZE UPDATE (SCP03 7.1.1.6)."""
    if rotated:
        return int.from_bytes(section["next"].data[-3:], "big")
    if "present" in section and section["present"].sw == 0x9000:
        return int.from_bytes(section["present"].data[-3:], "big")
    return commands.parse_sequence_counter(section["counter"].data)
