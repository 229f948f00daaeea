"""Conformance over HTTP, below /sandbox/api/v1/conformance/. Parse, one call, answer."""

import uuid
from typing import Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api import creating, describing, pagination
from sandbox import driver
from sandbox.api.views import WorkspaceView
from sandbox.conformance import catalogue, judging, reports, runs
from sandbox.conformance.catalogue import CASES, Case, Topic, Visit
from sandbox.models import ConformanceRun, ConformanceTry

NO_STORE = {"Cache-Control": "no-store"}
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


class Cases(WorkspaceView):
    @describing.operation(
        ("適合試験の項目", "The cases of the conformance suite"),
        answer=CasesAnswer,
        told={"items": [CASE], "sha256": "9c" * 32},
        name="conformance_cases",
    )
    def get(self, request: Request) -> Response:
        """List every case: what is done, and why it must be accepted or rejected, in the order of trying."""
        return Response({"items": [_case(one) for one in CASES], "sha256": catalogue.digest()})


class Runs(WorkspaceView):
    @describing.operation(
        ("適合試験の一覧", "Conformance runs"), answer=RunAnswer, told=SUMMARY, pages=True, name="conformance_runs"
    )
    def get(self, request: Request) -> Response:
        """List the workspace's runs, newest first."""
        rows = ConformanceRun.objects.filter(realm=self.realm).select_related("phone").prefetch_related("tries")
        return pagination.page(request, rows, _summary, order=("-begun_at", "-pk"))

    @describing.operation(
        ("適合試験を始める", "Begin a conformance run"),
        body=RunBody,
        answer=WholeRunAnswer,
        status=201,
        asked=describing.Examples(
            own_tests={"cases": ["good-authentication", "signature-wrong"]},
            against_a_service={"service": {"start_url": "http://localhost:3000/login"}},
        ),
        told=WHOLE,
        problems=("conformance_case_unknown", "conformance_service_unfit", "conformance_no_phone", "not_found",
                  "conformance_run_over"),
        name="conformance_begin",
    )  # fmt: skip
    @creating.once
    def post(self, request: Request) -> Response:
        """Begin a run: your own tests arm and tell each case, or workers go against the service named.

        One that is open is abandoned.
        """
        asked = describing.read(request, RunBody)
        service = asked.get("service") or {}
        run = runs.begin(
            self.relying_party,
            cases=asked.get("cases", ()),
            start_url=service.get("start_url", ""),
            signature_url=service.get("signature_url", ""),
            phone=driver.phone_of(self.realm, asked["phone"]) if "phone" in asked else None,
        )
        return Response(_whole(run), status=201, headers=NO_STORE)


class OneRun(WorkspaceView):
    @describing.operation(
        ("適合試験の状況", "One conformance run"), answer=WholeRunAnswer, told=WHOLE, problems=PROBLEMS,
        name="conformance_run",
    )  # fmt: skip
    def get(self, request: Request, run: uuid.UUID) -> Response:
        """Show how a run stands, case by case."""
        return Response(_whole(runs.find(self.realm, run)), headers=NO_STORE)


class Arm(WorkspaceView):
    @describing.operation(
        ("項目を仕掛ける", "Arm a case"), answer=TryAnswer, told={**TRY, "state": "armed", "did": None,
        "outcome": None, "why": None, "hits": {}, "hand_off": None}, problems=BY_HAND, name="conformance_arm",
    )  # fmt: skip
    def post(self, request: Request, run: uuid.UUID, case: str) -> Response:
        """Let a case stand ready for your service's next hand-off; the one that stood ready before doesn't any more.

        Then ask your hand-off, let the sandbox's phone answer it (`visit` says how), and tell the verdict.
        """
        return Response(_try(runs.arm(runs.find(self.realm, run), case)), headers=NO_STORE)


class Tell(WorkspaceView):
    @describing.operation(
        ("判定を伝える", "Tell the verdict on a case"), body=VerdictBody, answer=TryAnswer, asked={"accepted": False},
        told=TRY, problems=(*BY_HAND, "conformance_case_not_armed"), name="conformance_verdict",
    )  # fmt: skip
    def post(self, request: Request, run: uuid.UUID, case: str) -> Response:
        """Tell what your service did with the hand-off that it asked since the case was armed."""
        asked = describing.read(request, VerdictBody)
        row = runs.tell(runs.find(self.realm, run), case, accepted=asked["accepted"])
        return Response(_try(row), headers=NO_STORE)


class Finish(WorkspaceView):
    @describing.operation(
        ("適合試験を終える", "Finish a conformance run"), answer=WholeRunAnswer,
        told={**WHOLE, "state": "finished", "finished_at": "2026-11-27T10:05:00+00:00"},
        problems=(*PROBLEMS, "conformance_run_over"), name="conformance_finish",
    )  # fmt: skip
    def post(self, request: Request, run: uuid.UUID) -> Response:
        """Take no more verdicts and have the report signed. What wasn't tried counts as not exercised."""
        return Response(_whole(runs.finish(runs.find(self.realm, run))), headers=NO_STORE)


class Report(WorkspaceView):
    @describing.operation(
        ("署名付きの報告", "The signed report"), media=JWS,
        problems=(*PROBLEMS, "conformance_run_over", "conformance_no_report_yet"), name="conformance_report",
    )  # fmt: skip
    def get(self, request: Request, run: uuid.UUID) -> HttpResponse:
        """Give the report as a JWS (compact, RS256), to be checked with `/register/jwks.json?realm=<the workspace>`."""
        jws = reports.jws_of(runs.find(self.realm, run))
        return HttpResponse(jws, content_type=JWS, headers=NO_STORE)


def _case(case: Case) -> dict[str, Any]:
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


def _summary(run: ConformanceRun) -> dict[str, Any]:
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


def _whole(run: ConformanceRun) -> dict[str, Any]:
    return {**_summary(run), "cases": [_try(row) for row in run.tries.all()]}


def _try(row: ConformanceTry) -> dict[str, Any]:
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
