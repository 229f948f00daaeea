"""Tasks of the conformance room: ids in, one call, safe to run twice."""

from celery import shared_task

from sandbox.conformance import driving, reports, runs
from sandbox.models import ConformanceRun


@shared_task(name=runs.DRIVE)
def drive_conformance(run_id: str) -> None:
    """Try a run's next case with a service. Queue `phones`: it plays a phone, which needs the seal key."""
    driving.step(run_id)


@shared_task(name=runs.SIGN)
def sign_conformance(run_id: str) -> bool:
    """Sign the report of a finished run. Queue `ca`: it needs the journal's key."""
    run = ConformanceRun.objects.select_related("realm", "relying_party__organisation").get(pk=run_id)
    return reports.sign(run) is not None


@shared_task(name="sandbox.sweep_conformance")
def sweep_conformance() -> int:
    """Wake both for what was left on its way. It needs no key."""
    return runs.sweep()
