"""A mail server that goes away, comes back at its port, and breaks off in the middle; it knows what it has taken."""

import email
import socket
import threading
from typing import Any

from aiosmtpd.controller import Controller

from portal.supervision.system import free_ports


class MailServer:
    """On the loopback, at one port. It counts as taken what it said 250 to, or broke off over after it had it all."""

    def __init__(self) -> None:
        (self.port,) = free_ports(1)
        self.taken: dict[str, int] = {}  # by Message-ID, how often
        self.broke_off = 0
        self.breaks_off = False
        self._lock = threading.Lock()
        self._controller: Controller | None = None

    def start(self) -> None:
        """Listen again."""
        if self._controller is None:
            # One that was stopped has no loop any more.
            self._controller = _Patient(self, hostname="127.0.0.1", port=self.port, ready_timeout=60)
            self._controller.start()

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # aiosmtpd's name
        """Take a mail; or break off, now before and now after it counts as taken."""
        name = str(email.message_from_bytes(envelope.content)["Message-ID"])
        with self._lock:
            if self.breaks_off:
                self.broke_off += 1
            if not self.breaks_off or self.broke_off % 2:
                self.taken[name] = self.taken.get(name, 0) + 1
        if self.breaks_off:
            server.transport.abort()
        return "250 taken"


class _Patient(Controller):
    """A server that is given time to come up, on a machine that has none."""

    def _trigger_server(self) -> None:
        with socket.create_connection((self.hostname, self.port), 60) as connection:
            connection.recv(1024)
