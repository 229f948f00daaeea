"""Conformance over HTTP, below /sandbox/api/v1/conformance/. Parse, one call, answer."""

import uuid

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api import creating, describing, pagination
from portal.api.headers import NO_STORE
from sandbox import driver
from sandbox.api.views import WorkspaceView
from sandbox.conformance import catalogue, reports, runs
from sandbox.conformance.catalogue import CASES
from sandbox.conformance.shapes import (
    BY_HAND,
    CASE,
    JWS,
    PROBLEMS,
    SUMMARY,
    TRY,
    WHOLE,
    CasesAnswer,
    RunAnswer,
    RunBody,
    TryAnswer,
    VerdictBody,
    WholeRunAnswer,
    case_shape,
    summary_shape,
    try_shape,
    whole_shape,
)
from sandbox.models import ConformanceRun


class Cases(WorkspaceView):
    @describing.operation(
        ("適合試験の項目", "The cases of the conformance suite"),
        answer=CasesAnswer,
        told={"items": [CASE], "sha256": "9c" * 32},
        name="conformance_cases",
    )
    def get(self, request: Request) -> Response:
        """List every case: what is done, and why it must be accepted or rejected, in the order of trying."""
        return Response({"items": [case_shape(one) for one in CASES], "sha256": catalogue.digest()})


class Runs(WorkspaceView):
    @describing.operation(
        ("適合試験の一覧", "Conformance runs"), answer=RunAnswer, told=SUMMARY, pages=True, name="conformance_runs"
    )
    def get(self, request: Request) -> Response:
        """List the workspace's runs, newest first."""
        rows = ConformanceRun.objects.filter(realm=self.realm).select_related("phone").prefetch_related("tries")
        return pagination.page(request, rows, summary_shape, order=("-begun_at", "-pk"))

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
        return Response(whole_shape(run), status=201, headers=NO_STORE)


class OneRun(WorkspaceView):
    @describing.operation(
        ("適合試験の状況", "One conformance run"), answer=WholeRunAnswer, told=WHOLE, problems=PROBLEMS,
        name="conformance_run",
    )  # fmt: skip
    def get(self, request: Request, run: uuid.UUID) -> Response:
        """Show how a run stands, case by case."""
        return Response(whole_shape(runs.find(self.realm, run)), headers=NO_STORE)


class Arm(WorkspaceView):
    @describing.operation(
        ("項目を仕掛ける", "Arm a case"), answer=TryAnswer, told={**TRY, "state": "armed", "did": None,
        "outcome": None, "why": None, "hits": {}, "hand_off": None}, problems=BY_HAND, name="conformance_arm",
    )  # fmt: skip
    def post(self, request: Request, run: uuid.UUID, case: str) -> Response:
        """Let a case stand ready for your service's next hand-off; the one that stood ready before doesn't any more.

        Then ask your hand-off, let the sandbox's phone answer it (`visit` says how), and tell the verdict.
        """
        return Response(try_shape(runs.arm(runs.find(self.realm, run), case)), headers=NO_STORE)


class Tell(WorkspaceView):
    @describing.operation(
        ("判定を伝える", "Tell the verdict on a case"), body=VerdictBody, answer=TryAnswer, asked={"accepted": False},
        told=TRY, problems=(*BY_HAND, "conformance_case_not_armed"), name="conformance_verdict",
    )  # fmt: skip
    def post(self, request: Request, run: uuid.UUID, case: str) -> Response:
        """Tell what your service did with the hand-off that it asked since the case was armed."""
        asked = describing.read(request, VerdictBody)
        row = runs.tell(runs.find(self.realm, run), case, accepted=asked["accepted"])
        return Response(try_shape(row), headers=NO_STORE)


class Finish(WorkspaceView):
    @describing.operation(
        ("適合試験を終える", "Finish a conformance run"), answer=WholeRunAnswer,
        told={**WHOLE, "state": "finished", "finished_at": "2026-11-27T10:05:00+00:00"},
        problems=(*PROBLEMS, "conformance_run_over"), name="conformance_finish",
    )  # fmt: skip
    def post(self, request: Request, run: uuid.UUID) -> Response:
        """Take no more verdicts and have the report signed. What wasn't tried counts as not exercised."""
        return Response(whole_shape(runs.finish(runs.find(self.realm, run))), headers=NO_STORE)


class Report(WorkspaceView):
    @describing.operation(
        ("署名付きの報告", "The signed report"), media=JWS,
        problems=(*PROBLEMS, "conformance_run_over", "conformance_no_report_yet"), name="conformance_report",
    )  # fmt: skip
    def get(self, request: Request, run: uuid.UUID) -> HttpResponse:
        """Give the report as a JWS (compact, RS256), to be checked with `/register/jwks.json?realm=<the workspace>`."""
        jws = reports.jws_of(runs.find(self.realm, run))
        return HttpResponse(jws, content_type=JWS, headers=NO_STORE)
