"""Figures about how things stand: read from database, broker and disk when somebody asks.

Each is cheap at any population: a row by an index, a table that doesn't grow with it, or a count that stops at MOST.
No label holds more than names of this house: realms, purposes, states, queues, tasks.
"""

import logging
from dataclasses import dataclass

from django.db import Error, connection, transaction
from kombu.exceptions import OperationalError

from portal.observing.measures import authorities, house, notices, phones
from portal.observing.measures.measure import MOST, Measure, Sample, realms

__all__ = ["MEASURES", "MOST", "Measure", "Reading", "Sample", "read", "realms"]

logger = logging.getLogger(__name__)

FAILED = Measure("jpki_measure_failed", "1 where a figure could not be read.", ("measure",), lambda: ())
MEASURES: tuple[Measure, ...] = (*house.MEASURES, *authorities.MEASURES, *phones.MEASURES, *notices.MEASURES)
# On PostgreSQL no figure may take longer: a database in need is not asked for more.
SECONDS = 2


@dataclass(frozen=True)
class Reading:
    """A measure, and what it was when it was read."""

    measure: Measure
    samples: tuple[Sample, ...]


# Where one of these says 0, what needs it isn't asked: it would say the same a dozen times, and slowly.
UP = {"jpki_database_up": "database", "jpki_broker_up": "broker"}


def read() -> list[Reading]:
    """Read all of them; one that can't be read fails alone, and says so in the last."""
    readings: list[Reading] = []
    failed: list[Sample] = []
    away: set[str] = set()
    complete = True
    for measure in MEASURES:
        if measure.needs in away:
            continue
        try:
            samples = _read(measure)
        except (Error, OperationalError, OSError) as error:
            # The error's text may name rows; its kind is enough for an operator to begin with.
            logger.warning("%s can't be read: %s", measure.name, type(error).__name__)
            failed.append(Sample(1, {"measure": measure.name}))
            continue
        readings.append(Reading(measure, samples))
        if measure.name in UP and not samples[0].value:
            away.add(UP[measure.name])
        if measure.name == "jpki_migrations_missing" and samples[0].value:
            complete = False
    # Of a database that lacks tables that alone is said.
    return [*readings, Reading(FAILED, tuple(failed) if complete else ())]


def _read(measure: Measure) -> tuple[Sample, ...]:
    if measure.needs != "database":
        return tuple(measure.read())
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{SECONDS}s"])
        return tuple(measure.read())
