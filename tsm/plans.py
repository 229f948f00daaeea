"""The legs of an enrolment: what goes out, and what the answer must prove.

A leg is planned once, from what is known of the element, and kept as a `Plan`: figures only, no key. From the plan
the script is computed when it is sent, and computed again when the report is checked.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from tsm import describe, keysets, rotation, sei, sp, store
from tsm.errors import ReportMalformed
from tsm.findings import Findings, Reading
from tsm.jpki import Key
from tsm.models import LoadFile
from tsm.sections import Channel, Section

Random = Callable[[int], bytes]
ROLES = {"issuer": sei, "provider": sp}
# Sections in which 6985 only says that it was so before: what comes after is still sent.
TOLERANT = frozenset({"suspend", "resume"})


@dataclass(frozen=True)
class Entry:
    """One section of a plan: its name, whose keys open it (`issuer`, `provider` or none), and the channel's figures."""

    name: str
    keys: str = ""
    counter: int = 0
    host_challenge: str = ""
    generation: int = 0


@dataclass(frozen=True)
class Plan:
    """What a leg's script is computed from."""

    kind: str
    entries: tuple[Entry, ...]
    challenge: str = ""
    generate: tuple[int, ...] = ()
    load: bool = True
    # Of the load file store: version and SHA-256.
    load_file: str = ""
    load_digest: str = ""
    certificates: Mapping[str, str] = field(default_factory=dict)
    ca_certificates: Mapping[str, str] = field(default_factory=dict)
    # The generation of the provider's keys that a new domain is given.
    domain_generation: int = 0
    # The password that is unblocked, by its key's reference.
    key: int = 0
    # The key versions that a survey asks for, where a rotation is under way: by role, present and next.
    probes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
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
        used = [entry.counter for entry in self.entries if entry.keys == keys]
        return used[-1] if used else self.before.get(keys)

    def sections(self, number: bytes) -> list[Section]:
        """Return the sections for the element of that number (IIN and CIN)."""
        if self.kind == "survey":
            return sei.survey(self.probes)
        return [self._section(entry, number) for entry in self.entries]

    def _section(self, entry: Entry, number: bytes) -> Section:
        via = ROLES[entry.keys].channel(number, entry.generation, entry.counter, bytes.fromhex(entry.host_challenge))
        return _SECTIONS[entry.name](self, via, number)

    def by_key(self) -> dict[Key, bytes]:
        return _by_key(self.certificates)


_SECTIONS: dict[str, Callable[[Plan, Channel, bytes], Section]] = {
    "registry": lambda plan, via, number: sei.read_registry(via),
    "create_domain": lambda plan, via, number: sei.create_domain(via),
    "take_domain": lambda plan, via, number: sp.take_domain(via, keysets.domain(number, plan.domain_generation)),
    "finish_domain": lambda plan, via, number: sp.finish_domain(via),
    "remove_package": lambda plan, via, number: sei.remove_package(via),
    "install_application": lambda plan, via, number: sei.install_application(
        via, store.of_digest(plan.load_file, plan.load_digest) if plan.load else None
    ),
    "make_keys": lambda plan, via, number: sp.make_keys(
        via, challenge=bytes.fromhex(plan.challenge), generate=frozenset(Key(reference) for reference in plan.generate)
    ),
    "write_certificates": lambda plan, via, number: sp.write_certificates(
        via, plan.by_key(), _by_key(plan.ca_certificates)
    ),
    "delete": lambda plan, via, number: sei.delete_all(via),
    "suspend": lambda plan, via, number: sei.set_lock(via, locked=True),
    "resume": lambda plan, via, number: sei.set_lock(via, locked=False),
    "unblock": lambda plan, via, number: sp.unblock(via, Key(plan.key)),
    "add_issuer_keys": lambda plan, via, number: rotation.add(
        sei.ISSUER_DOMAIN, via, keysets.issuer(number, plan.entries[-1].generation)
    ),
    "drop_issuer_keys": lambda plan, via, number: rotation.drop(
        sei.ISSUER_DOMAIN, via, keysets.issuer_version(plan.entries[-1].generation - 1)
    ),
    "add_domain_keys": lambda plan, via, number: rotation.add(
        sei.PROVIDER_DOMAIN, via, keysets.domain(number, plan.entries[-1].generation)
    ),
    "drop_domain_keys": lambda plan, via, number: rotation.drop(
        sei.PROVIDER_DOMAIN, via, keysets.domain_version(plan.entries[-1].generation - 1)
    ),
}


@dataclass(frozen=True)
class Standing:
    """How far the channels of an element are: each role's key generation and the counter used last."""

    issuer_counter: int
    domain_counter: int
    issuer_generation: int
    domain_generation: int


class _Counters:
    """Counts the channels of a plan ahead, as the element will."""

    def __init__(self, at: Standing, random: Random) -> None:
        self.figures = {"issuer": at.issuer_counter, "provider": at.domain_counter}
        self.generations = {"issuer": at.issuer_generation, "provider": at.domain_generation}
        self.random = random

    def entry(self, name: str, keys: str) -> Entry:
        self.figures[keys] += 1
        return Entry(name, keys, self.figures[keys], self.random(8).hex(), self.generations[keys])


