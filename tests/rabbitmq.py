"""A private RabbitMQ for tests: on ports of the loopback, with an epmd of its own, ends with this process.

broker = rabbitmq.broker()                 # one for all tests of a process; rabbitmq.Broker() is another
environment["BROKER_URL"] = broker.create("some-name")   # an empty virtual host: nothing of other tests in it
broker.kill(); broker.lose(); broker.start()             # gone, its data lost, and back at the same address
"""

import atexit
import base64
import functools
import glob
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import amqp
import kombu

from portal.supervision.kernel import end_with_parent
from portal.supervision.system import free_ports

START_SECONDS = 240  # six on an idle machine
PLUGINS = "[rabbitmq_management].\n"


class Missing(Exception):
    """There is no RabbitMQ to be had."""


class Refused(Exception):
    """The management's answer was no; `status` is HTTP's."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"{status} {said}")
        self.status = status


class Broker:
    """One node in a folder of its own under /tmp. `guest` may do everything on it, from the loopback alone.

    It stops and starts at the same address, with its data, until `lose` throws that away. Raises Missing when no
    RabbitMQ is installed or it doesn't start.

    On another host than this one, a network namespace of this machine, `address` is that host's, and `inside` the
    command that runs another there.
    """

    def __init__(self, address: str = "127.0.0.1", inside: Sequence[str] = ()) -> None:
        self.program = _program()
        self.address, self.inside = address, tuple(inside)
        self.port, self.management, self.distribution, self.mapper = free_ports(4)
        self.folder = Path(tempfile.mkdtemp(prefix="jpki-mq-", dir="/tmp"))
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        self.user = "nobody" if os.getuid() == 0 else None
        self.popen: subprocess.Popen[bytes] | None = None
        self._write()
        # Erlang would start one in the background for the whole machine, which nobody ends.
        mapper = [shutil.which("epmd") or "epmd", "-port", str(self.mapper), "-address", "127.0.0.1"]
        self.epmd = self._launch(mapper, self.folder / "epmd.log")
        atexit.register(self._end, self.epmd)
        atexit.register(self.stop)
        self.start()

    def url(self, host: str = "/", user: str = "guest", password: str = "guest") -> str:  # noqa: S107
        """Return BROKER_URL of a virtual host, for this user."""
        who = f"{urllib.parse.quote(user, '')}:{urllib.parse.quote(password, '')}"
        return f"amqp://{who}@{self.address}:{self.port}/{urllib.parse.quote(host, '')}"

    def create(self, host: str) -> str:
        """Make an empty virtual host, in place of one of that name; return its BROKER_URL for `guest`."""
        place = f"vhosts/{urllib.parse.quote(host, '')}"
        try:
            self.ask("DELETE", place)
        except Refused as error:
            if error.status != 404:
                raise
        self.ask("PUT", place)
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        self.ask("PUT", f"permissions/{urllib.parse.quote(host, '')}/guest", everything)
        return self.url(host)

    def waiting(self, host: str, queue: str) -> int:
        """Return how many messages wait in a queue, as the queue itself says; 0 when there is none of that name.

        Those in a worker's hands aren't among them.
        """
        with kombu.Connection(self.url(host)) as connection:
            try:
                return int(connection.default_channel.queue_declare(queue, passive=True).message_count)
            except amqp.NotFound:
                return 0

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the management's HTTP API at `/api/<path>` as `guest`; return its JSON, or None. Raises Refused."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://{self.address}:{self.management}/api/{path}", data, method=method)
        request.add_header("Authorization", "Basic " + base64.b64encode(b"guest:guest").decode())
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                said = answer.read()
        except urllib.error.HTTPError as error:
            raise Refused(error.code, error.read().decode(errors="replace")) from None
        return json.loads(said) if said else None

    def control(self, *arguments: str) -> str:
        """Run rabbitmqctl (some seconds), and return what it prints. Raises CalledProcessError."""
        command = [str(self.program.with_name("rabbitmqctl")), "--quiet", "--node", self.node, *arguments]
        done = subprocess.run(command, **self._run(), check=True, capture_output=True, text=True)
        return str(done.stdout)

    @property
    def node(self) -> str:
        return f"jpki{self.port}@localhost"

    def start(self) -> None:
        """Start the node and wait until it answers. Raises Missing with the end of its log."""
        if self.popen is not None and self.popen.poll() is None:
            return
        log = self.folder / "log"
        self.popen = self._launch([str(self.program)], log)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.popen.poll() is not None or time.monotonic() > deadline:
                raise Missing(f"the private RabbitMQ did not start:\n{log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop the node in order: what is durable is on disk."""
        self._end(self.popen)

    def kill(self) -> None:
        """End the node at once."""
        if self.popen is not None:
            self.popen.kill()
            self.popen.wait()

    def lose(self) -> None:
        """Throw the stopped node's data away: queues, messages, virtual hosts, users."""
        assert self.popen is None or self.popen.poll() is not None, "it still runs"
        shutil.rmtree(self.folder / "data", ignore_errors=True)

    def _answers(self) -> bool:
        try:
            self.ask("GET", "health/checks/port-listener/" + str(self.port))
        except (OSError, Refused):
            return False
        return True

    def _write(self) -> None:
        lines = [
            f"listeners.tcp.1 = {self.address}:{self.port}",
            f"management.tcp.ip = {self.address}",
            f"management.tcp.port = {self.management}",
            # Others fill the disk and the memory of a machine for tests; this node's share is small.
            "disk_free_limit.absolute = 50MB",
            "vm_memory_high_watermark.absolute = 512MB",
            "log.console = true",
            "log.console.level = warning",
            "log.file = false",
        ]
        if self.inside:
            lines.append("loopback_users = none")
        (self.folder / "rabbitmq.conf").write_text("\n".join(lines) + "\n")
        (self.folder / "plugins").write_text(PLUGINS)
        (self.folder / "environment.conf").write_text("")
        if self.user:
            for path in (self.folder, *self.folder.iterdir()):
                shutil.chown(path, self.user)

    def _run(self) -> dict[str, Any]:
        arguments = "+S 2:2 -start_epmd false -kernel inet_dist_use_interface {127,0,0,1}"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),  # the cookie
            "LC_ALL": "C.UTF-8",
            "RUNNING_UNDER_SYSTEMD": "true",  # the script becomes the node, whose number we then have
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self.mapper),
            "ERL_CRASH_DUMP": "/dev/null",
            "RABBITMQ_NODENAME": self.node,
            "RABBITMQ_DIST_PORT": str(self.distribution),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "environment.conf"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "logs"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": arguments,
        }
        # Only root enters another host, so there the user is changed after it.
        user = None if self.inside else self.user
        return {"user": user, "cwd": self.folder, "env": environment, "stdin": subprocess.DEVNULL}

    def _launch(self, command: list[str], log: Path) -> "subprocess.Popen[bytes]":
        if self.inside:
            as_user = ("setpriv", f"--reuid={self.user}", "--regid=nogroup", "--clear-groups", "--")
            command = [*self.inside, *(as_user if self.user else ()), *command]
        with log.open("ab") as output:
            return subprocess.Popen(
                command, stdout=output, stderr=output, preexec_fn=end_with_parent, start_new_session=True, **self._run()
            )

    @staticmethod
    def _end(popen: "subprocess.Popen[bytes] | None") -> None:
        if popen is None or popen.poll() is not None:
            return
        popen.send_signal(signal.SIGTERM)
        try:
            popen.wait(30)
        except subprocess.TimeoutExpired:
            popen.kill()
            popen.wait()


@functools.cache
def broker() -> Broker:
    """Return this process's broker, started at the first call. Raises Missing when there is none to be had."""
    return Broker()


def _program() -> Path:
    # Not /usr/sbin/rabbitmq-server: Debian's wrapper there runs as root or the system's own user alone.
    found = sorted(glob.glob("/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server"), reverse=True)
    found += sorted(glob.glob("/opt/rabbitmq*/sbin/rabbitmq-server"))
    if not found or shutil.which("epmd") is None:
        raise Missing("no RabbitMQ is installed (Debian: apt-get install rabbitmq-server)")
    return Path(found[0])
