"""Tasks of workspaces: ids in, one call, safe to run twice. The first two have one key store each."""

from celery import shared_task

from portal.providers import workspaces


@shared_task(name="portal.make_workspace_keys")
def make_workspace_keys(workspace_id: int) -> None:
    """Make the responders' keys. Queue `workspaces`."""
    workspaces.make_keys(workspace_id)


@shared_task(name="portal.make_workspace")
def make_workspace(workspace_id: int) -> None:
    """Make the authorities. Queue `ca`."""
    workspaces.make(workspace_id)


@shared_task(name="portal.sweep_workspaces")
def sweep_workspaces() -> int:
    """Wake the two for what isn't ready. Queue `notices`: it needs no key."""
    return workspaces.sweep()
