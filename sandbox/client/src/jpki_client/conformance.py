"""The conformance suite in a service's own tests, and the signed report that comes of it.

    with Run.begin(client) as run:                       # all cases, or Run.begin(client, ["signature-wrong", …])
        for case in run.cases:
            run.arm(case)
            accepted = my_test_hand_off(case.visit)      # your service asks; the sandbox's phone answers
            run.tell(case, accepted=accepted)
    report = run.report()
    assert report.conformant

`visit` says what the citizen's browser does at the end: answer, decline, time_out, twice (another browser opens the
same return address again; that one is judged), elsewhere (another browser goes back).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import jwt

from jpki_client.client import Client
from jpki_client.problems import Conflict, JpkiError

ROOT = "/sandbox/api/v1/conformance"
TYPE = "jpki-conformance+jws"
ALGORITHM = "RS256"
# So long certificates are waited for that a case needs, and the report's signature.
PATIENCE = 60.0


class ReportNotGenuine(JpkiError):
    """The report isn't signed by one of the keys, or isn't a report."""

    code = "report_not_genuine"


class NotReady(JpkiError):
    """The sandbox didn't get ready in time."""

    code = "not_ready"
    retry = True


@dataclass(frozen=True)
class Case:
    """One case of the suite. `must` is accept or reject."""

    id: str
    must: str
    visit: str
    title: Mapping[str, str]
    done: Mapping[str, str]
    why: Mapping[str, str]
    purposes: frozenset[str]
    formats: frozenset[str]
    phone_only: bool
    card: bool

    @classmethod
    def read(cls, members: Mapping[str, Any]) -> "Case":
        """Return what the API gave."""
        texts = {name: members[name] for name in ("id", "must", "visit", "title", "done", "why")}
        return cls(
            **texts,
            purposes=frozenset(members["purposes"]),
            formats=frozenset(members["formats"]),
            phone_only=members["phone_only"],
            card=members["card"],
        )


@dataclass(frozen=True)
class Report:
    """A report that is genuine. `members` are all of it; `jws` is what to hand in."""

    realm: str
    client_id: str
    run: str
    conformant: bool
    percent: float
    outcomes: Mapping[str, str]
    members: Mapping[str, Any] = field(repr=False)
    jws: str = field(repr=False)

    def of(self, outcome: str) -> list[str]:
        """Return the cases that came out so: passed, failed, not_exercised, not_applicable."""
        return [case for case, came in self.outcomes.items() if came == outcome]


class Run:
    """One run from a service's own tests. Used with `with`, it is finished at the end, unless something was raised."""

    def __init__(self, client: Client, members: Mapping[str, Any], cases: Sequence[Case]) -> None:
        self.id = str(members["id"])
        self.cases = tuple(cases)
        self._client = client

    @classmethod
    def begin(cls, client: Client, cases: Sequence[str] | None = None) -> "Run":
        """Begin a run of all cases, or of those named; one that was open is abandoned."""
        known = [Case.read(one) for one in client.call("GET", f"{ROOT}/cases")["items"]]
        body = {"cases": list(cases)} if cases is not None else {}
        made = client.call("POST", f"{ROOT}/runs", json=body)
        return cls(client, made, [case for case in known if cases is None or case.id in cases])

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self.finish()

    def arm(self, case: Case | str, *, sleep: Callable[[float], object] = time.sleep) -> None:
        """Let a case stand ready for our next hand-off, and wait until what it needs is there. Raises `NotReady`."""
        name = _id(case)
        armed = self._client.call("POST", f"{ROOT}/runs/{self.id}/cases/{name}/arm")
        until = time.monotonic() + PATIENCE
        while not armed["ready"]:
            if time.monotonic() > until:
                raise NotReady(f"{name} isn't ready")
            sleep(0.5)
            run = self._client.call("GET", f"{ROOT}/runs/{self.id}")
            armed = next(one for one in run["cases"] if one["case"] == name)

    def tell(self, case: Case | str, *, accepted: bool) -> str:
        """Tell whether our service accepted what came; return the outcome."""
        path = f"{ROOT}/runs/{self.id}/cases/{_id(case)}/verdict"
        return str(self._client.call("POST", path, json={"accepted": accepted})["outcome"])

    def finish(self) -> None:
        """Take no more, and have the report signed."""
        self._client.call("POST", f"{ROOT}/runs/{self.id}/finish")

    def report(self, *, sleep: Callable[[float], object] = time.sleep) -> Report:
        """Return the signed report, verified with the workspace's published keys. Raises `NotReady`."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                jws = self._client.text("GET", f"{ROOT}/runs/{self.id}/report")
                break
            except Conflict as waiting:
                if waiting.code != "conformance_no_report_yet" or time.monotonic() > until:
                    raise
                sleep(0.5)
        realm = self._client.trust().realm
        return verify(jws, self._client.call("GET", f"/register/jwks.json?realm={realm}"), realm=realm)


def verify(jws: str, jwks: Mapping[str, Any], *, realm: str) -> Report:
    """Return a report that one of the workspace's keys (/register/jwks.json?realm=…) signed. Raises `ReportNotGenuine`.

    Whoever takes it as proof of a service looks at `client_id`, too.
    """
    try:
        header = jwt.get_unverified_header(jws)
        found = [one for one in jwks["keys"] if one.get("kid") == header.get("kid")]
        if header.get("typ") != TYPE or not found:
            raise ReportNotGenuine("no conformance report, or signed by a key that isn't published")
        key = jwt.PyJWK.from_dict(found[0], algorithm=ALGORITHM)
        # It says when it was made (iat), by a clock that may stand a little ahead of ours, and doesn't expire.
        members = jwt.decode(jws, key=key, algorithms=[ALGORITHM], options={"verify_iat": False})
        if members["realm"] != realm:
            raise ReportNotGenuine("it is another workspace's")
        score = members["score"]
        outcomes = {one["id"]: one["outcome"] for one in members["cases"]}
        return Report(
            members["realm"],
            members["client_id"],
            members["run"],
            score["conformant"] is True,
            float(score["percent"]),
            outcomes,
            members,
            jws,
        )
    except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
        raise ReportNotGenuine(f"not a report: {error}") from error


def _id(case: Case | str) -> str:
    return case if isinstance(case, str) else case.id
