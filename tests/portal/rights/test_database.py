"""The database's rights, tried in each role on PostgreSQL: that they are the table's, and what is refused."""

# ruff: noqa: S608  (statements are put together of names and values of this file)
import base64
import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken

from ca import ceremony, clock, compromise, issuance, journal, revocation
from ca.models import Certificate, Realm
from ca.profiles import Purpose
from ca.revocation import Cause
from portal.accounts import authenticators, staff, telling
from portal.rights import passwords, statements
from portal.rights.guards import APPEND_ONLY, NEVER_REMOVED
from portal.rights.processes import OWNER, PREFIX, processes
from portal.rights.queues import queues
from portal.rights.tables import ALL, May, columns_of_models, tables
from sandbox import cards, personas
from tests.ca.fixtures import *  # noqa: F403
from tests.portal.accounts.people import make_staff

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]

EVERYBODY = list(processes(sandbox=True))
SIGNERS = {"ca", "ceremony"}
COLUMNS = dict(columns_of_models())


class TakenBack(Exception):
    """Whatever was tried never was."""


@contextmanager
def acting_as(process: str) -> Iterator[None]:
    """Be that process's role inside, and take back what was done there."""
    with suppress(TakenBack), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f'SET LOCAL ROLE "{PREFIX}{process}"')
        yield
        raise TakenBack


def refusal(process: str, statement: str, *parameters: object) -> str:
    """Try a statement in that role; return how it was refused for want of a right, "" when it was not refused.

    What fails for another reason comes out.
    """
    try:
        with acting_as(process), connection.cursor() as cursor:
            cursor.execute(statement, parameters or None)
    except DatabaseError as error:
        if isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege):
            return str(error).splitlines()[0]
        raise
    return ""


def let_through(statements: Mapping[str, str] | list[str], *processes: str) -> list[tuple[str, str]]:
    """Return which of the statements which of the processes could carry out."""
    return [
        (process, statement) for process in processes for statement in statements if not refusal(process, statement)
    ]


@pytest.fixture
def separated(realm: Realm) -> Realm:
    """Give every process its role and rights, in this test's transaction; return a realm with certificates in it."""
    persona = personas.find("hanako")
    assert persona is not None
    _, asked = cards.create(realm, persona)
    for one in asked:
        issuance.issue(one.pk)
    words = dict.fromkeys([OWNER, *EVERYBODY], "word")
    told = statements.roles(words, database=str(connection.settings_dict["NAME"]), sandbox=True)
    told += 2 * statements.rights(tables(), sandbox=True)  # again is harmless
    with connection.cursor() as cursor:
        # What foreign keys have yet to check stands in the way of ALTER TABLE.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for one in told:
            cursor.execute(one)
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return realm


def test_each_role_has_the_rights_of_the_table_and_no_others(separated: Realm) -> None:
    wrong = []
    for table, columns in COLUMNS.items():
        may = tables().get(table, May())
        for process in EVERYBODY:
            wanted = {("SELECT", one): process in may.read.split() or _named(may.see, process, one) for one in columns}
            wanted |= {("UPDATE", one): _named(may.change, process, one) for one in columns}
            wanted |= {("INSERT", ""): process in may.add.split(), ("DELETE", ""): process in may.remove.split()}
            wanted |= {("TRUNCATE", ""): False, ("TRIGGER", ""): False, ("REFERENCES", ""): False}
            with connection.cursor() as cursor:
                cursor.execute("SELECT " + ", ".join(_asked(process, table, *each) for each in wanted))
                found = cursor.fetchone()
            wrong += [(process, table, *one) for one, has in zip(wanted, found, strict=True) if has != wanted[one]]
    assert wrong == []


def _named(parts: Mapping[str, str], process: str, column: str) -> bool:
    return any(process in those.split() and (named == ALL or column in named.split()) for those, named in parts.items())


