"""The responder's server, as octets on loopback: HTTP/1.1 as it is written, and clients that do not keep to it."""

import contextlib
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# A server of its own: it answers with method, target and body, or never, and its limits are short.
PROGRAM = """
import sys
from ca.reply import TEXT, Reply
from ca.serving import Limits, Place, Trouble, serve

class Echo:
    def take(self, request, connection):
        if request.target == b"/die":
            raise SystemExit(3)
        if request.target != b"/never":
            said = b" ".join((request.method.encode(), request.target, request.body))
            connection.reply(Reply("200 OK", TEXT, said * (100_000 if request.target == b"/large" else 1)))

    def refusal(self, trouble, target):
        return Reply("418 " + trouble.name, TEXT, target)

    async def close(self):
        pass

limits = Limits(request_seconds=1, answer_seconds=1, idle_seconds=1.5, linger_seconds=0.5, connections=40)
serve(Place(port=int(sys.argv[1]), workers=int(sys.argv[2])), Echo, limits)
"""
WHOLE = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"


@contextlib.contextmanager
def served(workers: int = 1) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    command = [sys.executable, "-c", PROGRAM, str(port), str(workers)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.02)
        yield port, process
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with served() as (number, _):
        yield number


def talk(port: int, *sent: bytes, pause: float = 0.0, seconds: float = 6) -> bytes:
    """Send octets, one piece after the other; return what comes until the server closes."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as one:
        for piece in sent:
            with contextlib.suppress(OSError):
                one.sendall(piece)
            time.sleep(pause)
        with contextlib.suppress(ConnectionError):
            while more := one.recv(65536):
                received += more
    return received


def heads(octets: bytes) -> list[bytes]:
    return [line for line in octets.split(b"\r\n") if b"HTTP/1.1 " in line]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /a?b=c "),
        (b"GET http://x:80/a?b HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /a?b "),
        (WHOLE, b"POST /a hi"),
        (
            b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1\r\ni\r\n0\r\n\r\n",
            b"POST /a hi",
        ),
        # As Java's client asks at first, of everybody.
        (
            b"POST /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
            b"HTTP2-Settings: x\r\nContent-Length: 2\r\n\r\nhi",
            b"POST /a hi",
        ),
        (b"POST /a HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi", b"POST /a hi"),
    ],
)
def test_a_request_is_understood_however_it_is_cut(port: int, sent: bytes, said: bytes) -> None:
    for pieces in ([sent], [sent[:9], sent[9:40], sent[40:]]):
        answer = talk(port, *pieces, pause=0.01)
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        head, _, body = answer.partition(b"\r\n\r\n")
        assert body == said
        assert b"\r\nDate: " in head
        assert f"\r\nContent-Length: {len(said)}".encode() in head


def test_head_has_no_body(port: int) -> None:
    head, _, body = talk(port, b"HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").partition(b"\r\n\r\n")
    assert b"Content-Length: 8" in head
    assert b"Connection: close" in head
    assert body == b""


def test_pipelined_requests_are_answered_in_their_order(port: int) -> None:
    sent = b"".join(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number for number in range(20))
    answers = talk(port, sent).split(b"HTTP/1.1 200 OK\r\n")[1:]
    assert [answer.partition(b"\r\n\r\n")[2] for answer in answers] == [b"GET /%d " % number for number in range(20)]


def test_who_waits_to_be_told_to_go_on_is_told(port: int) -> None:
    head = b"POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    assert heads(talk(port, head, b"hi", pause=0.1)) == [b"HTTP/1.1 100 Continue", b"HTTP/1.1 200 OK"]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"\0\1\2\3\r\n\r\n", b"NOT_HTTP"),
        (b"GET\r\n\r\n", b"NOT_HTTP"),
        (b"POST /a HTTP/1.1\r\nContent-Length: many\r\n\r\n", b"NOT_HTTP"),
        (b"POST /a HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"NOT_HTTP"),
        (b"GET /a HTTP/1.1\r\n" + b"X: y\r\n" * 9000, b"HEAD_TOO_LONG"),
        (b"GET /" + b"a" * 60_000, b"HEAD_TOO_LONG"),
        (b"POST /a HTTP/1.1\r\nContent-Length: 10001\r\n\r\n", b"BODY_TOO_LONG"),
        (b"POST /a HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 500_000, b"BODY_TOO_LONG"),
        (b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1000\r\n" + b"x" * 4096 + b"\r\n", b"TOO_SLOW"),
        (
            b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + (b"1000\r\n" + b"x" * 4096 + b"\r\n") * 3,
            b"LONG",
        ),
        (b"GET /never HTTP/1.1\r\nHost: x\r\n\r\n", b"UNANSWERED"),
    ],
)
def test_what_is_no_request_is_told_so_once_and_ended(port: int, sent: bytes, said: bytes) -> None:
    begun = time.monotonic()
    answer = talk(port, sent)
    assert time.monotonic() - begun < 3
    (head,) = heads(answer)
    assert said in head
    assert b"Connection: close" in answer


@pytest.mark.parametrize(
    "sent", [b"", b"P", b"POST /a HTT", b"POST /a HTTP/1.1\r\nContent-Len", WHOLE[:-1], WHOLE.replace(b": 2", b": 900")]
)
def test_a_trickling_client_is_ended_and_holds_nobody_up(port: int, sent: bytes) -> None:
    """One octet at a time keeps no connection open for longer than a request may take."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as slow:
        slow.sendall(sent)
        begun = time.monotonic()
        ended = None
        while ended is None and time.monotonic() - begun < 5:
            assert talk(port, WHOLE.replace(b"Host", b"Connection: close\r\nHost")).endswith(b"POST /a hi")
            slow.settimeout(0.1)
            try:
                slow.sendall(b"x" if b"900" in sent else b"")
                if not slow.recv(65536):
                    ended = time.monotonic() - begun
            except TimeoutError:
                continue
            except ConnectionError:
                ended = time.monotonic() - begun
    assert ended is not None
    assert ended < 3


