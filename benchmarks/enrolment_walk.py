"""One enrolment walked in one process, by turns, and whose turn took how much of the process's CPU time.

To be imported after `django.setup()`. The broker is a list: workers take their tasks in turn.
"""

import json
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any


class Meter:
    """Charges the process's CPU time to one part at a time."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self._stack = ["phone"]
        self._since = time.process_time()

    def _charge(self) -> None:
        now = time.process_time()
        self.spent[self._stack[-1]] = self.spent.get(self._stack[-1], 0.0) + now - self._since
        self._since = now

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Charge what happens inside to that part."""
        self._charge()
        self._stack.append(name)
        try:
            yield
        finally:
            self._charge()
            self._stack.pop()

    def taken(self) -> dict[str, float]:
        """Return what was charged since the last call."""
        self._charge()
        spent, self.spent = self.spent, {}
        return spent


class Walk:
    """Walks enrolments, playing the workers by hand."""

    def __init__(self, meter: Meter) -> None:
        from django.test import Client

        from ca import messages
        from portal.celery import app
        from tsm import conversation

        app.loader.import_default_modules()
        self._tasks = app.tasks
        # While a phone is kept waiting in a long poll, the workers work.
        conversation.time = SimpleNamespace(monotonic=time.monotonic, sleep=lambda _: self.work())  # type: ignore[assignment]
        self._client = Client()
        self._meter = meter
        self._waiting: deque[tuple[str, tuple[Any, ...]]] = deque()
        self.wires: list[dict[str, int]] = []
        self.profiler: Any = None
        messages.send = lambda task, *arguments: self._waiting.append((task, arguments)) or True  # type: ignore[assignment,func-returns-value]

    def go(self, citizen: Any) -> None:
        """Walk one enrolment from the application to the valid pair."""
        from tsm import agent
        from tsm.models import Conversation

        client, wire = self._client, {"APDUs": 0, "bytes out, as APDUs": 0, "bytes back, as APDUs": 0}
        bodies = {"SERAM exchanges": 0, "SERAM bytes, as JSON": 0}

        def web(method: str, path: str, body: Any = None) -> Any:
            content = None if body is None else json.dumps(body)
            with self._server("web"):
                headers = {"authorization": f"Bearer {citizen.bearer}"}
                call = client.get if method == "GET" else client.post
                more = {} if content is None else {"data": content, "content_type": "application/json"}
                response = call(path, headers=headers, **more)
                value = response.json() if response.content else None
            if response.status_code == 404 and path.startswith("/gp/seram"):
                value = {"ramCommands": [{"ramCommandType": "stopCommand"}]}  # the workers were quicker: it is over
            elif response.status_code >= 400:
                raise SystemExit(f"{method} {path}: {response.status_code} {response.content.decode()}")
            if not path.startswith("/gp/seram"):
                self.work()
            return value

        class Wire:
            """The element with a counter in front of it."""

            def transmit(_, apdu: bytes) -> bytes:
                with self._meter.part("element"):
                    answer = citizen.element.transmit(apdu)
                wire["APDUs"] += 1
                wire["bytes out, as APDUs"] += len(apdu)
                wire["bytes back, as APDUs"] += len(answer)
                return bytes(answer)

        @contextmanager
        def powered() -> Iterator[Wire]:
            with self._meter.part("element"):
                citizen.element.power_on()
            yield Wire()

        text = web("GET", "/api/phone/v1/application")["text"]
        made = web("POST", "/api/phone/v1/enrolments", citizen.application(text))["id"]
        session = Conversation.objects.get(
            element__phone__reference=citizen.bearer.partition(":")[0], closed_at=None
        ).reference

        def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
            answer: dict[str, Any] = web("POST", f"/gp/seram{path}?sessionId={session}", body)
            bodies["SERAM exchanges"] += 1
            bodies["SERAM bytes, as JSON"] += len(json.dumps(body)) + len(json.dumps(answer))
            return answer

        agent.converse(post, powered, identifier=citizen.identifier, sleep=lambda _: None)
        with self._meter.part("element"):
            citizen.set_passwords()
        proof = web("GET", f"/api/phone/v1/enrolments/{made}")["activation"]["text"]
        with self._meter.part("element"):
            signed = citizen.proof(proof)
        web("POST", f"/api/phone/v1/enrolments/{made}/activation", signed)
        self.wires.append(wire | bodies)

    @contextmanager
    def _server(self, part: str) -> Iterator[None]:
        with self._meter.part(part):
            if self.profiler:
                self.profiler.enable()
            try:
                yield
            finally:
                if self.profiler:
                    self.profiler.disable()

    def work(self) -> None:
        """Be the workers until nothing waits. Publishing CRLs is a matter of the interval, not of an enrolment."""
        while self._waiting:
            task, arguments = self._waiting.popleft()
            if task != "ca.publish_crls":
                with self._server("ca worker" if task.startswith("ca.") else "tsm worker"):
                    self._tasks[task].apply(args=arguments, throw=True)