def _asked(process: str, table: str, right: str, column: str) -> str:
    whose = f"'{PREFIX}{process}', '{table}'"
    return (
        f"has_column_privilege({whose}, '{column}', '{right}')"
        if column
        else f"has_table_privilege({whose}, '{right}')"
    )


def test_nobody_changes_the_journal_or_makes_anything_or_becomes_another(separated: Realm) -> None:
    acts = [
        "UPDATE ca_journalentry SET data = '{}'",
        "DELETE FROM ca_journalentry",
        "TRUNCATE ca_journalentry CASCADE",
        "UPDATE ca_journalseal SET signature = ''",
        "DELETE FROM ca_journalhead",
        "UPDATE ca_certificate SET der = ''",
        "UPDATE ca_certificate SET public_key = ''",
        "DELETE FROM ca_certificate",
        "UPDATE ca_crl SET der = ''",
        "ALTER TABLE ca_journalentry DISABLE TRIGGER ALL",
        "ALTER TABLE ca_journalentry DISABLE ROW LEVEL SECURITY",
        "DROP TRIGGER append_only ON ca_journalentry",
        "CREATE TABLE mine (id int)",
        "CREATE TEMPORARY TABLE ca_realm (id int)",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "SELECT rolpassword FROM pg_authid",
        "COPY ca_realm TO PROGRAM 'cat'",
        "SELECT pg_read_file('/etc/hostname')",
        f"ALTER ROLE \"{PREFIX}{OWNER}\" PASSWORD 'mine'",
    ]
    assert let_through(acts, *EVERYBODY) == []
    ours = "(SELECT oid FROM pg_roles WHERE starts_with(rolname, 'jpki_'))"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT rolname FROM pg_roles WHERE oid IN {ours} AND (rolsuper OR rolbypassrls OR rolcreaterole)"
        )
        assert cursor.fetchall() == []
        cursor.execute(f"SELECT count(*) FROM pg_auth_members WHERE member IN {ours}")
        assert cursor.fetchone() == (0,), "whoever is another's member can become it"


def test_nobody_without_keys_writes_what_keys_make_or_says_that_they_did(separated: Realm) -> None:
    made = ["ca_certificate", "ca_crl", "ca_journalseal", "ca_journalnode", "ca_generation"]
    others = [process for process in EVERYBODY if process not in SIGNERS]
    assert let_through([f"INSERT INTO {table} DEFAULT VALUES" for table in made], *others) == []
    for process in others:
        said = refusal(process, *_entry(separated, "certificate.issued"))
        assert "permission denied" in said or "row-level security" in said or process == "workspaces", process
        if process in tables()["ca_journalentry"].add.split():
            own = "card.ordered" if process == "counter" else "officer.noted"  # it says nothing but what it does
            assert refusal(process, *_entry(separated, own)) == "", process


def _entry(realm: Realm, kind: str, *, step: int = 1, before: str = "") -> tuple[object, ...]:
    head = realm.journal_head
    head.refresh_from_db()
    return (
        "INSERT INTO ca_journalentry (realm_id, sequence, at, kind, subject, data, previous_hash, hash)"
        " VALUES (%s, %s, now(), %s, 'x', '{}', %s, %s)",
        *(realm.pk, head.sequence + step, kind, before or head.hash, "f" * 64),
    )


def test_the_site_can_not_touch_what_elements_and_keys_stand_on(separated: Realm) -> None:
    acts = [
        "UPDATE tsm_enrolment SET signature_key = ''",
        "UPDATE tsm_enrolment SET holder_id = 1",
        "UPDATE tsm_secureelement SET isd_generation = 0",
        "UPDATE tsm_leg SET commands = '[]'",
        "UPDATE ca_generation SET key_label = ''",
        "UPDATE ca_responderkey SET certificate = ''",
        "SELECT content FROM tsm_loadfile",
        "UPDATE tsm_loadfile SET content = ''",
    ]
    assert let_through(acts, "web") == []


