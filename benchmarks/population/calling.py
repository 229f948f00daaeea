"""Every operation of the APIs, called by those whom it is for, in the course of what they really do.

A citizen with a virtual phone goes from the application to the end (`_phone`), sets up the screen lock (`_lock`); a
registered service hands over and asks how certificates of the population stand (`_service`); an integrator's workspace
is gone through by its API (`benchmarks.population.integrating`). `operations.Recorder` takes each call down. Workers
are played between the calls, so that an operation's figures are the web's alone; what a view waits for (the factory of
phones) is played inside.
"""

import secrets
from collections import deque
from functools import partial
from typing import Any

from benchmarks.population import integrating, operations
from benchmarks.population.hand_offs import Counter

# Lists are published by the timetable, webhooks go to strangers.
NOT_PLAYED = ("ca.publish_crls", "sandbox.send_webhook")
STOP = {"ramCommandType": "stopCommand"}
AT_ONCE = 200  # tasks between two calls; what sends itself again goes on after the next


class Workers:
    """Plays every task that is sent, in turn, when told to; the factory's at once."""

    def __init__(self) -> None:
        from ca import messages
        from portal.celery import app
        from tsm import agent

        app.loader.import_default_modules()
        self._tasks = app.tasks
        self._waiting: deque[tuple[str, tuple[Any, ...]]] = deque()
        messages.send = self._send
        agent.over_http = self._in_process

    def work(self, *_queues: str) -> list[str]:
        """Work until nothing waits, or enough was done."""
        for _ in range(AT_ONCE):
            if not self._waiting:
                break
            task, arguments = self._waiting.popleft()
            if task not in NOT_PLAYED:
                self._tasks[task].apply(args=arguments, throw=True)
        return []

    def _in_process(self, _address: str, session: str, bearer: str) -> Any:
        """Return a virtual phone's way to the TSM, with the workers between its questions."""
        from django.test import Client

        client = Client(headers={"authorization": f"Bearer {bearer}"})

        def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
            answer = client.post(f"/gp/seram{path}?sessionId={session}", body, content_type="application/json")
            self.work()
            told: dict[str, Any] = answer.json() if answer.status_code == 200 else {"ramCommands": [STOP]}
            return told

        return post

    def _send(self, task: str, *arguments: Any) -> bool:
        if task.startswith("factory."):
            self._tasks[task].apply(args=arguments, throw=True)
        else:
            self._waiting.append((task, arguments))
        return True


def measure(book: Any, realm: Any) -> None:
    """Measure every operation; what was never answered well is told, and nothing is forgotten."""
    from django.conf import settings

    settings.TSM_LONG_POLL_SECONDS = 0
    settings.API_REQUESTS = 1_000_000
    recorder, workers = operations.Recorder(book.watch), Workers()
    integrator = integrating.Integrator(realm, workers)
    card = _card(realm)
    counter = Counter(realm)
    stories = (partial(_phone, realm, workers, card), partial(_service, realm, counter), integrator.go)
    with recorder.listening():
        for _ in range(1 + min(book.rounds, 2)):
            for number, story in enumerate(stories):
                try:
                    story()
                except Exception as error:
                    recorder.refused[f"story {number}"] = f"{type(error).__name__}: {error}"[:300]
    integrator.look(book)
    figures = recorder.figures()
    for name, found in figures.items():
        book.note("api", name, found)
    for name, why in recorder.refused.items():
        if name not in figures:
            book.miss(f"api: {name}", why)
    for name in operations.forgotten(figures):
        book.miss(f"api: {name}", recorder.refused.get(name, "no story calls it"))


def _card(realm: Any) -> Any:
    from sandbox.models import VirtualCard
    from tests.tsm.enrolment.citizen import card_of

    # The first is the tests' world's; this one may be there from the last time.
    return VirtualCard.objects.filter(realm=realm, persona="taro").first() or card_of(realm, "taro")


