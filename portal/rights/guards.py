"""What holds in the database whoever asks, and what holds for some processes beyond tables and columns.

Triggers hold for everybody, the tables' owner included; policies for the processes that they name. Both stand beside
the program's own rules, for the day on which a process isn't running our program any more.
"""

from collections.abc import Mapping
from dataclasses import dataclass

# Rows are added to these, and nobody ever changes or removes one.
APPEND_ONLY = (
    *("ca_journalentry", "ca_journalseal", "ca_journalnode", "ca_crl", "ca_cardorder"),
    "whitelist_registerrecord",
)

# A row once written may change, but never go: who was issued what, and where each chain and each count stands.
NEVER_REMOVED = (
    "ca_lostcertificate",
    "ca_realm",
    "ca_authority",
    "ca_generation",
    "ca_certificate",
    "ca_issuance",
    "ca_journalhead",
)

# What only those say in the journal that used a key, or are about to: a stranger's "issued" would be believed.
KINDS_OF_KEYS = (
    *("key.", "authority.", "responder.intended", "responder.created", "responder.renewed"),
    *("issuance.", "certificate.issued", "crl.", "journal.", "register.signed"),
)


@dataclass(frozen=True)
class Policy:
    """What must hold of a row that one of these processes adds (or leaves behind where it changes one): SQL."""

    name: str
    table: str
    event: str  # INSERT, UPDATE
    processes: str
    holds: str


def _begins_with_none(column: str, beginnings: tuple[str, ...]) -> str:
    return f"NOT ({' OR '.join(f'starts_with({column}, {chr(39)}{one}{chr(39)})' for one in beginnings)})"


POLICIES: tuple[Policy, ...] = (
    Policy(
        "keys_are_not_spoken_for",
        "ca_journalentry",
        "INSERT",
        "web tsm sweeps notices probes phones factory",
        _begins_with_none("kind", KINDS_OF_KEYS),
    ),
    # An application that the site took is at its beginning: the keys in it are what an element's report proved.
    Policy(
        "an_application_begins_without_keys",
        "tsm_enrolment",
        "INSERT",
        "web",
        "state = 'verified' AND signature_key IS NULL AND authentication_key IS NULL"
        " AND signature_certificate_id IS NULL AND authentication_certificate_id IS NULL",
    ),
    # Whoever asks for a workspace gets a realm, at the beginning of its chain; the realm in earnest is a ceremony's.
    Policy("a_workspace_is_a_sandbox", "ca_realm", "INSERT", "web", "kind = 'sandbox'"),
    Policy("a_chain_begins_at_its_beginning", "ca_journalhead", "INSERT", "web workspaces ca", "sequence = 0"),
    # Who follows what fell, gives up and publishes ends and holds; valid a certificate becomes by its holder's proof at
    # the site, or an officer's decision.
    Policy("workers_make_nothing_valid", "ca_certificate", "UPDATE", "ca sweeps", "status <> 'valid'"),
    # The TSM releases a phone's pair when the element has proved that it is unlocked, as was ordered; and no other.
    Policy(
        "the_tsm_makes_valid_what_was_ordered_to_resume",
        "ca_certificate",
        "UPDATE",
        "tsm",
        "status <> 'valid' OR EXISTS (SELECT FROM tsm_serviceorder AS o"
        " JOIN tsm_enrolment AS e ON e.id = o.enrolment_id"
        " WHERE o.function = 'resume' AND o.state = 'open' AND e.state = 'active'"
        " AND ca_certificate.id IN (e.signature_certificate_id, e.authentication_certificate_id))",
    ),
    # The keys that the authorities then certify are made by the worker that has the responders' store.
    Policy(
        "a_workspace_is_asked_for_without_keys",
        "portal_workspace",
        "INSERT",
        "web",
        "state = 'asked' AND responder_keys = '{}'",
    ),
    # The TSM asks for what stands on a card's certificate, and for a holder's activation.
    Policy(
        "the_tsm_asks_for_phones_alone",
        "ca_issuance",
        "INSERT",
        "tsm",
        "medium = 'phone' AND linked_to_id IS NOT NULL AND pending AND certificate_id IS NULL AND tbs IS NULL",
    ),
    # The counter asks for cards', at the beginning; and for nothing to be done after it, for that a worker would send.
    Policy(
        "the_counter_asks_for_cards_alone",
        "ca_issuance",
        "INSERT",
        "counter",
        "medium = 'card' AND linked_to_id IS NULL AND NOT pending AND state = 'requested'"
        " AND starts_with(request_key, 'card:') AND serial_number = '' AND partition_id IS NULL"
        " AND certificate_id IS NULL AND tbs IS NULL AND continuation IS NULL AND continuation_key = ''",
    ),
    # It ends a card's signature certificate whose attributes changed, and what stands on one that has fallen.
    Policy(
        "the_counter_ends_what_names_a_holder_wrongly",
        "ca_certificate",
        "UPDATE",
        "counter",
        "status = 'revoked' AND purpose = 'signature' AND (medium = 'card' AND cause = 'attributes_changed'"
        " OR medium = 'phone' AND cause = 'card_certificate_revoked' AND EXISTS (SELECT FROM ca_certificate AS card"
        " WHERE card.id = ca_certificate.linked_to_id AND card.status = 'revoked'))",
    ),
    Policy(
        "the_counter_notes_what_fell",
        "ca_cardrevocation",
        "INSERT",
        "counter",
        "EXISTS (SELECT FROM ca_certificate AS card WHERE card.id = card_id AND card.status = 'revoked')",
    ),
    Policy(
        "the_counter_says_what_it_does",
        "ca_journalentry",
        "INSERT",
        "counter",
        "kind IN ('card.ordered', 'certificate.revoked')",
    ),
)