def test_whoever_works_for_the_clock_may_note_that_it_was_done(separated: Realm) -> None:
    for access in queues(sandbox=True).values():
        for process in access.readers if "beat" in access.writers else ():
            note = "INSERT INTO portal_periodicrun (task, first_at, done_at, failed) VALUES (%s, now(), now(), false)"
            assert refusal(process, note, f"a sweep by {process}") == "", process
            assert refusal(process, "UPDATE portal_periodicrun SET done_at = now(), failed = true") == "", process


def test_the_responder_and_the_reader_read_and_the_clock_does_not_even_that(separated: Realm) -> None:
    for table, columns in COLUMNS.items():
        writes = [f"INSERT INTO {table} DEFAULT VALUES", f"DELETE FROM {table}"]
        writes.append(f'UPDATE {table} SET "{columns[-1]}" = DEFAULT')
        who = ("reader", "beat") if table.startswith("sandbox_") else ("responder", "reader", "beat")
        assert let_through(writes, *who) == [], table
    read = "SELECT der FROM ca_certificate"
    assert [refusal(process, read) for process in ("responder", "reader")] == ["", ""]
    assert "permission denied" in refusal("beat", read)
    secrets = ["SELECT password FROM auth_user", "SELECT share FROM portal_screenlock", "SELECT * FROM django_session"]
    assert let_through(secrets, *[process for process in EVERYBODY if process != "web"]) == []


def test_the_ceremony_revokes_a_whole_generation_with_its_own_rights(separated: Realm) -> None:
    ceremony.next_generation(separated, Purpose.SIGNATURE)
    condemned = compromise.find(separated, Purpose.SIGNATURE, 1)
    with acting_as("ceremony"):
        assert compromise.standing(condemned).living
        assert compromise.condemn(condemned, officer="青木", ground="stolen").condemned == 1
        assert not compromise.standing(condemned).living
    with pytest.raises(DatabaseError, match="permission denied"), acting_as("reader"):
        compromise.condemn(condemned, officer="青木", ground="stolen")


def test_accounts_are_changed_by_the_site_and_told_by_who_sends_mail_and_reads_no_secret(separated: Realm) -> None:
    agent = make_staff(separated, "sakura")
    device = StaticDevice.objects.create(user=agent.user, name="recovery")  # as the first release kept them
    StaticToken.objects.create(device=device, token="A" * 16)
    with acting_as("web"):
        authenticators.renew_kept(agent)
        staff.change_address("sakura", "sakura@helpdesk.example", by="test")
        staff.change_password(agent, "a much better horse of brass")
        code, *_ = authenticators.new_recovery_codes(agent)
        assert authenticators.recover(agent, code)
        staff.reset("sakura", by="test")
        assert authenticators.recovery_codes_left(agent) == 0
    staff.change_address("sakura", "sakura@helpdesk.example", by="test")
    with acting_as("reader"):
        assert staff.without_address() == [], "as `missing` asks"
    with acting_as("notices"):
        assert telling.send_waiting() == 1
    assert let_through(["SELECT hash FROM portal_recoverycode"], "notices", "reader") == []


def test_a_responder_that_may_note_adds_and_does_no_more(separated: Realm) -> None:
    add = "INSERT INTO ca_keyuse (key_label, answers) VALUES ('x', 1) RETURNING id"
    assert "permission denied" in refusal("responder", add)
    with connection.cursor() as cursor:
        for one in statements.rights(tables(), sandbox=True, notes=True):
            cursor.execute(one)
    assert refusal("responder", add) == ""
    acts = ["SELECT key_label FROM ca_keyuse", "DELETE FROM ca_keyuse", "UPDATE ca_keyuse SET answers = 0"]
    assert let_through(acts, "responder") == []


def test_what_goes_to_strangers_addresses_sees_no_citizen(separated: Realm) -> None:
    names = ["SELECT name FROM ca_holder", "SELECT id FROM tsm_enrolment", "SELECT id FROM portal_handoff"]
    assert let_through([*names, "SELECT id FROM ca_journalentry", "SELECT id FROM auth_user"], "probes") == []


