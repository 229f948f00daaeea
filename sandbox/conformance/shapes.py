"""What is taken and told of conformance runs, as the description has it."""

from typing import Any

from rest_framework import serializers

from portal.api import describing
from sandbox.conformance import catalogue, judging, runs
from sandbox.conformance.catalogue import Case, Topic, Visit
from sandbox.models import ConformanceRun, ConformanceTry

JWS = "application/jose"
RUN = "5b0a2c1e-9d3f-4c6b-8a7e-1f2d3c4b5a69"
CASE: dict[str, Any] = {
    "id": "signature-wrong",
    "topic": "answer",
    "title": {"ja": "署名が合わない", "en": "The signature doesn't match"},
    "done": {"ja": "署名の1ビットを変える。", "en": "One bit of the signature is changed."},
    "why": {"ja": "鍵を持つ人が署名した証拠がない。", "en": "Nothing proves that the key's holder signed."},
    "must": "reject",
    "visit": "answer",
    "faults": ["signature_wrong"],
    "purposes": ["signature", "user_authentication"],
    "formats": ["cades", "pades", "raw"],
    "phone_only": False,
    "card": False,
}
TRY: dict[str, Any] = {
    "case": "signature-wrong",
    "state": "done",
    "must": "reject",
    "did": "reject",
    "outcome": "passed",
    "why": "as_it_should",
    "ready": True,
    "hits": {"signature_wrong": 1},
    "hand_off": "0c9d8e7f-6a5b-4c3d-8e1f-0a9b8c7d6e5f",
    "seen": {},
}
SCORE: dict[str, Any] = {
    "passed": 1,
    "failed": 0,
    "not_exercised": 0,
    "not_applicable": 0,
    "of": 1,
    "percent": 100.0,
    "conformant": False,
}
SUMMARY: dict[str, Any] = {
    "id": RUN,
    "state": "open",
    "service": None,
    "phone": None,
    "begun_at": "2026-11-27T10:00:00+00:00",
    "finished_at": None,
    "score": SCORE,
}
WHOLE = {**SUMMARY, "cases": [TRY]}
PROBLEMS = ("conformance_run_unknown",)
BY_HAND = (*PROBLEMS, "conformance_case_unknown", "conformance_run_over", "conformance_runs_itself")


class BothLanguagesAnswer(describing.Answer):
    ja = serializers.CharField()
    en = serializers.CharField()


class CaseAnswer(describing.Answer):
    id = serializers.CharField()
    topic = serializers.ChoiceField([str(one) for one in Topic])
    title = BothLanguagesAnswer()
    done = BothLanguagesAnswer(help_text="What is done to the hand-off.")
    why = BothLanguagesAnswer(help_text="Why it must be accepted or rejected.")
    must = serializers.ChoiceField(["accept", "reject"])
    visit = serializers.ChoiceField(
        [str(one) for one in Visit], help_text="What the citizen's browser does at the end: your tests do it."
    )
    faults = serializers.ListField(child=serializers.CharField())
    purposes = serializers.ListField(child=serializers.CharField())
    formats = serializers.ListField(child=serializers.CharField())
    phone_only = serializers.BooleanField(help_text="Only for hand-offs where no card may answer.")
    card = serializers.BooleanField(help_text="The card answers, where it may.")


class TriedServiceBody(describing.Body):
    start_url = serializers.CharField(max_length=2000, help_text="Where a citizen begins to sign in.")
    signature_url = serializers.CharField(
        max_length=2000, required=False, help_text="Where one who is signed in begins to sign; for cases of signatures."
    )


class RunBody(describing.Body):
    service = TriedServiceBody(required=False, help_text="Go against this service; without it your own tests do.")
    cases = serializers.ListField(
        child=serializers.CharField(max_length=48), required=False, min_length=1, max_length=200,
        help_text="Only these; otherwise all.",
    )  # fmt: skip
    phone = serializers.UUIDField(required=False, help_text="The phone that answers; otherwise the newest that can.")


class VerdictBody(describing.Body):
    accepted = serializers.BooleanField(help_text="Whether your service accepted what came.")


class TryAnswer(describing.Answer):
    case = serializers.CharField()
    state = serializers.ChoiceField(ConformanceTry.State.values)
    must = serializers.ChoiceField(["accept", "reject"])
    did = serializers.ChoiceField(["accept", "reject"], allow_null=True)
    outcome = serializers.ChoiceField(ConformanceTry.Outcome.values, allow_null=True)
    why = serializers.ChoiceField([str(one) for one in judging.Why], allow_null=True)
    ready = serializers.BooleanField(
        help_text="Whether the certificates that its faults lie with are issued; when not, arm it again in a moment."
    )
    hits = serializers.DictField(child=serializers.IntegerField(), help_text="How often each fault struck.")
    hand_off = serializers.UUIDField(allow_null=True)
    seen = serializers.DictField(help_text="The service's last page: `status` and `url`.")


class ScoreAnswer(describing.Answer):
    passed = serializers.IntegerField()
    failed = serializers.IntegerField()
    not_exercised = serializers.IntegerField()
    not_applicable = serializers.IntegerField()
    of = serializers.IntegerField(help_text="Those that count: all but the ones that don't apply.")
    percent = serializers.FloatField()
    conformant = serializers.BooleanField()


class TriedServiceAnswer(describing.Answer):
    start_url = serializers.CharField()
    signature_url = serializers.CharField(allow_null=True)


class RunAnswer(describing.Answer):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(ConformanceRun.State.values)
    service = TriedServiceAnswer(allow_null=True)
    phone = serializers.UUIDField(allow_null=True)
    begun_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    score = ScoreAnswer()


class WholeRunAnswer(RunAnswer):
    cases = TryAnswer(many=True)


class CasesAnswer(describing.Answer):
    items = CaseAnswer(many=True)
    sha256 = serializers.CharField(help_text="Of the catalogue; a report names it.")


def case_shape(case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "topic": str(case.topic),
        "title": _text(case.title),
        "done": _text(case.done),
        "why": _text(case.why),
        "must": "accept" if case.accepted else "reject",
        "visit": str(case.visit),
        "faults": list(case.faults),
        "purposes": sorted(map(str, case.purposes)),
        "formats": sorted(map(str, case.formats)),
        "phone_only": case.phone_only,
        "card": case.card,
    }


def _text(text: Any) -> dict[str, str]:
    return {"ja": text.ja, "en": text.en}


def summary_shape(run: ConformanceRun) -> dict[str, Any]:
    service = {"start_url": run.start_url, "signature_url": run.signature_url or None} if run.start_url else None
    return {
        "id": str(run.pk),
        "state": run.state,
        "service": service,
        "phone": str(run.phone.reference) if run.phone else None,
        "begun_at": run.begun_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "score": judging.score(run.tries.all()),
    }


def whole_shape(run: ConformanceRun) -> dict[str, Any]:
    return {**summary_shape(run), "cases": [try_shape(row) for row in run.tries.all()]}


def try_shape(row: ConformanceTry) -> dict[str, Any]:
    case = catalogue.find(row.case)
    return {
        "case": row.case,
        "state": row.state,
        "must": "accept" if case and case.accepted else "reject",
        "did": None if row.accepted is None else "accept" if row.accepted else "reject",
        "outcome": row.outcome or None,
        "why": row.why or None,
        "ready": row.state != ConformanceTry.State.ARMED or runs.is_ready(row),
        "hits": row.hits,
        "hand_off": str(row.hand_off) if row.hand_off else None,
        "seen": row.seen,
    }
