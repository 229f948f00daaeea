"""Loading a backup, where there is nothing yet. What was loaded is halted in the same transaction."""

import hashlib
import io
import json
import os
import sqlite3
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from portal.backups import sealing
from portal.backups.making import DATABASE, KEYS, MANIFEST, SQLITE, BackupFailed, arguments, environment, pieces

# Whoever connects sees nothing of it, or sees it halted.
_HALT = "UPDATE {} SET halted_at = CURRENT_TIMESTAMP WHERE halted_at IS NULL"


def manifest(backup: Path) -> dict[str, Any]:
    """Return a backup's manifest, its files held against it. Raises BackupFailed."""
    try:
        told: dict[str, Any] = json.loads((backup / MANIFEST).read_text())
    except (OSError, ValueError) as error:
        raise BackupFailed(f"{backup} is no backup: {error}") from error
    for name, wanted in told["files"].items():
        with (backup / name).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != wanted["sha256"]:
            raise BackupFailed(f"{name} is not what was backed up: its SHA-256 is {found}")
    return told


def load(backup: Path, identity: str, *, keys: bool = True) -> dict[str, Any]:
    """Load a backup into the database of the settings, which must be empty, and the key stores, which must be, too.

    Every realm is halted then, in the transaction that loads it; the schema is brought up to this release. Return the
    manifest. Raises BackupFailed; then nothing is loaded.
    """
    told = manifest(backup)
    if told["engine"] != connection.vendor:
        raise BackupFailed(f"it is a backup of {told['engine']}, and DATABASE_URL is of {connection.vendor}")
    _require_nothing()
    stores = _stores(backup / KEYS, identity) if keys else {}
    if connection.vendor == "postgresql":
        _load_postgresql(backup / DATABASE, identity)
    else:
        _load_sqlite(backup / SQLITE, identity)
    for path, content in stores.items():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    call_command("migrate", interactive=False, verbosity=0)
    return told


def _open(path: Path, identity: str, target: Any) -> None:
    try:
        with path.open("rb") as file:
            sealing.open_into(file, identity, target)
    except (sealing.SealBroken, ValueError) as error:
        raise BackupFailed(f"{path.name} can't be opened: {error}") from error


def _require_nothing() -> None:
    if connection.vendor == "sqlite" and not Path(connection.settings_dict["NAME"]).exists():
        return
    tables = connection.introspection.table_names()
    if tables:
        raise BackupFailed(
            f"the database has {len(tables)} tables: a backup is loaded into an empty one only, so that nothing is "
            "lost. Make another, and name it in DATABASE_URL"
        )


def _stores(path: Path, identity: str) -> dict[Path, bytes]:
    """Return what the key stores' files are to hold. Raises BackupFailed where a store has another key already."""
    found: dict[Path, bytes] = {}
    sealed = io.BytesIO()
    _open(path, identity, sealed)
    sealed.seek(0)
    with tarfile.open(fileobj=sealed) as tar:
        for member in tar.getmembers():
            setting, _, name = member.name.partition("/")
            kind, _, place = getattr(settings, setting).partition(":")
            file = tar.extractfile(member)
            if kind != "software" or file is None or "/" in name:
                continue
            key, content = Path(place) / name, file.read()
            if not key.exists():
                found[key] = content
            elif key.read_bytes() != content:
                raise BackupFailed(f"there is another key {key.name} in {setting}: it is not replaced")
    return found


def _load_postgresql(path: Path, identity: str) -> None:
    command = ["psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--file=-"]
    connection.close()
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(  # noqa: S603
            [*command, *arguments()], env=environment(), stdin=-1, stdout=subprocess.DEVNULL, stderr=said
        ) as popen,
    ):
        assert popen.stdin is not None  # noqa: S101
        try:
            _open(path, identity, popen.stdin)
            popen.stdin.write(f"\n{_HALT.format('public.ca_realm')};\n".encode())
            popen.stdin.close()
        except BrokenPipeError:
            pass  # psql has said why
        except BaseException:
            # It would commit what it has at the end of its input.
            popen.kill()
            raise
        popen.wait()
        said.seek(0)
        if popen.returncode:
            raise BackupFailed(f"psql: {said.read().decode(errors='replace').strip()[-2000:]}")


def _load_sqlite(path: Path, identity: str) -> None:
    target = Path(settings.DATABASES["default"]["NAME"])
    draft = target.with_suffix(".restoring")
    connection.close()
    try:
        with draft.open("xb") as file:
            draft.chmod(0o600)
            _open(path, identity, file)
        loaded = sqlite3.connect(draft)
        try:
            loaded.execute(_HALT.format("ca_realm"))
            loaded.commit()
        finally:
            loaded.close()
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


__all__ = ["load", "manifest", "pieces"]
