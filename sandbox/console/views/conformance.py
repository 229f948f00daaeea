"""Conformance runs: begun against a service or by hand, each case with how it came out, and the signed report."""

import uuid
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy

from portal.providers import workspaces
from sandbox.conformance import catalogue, judging, reports, runs
from sandbox.conformance.judging import Why
from sandbox.console import words
from sandbox.console.access import WorkspaceRequest, page, shown, typed
from sandbox.errors import SandboxError
from sandbox.models import ConformanceRun, ConformanceTry

NEWEST = 20
Outcome = ConformanceTry.Outcome
OUTCOMES: dict[str, tuple[str, Promise]] = {
    Outcome.PASSED: ("success", gettext_lazy("合格")),
    Outcome.FAILED: ("error", gettext_lazy("不合格")),
    Outcome.NOT_EXERCISED: ("warning", gettext_lazy("試せなかった")),
    Outcome.NOT_APPLICABLE: ("quiet", gettext_lazy("当てはまらない")),
}
STATES: dict[str, Promise] = {
    ConformanceRun.State.OPEN: gettext_lazy("試しているところ"),
    ConformanceRun.State.FINISHED: gettext_lazy("報告書に署名しているところ"),
    ConformanceRun.State.REPORTED: gettext_lazy("報告書ができた"),
    ConformanceRun.State.ABANDONED: gettext_lazy("打ち切った"),
}
WHY: dict[str, Promise] = {
    Why.ACCEPTED: gettext_lazy("拒むべきものを受け入れた"),
    Why.REJECTED: gettext_lazy("受け入れるべきものを拒んだ"),
    Why.STATUS_NOT_ASKED: gettext_lazy("証明書がいま有効かを尋ねずに受け入れた"),
    Why.NO_HAND_OFF: gettext_lazy("用意している間に、何も求められなかった"),
    Why.NEVER_MET: gettext_lazy("障害に出会わないまま、別の理由で拒んだ"),
    Why.NOT_BACK: gettext_lazy("利用者がサービスに戻らなかった"),
    Why.NOT_REACHED: gettext_lazy("サービスの入口から、依頼にたどり着けなかった"),
    Why.NOT_READY: gettext_lazy("必要な証明書が、時間内に出なかった"),
    Why.NOT_IN_THIS_WORLD: gettext_lazy("このワークスペースには、その種の証明書がまだない"),
    Why.OTHER_REQUEST: gettext_lazy("サービスの依頼が、この場合のものではなかった"),
    Why.ASKS_RECORDS: gettext_lazy("OCSPではなく、認証局の記録に尋ねるサービス"),
    Why.SKIPPED: gettext_lazy("試さなかった"),
}


@page()
def listing(request: WorkspaceRequest) -> HttpResponseBase:
    """Show the workspace's runs, and what is tried."""
    return _listing(request, {})


@page("POST", acts=True)
def begin(request: WorkspaceRequest) -> HttpResponseBase:
    """Begin a run of all cases, against the service at `start_url` where one is given."""
    try:
        run = runs.begin(
            workspaces.relying_party(request.workspace),
            start_url=typed(request, "start_url", 2000),
            signature_url=typed(request, "signature_url", 2000),
        )
    except SandboxError as error:
        return _listing(request, {"problem": words.sentence(error.code), "typed": request.POST}, status=400)
    return redirect("workspace:conformance-run", request.membership.organisation.reference, run.pk)


@page()
def one(request: WorkspaceRequest, run: uuid.UUID) -> HttpResponseBase:
    """Show a run: the score, and every case with how it came out and why."""
    found = _found(request, run)
    tries = list(found.tries.order_by("position"))
    context = {
        "run": found,
        "state": STATES[found.state],
        "score": judging.score(tries),
        "tried": sum(row.state == ConformanceTry.State.DONE for row in tries),
        "tries": [_try(row) for row in tries],
    }
    return shown(request, "workspace/conformance_run.html", context)


@page("POST", acts=True)
def finish(request: WorkspaceRequest, run: uuid.UUID) -> HttpResponseBase:
    """Take no more; have the report signed."""
    found = _found(request, run)
    try:
        runs.finish(found)
    except SandboxError as error:
        return _listing(request, {"problem": words.sentence(error.code)}, status=409)
    return redirect("workspace:conformance-run", request.membership.organisation.reference, found.pk)


@page()
def report(request: WorkspaceRequest, run: uuid.UUID) -> HttpResponseBase:
    """Answer with the signed report: a JWS."""
    try:
        jws = reports.jws_of(_found(request, run))
    except SandboxError:
        raise Http404("no report yet") from None
    answer = HttpResponse(jws, content_type="application/jose")
    answer["Content-Disposition"] = f'attachment; filename="conformance-{run}.jws"'
    return answer


def _found(request: WorkspaceRequest, reference: uuid.UUID) -> ConformanceRun:
    try:
        return runs.find(request.workspace.realm, reference)
    except SandboxError:
        raise Http404("no such run in this workspace") from None


def _listing(request: WorkspaceRequest, context: dict[str, Any], status: int = 200) -> HttpResponseBase:
    rows = ConformanceRun.objects.filter(realm=request.workspace.realm).order_by("-begun_at")[:NEWEST]
    context = {
        "runs": [{"row": row, "state": STATES[row.state]} for row in rows],
        "cases": [_case(case) for case in catalogue.CASES],
        "must_reject": sum(not case.accepted for case in catalogue.CASES),
        **context,
    }
    return shown(request, "workspace/conformance.html", context, status=status)


def _try(row: ConformanceTry) -> dict[str, Any]:
    tone, outcome = OUTCOMES.get(row.outcome, ("key", ""))
    case = catalogue.find(row.case)
    return {
        "row": row,
        "tone": tone,
        "outcome": outcome,
        "why": WHY.get(row.why, ""),
        "case": _case(case) if case is not None else {"id": row.case, "title": row.case},
    }


def _case(case: catalogue.Case) -> dict[str, Any]:
    return {"id": case.id, "title": _said(case.title), "why": _said(case.why), "accepted": case.accepted}


def _said(text: Any) -> str:
    return str(text.ja if get_language() == "ja" else text.en)