def test_not_even_the_owner_changes_what_was_written(separated: Realm) -> None:
    for table in (*APPEND_ONLY, *NEVER_REMOVED):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT EXISTS (SELECT FROM {table})")
            if not cursor.fetchone()[0]:
                continue
        assert "nothing is removed" in refusal(OWNER, f"DELETE FROM {table}") or table in APPEND_ONLY
        assert "not emptied" in refusal(OWNER, f"TRUNCATE {table} CASCADE"), table
        if table in APPEND_ONLY:
            assert "only added to" in refusal(OWNER, f"DELETE FROM {table}"), table
            assert "only added to" in refusal(OWNER, f"UPDATE {table} SET id = id"), table
    assert "only go up" in refusal(OWNER, "UPDATE ca_authority SET next_serial = next_serial - 1")


def test_an_entry_follows_the_last_one_and_the_head_never_goes_back(separated: Realm) -> None:
    for process in ("web", "ca", OWNER):
        for step, before in ((2, ""), (1, "0" * 64), (5, "f" * 64)):
            said = refusal(process, *_entry(separated, "x", step=step, before=before))
            assert "an entry follows the last one" in said, (process, step)
        for change in ("sequence = sequence - 1", "sequence = sequence + 1", "hash = repeat('0', 64)"):
            said = refusal(process, f"UPDATE ca_journalhead SET {change} WHERE realm_id = {separated.pk}")
            assert "the head moves on to an entry" in said, (process, change)
        with acting_as(process):
            # Several at once are chained to each other.
            journal.record_all(separated, [journal.Happening(f"handoff.{n}", "x", {"n": n}) for n in range(3)])
            assert journal.verify(separated) is None


def test_a_revoked_certificate_stays_revoked_whoever_asks(separated: Realm) -> None:
    certificate = Certificate.objects.filter(realm=separated).first()
    assert certificate is not None
    revocation.revoke(certificate, cause=Cause.HOLDER_REQUEST, now=clock.now(separated))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for process in ("web", "sweeps", OWNER):
        for change in ("status = 'valid', cause = ''", "status = 'on_hold'", "revoked_at = now()", "crl_entry = NULL"):
            said = refusal(process, f"UPDATE ca_certificate SET {change} WHERE id = {certificate.pk}")
            assert "stays revoked" in said, (process, change)


def test_workers_make_no_certificate_valid_and_no_revision_goes_back(separated: Realm) -> None:
    for process in ("ca", "tsm", "sweeps"):
        said = refusal(process, "UPDATE ca_certificate SET status = 'valid', cause = ''")
        assert "row-level security" in said, process
    for process in ("web", OWNER):
        assert "revisions only go up" in refusal(process, "UPDATE ca_partition SET revision = revision - 1"), process


def test_the_site_makes_realms_of_workspaces_alone(separated: Realm) -> None:
    insert = "INSERT INTO ca_realm (slug, name, kind, clock_offset, organisation) VALUES ('x', 'x', %s, '0', 'x')"
    assert refusal("web", insert, "sandbox") == ""
    assert "row-level security" in refusal("web", insert, "production")
    asked = (
        "INSERT INTO portal_workspace (organisation_id, realm_id, state, responder_keys, asked_by, asked_at)"
        " VALUES (1, 1, %s, %s, 'x', now())"
    )
    assert refusal("web", asked, "asked", "{}") == ""
    assert "row-level security" in refusal("web", asked, "keyed", "{}")
    assert "row-level security" in refusal("web", asked, "asked", '{"signature": {}}')


