"""A PostgreSQL server for tests: the one at TEST_DATABASE_URL, else a private one that ends with this process."""

import atexit
import functools
import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from portal.supervision.kernel import end_with_parent


class Missing(Exception):
    """There is no PostgreSQL server to be had."""


@dataclass(frozen=True)
class Server:
    """Where it answers, as a URL that names a database on it."""

    address: str

    def url(self, database: str) -> str:
        return urllib.parse.urlsplit(self.address)._replace(path=f"/{database}").geturl()

    def create(self, database: str) -> str:
        """Make an empty database, in place of one of that name; return its URL."""
        with psycopg.connect(self.address, autocommit=True) as connection:
            name = psycopg.sql.Identifier(database)
            connection.execute(psycopg.sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(name))
        return self.url(database)


@functools.cache
def server() -> Server:
    """Return the server, started at the first call. Raises Missing when there are no server binaries."""
    given = os.environ.get("TEST_DATABASE_URL")
    return Server(given) if given else _private()


def flush_by_rows() -> None:
    """Let Django's flush delete the rows of those tables that have any.

    To truncate makes new files of every table and index, hundreds: most of a small test's time. Rows of a test are few.
    """
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if cursor.fetchone() != (True,):
            return  # nobody else may leave foreign keys unlooked at

    def statements(style: object, tables: Sequence[str], **options: object) -> list[str]:
        names = [connection.ops.quote_name(table) for table in tables]
        with connection.cursor() as cursor:
            asked = " UNION ALL ".join(f"(SELECT '{name}' FROM {name} LIMIT 1)" for name in names)  # noqa: S608
            cursor.execute(asked)
            filled = [name for (name,) in cursor.fetchall()]
        delete = [f"DELETE FROM {name}" for name in filled]  # noqa: S608
        return ["SET LOCAL session_replication_role = replica", *delete]

    connection.ops.sql_flush = statements


def _private() -> Server:
    binaries = [shutil.which("initdb") or "", *sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), reverse=True)]
    initdb = next(filter(None, binaries), None)
    if initdb is None:
        raise Missing("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="jpki-pg-", dir="/tmp"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    user = _unprivileged()  # PostgreSQL refuses to run as root
    if user:
        shutil.chown(folder, user)
    run = {
        "user": user,
        "cwd": folder,
        "env": {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
        "stdin": subprocess.DEVNULL,
    }
    data, log = folder / "data", folder / "log"
    command = [
        initdb,
        "--pgdata",
        data,
        "--username=jpki",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    ]
    subprocess.run(command, check=True, capture_output=True, **run)
    quick = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "100"}
    quick |= {"listen_addresses": "", "unix_socket_directories": str(folder), "jit": "off"}
    command = [Path(initdb).resolve().parent / "postgres", "-D", data]
    command += [word for name, value in quick.items() for word in ("-c", f"{name}={value}")]
    with log.open("wb") as output:
        popen = subprocess.Popen(command, stdout=output, stderr=output, preexec_fn=end_with_parent, **run)
    atexit.register(_stop, popen)
    found = Server(f"postgresql://jpki@/postgres?host={folder}")
    deadline = time.monotonic() + 20
    while True:
        try:
            psycopg.connect(found.address).close()
            return found
        except psycopg.OperationalError:
            if popen.poll() is not None or time.monotonic() > deadline:
                raise Missing(f"the private PostgreSQL did not start:\n{log.read_text()}") from None
            time.sleep(0.02)


def _unprivileged() -> str | None:
    if os.getuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _stop(popen: "subprocess.Popen[bytes]") -> None:
    popen.send_signal(signal.SIGINT)  # fast shutdown
    popen.wait(10)
