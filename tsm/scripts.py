"""The legs of an enrolment: what goes out, and what the answer must prove.

A leg is planned once, from what is known of the element, and kept as a `Plan`: figures only, no key. From the plan
the script is computed when it is sent, and computed again when the report is checked.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tsm import jpki, keysets, sei, sp
from tsm.errors import LegFailed, ReportMalformed
from tsm.globalplatform import commands
from tsm.globalplatform.apdu import Response
from tsm.jpki import Key
from tsm.sections import Channel, Section

# SCP03 6.2.2.1: three bytes; a plan uses a few of what is left.
LARGEST_COUNTER = 0xFFFFFF
ROOM = 16
Random = Callable[[int], bytes]
Reading = dict[str, dict[str, Response]]


@dataclass(frozen=True)
class Entry:
    """One section of a plan: its name, whose keys open it (`issuer`, `provider` or none), and the channel's figures."""

    name: str
    keys: str = ""
    counter: int = 0
    host_challenge: str = ""


@dataclass(frozen=True)
class Plan:
    """What a leg's script is computed from."""

    kind: str
    entries: tuple[Entry, ...]
    challenge: str = ""
    generate: tuple[int, ...] = ()
    load: bool = True
    certificates: Mapping[str, str] = field(default_factory=dict)
    ca_certificates: Mapping[str, str] = field(default_factory=dict)
    # Where the counters stood when it was planned: those that it doesn't use stand there afterwards too.
    before: Mapping[str, int | None] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Plan":
        entries = tuple(Entry(**entry) for entry in value["entries"])
        return cls(**{**value, "entries": entries, "generate": tuple(value["generate"])})

    def counter_after(self, keys: str) -> int | None:
        """Return where the counter of `keys` stands when the whole script was played; None where it isn't known."""
        return max((entry.counter for entry in self.entries if entry.keys == keys), default=self.before.get(keys))

    def sections(self, number: bytes) -> list[Section]:
        """Return the sections for the element of that number (IIN and CIN)."""
        if self.kind == "survey":
            return sei.survey()
        return [self._section(entry, number) for entry in self.entries]

    def _section(self, entry: Entry, number: bytes) -> Section:
        role = sei if entry.keys == "issuer" else sp
        via = role.channel(number, entry.counter, bytes.fromhex(entry.host_challenge))
        return _SECTIONS[entry.name](self, via, number)

    def by_key(self) -> dict[Key, bytes]:
        return _by_key(self.certificates)


_SECTIONS: dict[str, Callable[[Plan, Channel, bytes], Section]] = {
    "registry": lambda plan, via, number: sei.read_registry(via),
    "create_domain": lambda plan, via, number: sei.create_domain(via),
    "take_domain": lambda plan, via, number: sp.take_domain(via, keysets.domain(number)),
    "finish_domain": lambda plan, via, number: sp.finish_domain(via),
    "install_application": lambda plan, via, number: sei.install_application(via, load=plan.load),
    "make_keys": lambda plan, via, number: sp.make_keys(
        via,
        challenge=bytes.fromhex(plan.challenge),
        generate=frozenset(Key(reference) for reference in plan.generate),
    ),
    "write_certificates": lambda plan, via, number: sp.write_certificates(
        via, plan.by_key(), _by_key(plan.ca_certificates)
    ),
    "delete": lambda plan, via, number: sei.delete_all(via),
}


@dataclass(frozen=True)
class Findings:
    """What is on the element. The default is an element that has nothing of ours."""

    domain: bool = False
    domain_keys: bool = False
    personalized: bool = False
    package: bool = False
    applet: bool = False
    keys: tuple[int, ...] = ()
    # Read from the registry over a secure channel, and not only asked in the clear.
    confirmed: bool = False

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Findings":
        return cls(**{**value, "keys": tuple(value["keys"])})


class _Counters:
    """Counts the channels of a plan ahead, as the element will."""

    def __init__(self, issuer: int, provider: int, random: Random) -> None:
        self.figures = {"issuer": issuer, "provider": provider}
        self.random = random

    def entry(self, name: str, keys: str) -> Entry:
        self.figures[keys] += 1
        return Entry(name, keys, self.figures[keys], self.random(8).hex())


# --- plans ------------------------------------------------------------------------------------------


def survey() -> Plan:
    """Return the plan that asks how far the counters are; needs no key and no knowledge."""
    return Plan("survey", tuple(Entry(section.name) for section in sei.survey()))


def registry(issuer_counter: int, random: Random) -> Plan:
    """Return the plan that reads the element's registry over the issuer's channel."""
    return Plan("registry", (_Counters(issuer_counter, 0, random).entry("registry", "issuer"),))


