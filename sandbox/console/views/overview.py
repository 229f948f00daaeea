"""The workspace at a glance: what is in it, what happened last, and where to go."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpResponseBase

from ca import clock
from ca.models import Certificate
from portal.handoff.models import HandOff
from portal.providers import keys, workspaces
from sandbox import certificates, citizens, phones
from sandbox.console import telling, tour
from sandbox.console.access import WorkspaceRequest, page, shown
from sandbox.trace import reading

NEWEST = 6


@page()
def overview(request: WorkspaceRequest) -> HttpResponseBase:
    """Show the workspace's figures, addresses, rooms and newest events."""
    workspace = request.workspace
    realm = workspace.realm
    newest = list(reading.events(realm).order_by("-pk")[:NEWEST])
    entry = workspaces.relying_party(workspace)
    context = {
        "figures": {
            "citizens": citizens.of(realm).count(),
            "phones": phones.of(realm).count(),
            "certificates": certificates.issued_in(realm).filter(status=Certificate.Status.VALID).count(),
            "hand_offs": HandOff.objects.filter(
                realm=realm, created_at__gt=clock.now(realm) - timedelta(days=1)
            ).count(),
        },
        "client_id": entry.client_id,
        "callbacks": workspaces.callbacks(workspace),
        "keys": len(keys.of(workspace)),
        "site": settings.PUBLIC_URL,
        "now": clock.now(realm),
        "moved": bool(realm.clock_offset),
        "events": telling.rows(newest),
        "tour": tour.of(workspace),
    }
    return shown(request, "workspace/overview.html", context)
