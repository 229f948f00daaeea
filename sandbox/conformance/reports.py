"""The report of a run: what was tried and how it went, signed as the register is, and kept with the organisation.

It is a JWS (RFC 7515) of the workspace's journal key, so it can be checked with /register/jwks.json?realm=<workspace>.
The newest report of an organisation's workspace goes with its registration case (`whitelist.cases.conformance`).
"""

from typing import Any

from django.conf import settings
from django.db import transaction

from ca import clock, journal, seals
from sandbox.conformance import catalogue, judging
from sandbox.conformance.errors import NoReportYet, RunOver
from sandbox.models import ConformanceRun, ConformanceTry
from whitelist.models import ConformanceReport
from whitelist.published import statement

State = ConformanceRun.State
TYPE = "jpki-conformance+jws"
SUITE = 1


def sign(run: ConformanceRun) -> str | None:
    """Sign the report of a finished run and return it; None where there is nothing to sign (any more).

    Needs the CA's keys.
    """
    if run.state != State.FINISHED:
        return None
    if not seals.seal(run.realm) and not statement.jwks(run.realm)["keys"]:
        return None  # no key was published that could be checked with; the sweep comes back
    payload = body(run)
    jws, _ = statement.sealed(run.realm, TYPE, payload)
    with transaction.atomic():
        journal.take(run.realm)
        if not ConformanceRun.objects.filter(pk=run.pk, state=State.FINISHED).update(
            state=State.REPORTED, jws=jws, report=_kept(run, payload, jws)
        ):
            transaction.set_rollback(True)
            return None
        journal.record(
            run.realm,
            "conformance.reported",
            str(run.pk),
            relying_party=run.relying_party.client_id,
            passed=payload["score"]["passed"],
            of=payload["score"]["of"],
            conformant=payload["score"]["conformant"],
        )
    return jws


def body(run: ConformanceRun) -> dict[str, Any]:
    """Return what the report says, as plain data."""
    rows = list(run.tries.all())
    return {
        "iss": settings.PUBLIC_URL,
        "iat": int(clock.machine().timestamp()),
        "realm": run.realm.slug,
        "run": str(run.pk),
        "client_id": run.relying_party.client_id,
        # Null: the integrator's own tests told each verdict.
        "service": {"start_url": run.start_url, "signature_url": run.signature_url or None} if run.start_url else None,
        "suite": {"version": SUITE, "cases": len(catalogue.CASES), "sha256": catalogue.digest()},
        "begun_at": run.begun_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "score": judging.score(rows),
        "cases": [_told(row) for row in rows],
    }


def jws_of(run: ConformanceRun) -> str:
    """Return the signed report. Raises NoReportYet, RunOver for a run that was abandoned."""
    if run.state == State.ABANDONED:
        raise RunOver("another run was begun", state=run.state)
    if not run.jws:
        raise NoReportYet("finish the run first" if run.state == State.OPEN else "a worker is about to sign it")
    return run.jws


def _kept(run: ConformanceRun, payload: dict[str, Any], jws: str) -> ConformanceReport | None:
    """Keep the report with the organisation whose service it is; None where nobody's is."""
    organisation, score = run.relying_party.organisation, payload["score"]
    if organisation is None:
        return None
    return ConformanceReport.objects.create(
        organisation=organisation,
        workspace=run.realm,
        at=clock.machine(),
        passed=score["passed"],
        failed=score["failed"] + score["not_exercised"],
        report=payload,
        signature=jws,
    )


def _told(row: ConformanceTry) -> dict[str, Any]:
    case = catalogue.find(row.case)
    return {
        "id": row.case,
        "title": {"ja": case.title.ja, "en": case.title.en} if case else None,
        "must": "accept" if case and case.accepted else "reject",
        "did": None if row.accepted is None else "accept" if row.accepted else "reject",
        "outcome": row.outcome,
        "why": row.why,
        "faults": row.hits,
        "hand_off": str(row.hand_off) if row.hand_off else None,
        "at": row.done_at.isoformat() if row.done_at else None,
    }
