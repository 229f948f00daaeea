"""What a look costs, on PostgreSQL: each figure by an index where the table grows; and the roles that look may."""

import json
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from ca.models import Realm
from portal.observing import health, measures
from portal.observing.measures import FAILED
from portal.rights import statements
from portal.rights.processes import OWNER, processes
from portal.rights.tables import tables

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]

# Tables that grow with the population, or with time.
GROWS = {
    "ca_cardrevocation", "ca_certificate", "ca_crl", "ca_holder", "ca_issuance", "ca_journalentry", "ca_recheck",
    "portal_handoff", "portal_happening", "portal_notice", "tsm_conversation", "tsm_enrolment", "tsm_incident",
    "tsm_leg", "tsm_phone", "tsm_secureelement", "tsm_serviceorder",
}  # fmt: skip


def scanned(plan: dict[str, Any]) -> set[str]:
    found = {plan["Relation Name"]} if plan["Node Type"] == "Seq Scan" else set()
    return found.union(*(scanned(one) for one in plan.get("Plans", ())))


def test_no_figure_reads_a_growing_table_from_end_to_end(well: Realm) -> None:
    with CaptureQueriesContext(connection) as captured:
        measures.read()
    asked = [query["sql"] for query in captured.captured_queries if query["sql"].startswith("SELECT")]
    assert len(asked) > len(measures.MEASURES) / 2
    read = {}
    with connection.cursor() as cursor:
        # The tables are empty here: with it, an index is taken wherever there is one that will do.
        cursor.execute("SET LOCAL enable_seqscan = off")
        for sql in asked:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}")
            (plan,) = cursor.fetchone()
            plan = json.loads(plan) if isinstance(plan, str) else plan
            if whole := scanned(plan[0]["Plan"]) & GROWS:
                read[sql] = whole
    assert read == {}


@pytest.fixture
def separated(well: Realm) -> Realm:
    """Give every process its role and rights, in this test's transaction."""
    words = dict.fromkeys([OWNER, *processes(sandbox=True)], "word")
    told = statements.roles(words, database=str(connection.settings_dict["NAME"]), sandbox=True)
    told += statements.rights(tables(), sandbox=True)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for one in told:
            cursor.execute(one)
    return well


@pytest.mark.parametrize("process", ["reader", "web"])
def test_who_looks_may_read_every_figure(separated: Realm, process: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_migrated", False)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE jpki_{process}")
        readings = {one.measure.name: one.samples for one in measures.read()}
        assert health._look()[0]
    assert readings[FAILED.name] == ()
    assert readings["jpki_setup_lacking"]