# --- plans ------------------------------------------------------------------------------------------


def survey(probes: Mapping[str, tuple[int, int]] | None = None) -> Plan:
    """Return the plan that asks how far the counters are; needs no key and no knowledge."""
    return Plan("survey", tuple(Entry(section.name) for section in sei.survey()), probes=probes or {})


def registry(at: Standing, random: Random) -> Plan:
    """Return the plan that reads the element's registry over the issuer's channel."""
    return Plan("registry", (_Counters(at, random).entry("registry", "issuer"),))


def prepare(found: Findings, at: Standing, *, challenge: bytes, load_file: LoadFile, random: Random) -> Plan:
    """Return the plan from what is found to proven keys: domain, applet, key pairs. What is there isn't made again.

    A package of another version than the store's is replaced: nothing on it was certified yet.
    """
    counters = _Counters(at, random)
    other = found.package and found.package_version not in ("", load_file.version)
    entries = []
    if not found.domain:
        entries.append(counters.entry("create_domain", "issuer"))
    if not found.domain_keys:
        counters.figures["provider"] = 0
        entries.append(counters.entry("take_domain", "issuer"))
    elif not found.personalized:
        entries.append(counters.entry("finish_domain", "provider"))
    if other:
        entries.append(counters.entry("remove_package", "issuer"))
    if not found.applet or other:
        entries.append(counters.entry("install_application", "issuer"))
    entries.append(counters.entry("make_keys", "provider"))
    return Plan(
        "prepare",
        tuple(entries),
        challenge=challenge.hex(),
        generate=tuple(int(key) for key in Key if other or int(key) not in found.keys),
        load=other or not found.package,
        load_file=load_file.version,
        load_digest=load_file.digest,
        domain_generation=at.domain_generation,
    )


def first_part(plan: Plan) -> Plan:
    """Return the plan of one channel only, where a leg of several went wrong: what disturbs it then costs less."""
    return replace(plan, kind="part", entries=plan.entries[:1]) if len(plan.entries) > 1 else plan


def install(
    certificates: Mapping[Key, bytes], ca_certificates: Mapping[Key, bytes], at: Standing, *, random: Random
) -> Plan:
    """Return the plan that writes both certificates, each with its authority's, and reads them back."""
    entry = _Counters(at, random).entry("write_certificates", "provider")
    return Plan("install", (entry,), certificates=_in_hex(certificates), ca_certificates=_in_hex(ca_certificates))


def delete(at: Standing, *, random: Random) -> Plan:
    """Return the plan that deletes everything of ours."""
    return Plan("delete", (_Counters(at, random).entry("delete", "issuer"),))


def lock(kind: str, at: Standing, *, random: Random) -> Plan:
    """Return the plan that locks (`suspend`) or unlocks (`resume`) the applet, and reads what it is then."""
    return Plan(kind, (_Counters(at, random).entry(kind, "issuer"),))


def unblock(key: Key, at: Standing, *, random: Random) -> Plan:
    """Return the plan that returns a key's password to "not set", and reads what it is then."""
    return Plan("unblock", (_Counters(at, random).entry("unblock", "provider"),), key=int(key))


def rotate(role: str, at: Standing, *, added: bool, random: Random) -> Plan:
    """Return the plan that gives a domain its next keys: put them beside the present ones unless they are there,
    open a channel with them, and only then delete the present ones.
    """
    counters = _Counters(at, random)
    name = "issuer" if role == "issuer" else "domain"
    entries = [] if added else [counters.entry(f"add_{name}_keys", role)]
    counters.generations[role] += 1
    if not added:
        counters.figures[role] = 0
    entries.append(counters.entry(f"drop_{name}_keys", role))
    return Plan(f"rotate_{name}", tuple(entries))


def _in_hex(certificates: Mapping[Key, bytes]) -> dict[str, str]:
    return {str(int(key)): der.hex() for key, der in certificates.items()}


def _by_key(certificates: Mapping[str, str]) -> dict[Key, bytes]:
    return {Key(int(reference)): bytes.fromhex(der) for reference, der in certificates.items()}


# --- scripts and reports ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Script:
    """What a plan comes to: the C-APDUs of each section, in upper-case hex, and what each command says.

    `described` has section, label and plain words of each command, in order; what is secret is masked.
    """

    commands: list[list[str]]
    described: list[tuple[str, str, str]]


def render(plan: Plan, number: bytes) -> Script:
    """Return the script of a plan for the element of that number."""
    sections = plan.sections(number)
    return Script(
        [[apdu.hex().upper() for apdu in section.render()] for section in sections],
        [
            (section.name, label, describe.command(command))
            for section in sections
            for label, command in section.clear()
        ],
    )


def read(plan: Plan, number: bytes, answers: Iterable[str]) -> Reading:
    """Check the R-APDUs (hex, one a command) and return the responses by section and label.

    Raises `LegFailed` or `LegTruncated` where the script didn't run as planned.
    """
    try:
        stream = iter([bytes.fromhex(answer) for answer in answers])
    except ValueError as error:
        raise ReportMalformed("an R-APDU in the report isn't hexadecimal") from error
    return {section.name: section.read(stream) for section in plan.sections(number)}
