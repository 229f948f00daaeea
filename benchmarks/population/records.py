"""Copies of the authorities' records: requests, notes of falls, looks, the journal, answers to verifiers."""

from benchmarks.population.frame import EACH_FIFTH, FIRST_SERIAL, HASH, SERVICES, Copied, Frame


def tables(of: Frame, n: str, p: str) -> list[Copied]:
    from ca.models import Issuance, JournalEntry

    size, one, realm = of.size, of.enrolment, of.realm.pk
    made: list[Copied] = []
    octets = {} if size.octets else {"public_key": "''::bytea"}
    for second, row in enumerate(Issuance.objects.filter(medium="card").order_by("pk")):
        if size.octets:
            changed = {
                "id": f"{of.first} + 2 * n + {second}",
                "request_key": f"'card:' || n || ':{second}'",
                "serial_number": f"lpad(upper(to_hex({FIRST_SERIAL} + 2 * n)), 8, '0')",
                "certificate_id": f"{of.first} + 2 * n + {second}",
                "holder_id": f"{of.first} + n",
                "requested_at": f"now() - {of.LIVED.format(size.holders)}",
                "partition_id": f"{of.offset(row.partition_id)} + {of.PLACE}",
            }
            made.append(("ca_issuance", n, changed, f"id = {row.pk}"))
    for second, row in enumerate(Issuance.objects.filter(medium="phone").order_by("pk")[: 2 if size.octets else 1]):
        changed = octets | {
            "id": f"{of.phones} + 2 * p + {second}",
            "request_key": f"'enrolment:' || md5('enrolment' || p)::uuid || ':{row.purpose}'",
            "serial_number": f"lpad(upper(to_hex({FIRST_SERIAL} + 2 * {size.holders} + p)), 8, '0')",
            "certificate_id": f"{of.phones} + 2 * p + {second}",
            "linked_to_id": f"{of.first} + 2 * {EACH_FIFTH} * p + {second}",
            "holder_id": f"{of.first} + {EACH_FIFTH} * p",
            "continuation_key": "md5('c' || p) || md5('d' || p)",
        }
        made.append(("ca_issuance", p, changed, f"id = {row.pk}"))
    # The settled notes of those that FELL.
    for second in (0, 1):
        changed = {
            "id": f"{of.first} + 2 * n + {second}",
            "card_id": f"{of.first} + 2 * n + {second}",
            "revoked_at": "now() - interval '30 days'",
            "settled_at": "now() - interval '30 days'",
        }
        step = (23, 92)[second]
        series = f"generate_series({step}, {size.holders}, {step}) AS n"
        made.append(("ca_cardrevocation", series, changed, f"id = {of.revocation}"))
    for second in (0, 1) if size.octets else (0,):
        changed = {
            "id": f"{of.phones} + 2 * (2 * p + {second}) + k",
            "certificate_id": f"{of.phones} + 2 * p + {second}",
            "due_at": "due_at - interval '30 days'",
            "done_at": "now() - interval '20 days'",
        }
        certificate = (one.signature_certificate_id, one.authentication_certificate_id)[second]
        made.append(("ca_recheck", p, changed, f"certificate_id = {certificate}"))
    # The journal: what the samples left, an entry each; of cards both entries, or without octets the second.
    entries = JournalEntry.objects.filter(realm=realm).order_by("sequence")
    serials = (one.card_signature_certificate.serial_number, one.signature_certificate.serial_number)
    cards = [row for row in entries if row.subject == serials[0] and row.data.get("medium") == "card"]
    phones = [
        row
        for row in entries
        if row.subject == str(one.reference) or (row.subject == serials[1] and row.data.get("medium") == "phone")
    ]
    if not size.octets:
        cards = [row for row in cards if row.kind == "certificate.issued"][:1]
        phones = [row for row in phones if row.kind in ("certificate.issued", "certificate.activated")][:2]
    sequence = of.head
    for rows, counter, count, subject in (
        (cards, "n", size.holders, f"lpad(upper(to_hex({FIRST_SERIAL} + 2 * n)), 8, '0')"),
        (phones, "p", size.pairs, f"lpad(upper(to_hex({FIRST_SERIAL} + 2 * {size.holders} + p)), 8, '0')"),
    ):
        ids = ", ".join(str(row.pk) for row in rows)
        here = f"{sequence} + {len(rows)} * ({counter} - 1) + k"
        since = "interval '4 years'" if counter == "n" else "interval '3 years'"
        reference = f"(md5('enrolment' || {counter})::uuid)::text"
        changed = {
            "id": f"{of.first} + {here}",
            "sequence": here,
            "at": f"now() - interval '1 hour' - {since} * (1 - {counter}::float8 / {count})",
            "subject": f"CASE WHEN length(subject) > 30 THEN {reference} ELSE {subject} END",
            "hash": HASH.format("j" + counter, f"{counter} || '.' || k"),
            "previous_hash": HASH.format("k" + counter, f"{counter} || '.' || k"),
        }
        series = n if counter == "n" else p
        made.append(("ca_journalentry", series, changed, f"id IN ({ids})"))
        sequence += len(rows) * count
    answers = {
        "id": f"{of.first} + p",
        "verifier": f"'population-' || to_char(p % {SERVICES}, 'FM000')",
        "at": f"now() - interval '90 days' * (1 - p::float8 / {size.pairs})",
    }
    made.append(("ca_statusanswer", p, answers, "true"))
    return made