@dataclass(frozen=True)
class Trigger:
    """A function's body in PL/pgSQL, and when it is called."""

    name: str
    table: str
    when: str  # "BEFORE UPDATE OR DELETE"
    each: str  # "ROW", "STATEMENT"
    body: str


def _refuse(what: str) -> str:
    return f"BEGIN RAISE EXCEPTION '{what}' USING ERRCODE = 'insufficient_privilege'; END"


# LIFE of ca/revocation.py: what is revoked stays revoked, and nothing becomes pending again. What a certificate is, and
# whose, is never written twice.
CERTIFICATE_LIFE = """
BEGIN
    -- A line of a CRL that was lost is written again by the next list.
    IF OLD.status = 'revoked' AND (NEW.status, NEW.cause, NEW.revoked_at, NEW.crl_entry)
            IS DISTINCT FROM (OLD.status, OLD.cause, OLD.revoked_at, coalesce(OLD.crl_entry, NEW.crl_entry)) THEN
        RAISE EXCEPTION 'a revoked certificate stays revoked' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NEW.status = 'pending' AND OLD.status <> 'pending' THEN
        RAISE EXCEPTION 'a certificate is pending once' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF (NEW.serial_number, NEW.issuer_id, NEW.holder_id, NEW.der, NEW.public_key)
            IS DISTINCT FROM (OLD.serial_number, OLD.issuer_id, OLD.holder_id, OLD.der, OLD.public_key) THEN
        RAISE EXCEPTION 'a certificate is what was issued' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
"""

# An entry goes on from the one before it, and the head moves to an entry that is there, never back.
ENTRY_FOLLOWS = """
DECLARE
    broken boolean;
BEGIN
    -- No two have one number (a constraint), so whatever follows an entry follows the last one.
    SELECT bool_or(added.previous_hash IS DISTINCT FROM
            CASE added.sequence WHEN 1 THEN repeat('0', 64) ELSE before.hash END) INTO broken
        FROM added LEFT JOIN ca_journalentry AS before
            ON before.realm_id = added.realm_id AND before.sequence = added.sequence - 1;
    IF broken THEN
        RAISE EXCEPTION 'an entry follows the last one' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END
"""
HEAD_MOVES_ON = """
BEGIN
    IF NEW.realm_id IS DISTINCT FROM OLD.realm_id OR NEW.sequence < OLD.sequence
            OR (NEW.sequence = OLD.sequence AND NEW.hash <> OLD.hash)
            OR (NEW.sequence > OLD.sequence AND NOT EXISTS (
                SELECT FROM ca_journalentry AS entry
                WHERE entry.realm_id = NEW.realm_id AND entry.sequence = NEW.sequence AND entry.hash = NEW.hash)) THEN
        RAISE EXCEPTION 'the head moves on to an entry' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
"""
# The numbers that are handed out: a number that was given is never given again.
COUNTER_MOVES_ON = """
BEGIN
    IF NEW.next_serial < OLD.next_serial THEN
        RAISE EXCEPTION 'serial numbers only go up' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
"""
# By a partition's revision a responder knows that an answer which it kept is still true: turned back, an old "good"
# would be given again, and the list that tells of a revocation would not be due.
MARK_MOVES_ON = """
BEGIN
    IF NEW.revision < OLD.revision THEN
        RAISE EXCEPTION 'revisions only go up' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
"""

TRIGGERS: tuple[Trigger, ...] = (
    *(
        Trigger("append_only", table, "BEFORE UPDATE OR DELETE", "ROW", _refuse(f"{table} is only added to"))
        for table in APPEND_ONLY
    ),
    *(
        Trigger("never_removed", table, "BEFORE DELETE", "ROW", _refuse(f"nothing is removed from {table}"))
        for table in NEVER_REMOVED
    ),
    *(
        Trigger("never_emptied", table, "BEFORE TRUNCATE", "STATEMENT", _refuse(f"{table} is not emptied"))
        for table in (*APPEND_ONLY, *NEVER_REMOVED)
    ),
    Trigger("certificate_life", "ca_certificate", "BEFORE UPDATE", "ROW", CERTIFICATE_LIFE),
    Trigger("entry_follows", "ca_journalentry", "AFTER INSERT", "STATEMENT", ENTRY_FOLLOWS),
    Trigger("head_moves_on", "ca_journalhead", "BEFORE UPDATE", "ROW", HEAD_MOVES_ON),
    Trigger("counter_moves_on", "ca_authority", "BEFORE UPDATE", "ROW", COUNTER_MOVES_ON),
    Trigger("mark_moves_on", "ca_partition", "BEFORE UPDATE", "ROW", MARK_MOVES_ON),
)

# What an AFTER … STATEMENT trigger sees of the rows.
TRANSITION: Mapping[str, str] = {"AFTER INSERT": "REFERENCING NEW TABLE AS added"}
