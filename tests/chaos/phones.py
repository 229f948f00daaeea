"""The phones of a chaos run, in one process beside the system: each citizen a thread with a card and two phones.

    python -m tests.chaos.phones SITE --citizens 6 --seconds 40 --seed 1 [--tears 0.3]

A citizen applies, sets passwords, activates, changes to the other phone, ends the use, and begins anew, until the time
is over; then every phone goes on until nothing is wanted of it. What the system promised (201 to an application, 200 to
an activation or an end) is held against the database afterwards, and what is in each element against what the TSMs
know. Elements live in memory. `ready` is printed when all are made, a line on the standard input sets them off, and one
line of JSON tells how it went.
"""

import argparse
import contextlib
import json
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

GIVE_UP = 900.0  # after the time is over: nothing may take so long, whatever was broken
AGAIN = 0.5


class Vanished(BaseException):
    """The phone is gone in the middle of a script: no report, no farewell."""


class Refused(Exception):
    """The system said no, and will say so again; `problem` is what it said."""

    def __init__(self, what: str, problem: Any) -> None:
        super().__init__(f"{what}: {problem}")
        self.problem = problem


class Torn:
    """An element that is torn away at one of its next commands, with the phone or under it."""

    def __init__(self, inner: Any, at: int, told: "Told", *, phone_too: bool) -> None:
        self.inner, self.left, self.told, self.phone_too = inner, at, told, phone_too

    def transmit(self, apdu: bytes) -> bytes:
        self.left -= 1
        if self.left == 0:
            self.told.count("elements torn away")
            if self.phone_too:
                raise Vanished
            raise ConnectionError("torn away")
        answer: bytes = self.inner.transmit(apdu)
        return answer


class Phone:
    """One phone: its agent, its API, and what it has in hand."""

    def __init__(
        self, site: str, citizen: Any, told: "Told", until: float, chance: random.Random, tears: float
    ) -> None:
        import httpx

        self.site, self.citizen, self.told, self.until = site, citizen, told, until
        self.chance, self.tears = chance, tears
        self.errors = httpx.HTTPError
        self.api = httpx.Client(
            base_url=f"{site}/api/phone/v1",
            headers={"Authorization": f"Bearer {citizen.bearer}"},
            timeout=45,
            trust_env=False,
        )
        self.power_on()

    def power_on(self) -> None:
        from tsm.local_agent.errand import Errands, Identity

        reference, _, token = self.citizen.bearer.partition(":")
        identity = Identity(self.site, reference, token, self.citizen.identifier)
        self.errands = Errands(identity, self._element, tell=lambda _: None)

    @contextlib.contextmanager
    def _element(self) -> Iterator[Any]:
        self.citizen.element.power_on()
        element = self.citizen.element
        # Nothing tears any more when it is to come to its end.
        if time.monotonic() < self.until - GIVE_UP and self.chance.random() < self.tears:
            element = Torn(element, self.chance.randint(1, 60), self.told, phone_too=self.chance.random() < 0.5)
        yield element

    def go(self) -> None:
        """Ask once whether the TSM wants this phone, and do what it wants."""
        try:
            self.errands.go()
        except Vanished:
            self.told.count("phones that vanished")
            self.power_on()
        except self.errors:
            self.told.count("conversations broken off")
        time.sleep(AGAIN * self.chance.uniform(0.5, 1.5))

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the phone's API until it answers. Raises Refused at a 4xx, TimeoutError in the end."""
        while True:
            try:
                response = self.api.request(method, path, json=body)
            except self.errors:
                pass
            else:
                if response.status_code < 400:
                    return response.json()
                if response.status_code < 500:
                    raise Refused(f"{method} {path}", response.json())
                self.told.count("answers of 5xx")
            self.told.count("requests made again")
            if time.monotonic() > self.until:
                raise TimeoutError(f"{method} {path}")
            time.sleep(AGAIN)

    def state(self, reference: str) -> Any:
        return self.ask("GET", f"/enrolments/{reference}")


