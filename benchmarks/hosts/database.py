"""PostgreSQL on a host of its own, with its durability on; the others reach it over the bridge."""

import glob
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

from benchmarks.hosts.network import SUBNET, Host, Missing

START_SECONDS = 60


def start(host: Host) -> str:
    """Start a server with an empty database on the host; return DATABASE_URL. Raises Missing."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), reverse=True)
    if not found:
        raise Missing("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    binaries = Path(found[0]).parent
    folder = Path(tempfile.mkdtemp(prefix="jpki-hosts-pg-", dir="/tmp"))
    shutil.chown(folder, "postgres", "postgres")
    as_postgres = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--")
    create = ("initdb", "--pgdata", str(folder / "data"), "--username=jpki", "--auth=trust", "--locale=C.UTF-8")
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    command = (*as_postgres, str(binaries / create[0]), *create[1:])
    subprocess.run(command, check=True, capture_output=True, env=environment, cwd="/")  # noqa: S603
    with (folder / "data" / "pg_hba.conf").open("a") as file:
        file.write(f"host all all {SUBNET}.0/24 trust\n")
    set_to = {"listen_addresses": host.address, "unix_socket_directories": str(folder), "max_connections": "200"}
    server = [*as_postgres, str(binaries / "postgres"), "-D", str(folder / "data")]
    server += [word for name, value in set_to.items() for word in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        host.start(server, environment, log)
    address = f"postgresql://jpki@{host.address}/postgres"
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(address, connect_timeout=5).close()
        except psycopg.OperationalError:
            if time.monotonic() > until or host.started[-1].poll() is not None:
                raise Missing(f"PostgreSQL did not start:\n{(folder / 'log').read_text()}") from None
            time.sleep(0.1)
        else:
            return address
