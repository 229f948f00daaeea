"""The table of rights as it is written: whole, and no wider than what is promised."""

import pytest

from portal.rights import queues
from portal.rights.definitions import rights
from portal.rights.guards import APPEND_ONLY, NEVER_REMOVED, POLICIES, TRIGGERS
from portal.rights.processes import PROCESSES, processes
from portal.rights.tables import ALL, SECRETS, TABLES, May, columns_of_models, tables
from portal.settings.workers import CELERY_BEAT_SCHEDULE, CELERY_TASK_ROUTES
from sandbox import rights as sandbox_rights

COLUMNS = dict(columns_of_models())
KNOWN = {*processes(sandbox=True)}


def who(text: str) -> set[str]:
    return set(text.split())


def columns_named(may: May) -> set[str]:
    return {column for each in (*may.change.values(), *may.see.values()) for column in each.split()} - {ALL}


def changes(may: May, process: str) -> set[str]:
    return {column for those, each in may.change.items() if process in who(those) for column in each.split()}


def reads(may: May, process: str) -> bool:
    return process in who(may.read)


def test_every_table_has_its_row_and_every_row_its_table() -> None:
    assert set(tables()) | {"django_migrations"} >= set(COLUMNS)
    assert set(TABLES) | set(sandbox_rights.TABLES) <= set(COLUMNS)


@pytest.mark.parametrize("table", sorted(COLUMNS))
def test_each_row_names_processes_and_columns_that_are(table: str) -> None:
    may = tables()[table]
    named = [may.read, may.add, may.remove, *may.change, *may.see]
    assert {name for text in named for name in who(text)} <= KNOWN
    assert columns_named(may) <= set(COLUMNS[table])
    # Who changes or removes rows says which, by reading them.
    writers = {name for text in (may.remove, *may.change) for name in who(text)}
    assert writers <= who(may.read).union(*map(who, may.see)), "who writes reads, or sees at least a column"


def test_secrets_are_columns_that_are_and_the_reader_sees_none() -> None:
    for table, named in {**SECRETS, **sandbox_rights.SECRETS}.items():
        assert set(named.split()) <= set(COLUMNS[table]), table
        may = tables()[table]
        assert not reads(may, "reader")
        assert not set(may.see["reader"].split()) & set(named.split())


def test_nobody_but_the_owner_changes_or_removes_what_is_only_added_to() -> None:
    for table in APPEND_ONLY:
        may = tables()[table]
        assert (may.change, may.remove) == ({}, ""), table
    for table in NEVER_REMOVED:
        assert tables()[table].remove == "", table


def test_only_those_that_have_the_keys_write_what_keys_made() -> None:
    for table in ("ca_certificate", "ca_crl", "ca_journalseal", "ca_journalnode", "whitelist_registerstatement"):
        assert who(TABLES[table].add) <= {"ca", "ceremony"}, table
    assert who(TABLES["ca_generation"].add) == {"ca", "ceremony"}
    # A name and a counter, to which whoever makes a workspace's responders hangs their keys; it signs nothing.
    assert who(TABLES["ca_authority"].add) == {"workspaces", "ceremony"}
    # Requests to issue: phones' by the TSM, cards' by the counter (policies hold each to its own), and nobody else's.
    assert who(TABLES["ca_issuance"].add) == {"tsm", "counter"}


def test_the_site_in_earnest_asks_for_no_certificate_and_touches_no_key_of_an_element() -> None:
    may = TABLES["tsm_enrolment"]
    assert not changes(may, "web") & {"signature_key", "authentication_key", "holder_id", "application_signature"}
    assert not changes(may, "web") & {"signature_certificate_id", "authentication_certificate_id"}
    assert not changes(TABLES["tsm_secureelement"], "web")
    assert not changes(TABLES["ca_holder"], "web")
    assert not changes(TABLES["ca_realm"], "web")
    assert not {table for table, each in TABLES.items() if "web" in who(each.add) and table.startswith("ca_")} - {
        *("ca_journalentry", "ca_cardrevocation"),
        *("ca_realm", "ca_journalhead"),  # a workspace's, when one is asked for: a policy keeps it to these
    }


def test_the_responder_and_the_reader_write_nothing_and_the_clock_not_even_reads() -> None:
    for table, may in tables().items():
        for process in ("responder", "reader"):
            writers = who(f"{may.add} {may.remove} {' '.join(may.change)}")
            # The pretend world's responder counts the faults that strike.
            assert process not in writers or (process == "responder" and table.startswith("sandbox_")), (process, table)
        assert "beat" not in who(" ".join([may.read, may.add, may.remove, *may.change, *may.see])), table


def test_what_goes_to_strangers_addresses_sees_no_citizen() -> None:
    allowed = {"ca_realm", "django_content_type", "portal_periodicrun"}
    private = [table for table in TABLES if table.startswith(("ca_", "tsm_", "portal_", "auth_", "otp_", "django_"))]
    assert {table for table in private if reads(TABLES[table], "probes")} <= allowed


def test_the_counter_enters_holders_and_orders_and_sees_no_more_than_that_needs() -> None:
    touched = {name for name, may in tables().items() if "counter" in who(f"{may.read} {may.add}") | set(may.see)}
    touched |= {name for name, may in tables().items() if changes(may, "counter")}
    assert touched == {
        *("ca_realm", "ca_holder", "ca_cardorder", "ca_issuance", "ca_certificate", "ca_generation", "ca_partition"),
        *("ca_cardrevocation", "ca_journalentry", "ca_journalhead"),
    }
    added = {name for name, may in tables().items() if "counter" in who(may.add)}
    assert added == {"ca_holder", "ca_cardorder", "ca_issuance", "ca_cardrevocation", "ca_journalentry"}
    assert not [name for name, may in tables().items() if "counter" in who(may.remove)]
    assert not changes(tables()["ca_holder"], "counter") & {"reference", "realm_id"}
    assert changes(tables()["ca_issuance"], "counter") == changes(tables()["ca_cardorder"], "counter") == set()
    guarded = {policy.table for policy in POLICIES if policy.processes == "counter"}
    assert guarded == {"ca_issuance", "ca_certificate", "ca_cardrevocation", "ca_journalentry"}


def test_no_row_of_ours_is_the_worlds_and_no_process_either() -> None:
    assert not [table for table in TABLES if table.startswith("sandbox_")]
    told = {
        name for may in TABLES.values() for text in (may.read, may.add, may.remove, *may.change) for name in who(text)
    }
    assert told <= set(PROCESSES)


def test_guards_name_tables_columns_and_processes_that_are() -> None:
    assert {each.table for each in (*POLICIES, *TRIGGERS)} <= set(COLUMNS)
    assert {name for policy in POLICIES for name in who(policy.processes)} <= KNOWN
    names = [(each.table, each.name) for each in (*POLICIES, *TRIGGERS)]
    assert len(names) == len(set(names))


def test_every_queue_that_tasks_go_to_is_in_the_table_and_beat_reaches_its_own() -> None:
    table = queues.queues(sandbox=True)
    assert {route["queue"] for route in CELERY_TASK_ROUTES.values()} == set(table)
    sent = {_queue(str(entry["task"])) for entry in CELERY_BEAT_SCHEDULE.values()}
    assert sent == {name for name, access in table.items() if "beat" in access.writers}
    assert "beat" not in rights(sandbox=True)["ca"]["read"]


def _queue(task: str) -> str:
    import fnmatch

    return next(route["queue"] for pattern, route in CELERY_TASK_ROUTES.items() if fnmatch.fnmatch(task, pattern))