def test_an_application_that_the_site_writes_is_at_its_beginning(separated: Realm) -> None:
    own = {"reference": "gen_random_uuid()", "state": "'verified'", "state_since": "now()", "created_at": "now()"}
    own |= dict.fromkeys(("application_text", "application_signature", "challenge", "trouble"), "''")
    others = (
        "holder_id",
        "phone_id",
        "element_id",
        "card_signature_certificate_id",
        "card_authentication_certificate_id",
    )
    own |= {"realm_id": str(separated.pk), **dict.fromkeys(others, "1")}

    def insert(**changed: str) -> str:
        row = own | changed
        return refusal("web", f"INSERT INTO tsm_enrolment ({', '.join(row)}) VALUES ({', '.join(row.values())})")

    assert insert() == "", "whether the others are there is asked at the commit, which doesn't come"
    for changed in (
        {"state": "'keyed'"},
        {"signature_key": "'x'", "authentication_key": "'x'"},
        {"signature_certificate_id": "1"},
    ):
        assert "row-level security" in insert(**changed), changed


def test_the_tsm_releases_the_pair_of_a_phone_in_use_whose_resume_is_ordered_and_no_other(separated: Realm) -> None:
    held, other = Certificate.objects.filter(realm=separated).order_by("pk")[:2]
    texts = ("application_text", "application_signature", "challenge", "trouble")
    rows = (
        "holder_id",
        "phone_id",
        "element_id",
        "card_signature_certificate_id",
        "card_authentication_certificate_id",
    )
    own = {"id": "9", "realm_id": str(separated.pk), "state": "'active'", **dict.fromkeys(texts, "''")}
    own |= {"reference": "gen_random_uuid()", "state_since": "now()", "created_at": "now()", **dict.fromkeys(rows, "1")}
    own |= {"signature_certificate_id": str(held.pk)}
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO tsm_enrolment ({', '.join(own)}) VALUES ({', '.join(own.values())})")
    Certificate.objects.filter(pk__in=[held.pk, other.pk]).update(status="on_hold", cause=Cause.LOSS)

    def release(certificate: Certificate) -> str:
        return refusal("tsm", f"UPDATE ca_certificate SET status = 'valid', cause = '' WHERE id = {certificate.pk}")

    def ordered(function: str, state: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM tsm_serviceorder")
            cursor.execute(
                "INSERT INTO tsm_serviceorder (enrolment_id, function, state, asked_at) VALUES (9, %s, %s, now())",
                [function, state],
            )

    assert "row-level security" in release(held)
    for function, state in (("resume", "done"), ("suspend", "open")):
        ordered(function, state)
        assert "row-level security" in release(held), (function, state)
    ordered("resume", "open")
    assert "row-level security" in release(other)
    assert release(held) == ""
    with connection.cursor() as cursor:
        # Its phone and holder are none: whether they are there is asked at the end, of what is left.
        cursor.execute("DELETE FROM tsm_serviceorder")
        cursor.execute("DELETE FROM tsm_enrolment")


def test_the_verifier_is_the_one_that_postgresql_makes() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL password_encryption = 'scram-sha-256'")
        cursor.execute("CREATE ROLE jpki_tried PASSWORD 'pencil'")
        cursor.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'jpki_tried'")
        made = cursor.fetchone()[0]
    salt = base64.b64decode(made.split("$")[1].split(":")[1])
    assert passwords.scram("pencil", salt) == made


def test_passwords_are_made_once_and_not_in_what_is_printed(tmp_path: Path) -> None:
    def printed() -> str:
        said = io.StringIO()
        call_command("database_roles", "roles", "--passwords", str(tmp_path / "words"), stdout=said)
        return said.getvalue()

    said, kept = printed(), {path.name: path.read_text().strip() for path in (tmp_path / "words").iterdir()}
    assert set(kept) == {OWNER, *EVERYBODY}
    assert not [name for name, word in kept.items() if word in said]
    assert not [path for path in (tmp_path / "words").iterdir() if path.stat().st_mode & 0o077]
    assert len(set(re.findall(r"SCRAM-SHA-256\$[^']+", printed()))) == len(kept)
    assert kept == {path.name: path.read_text().strip() for path in (tmp_path / "words").iterdir()}