def prepare(
    found: Findings,
    *,
    issuer_counter: int,
    domain_counter: int,
    challenge: bytes,
    random: Random,
) -> Plan:
    """Return the plan from what is found to proven keys: domain, applet, key pairs. What is there isn't made again."""
    counters = _Counters(issuer_counter, domain_counter if found.domain_keys else 0, random)
    entries = []
    if not found.domain:
        entries.append(counters.entry("create_domain", "issuer"))
    if not found.domain_keys:
        entries.append(counters.entry("take_domain", "issuer"))
    elif not found.personalized:
        entries.append(counters.entry("finish_domain", "provider"))
    if not found.applet:
        entries.append(counters.entry("install_application", "issuer"))
    entries.append(counters.entry("make_keys", "provider"))
    return Plan(
        "prepare",
        tuple(entries),
        challenge=challenge.hex(),
        generate=tuple(int(key) for key in Key if int(key) not in found.keys),
        load=not found.package,
    )


def install(
    certificates: Mapping[Key, bytes], ca_certificates: Mapping[Key, bytes], *, domain_counter: int, random: Random
) -> Plan:
    """Return the plan that writes both certificates, each with its authority's, and reads them back."""
    entry = _Counters(0, domain_counter, random).entry("write_certificates", "provider")
    return Plan("install", (entry,), certificates=_in_hex(certificates), ca_certificates=_in_hex(ca_certificates))


def delete(*, issuer_counter: int, random: Random) -> Plan:
    """Return the plan that deletes everything of ours."""
    return Plan("delete", (_Counters(issuer_counter, 0, random).entry("delete", "issuer"),))


def _in_hex(certificates: Mapping[Key, bytes]) -> dict[str, str]:
    return {str(int(key)): der.hex() for key, der in certificates.items()}


def _by_key(certificates: Mapping[str, str]) -> dict[Key, bytes]:
    return {Key(int(reference)): bytes.fromhex(der) for reference, der in certificates.items()}


# --- scripts and reports ------------------------------------------------------------------------------


def render(plan: Plan, number: bytes) -> list[list[str]]:
    """Return the C-APDUs of each section, in upper-case hex."""
    return [[apdu.hex().upper() for apdu in section.render()] for section in plan.sections(number)]


def read(plan: Plan, number: bytes, answers: Iterable[str]) -> Reading:
    """Check the R-APDUs (hex, one a command) and return the responses by section and label.

    Raises `LegFailed` or `LegTruncated` where the script didn't run as planned.
    """
    try:
        stream = iter([bytes.fromhex(answer) for answer in answers])
    except ValueError as error:
        raise ReportMalformed("an R-APDU in the report isn't hexadecimal") from error
    return {section.name: section.read(stream) for section in plan.sections(number)}


def surveyed(reading: Reading) -> tuple[int, int, Findings]:
    """Return issuer's counter, provider's counter and what a survey shows without a key."""
    issuer = commands.parse_sequence_counter(reading["issuer"]["counter"].data)
    provider = reading["provider"]
    domain = provider["select"].sw == 0x9000
    versions = set()
    if domain and provider["keys"].sw == 0x9000:
        versions = {entry.version for entry in commands.parse_key_information(provider["keys"].data)}
    domain_keys = keysets.DOMAIN_KEY_VERSION in versions
    application = reading["application"]
    applet = application["select"].sw == 0x9000
    keys = jpki.parse_status(application["status"].data).keys if applet else frozenset[Key]()
    counter = commands.parse_sequence_counter(provider["counter"].data) if domain_keys else 0
    # Asked in the clear, so only the phone's word: a counter without room would stop the element's work for ever.
    if max(issuer, counter) > LARGEST_COUNTER - ROOM:
        raise LegFailed("a sequence counter has no room left", label="survey.counter")
    return (
        issuer,
        counter,
        Findings(domain=domain, domain_keys=domain_keys, applet=applet, keys=tuple(sorted(int(key) for key in keys))),
    )


def registered(reading: Reading, before: Findings) -> Findings:
    """Return the findings with what the registry, read over a secure channel, says of them."""
    applications = sei.listed(reading["registry"]["applications"])
    domain = applications.get(sei.PROVIDER_DOMAIN)
    return Findings(
        domain=domain is not None,
        domain_keys=domain is not None and before.domain_keys,
        personalized=domain == sp.PERSONALIZED,
        package=jpki.PACKAGE_AID in sei.listed(reading["registry"]["packages"]),
        applet=jpki.AID in applications,
        keys=before.keys if jpki.AID in applications else (),
        confirmed=True,
    )