def test_who_is_idle_or_does_not_read_is_ended(port: int) -> None:
    begun = time.monotonic()
    assert talk(port, WHOLE).endswith(b"POST /a hi")
    assert 1 < time.monotonic() - begun < 3
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.connect(("127.0.0.1", port))
    with deaf:
        # Answers of a megabyte, of which nothing is taken: more than the system keeps for it.
        deaf.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
        time.sleep(3)
        received = 0
        deaf.settimeout(3)
        with contextlib.suppress(ConnectionError):
            while more := deaf.recv(1 << 20):
                received += len(more)
        assert received < 20 * 1_000_000


def test_more_connections_than_are_allowed_are_closed_and_the_others_go_on(port: int) -> None:
    held = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(60)]
    try:
        closed: set[socket.socket] = set()
        while len(closed) < 15:
            ready, _, _ = select.select([one for one in held if one not in closed], [], [], 5)
            assert ready, f"{len(closed)} closed"
            for one in ready:
                with contextlib.suppress(ConnectionError):
                    assert one.recv(1) == b""
                closed.add(one)
        assert len(closed) <= 25
        # At once: who says nothing is closed before long, too.
        other = next(one for one in held if one not in closed and not select.select([one], [], [], 0)[0])
        other.sendall(WHOLE)
        assert other.recv(65536).endswith(b"POST /a hi")
    finally:
        for one in held:
            one.close()


def test_a_worker_that_dies_is_begun_again_and_the_others_answer_meanwhile() -> None:
    with served(workers=2) as (port, process):
        assert talk(port, b"GET /die HTTP/1.1\r\nHost: x\r\n\r\n") == b""
        deadline = time.monotonic() + 10
        whole = 0
        while whole < 12:
            assert time.monotonic() < deadline
            answer = talk(port, WHOLE.replace(b"Host", b"Connection: close\r\nHost"))
            whole = whole + 1 if answer.endswith(b"POST /a hi") else 0
        process.terminate()
        assert process.wait(10) == 0


def test_when_the_parent_is_killed_its_workers_go_and_another_can_begin() -> None:
    with served(workers=2) as (port, process):
        process.kill()
        process.wait(10)
        command = [sys.executable, "-c", PROGRAM, str(port), "1"]
        with subprocess.Popen(command, cwd=ROOT) as another:
            try:
                deadline = time.monotonic() + 10
                while True:
                    assert another.poll() is None
                    with contextlib.suppress(OSError):
                        if talk(port, WHOLE.replace(b"Host", b"Connection: close\r\nHost")).endswith(b"POST /a hi"):
                            break
                    assert time.monotonic() < deadline
            finally:
                another.terminate()


def test_a_second_server_at_the_same_port_does_not_start(port: int) -> None:
    said = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(port), "2"], cwd=ROOT, capture_output=True, text=True, timeout=20
    )
    assert said.returncode == 1
    assert f"can't listen on 127.0.0.1:{port}" in said.stderr
    assert "Traceback" not in said.stderr


def test_what_is_being_answered_when_it_ends_is_answered() -> None:
    with served() as (port, process):
        answers: list[bytes] = []
        asking = [
            threading.Thread(target=lambda: answers.append(talk(port, b"GET /a HTTP/1.1\r\n", b"Host: x\r\n\r\n")))
        ]
        for one in asking:
            one.start()
            one.join(10)
        process.terminate()
        assert process.wait(10) == 0
        assert answers[0].startswith(b"HTTP/1.1 200 OK")


@contextlib.contextmanager
def at(path: Path, workers: int = 2) -> Iterator["subprocess.Popen[bytes]"]:
    """Serve at a path of the file system."""
    program = PROGRAM.replace("port=int(sys.argv[1])", "path=sys.argv[1]")
    command = [sys.executable, "-c", program, str(path), str(workers)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 20
        while process.poll() is None:
            with contextlib.suppress(OSError):
                said_at(path)
                break
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.wait(10)


def said_at(path: Path) -> bytes:
    with socket.socket(socket.AF_UNIX) as one:
        one.settimeout(6)
        one.connect(str(path))
        one.sendall(WHOLE.replace(b"Host: x", b"Host: x\r\nConnection: close"))
        received = b""
        while more := one.recv(65536):
            received += more
        return received


def answers_at(path: Path) -> bool:
    """Say whether anybody still listens there, be it that they end in the middle of an answer."""
    try:
        said_at(path)
    except ConnectionRefusedError:
        return False
    except OSError:
        return True
    return True


def test_at_a_path_it_answers_pushes_nobody_aside_and_takes_the_place_of_one_that_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "http.sock"
    with at(path) as first:
        answers = {said_at(path).partition(b"\r\n\r\n")[2] for _ in range(20)}
        assert answers == {b"POST /a hi"}
        with at(path) as second:
            assert second.wait(20) == 1
            assert second.stderr is not None
            assert b"can't listen at" in second.stderr.read()
        assert said_at(path).endswith(b"POST /a hi")
        first.kill()
        first.wait(10)
        # Its workers go after it; what it left behind is in nobody's way.
        deadline = time.monotonic() + 20
        while answers_at(path):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        with at(path) as third:
            assert said_at(path).endswith(b"POST /a hi")
            third.terminate()
            assert third.wait(20) == 0
    (tmp_path / "file").write_text("somebody's")
    with at(tmp_path / "file") as fourth:
        assert fourth.wait(20) == 1
    assert (tmp_path / "file").read_text() == "somebody's"