# --- The phone --------------------------------------------------------------------------------------------------------
def _phone(realm: Any, workers: Workers, card: Any) -> None:
    """Apply, enrol, unblock, be stopped and go on, lock the screen, end: on a phone that was never seen before."""
    from django.conf import settings
    from django.test import Client

    from ca import clock
    from tests.tsm.enrolment.citizen import Citizen, _b64, sign_with_card
    from tsm import measures
    from tsm.jpki import Key
    from tsm.models import Enrolment

    pushed, settings.TSM_PUSH = settings.TSM_PUSH, ""  # it talks when it is told to
    citizen = Citizen.with_new_phone(realm, workers.work)
    made = citizen.apply(card).json()["id"]
    workers.work()
    citizen.api("GET", "conversation")
    citizen.api("POST", "pages", {})
    citizen.converse()
    citizen.set_passwords()
    citizen.activate(made)
    enrolment = Enrolment.objects.get(reference=made)
    here = f"enrolments/{made}"
    measures.report(enrolment, measures.Signal.FACTORY_RESET, source="benchmark", since=clock.now(realm))
    text = citizen.api("GET", f"{here}/resume").json()["text"]
    citizen.api("POST", f"{here}/resume", {"text": text, "signature": _b64(citizen.sign(text, Key.SIGNATURE))})
    citizen.converse()
    browser = Client()
    session = browser.session
    session["phone"], session["phones"] = str(citizen.phone.reference), [str(citizen.phone.reference)]
    session.save()
    _lock(browser, citizen)
    text = citizen.api("GET", f"{here}/end").json()["text"]
    ending = {"text": text, "signature": _b64(citizen.sign(text, Key.SIGNATURE))}
    text = citizen.api("GET", f"{here}/unblock/signature").json()["text"]
    certificate, signature = sign_with_card(card, text)
    body = {"text": text, "signature": _b64(signature), "certificate": _b64(certificate)}
    citizen.api("POST", f"{here}/unblock/signature", body)
    citizen.converse()
    citizen.api("POST", f"{here}/end", ending)
    citizen.converse()
    settings.TSM_PUSH = pushed


def _lock(browser: Any, citizen: Any) -> None:
    """Set up the screen lock, use it, show the holder's proof, and put it away."""
    from tests.portal.screen_lock import pages
    from tests.portal.screen_lock.authenticator import Authenticator

    device = Authenticator()
    pages.set_up(browser, citizen, device)
    pages.gesture(browser, device)
    text = pages.post(browser, "proof-text", {"use": "typed"}).json()["text"]
    pages.post(browser, "typed", {"text": text, "signature": pages.signed(citizen, text), "typed": True})
    pages.prove(browser, citizen)
    pages.post(browser, "off", {"reason": "by_holder"})


# --- The service ------------------------------------------------------------------------------------------------------
def _service(realm: Any, counter: Counter) -> None:
    """Hand over, look at it, ask how fifty certificates of the population stand, and read the log."""
    from django.test import Client

    from ca.models import Certificate
    from portal.handoff import api
    from tests.whitelist.relying_parties import assertion

    first = Certificate.objects.filter(pk__gte=10_002, purpose="signature", status="valid").order_by("pk")
    cards = list(first.filter(medium="card").values_list("serial_number", flat=True)[: 50 * 7 : 7])
    verifier, anybody = counter.verifier, Client()
    bank = verifier.credential
    told = counter.hand_over()
    verifier.client.get(f"/api/v1/handoffs/{told['id']}" if "id" in told else f"/api/v1/handoffs/{counter.ask()['id']}")
    verifier.status(*cards, key=secrets.token_hex(8))
    verifier.counterparts("purpose", *cards[:10], key=secrets.token_hex(8))
    verifier.log()
    verifier.client.get("/api/v1/trust")
    anybody.get("/api/v1/problems")
    anybody.get("/api/v1/problems/token_invalid")
    body = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion(
            bank.relying_party.client_id, api.token_endpoint(), number=902, key_id=bank.key_id
        ),
    }
    anybody.post("/api/v1/token", body, content_type="application/json")