class Told:
    """What happened, and what was promised."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.counted: Counter[str] = Counter()
        self.promised: dict[str, str] = {}  # reference -> the last state that was promised
        self.wrong: list[str] = []

    def count(self, what: str) -> None:
        with self._lock:
            self.counted[what] += 1

    def promise(self, reference: str, state: str) -> None:
        with self._lock:
            self.promised[reference] = state
            self.counted[f"promised {state}"] += 1

    def complain(self, what: str) -> None:
        with self._lock:
            self.wrong.append(what)


class Life:
    """One citizen's: two phones, at most one of which is in use."""

    def __init__(self, phones: list[Phone], told: Told, chance: random.Random) -> None:
        self.phones, self.told, self.chance = phones, told, chance
        self.in_use: tuple[Phone, str] | None = None
        self.mine: list[tuple[Phone, str]] = []

    def live(self, stop_at: float) -> None:
        while time.monotonic() < stop_at:
            self.enrol()
            if self.in_use is not None and self.chance.random() < 0.4:
                self.end()
        for phone, reference in self.mine:
            while phone.state(reference)["state"] not in ("active", "deleted"):
                phone.go()
                if time.monotonic() > phone.until:
                    raise TimeoutError(f"{reference} stays {phone.state(reference)['state']}")

    def enrol(self) -> None:
        phone = self.chance.choice([one for one in self.phones if self.in_use is None or one is not self.in_use[0]])
        text = phone.ask("GET", "/application")["text"]
        try:
            reference = phone.ask("POST", "/enrolments", phone.citizen.application(text))["id"]
        except Refused as refused:
            # It was accepted, and the answer was lost.
            reference = refused.problem.get("enrolment")
            if reference is None:
                raise
            self.told.count("applications whose answer was lost")
        self.told.promise(reference, "applied")
        self.mine.append((phone, reference))
        while (found := phone.state(reference))["state"] != "installed":
            if found["state"] in ("abandoned", "deleted"):
                self.told.count(f"given up: {found['trouble']}")
                self.told.promise(reference, "ended")
                return
            phone.go()
            if time.monotonic() > phone.until:
                raise TimeoutError(f"{reference} stays {found['state']}: {found['steps'][-3:]}")
        phone.citizen.set_passwords()
        phone.ask("POST", f"/enrolments/{reference}/activation", phone.citizen.proof(found["activation"]["text"]))
        self.told.promise(reference, "active")
        if self.in_use is not None:
            self.told.promise(self.in_use[1], "ended")
        self.in_use = phone, reference

    def end(self) -> None:
        assert self.in_use is not None
        phone, reference = self.in_use
        text = phone.ask("GET", f"/enrolments/{reference}/end")["text"]
        signature = phone.citizen.proof(text)["signatures"]["signature"]
        phone.ask("POST", f"/enrolments/{reference}/end", {"text": text, "signature": signature})
        self.told.promise(reference, "ended")
        self.in_use = None


def be(site: str, citizens: int, seconds: float, seed: int, tears: float, mail: bool) -> dict[str, Any]:
    """Make citizens, say `ready`, wait for a line, let them live; return how it went."""
    import django

    django.setup()
    from django.db import connection

    from benchmarks import citizens as made
    from ca import ceremony, clock
    from ca.models import Realm
    from portal.notices.models import Contact
    from tsm.models import Phone as Row

    # What they have was made two days ago: a clock that is set back an hour doesn't come before it.
    realm = ceremony.create_realm(f"chaos{Realm.objects.count()}", clock_offset=timedelta(days=-2))
    ceremony.create_authorities(realm)
    first = made.make(realm, citizens)
    if mail:
        from ca.models import Holder

        for holder in Holder.objects.filter(realm=realm):
            Contact.objects.create(
                holder=holder, address=f"{holder.reference}@chaos.example", confirmed_at=clock.now(realm)
            )
    second = [made._citizen(realm, one.card_key, one.card_certificate) for one in first]
    assert Row.objects.filter(realm=realm).count() == 2 * citizens
    realm.clock_offset = timedelta()
    realm.save(update_fields=["clock_offset"])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    told, begin = Told(), time.monotonic()

    def run(number: int) -> None:
        chance = random.Random(seed * 1000 + number)
        until = begin + seconds + GIVE_UP
        pair = [Phone(site, each[number], told, until, chance, tears) for each in (first, second)]
        try:
            Life(pair, told, chance).live(begin + seconds)
        except Exception as error:
            told.complain(f"{type(error).__name__}: {error}")

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(citizens)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(begin + seconds + GIVE_UP + 60 - time.monotonic(), 0.1))
    took = time.monotonic() - begin
    connection.close()  # it may not have outlived what was done to the database
    told.wrong += held(realm, told.promised, first + second)
    return {"seconds": round(took, 1), "counted": dict(told.counted), "wrong": told.wrong, "realm": realm.slug}


def held(realm: Any, promised: dict[str, str], phones: list[Any]) -> list[str]:
    """Return which promises were not held, and which elements hold something else than the TSMs know."""
    from tsm import jpki
    from tsm.models import Enrolment, SecureElement

    good = {"applied": None, "active": {"active"}, "ended": {"ended", "deleted", "abandoned"}}
    states = {str(one.reference): one.state for one in Enrolment.objects.filter(realm=realm)}
    wrong = []
    for reference, promise in promised.items():
        state, allowed = states.get(reference), good[promise]
        if state is None or (allowed is not None and state not in allowed):
            wrong.append(f"promised {promise}, and it is {state}: {reference}")
    wrong += [f"nobody asked for it: {reference}" for reference in states.keys() - promised.keys()]
    known = {one.identifier: one.occupant_id for one in SecureElement.objects.filter(phone__realm=realm)}
    for phone in phones:
        there = phone.element.applet(jpki.AID) is not None
        if there != (known[phone.identifier] is not None):
            wrong.append(f"element {phone.identifier} {'has' if there else 'lacks'} what the TSMs know otherwise")
    return wrong


def main(arguments: list[str] | None = None, write: Callable[[str], Any] = sys.stdout.write) -> None:
    """Read the command line and be the phones."""
    parser = argparse.ArgumentParser(description="The phones of a chaos run")
    parser.add_argument("site")
    parser.add_argument("--citizens", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tears", type=float, default=0.0)
    parser.add_argument("--mail", action="store_true")
    chosen = parser.parse_args(arguments)
    write(json.dumps(be(chosen.site, chosen.citizens, chosen.seconds, chosen.seed, chosen.tears, chosen.mail)) + "\n")


if __name__ == "__main__":
    main()
