"""The PostgreSQL server of a population: a folder that stays from one run to the next, until it is dropped.

Loading is all or nothing, so nothing is synced to the disk. `pg_stat_statements` counts what each statement touches.
"""

import glob
import os
import pwd
import shutil
import subprocess
from pathlib import Path

import psycopg

PORT = 55432
# Users of the database beside the owner, so that parts can be measured at once and their statements told apart.
OTHERS = ("pages", "api")
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "30min",
    "listen_addresses": "127.0.0.1",
    "max_connections": "40",
    "jit": "off",
    "shared_buffers": "1GB",
    "effective_cache_size": "8GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "1GB",
    "autovacuum": "off",  # what it would do by turns is done once, after loading
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.max": "10000",
    "pg_stat_statements.track_utility": "off",
    "track_io_timing": "off",
}


class Server:
    """One server in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._bin = Path(sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)[0])
        self._user = "postgres" if os.getuid() == 0 and "postgres" in {e.pw_name for e in pwd.getpwall()} else None

    def url(self, database: str, user: str = "jpki") -> str:
        """Return the URL of a database on it."""
        return f"postgresql://{user}@127.0.0.1:{PORT}/{database}"

    def start(self, shared_buffers: str = SETTINGS["shared_buffers"]) -> None:
        """Start it, made first where there is none; nothing where it runs already."""
        data = self.folder / "postgresql"
        if not data.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            if self._user:
                shutil.chown(self.folder, self._user)
            options = ["--username=jpki", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
            self._run("initdb", f"--pgdata={data}", *options)
        if (data / "postmaster.pid").exists() and self._answers():
            return
        chosen = SETTINGS | {"unix_socket_directories": str(self.folder), "shared_buffers": shared_buffers}
        words = " ".join(f"-c {name}='{value}'" for name, value in chosen.items())
        self._run("pg_ctl", "start", "--wait", f"--pgdata={data}", f"--log={self.folder}/log", f"-o-p {PORT} {words}")

    def stop(self) -> None:
        """Stop it."""
        self._run("pg_ctl", "stop", "--wait", "--mode=fast", f"--pgdata={self.folder / 'postgresql'}")

    def create(self, database: str) -> None:
        """Make an empty database in place of one of that name."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            name = psycopg.sql.Identifier(database)
            connection.execute(psycopg.sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(name))
            for role in OTHERS:
                if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone() is None:
                    connection.execute(
                        psycopg.sql.SQL("CREATE ROLE {} LOGIN SUPERUSER").format(psycopg.sql.Identifier(role))
                    )
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION pg_stat_statements")

    def drop(self, database: str) -> None:
        """Remove a database."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            name = psycopg.sql.Identifier(database)
            connection.execute(psycopg.sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def has(self, database: str) -> bool:
        """Tell whether there is a database of that name."""
        with psycopg.connect(self.url("postgres")) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
        return found is not None

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=3).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(  # noqa: S603  (our own command)
            [self._bin / program, *arguments],
            check=True,
            user=self._user,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
