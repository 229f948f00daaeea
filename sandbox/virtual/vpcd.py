"""A virtual card in a PC/SC reader: speaks to vpcd (vsmartcard's reader driver) in the part of the card.

vpcd listens and the card connects, or, where its configuration says `DEVICENAME 127.0.0.1:port`, the card listens and
vpcd connects; on the loopback address only. Both directions are a 2-byte length and a body; bodies of one byte are the
reader's contacts: 00 power off, 01 power on, 02 reset, 04 tell the ATR (answered).
"""

import contextlib
import socket
import threading
import time
from types import TracebackType
from typing import ClassVar, Protocol, Self

# /etc/reader.conf.d/vpcd: 0x8C7B and the port after it, one slot each.
PORT = 35963
LOOPBACK = "127.0.0.1"
POWER_OFF, POWER_ON, RESET, TELL_ATR = b"\x00", b"\x01", b"\x02", b"\x04"


class Card(Protocol):
    def power_on(self) -> bytes: ...

    def transmit(self, apdu: bytes) -> bytes: ...


class VpcdUnavailable(Exception):
    """Nobody listens for a card at the port."""

    code: ClassVar[str] = "vpcd_unavailable"


class Slot:
    """One slot of vpcd with a card in it, from `insert` to `remove`; as a context manager, for a `with` block."""

    def __init__(self, card: Card, *, port: int = PORT, listen: bool = False) -> None:
        """Take a card for the reader at `port`; with `listen`, wait there for a reader that connects to cards."""
        self._card = card
        self._port = port
        self._listen = listen
        self._socket: socket.socket | None = None
        self._connection: socket.socket | None = None  # of a reader that connected to us
        self._thread: threading.Thread | None = None

    def insert(self, *, patience: float = 0.0) -> None:
        """Connect, and serve in a thread. Tries for `patience` seconds; raises VpcdUnavailable."""
        self._socket = _listening(self._port) if self._listen else _connect(self._port, time.monotonic() + patience)
        serve = self._serve_each if self._listen else self._serve
        self._thread = threading.Thread(target=serve, args=(self._socket,), name="vpcd-slot", daemon=True)
        self._thread.start()

    def remove(self) -> None:
        """Take the card out: a command under way is finished, then the connection ends. Safe to call twice."""
        for open_one in (self._socket, self._connection):
            if open_one is not None:
                with contextlib.suppress(OSError):
                    open_one.shutdown(socket.SHUT_RDWR)
        self.wait()
        self._socket = self._connection = self._thread = None

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the reader has gone or the card was removed; returns whether that is so."""
        if self._thread is not None:
            self._thread.join(timeout)
        return self._thread is None or not self._thread.is_alive()

    def __enter__(self) -> Self:
        self.insert(patience=5.0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    def _serve_each(self, server: socket.socket) -> None:
        with server, contextlib.suppress(OSError):  # shut down by `remove`
            while True:
                connection, _ = server.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._connection = connection
                self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        atr = self._card.power_on()
        with connection, contextlib.suppress(OSError):
            while (body := _receive(connection)) is not None:
                if body == TELL_ATR:
                    _send(connection, atr)
                elif body in (POWER_ON, RESET, POWER_OFF):
                    # Without power the volatile state is gone; the next power on would clear it anyway.
                    atr = self._card.power_on()
                elif len(body) > 1:
                    _send(connection, self._card.transmit(body))


def _listening(port: int) -> socket.socket:
    try:
        return socket.create_server((LOOPBACK, port))
    except OSError as error:
        raise VpcdUnavailable(f"port {port} of {LOOPBACK} is taken: {error.strerror}") from error


def _connect(port: int, until: float) -> socket.socket:
    while True:
        try:
            connection = socket.create_connection((LOOPBACK, port))
        except OSError as error:
            if time.monotonic() >= until:
                raise VpcdUnavailable(f"no vpcd at {LOOPBACK}:{port}") from error
            time.sleep(0.05)
        else:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection


def _receive(connection: socket.socket) -> bytes | None:
    head = _exactly(connection, 2)
    return None if head is None else _exactly(connection, int.from_bytes(head, "big"))


def _exactly(connection: socket.socket, length: int) -> bytes | None:
    received = b""
    while len(received) < length:
        # vpcd writes length and body as two segments, and waits for the acknowledgement of the first: 49 ms a
        # command without this. Linux forgets the option with every packet, hence here.
        if hasattr(socket, "TCP_QUICKACK"):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        part = connection.recv(length - len(received))
        if not part:
            return None
        received += part
    return received


def _send(connection: socket.socket, body: bytes) -> None:
    connection.sendall(len(body).to_bytes(2, "big") + body)
