"""The units of deploy/systemd as data, and what systemd would make of them for a process."""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
FOLDER = DEPLOY / "systemd"
PYTHON = "/opt/jpki/current/.venv/bin/python"


@dataclass(frozen=True)
class Unit:
    """One unit file: each section's lines in order, as (key, value)."""

    name: str
    sections: Mapping[str, list[tuple[str, str]]] = field(default_factory=dict)

    def all(self, key: str, section: str = "Service") -> list[str]:
        """Return the values of every line with that key."""
        return [value for name, value in self.sections.get(section, []) if name == key]

    def one(self, key: str, section: str = "Service") -> str:
        """Return the value of the only line with that key."""
        (value,) = self.all(key, section)
        return value

    @property
    def credentials(self) -> dict[str, str]:
        """Return the files of secrets that the unit gets, by name."""
        return dict(value.split(":", 1) for value in self.all("LoadCredentialEncrypted"))  # type: ignore[misc]

    @property
    def optional(self) -> dict[str, str]:
        """Return what stands for a secret whose file isn't there."""
        pairs = (value.split(":", 1) for value in self.all("SetCredential"))
        return {name: text.encode().decode("unicode_escape") for name, text in pairs}

    def environment(self) -> dict[str, str]:
        """Return what its lines `Environment=` set, specifiers as they stand."""
        words = [word for value in self.all("Environment") for word in shlex.split(value)]
        return dict(word.split("=", 1) for word in words)  # type: ignore[misc]

    def environment_files(self) -> list[str]:
        """Return the files that it reads settings from; later ones win, and win over `Environment=`."""
        return self.all("EnvironmentFile")

    def command(self, environment: Mapping[str, str]) -> list[str]:
        """Return the command as systemd would start it with that environment: words, `${NAME}`, `%%`."""
        line = self.one("ExecStart")
        words = [re.sub(r"\$\{(\w+)\}", lambda match: environment[match[1]], word) for word in shlex.split(line)]
        assert not re.search(r"(?<!%)%(?:%%)*[^%]", line), f"{self.name}: a specifier that isn't understood here"
        return [word.replace("%%", "%") for word in words]


def read(path: Path) -> Unit:
    """Read a unit file. Raises ValueError at a line that is none."""
    sections: dict[str, list[tuple[str, str]]] = {}
    current: list[tuple[str, str]] = []
    for line in path.read_text().splitlines():
        if not line.strip() or line.startswith(("#", ";")):
            continue
        if line.startswith("["):
            current = sections.setdefault(line.strip("[]"), [])
            continue
        key, equals, value = line.partition("=")
        if not equals:
            raise ValueError(f"{path.name}: {line!r}")
        current.append((key, value))
    return Unit(path.stem, sections)


def services() -> dict[str, Unit]:
    """Return the services by the name of their process."""
    return {path.stem.removeprefix("jpki-"): read(path) for path in sorted(FOLDER.glob("jpki-*.service"))}


def settings_of(path: Path) -> dict[str, str]:
    """Return what an environment file sets, as systemd reads it: no export, no expansion, `#` begins a comment line."""
    return dict(_lines(path))


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    for line in path.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            name, equals, value = line.partition("=")
            if not equals or not re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
                raise ValueError(f"{path.name}: {line!r}")
            yield name, value.strip()
