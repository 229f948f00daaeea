"""A holder's four certificates, made once a process and put in again where everything is as it was then.

To make them takes a third of a second, and most tests of the site begin with them. What is put in is what `issuance`
has written, row by row, with the journal and the counters. It is put in only where the realm's rows, its journal and
the settings are those of the first time, in a test whose transaction is rolled back; else they are made.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Max, Model

from ca import clock
from ca.models import (
    Authority,
    Certificate,
    Generation,
    Holder,
    Issuance,
    JournalEntry,
    JournalHead,
    Partition,
    PkilintPass,
    Recheck,
)

# In the order in which they refer to each other.
MADE: tuple[type[Model], ...] = (Partition, PkilintPass, Certificate, Issuance, Recheck, JournalEntry)

_kept: dict[Any, tuple[list[list[Model]], list[Model]]] = {}
_machine = clock.machine


def certificates(holder: Holder, make: Callable[[Holder], list[Certificate]]) -> list[Certificate]:
    """Return what `make` returns for a holder: put in again, or made."""
    before = _before(holder)
    if before is None:
        return make(holder)
    if before not in _kept:
        last = {model: _last(model) for model in MADE}
        made = make(holder)
        new = [list(model._base_manager.filter(pk__gt=last[model]).order_by("pk")) for model in MADE]
        _kept[before] = (
            new,
            [JournalHead.objects.get(realm=holder.realm), *Authority.objects.filter(realm=holder.realm)],
        )
        return made
    new, changed = _kept[before]
    for rows in new:
        if rows:
            type(rows[0])._base_manager.bulk_create(rows)
    for row in changed:
        row.save(force_update=True)
    of_holder = Certificate.objects.filter(holder=holder).select_related("realm", "holder", "generation", "partition")
    return list(of_holder.order_by("pk"))


def _before(holder: Holder) -> Any:
    """Return all that what is made depends on; None where it can't be put in again."""
    if connection.vendor != "sqlite" or not connection.in_atomic_block or clock.machine is not _machine:
        return None
    realm = holder.realm
    head = JournalHead.objects.filter(realm=realm).first()
    if head is None or any(model._base_manager.exists() for model in MADE[:-1]):
        return None
    rows = [realm, holder, head, *Authority.objects.order_by("pk"), *Generation.objects.order_by("pk")]
    return repr([[_fields(row) for row in rows], _last(JournalEntry), _set()])


def _fields(row: Model) -> dict[str, Any]:
    """Return a row's fields, but not when it was written."""
    named = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return {name: value for name, value in named.items() if not isinstance(value, datetime)}


def _set() -> dict[str, str]:
    """Return the settings that a test has set."""
    found: dict[str, str] = {}
    holder = settings._wrapped
    while hasattr(holder, "default_settings"):
        found = {name: repr(value) for name, value in vars(holder).items() if name.isupper()} | found
        holder = holder.default_settings
    return dict(sorted(found.items()))


def _last(model: type[Model]) -> int:
    last: int | None = model._base_manager.aggregate(last=Max("pk"))["last"]
    return last or 0
