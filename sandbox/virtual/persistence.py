"""The persistent state of an element as bytes: JSON, the same bytes for the same state. It holds keys in clear."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from sandbox.virtual.applet import Applet
from sandbox.virtual.make import Identity, Policy
from sandbox.virtual.registry import (
    Application,
    Entry,
    Key,
    KeyUse,
    LoadFileEntry,
    Privileges,
    Registry,
    SecurityDomain,
)

FORMAT: Final = 1


class StateUnreadable(ValueError):
    """The bytes are no state of an element, or name code that is not there."""

    code = "element_state_unreadable"


def dump(identity: Identity, policy: Policy, registry: Registry) -> bytes:
    """Return the state as bytes."""
    state = {
        "format": FORMAT,
        "identity": {"iin": identity.iin.hex(), "cin": identity.cin.hex()},
        "policy": asdict(policy),
        "issuer": registry.issuer.hex(),
        "life_cycle": registry.life_cycle,
        "restrictions": registry.restrictions,
        "entries": [_dumped(entry) for entry in registry.entries.values()],
    }
    return json.dumps(state, sort_keys=True, separators=(",", ":")).encode()


def load(state: bytes, natives: Mapping[bytes, type[Applet]]) -> tuple[Identity, Policy, Registry]:
    """Return what `dump` was given; raises StateUnreadable."""
    try:
        read = json.loads(state)
        if read["format"] != FORMAT:
            raise StateUnreadable(f"format {read['format']}")
        entries = [_loaded(item, natives) for item in read["entries"]]
        return (
            Identity(bytes.fromhex(read["identity"]["iin"]), bytes.fromhex(read["identity"]["cin"])),
            Policy(**read["policy"]),
            Registry(
                bytes.fromhex(read["issuer"]),
                read["life_cycle"],
                {entry.aid: entry for entry in entries},
                read.get("restrictions", 0),
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise StateUnreadable(str(error)) from error


def _dumped(entry: Entry) -> dict[str, Any]:
    match entry:
        case SecurityDomain():
            return {
                "kind": "security_domain",
                "aid": entry.aid.hex(),
                "life_cycle": entry.life_cycle,
                "privileges": int(entry.privileges),
                "domain": entry.domain.hex() if entry.domain is not None else None,
                "keys": [
                    [version, identifier, *(part for kind, value in key.components for part in (kind, value.hex()))]
                    for (version, identifier), key in sorted(entry.keys.items())
                ],
                "uses": [
                    [version, use.sequence_counter, use.tries_left] for version, use in sorted(entry.uses.items())
                ],
                "parameters": entry.parameters.hex(),
                "objects": {f"{tag:X}": value.hex() for tag, value in entry.objects.items()},
                "restrictions": entry.restrictions,
                "receipts": entry.receipts,
                "token_number": entry.token_number,
            }
        case LoadFileEntry():
            return {
                "kind": "load_file",
                "aid": entry.aid.hex(),
                "version": list(entry.version),
                "modules": [module.hex() for module in entry.modules],
                "domain": entry.domain.hex(),
                "size": entry.size,
                "life_cycle": entry.life_cycle,
                "built_in": entry.built_in,
            }
        case Application():
            return {
                "kind": "application",
                "aid": entry.aid.hex(),
                "package": entry.package.hex(),
                "module": entry.module.hex(),
                "life_cycle": entry.life_cycle,
                "privileges": int(entry.privileges),
                "domain": entry.domain.hex(),
                "memory": entry.memory,
                "state": entry.applet.state(),
            }


def _loaded(item: dict[str, Any], natives: Mapping[bytes, type[Applet]]) -> Entry:
    aid = bytes.fromhex(item["aid"])
    match item["kind"]:
        case "security_domain":
            return SecurityDomain(
                aid,
                item["life_cycle"],
                Privileges(item["privileges"]),
                bytes.fromhex(item["domain"]) if item["domain"] is not None else None,
                {(version, identifier): _key(parts) for version, identifier, *parts in item["keys"]},
                {version: KeyUse(counter, tries) for version, counter, tries in item["uses"]},
                bytes.fromhex(item["parameters"]),
                # Not in the states of elements that were made before they had these.
                {int(tag, 16): bytes.fromhex(value) for tag, value in item.get("objects", {}).items()},
                item.get("restrictions", 0),
                item.get("receipts", 0),
                item.get("token_number", 0),
            )
        case "load_file":
            return LoadFileEntry(
                aid,
                (item["version"][0], item["version"][1]),
                tuple(bytes.fromhex(module) for module in item["modules"]),
                bytes.fromhex(item["domain"]),
                item["size"],
                item["life_cycle"],
                item["built_in"],
            )
        case "application":
            package = bytes.fromhex(item["package"])
            if package not in natives:
                raise StateUnreadable(f"no code for package {package.hex()}")
            return Application(
                aid,
                package,
                bytes.fromhex(item["module"]),
                item["life_cycle"],
                Privileges(item["privileges"]),
                bytes.fromhex(item["domain"]),
                item["memory"],
                natives[package].restore(item["state"]),
            )
        case kind:
            raise StateUnreadable(f"unknown entry {kind}")


def _key(parts: list[Any]) -> Key:
    components = [(kind, bytes.fromhex(value)) for kind, value in zip(parts[::2], parts[1::2], strict=True)]
    (kind, value), *more = components
    return Key(kind, value, tuple(more))
