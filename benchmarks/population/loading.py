"""A population in the database: real rows of one citizen, copied by the server with what is each one's.

The first rows are made by the system's own code: a realm after its ceremony, one citizen's walk from the application to
the valid pair, a hand-off, a notice, an answer. All others are copies, INSERT … SELECT over generate_series, in which
ids, numbers, references, times, statuses, names, places and links differ. So every column has its true width, and
every index its true shape; the octets of a certificate are its sample's, whoever it belongs to.

What the copies aren't: signed (a copy's certificate says the sample's number), chained (hashes in the journal are
numbers, not hashes of what stands there), or used (no element stands behind a phone). The people that are measured are
made afterwards, by the system's own code.
"""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from benchmarks import report
from benchmarks.population.copies import Copier
from benchmarks.population.frame import SERVICES, Samples, Size


def load(size: Size, workers: int = 2) -> dict[str, Any]:
    """Fill the empty database of the settings; return how long each part took, in seconds, and rows and bytes."""
    from django.core.management import call_command
    from django.db import connection

    from ca import transcript

    begun = time.perf_counter()
    call_command("migrate", verbosity=0)
    samples = _samples()
    report.say(f"{time.perf_counter() - begun:8.1f} s  samples")
    copier = Copier(size, samples)
    with connection.cursor() as cursor:
        links = _drop_links(cursor)
        indexes = _drop_indexes(cursor)
        (places, *others) = copier.tables()
        cursor.execute(copier.statement(*places))
        work: dict[str, list[str]] = {}
        for table, rows, changed, where in others:
            work.setdefault(table, []).append(copier.statement(table, rows, changed, where))
        for table, statement in indexes:
            work.setdefault(table, []).append(statement)
        with ThreadPoolExecutor(workers) as pool:
            for _ in pool.map(_work, work, work.values()):
                pass
        copier.finish(cursor)
        # What was written down of the journal ends with the samples: it begins anew behind the copies, as on a host
        # that joins. Otherwise the first signature would write all of them down.
        for folder in transcript.folders():
            shutil.rmtree(folder, ignore_errors=True)
        for statement in links:
            cursor.execute(statement)
        part = time.perf_counter()
        # Also the map of what everybody sees, which autovacuum would make by turns.
        cursor.execute("VACUUM (ANALYZE)" if size.octets else "ANALYZE")
        if not size.octets:
            cursor.execute("VACUUM ca_certificate, ca_holder, tsm_enrolment, tsm_secureelement")
        report.say(f"{time.perf_counter() - part:8.1f} s  vacuum and analyze")
        cursor.execute("CHECKPOINT")
    return {"seconds": time.perf_counter() - begun}


def _work(table: str, statements: list[str]) -> None:
    """Fill one table, then make its indexes, on a connection of this thread's own."""
    from django.db import connection

    begun = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '1GB'")
        for statement in statements:
            cursor.execute(statement)
    connection.close()
    report.say(f"{time.perf_counter() - begun:8.1f} s  {table}")


