"""The SQL that makes roles, rights and guards so, for PostgreSQL 15 and later. Safe to run again at any time.

`roles` is the administrator's, once and when a process is new; `rights` is the owner's, after every migration: in one
transaction, so that no process is without its rights for a moment.
"""

from collections.abc import Iterable, Iterator, Mapping

from portal.rights import passwords
from portal.rights.guards import POLICIES, TRANSITION, TRIGGERS, Policy, Trigger
from portal.rights.processes import OWNER, PREFIX, processes, role
from portal.rights.tables import ALL, May

# Those whose every transaction is read-only, before any right is looked at.
READERS = ("responder", "reader")
# What a responder that may write at all adds to: how often its keys signed, and what it answered to whom.
NOTES = ("ca_keyuse", "ca_statusanswer")

# Those that say whether the tables are those of their version: /readyz and `manage.py doctor`.
READINESS = ("web", "reader")

_HAND_OVER = """DO $do$ DECLARE one record; BEGIN
    FOR one IN SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
            WHERE schemaname = 'public' AND tableowner <> {name} LOOP
        EXECUTE 'ALTER TABLE ' || one.name || ' OWNER TO {owner}';
    END LOOP;
END $do$"""


def roles(
    words: Mapping[str, str],
    *,
    database: str,
    sandbox: bool,
    prefix: str = PREFIX,
    notes: bool = False,
    holder: str = "CURRENT_USER",
) -> list[str]:
    """Return what makes the roles of all processes and the owner, who may come into the database, and who not.

    `words` are their passwords by process, of which only SCRAM verifiers are in it. Tables that there are become the
    owner's.
    """
    names = [OWNER, *processes(sandbox=sandbox)]
    told = []
    for name in names:
        known, one = _text(role(name, prefix)), _name(role(name, prefix))
        told.append(
            f"DO $do$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {known}) "
            f"THEN CREATE ROLE {one}; END IF; END $do$"  # bandit: B608  (both are quoted: _text, _name)
        )
        verifier = _text(passwords.scram(words[name]))
        told.append(
            f"ALTER ROLE {one} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS "
            f"PASSWORD {verifier}"
        )
    for name in READERS:
        # The pretend world's faults are counted where they strike.
        only = "off" if name == "responder" and (notes or sandbox) else "on"
        told.append(f"ALTER ROLE {_name(role(name, prefix))} SET default_transaction_read_only = {only}")
    owner = _name(role(OWNER, prefix))
    everybody = _list(names, prefix)
    return [
        *told,
        f"REVOKE ALL ON DATABASE {_name(database)} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {_name(database)} TO {everybody}",
        f"GRANT TEMPORARY ON DATABASE {_name(database)} TO {owner}",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        f"GRANT {owner} TO {holder}",  # or it could give it nothing
        f"ALTER SCHEMA public OWNER TO {owner}",
        f"GRANT USAGE ON SCHEMA public TO {everybody}",
        _HAND_OVER.format(name=_text(role(OWNER, prefix)), owner=owner),
        f"REVOKE {owner} FROM {holder}",
    ]


def rights(tables: Mapping[str, May], *, sandbox: bool, prefix: str = PREFIX, notes: bool = False) -> list[str]:
    """Return what gives each process exactly the rights of the table, and sets the guards; to be run as one.

    With `notes` the responder may add to its NOTES, which need no reading but of the number that a row gets.
    """
    known = processes(sandbox=sandbox)
    everybody = _list(known, prefix)
    told = [
        # Who waits for a lock holds up whoever comes after: rather not now than that.
        "SET LOCAL lock_timeout = '5s'",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {everybody}",
        f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, {everybody}",
        f"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC, {everybody}",
    ]
    for table, may in sorted(tables.items()):
        told += [f"GRANT {what} ON {_name(table)} TO {_list(who, prefix)}" for what, who in _granted(may, known)]
    told.append(f"GRANT SELECT ON django_migrations TO {_list(READINESS, prefix)}")
    for table in NOTES if notes else ():
        told.append(f"GRANT INSERT, SELECT (id) ON {_name(table)} TO {_list(['responder'], prefix)}")
    return [*told, *_guards(set(tables), known, prefix)]


def _granted(may: May, known: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    for what, who in (("SELECT", may.read), ("INSERT", may.add), ("DELETE", may.remove)):
        if those := _those(who, known):
            yield what, those
    for what, parts in (("SELECT", may.see), ("UPDATE", may.change)):
        for who, columns in parts.items():
            if those := _those(who, known):
                yield f"{what} ({', '.join(map(_name, columns.split()))})" if columns != ALL else what, those


def _guards(tables: set[str], known: Mapping[str, str], prefix: str) -> Iterator[str]:
    for table in sorted({policy.table for policy in POLICIES} & tables):
        yield f"ALTER TABLE {_name(table)} ENABLE ROW LEVEL SECURITY"
        yield f"DROP POLICY IF EXISTS everybody ON {_name(table)}"
        yield f"CREATE POLICY everybody ON {_name(table)} USING (true) WITH CHECK (true)"
    for policy in POLICIES:
        if policy.table in tables and (those := _those(policy.processes, known)):
            yield from _policy(policy, _list(those, prefix))
    for trigger in TRIGGERS:
        if trigger.table in tables:
            yield from _trigger(trigger)


def _policy(policy: Policy, those: str) -> Iterator[str]:
    table = _name(policy.table)
    yield f"DROP POLICY IF EXISTS {policy.name} ON {table}"
    yield (
        f"CREATE POLICY {policy.name} ON {table} AS RESTRICTIVE FOR {policy.event} TO {those} "
        f"WITH CHECK ({policy.holds})"
    )


def _trigger(trigger: Trigger) -> Iterator[str]:
    function = _name(f"{trigger.table}_{trigger.name}")
    # With the owner's rights, so that what it looks at needs no grant; and nobody's own tables come before ours.
    yield (
        f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
        f"SET search_path = public, pg_temp AS $guard$ {trigger.body} $guard$"
    )
    yield f"REVOKE ALL ON FUNCTION {function}() FROM PUBLIC"
    seen = TRANSITION.get(trigger.when, "")
    yield (
        f"CREATE OR REPLACE TRIGGER {trigger.name} {trigger.when} ON {_name(trigger.table)} {seen} "
        f"FOR EACH {trigger.each} EXECUTE FUNCTION {function}()"
    )


def _those(who: str, known: Mapping[str, str]) -> list[str]:
    return [name for name in who.split() if name in known]


def _list(names: Iterable[str], prefix: str) -> str:
    return ", ".join(_name(role(name, prefix)) for name in names)


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
