"""Going on after it: what the caller asked to be sent when its requests are done, and what was left behind."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet

from ca import clock, leases
from ca.issuance.terms import lease
from ca.models import Issuance

State = Issuance.State


def continuation_key(continuation: Mapping[str, Any] | None) -> str:
    """Return what requests with the same continuation have in common; empty without one."""
    if continuation is None:
        return ""
    return hashlib.sha256(json.dumps(continuation, sort_keys=True).encode()).hexdigest()


def ripe_continuations(issuance_ids: list[int]) -> list[Mapping[str, Any]]:
    """Return the continuations of these requests, each once, that wait for no other request.

    One that was sent already is among them: who asks anew may ask because the message was lost.
    """
    own = Issuance.objects.filter(pk__in=issuance_ids).exclude(continuation_key="")
    groups: dict[str, list[tuple[str, Mapping[str, Any] | None]]] = {}
    for key, state, continuation in own.values_list("continuation_key", "state", "continuation"):
        groups.setdefault(key, []).append((state, continuation))
    ripe = []
    for key, members in groups.items():
        states = {state for state, _ in members}
        if states <= set(Issuance.FINAL):
            states |= set(_not_continued(key).values_list("state", flat=True))
        if states <= set(Issuance.FINAL):
            ripe.append(members[0][1])
    return [continuation for continuation in ripe if continuation is not None]


def mark_continued(continuation: Mapping[str, Any]) -> None:
    """Note that the broker has a continuation."""
    _not_continued(continuation_key(continuation)).update(continued_at=clock.machine())


def _not_continued(key: str) -> QuerySet[Issuance]:
    # As the index says it: without that, every request that ever was is looked at.
    return Issuance.objects.filter(continuation_key=key, continued_at=None).exclude(continuation_key="")


def left_behind(size: int = 100) -> list[list[int]]:
    """Return the ids of what no worker seems to hold, and of what is done but not continued, in lists for a task each.

    Only rows older than the lease: what a living worker does is not touched. A list holds some `size` ids; those that
    go on together stand in one list.
    """
    now = clock.machine()
    # One from the future was asked for by a clock that was set back since.
    older = Q(requested_at__lt=now - lease()) | Q(requested_at__gt=leases.latest(now, lease()))
    open_rows = Issuance.objects.filter(
        older,
        leases.free(now, lease()),
        # As the index says it: neither issued nor refused.
        certificate=None,
        error_code="",
        state__in=[State.REQUESTED, State.RESERVED, State.SIGNING],
    )
    done_rows = Issuance.objects.filter(older, state__in=Issuance.FINAL, continued_at=None).exclude(continuation_key="")
    groups: dict[str, list[int]] = {}
    for pk, key in (open_rows | done_rows).order_by("pk").values_list("pk", "continuation_key")[:1000]:
        groups.setdefault(key or f"alone {pk}", []).append(pk)
    lists: list[list[int]] = []
    for group in groups.values():
        if not lists or len(lists[-1]) + len(group) > size:
            lists.append([])
        lists[-1] += group
    return lists