# --- The samples, by the system's own code ----------------------------------------------------------------------------
def _samples() -> Samples:
    from benchmarks import citizens
    from benchmarks.enrolment_walk import Meter, Walk
    from ca import ceremony, clock
    from ca.models import CardRevocation, StatusAnswer
    from ca.profiles import Medium
    from portal.handoff.models import HandOff
    from portal.mynaportal.models import Application
    from portal.notices import reading
    from portal.notices.models import Contact
    from portal.screen_lock.models import ScreenLock
    from tests.whitelist.relying_parties import CALLBACK, make_bank, make_credential
    from tsm.models import Enrolment
    from whitelist.models import VerificationLog

    realm = ceremony.create_realm("bench")
    ceremony.create_authorities(realm)
    (citizen,) = citizens.make(realm, 1)
    Walk(Meter()).go(citizen)
    reading.read(realm)
    enrolment = Enrolment.objects.get()
    enrolment.phone.model_code = "sakura-8"
    now, used = clock.now(realm), enrolment.authentication_certificate
    for number in range(SERVICES):
        name = f"population-{number:03d}"
        bank = make_bank(realm, name, name_ja=name, name_en=name)
        credential = make_credential(bank, number=1000 + number)
    hand_off = HandOff.objects.create(
        realm=realm, relying_party=bank, credential=credential, purpose=used.purpose, nonce="n" * 43,
        return_url=CALLBACK, token_digest="0" * 64, state="answered", created_at=now,
        expires_at=now + timedelta(minutes=5), ended_at=now, fetched_at=now, certificate=bytes(used.der),
        signature=b"s" * 256, medium=Medium.PHONE, answered_with=used, shown_on=enrolment.phone,
    )  # fmt: skip
    CardRevocation.objects.create(
        realm=realm, card=enrolment.card_signature_certificate, revoked_at=now, settled_at=now
    )
    CardRevocation.objects.all().update(settled_at=now)
    serial = used.serial_number
    StatusAnswer.objects.create(realm=realm, verifier=bank.client_id, at=now, asked=[serial], said=["good"])
    VerificationLog.objects.create(
        relying_party=bank, kind="status", purpose="signature", check_purpose="liveness_check", serial_number=serial,
        verdict="good", at=now,
    )  # fmt: skip
    Contact.objects.create(holder=enrolment.holder, address="holder@mail.example", confirmed_at=now)
    Application.objects.create(
        realm=realm, holder=enrolment.holder, procedure="moving_out", created_at=now, changed_at=now, state="filed",
        number="P-0", filed_at=now, receipt=b"%PDF" * 10, signed_with=enrolment.signature_certificate,
    )  # fmt: skip
    ScreenLock.objects.create(
        phone=enrolment.phone, enrolment=enrolment, kind="biometrics", credential_id=b"c" * 32, public_key=b"p" * 77,
        sign_count=1, salt=b"s" * 32, share=b"h" * 32, created_at=now, pin_typed_at=now,
    )  # fmt: skip
    return Samples(realm, enrolment, hand_off)


# --- Constraints and indexes: away while rows are written, and back ---------------------------------------------------
def _drop_links(cursor: Any) -> list[str]:
    """Drop all foreign keys and the write-ahead log of every table; return what makes the keys again, unchecked."""
    cursor.execute(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f'"
    )
    links = cursor.fetchall()
    for table, name, _ in links:
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    for (table,) in cursor.fetchall():
        cursor.execute(f'ALTER TABLE "{table}" SET UNLOGGED')
    # For what is written from now on they hold; what the copies link to is right by how it is computed.
    return [f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition} NOT VALID' for table, name, definition in links]


def _drop_indexes(cursor: Any) -> list[tuple[str, str]]:
    """Drop all indexes of the big tables; return what makes them again, each with its table."""
    tables = [
        "ca_holder", "ca_certificate", "ca_issuance", "ca_journalentry", "ca_journalnode", "ca_cardrevocation",
        "ca_recheck", "ca_statusanswer", "tsm_phone", "tsm_secureelement", "tsm_enrolment", "tsm_enrolmentstep",
        "tsm_conversation", "tsm_leg", "portal_handoff", "portal_happening", "portal_notice", "portal_contact",
        "portal_screenlock", "portal_application", "whitelist_verificationlog",
    ]  # fmt: skip
    cursor.execute(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE contype IN ('u', 'p') AND conrelid::regclass::text = ANY(%s)",
        [tables],
    )
    constraints = cursor.fetchall()
    again = []
    for table, name, definition in constraints:
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        again.append((table, f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}'))
    cursor.execute(
        "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = ANY(%s)",
        [tables],
    )
    for table, name, definition in cursor.fetchall():
        cursor.execute(f'DROP INDEX "{name}"')
        again.append((table, definition))
    return again
