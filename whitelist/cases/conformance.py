"""Conformance: the newest report of an organisation's workspace, which goes with what is submitted."""

from whitelist.models import ConformanceReport, Organisation


def latest(organisation: Organisation) -> ConformanceReport | None:
    """Return the newest report of the workspace that the organisation has now, or None."""
    if organisation.workspace_id is None:
        return None
    found = ConformanceReport.objects.filter(organisation=organisation, workspace_id=organisation.workspace_id)
    return found.order_by("at", "pk").last()
