"""Making a backup: a folder with the database, the key stores and a manifest, whole or not there."""

import hashlib
import io
import json
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from ca import clock
from ca.models import Authority, JournalHead, Realm
from portal.backups import sealing

MANIFEST = "manifest.json"
DATABASE = "database.sql.age"
SQLITE = "database.sqlite3.age"
KEYS = "keys.tar.age"
_PIECE = 1 << 20


class BackupFailed(Exception):
    """Say why there is no backup, or why it can't be restored."""


def make(folder: Path, to: str) -> Path:
    """Back everything up under a folder, sealed to the recipient `to`; return the new backup. Raises BackupFailed."""
    try:
        sealing.check_recipient(to)
    except ValueError as error:
        raise BackupFailed(f"BACKUP_RECIPIENT: {error}") from error
    at = clock.machine()
    target = folder / at.strftime("%Y%m%dT%H%M%S.%fZ")
    draft = target.with_suffix(".partial")
    draft.mkdir(mode=0o700, parents=True)
    try:
        manifest: dict[str, Any] = {
            "made_at": at.isoformat(),
            "version": _version(),
            "engine": connection.vendor,
            "sealed_to": to,
        }
        # Read before the dump begins: the backup has at least this.
        manifest["realms"] = standing()
        manifest["migrations"] = sorted(
            f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations()
        )
        manifest["keys"] = {name: _told(getattr(settings, name)) for name in ("CA_KEYS", "RESPONDER_KEYS")}
        parts: dict[str, Callable[[], Iterator[bytes]]] = {
            DATABASE if connection.vendor == "postgresql" else SQLITE: _database,
            KEYS: _keys,
        }
        manifest["files"] = {name: _write(draft / name, part(), to) for name, part in parts.items()}
        (draft / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
        draft.rename(target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return target


def standing() -> dict[str, Any]:
    """Return, by realm, where its journal ends and its counters stand."""
    heads = {head.realm_id: f"{head.sequence}:{head.hash}" for head in JournalHead.objects.all()}
    counters: dict[int, dict[str, int]] = {}
    for authority in Authority.objects.all():
        counters.setdefault(authority.realm_id, {})[authority.purpose] = authority.next_serial
    return {
        realm.slug: {"journal": heads.get(realm.pk, ""), "next_serial": counters.get(realm.pk, {})}
        for realm in Realm.objects.order_by("slug")
    }


def _version() -> str:
    try:
        return metadata.version("smartphone-jpki")
    except metadata.PackageNotFoundError:
        import tomllib

        return str(tomllib.loads((settings.ROOT / "pyproject.toml").read_text())["project"]["version"])


def _write(path: Path, parts: Iterable[bytes], to: str) -> dict[str, Any]:
    with path.open("xb") as file:
        path.chmod(0o600)
        sealing.seal(parts, to, file)
    with path.open("rb") as file:
        return {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "bytes": path.stat().st_size}


def _told(store: str) -> str:
    kind = store.partition(":")[0]
    return "in the backup" if kind == "software" else f"{kind}: backed up by the token's own means, not here"


# --- The database -----------------------------------------------------------------------------------------------------
def _database() -> Iterator[bytes]:
    if connection.vendor == "postgresql":
        command = ["pg_dump", "--format=plain", "--no-owner", "--no-privileges"]
        with subprocess.Popen([*command, *arguments()], env=environment(), stdout=-1, stderr=-1) as popen:  # noqa: S603
            assert popen.stdout is not None and popen.stderr is not None  # noqa: S101, PT018
            yield from pieces(popen.stdout)
            said = popen.stderr.read().decode(errors="replace").strip()
        if popen.returncode:
            raise BackupFailed(f"pg_dump: {said}")
        return
    with tempfile.TemporaryDirectory(dir=settings.VAR) as place:
        copy = Path(place) / "database.sqlite3"
        source = sqlite3.connect(f"file:{settings.DATABASES['default']['NAME']}?mode=ro", uri=True)
        target = sqlite3.connect(copy)
        try:
            source.backup(target)
        finally:
            source.close()
            target.close()
        with copy.open("rb") as file:
            yield from pieces(file)


def pieces(file: Any) -> Iterator[bytes]:
    """Give a file's content in pieces."""
    while piece := file.read(_PIECE):
        yield piece


def arguments() -> list[str]:
    """Return how PostgreSQL's programs reach the database, without the password."""
    told = settings.DATABASES["default"]
    named = {"--host": told["HOST"], "--port": told["PORT"], "--username": told["USER"], "--dbname": told["NAME"]}
    return [f"{name}={value}" for name, value in named.items() if value]


def environment() -> Mapping[str, str]:
    """Return the environment of PostgreSQL's programs: the password, and what the address says of TLS."""
    import os

    told = settings.DATABASES["default"]
    seen = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "LC_ALL", "TZ"}}
    if told["PASSWORD"]:
        seen["PGPASSWORD"] = told["PASSWORD"]
    for option, value in told.get("OPTIONS", {}).items():
        if option.startswith("ssl"):
            seen[f"PG{option.upper()}"] = str(value)
    return seen


# --- The key stores ---------------------------------------------------------------------------------------------------
def _keys() -> Iterator[bytes]:
    """Give a tar of the key stores that are files: small, and encrypted under their passphrases as they are."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for name in ("CA_KEYS", "RESPONDER_KEYS"):
            kind, _, place = getattr(settings, name).partition(":")
            if kind != "software" or not Path(place).is_dir():
                continue
            for path in sorted(Path(place).glob("*.pem")):
                tar.add(path, arcname=f"{name}/{path.name}", recursive=False)
    yield content.getvalue()
