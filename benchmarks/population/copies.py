"""What is copied, how often, and what differs in each copy: statements of SQL (`benchmarks.population.loading`)."""

# ruff: noqa: S608  (the statements are put together from our own columns and numbers)
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PLACES = 1_900
SERVICES = 300
EACH_FIFTH = 5  # holders to a phone pair
FIRST_SERIAL = 0x10000000
FAMILIES = (
    "佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "山本", "中村", "小林", "加藤",
    "吉田", "山田", "佐々木", "山口", "松本", "井上",
    "木村", "林", "斎藤", "清水",
)  # fmt: skip
GIVEN = (
    "翔", "蓮", "陽翔", "湊", "葵", "結愛", "凛", "陽葵", "紬",
    "芽依", "誠", "実", "茂", "進", "清", "弘", "和子", "幸子", "節子",
    "洋子", "恵子", "京子", "久美子", "由美子", "美咲", "愛",
)  # fmt: skip
HASH = "md5('{0}' || {1}) || md5('{0}.' || {1})"


@dataclass(frozen=True)
class Size:
    """How many there are, and whether each copy has octets of true size."""

    holders: int
    # From some millions on the disk doesn't hold what nobody reads: certificates, keys, requests of cards.
    octets: bool

    @property
    def pairs(self) -> int:
        """Return the number of phone pairs."""
        return self.holders // EACH_FIFTH


@dataclass(frozen=True)
class Samples:
    """The rows that are copied."""

    realm: Any
    enrolment: Any
    hand_off: Any


class Copier:
    """Says what is copied, how often, and what differs in a copy. `n` counts holders, `p` pairs, from 1."""

    def __init__(self, size: Size, samples: Samples) -> None:
        from ca.models import CardRevocation, JournalHead, Partition

        self.size, self.realm, self.enrolment, self.hand_off = size, samples.realm, samples.enrolment, samples.hand_off
        self.revocation = CardRevocation.objects.order_by("pk")[0].pk
        self.head = JournalHead.objects.get(realm=self.realm).sequence
        self.partitions = Partition.objects.order_by("-pk").values_list("pk", flat=True)[0]
        # Where each kind's ids begin: behind those of all samples.
        self.first = 10_000
        self.phones = self.first + 2 * size.holders + 2  # certificates of phones

    def tables(self) -> list[tuple[str, str, Mapping[str, str], str]]:
        """Return what is copied in turn: table, series, what differs by column, and which sample."""
        n, p = f"generate_series(1, {self.size.holders}) AS n", f"generate_series(1, {self.size.pairs}) AS p"
        return [
            ("ca_partition", f"generate_series(0, {PLACES - 1}) AS n", self._partition(), "true"),
            ("ca_holder", n, self._holder(), f"id = {self.enrolment.holder_id}"),
            *self._certificates(n, p),
            *self._rest_of_ca(n, p),
            *self._tsm(p),
            *self._portal(p),
        ]

    def statement(self, table: str, rows: str, changed: Mapping[str, str], where: str) -> str:
        """Return the statement that makes the copies."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped "
                "ORDER BY attnum",
                [table],
            )
            columns = [name for (name,) in cursor.fetchall()]
        if unknown := set(changed) - set(columns):
            raise SystemExit(f"{table} has no {unknown}")
        # The longest series outside, so that the copies are written in its order.
        names = ", ".join(f'"{column}"' for column in columns)
        values = ", ".join(changed.get(column, f'"{column}"') for column in columns)
        # `k` counts the sample's rows, from 1.
        sample = f'(SELECT *, row_number() OVER (ORDER BY id) AS k FROM "{table}" WHERE {where}) AS sample'
        return (
            f'INSERT INTO "{table}" ({names}) OVERRIDING SYSTEM VALUE SELECT {values} FROM {rows} CROSS JOIN {sample}'
        )

    def finish(self, cursor: Any) -> None:
        """Set what counts on: authorities, journal, ids."""
        serial = FIRST_SERIAL + 2 * self.size.holders + self.size.pairs + 1
        cursor.execute(f"UPDATE ca_authority SET next_serial = {serial}")
        cursor.execute("SELECT sequence, hash FROM ca_journalentry ORDER BY sequence DESC LIMIT 1")
        sequence, last = cursor.fetchone()
        cursor.execute("UPDATE ca_journalhead SET sequence = %s, hash = %s", [sequence, last])
        cursor.execute("UPDATE portal_journalcursor SET sequence = %s", [sequence])
        for level in (8, 16, 24):
            cursor.execute("DELETE FROM ca_journalnode WHERE level = %s", [level])
            cursor.execute(
                f"INSERT INTO ca_journalnode (realm_id, level, index, hash) SELECT {self.realm.pk}, {level}, n, "
                f"{HASH.format(f'node{level}', 'n')} FROM generate_series(0, {(sequence >> level) - 1}) AS n"
            )
        cursor.execute(
            "SELECT c.table_name, c.column_name FROM information_schema.columns c WHERE c.table_schema = 'public' "
            "AND c.is_identity = 'YES'"
        )
        for table, column in cursor.fetchall():
            largest = f'(SELECT max("{column}") FROM "{table}")'
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('\"{table}\"', '{column}'), greatest(1, {largest}))")

    # What is true of the n-th holder: the place, when the cards were issued, what fell. Two in a hundred live in the
    # largest place and one in two thousand in the middle one, much as in Japan.
    PLACE = f"floor({PLACES} * power((n * 0.6180339887498949) % 1.0, 2))::int"
    LIVED = "(interval '1 hour' + interval '4 years' * (1 - n::float8 / {0}))"
    FELL = "(n % 23 = 0 AND ({0} = 0 OR n % 92 = 0))"  # the first purpose is the signature's; the second falls by death

    def _partition(self) -> dict[str, str]:
        # The sample's four partitions, each for every place; in the order of the places, so that ids can be computed.
        return {
            "id": f"{self.first} + {PLACES} * (k - 1) + n",
            "municipality_code": "to_char(20000 + n, 'FM00000')",
            "municipality": "'Place-' || n || '-shi'",
            "revision": "0",
            "published_revision": "-1",
            "published_at": "NULL",
        }

    def _holder(self) -> dict[str, str]:
        families, given = (f"(ARRAY{list(names)!r}::text[])" for names in (FAMILIES, GIVEN))
        # Squared, so that some names are far more common than others; a number makes the rare ones.
        family = f"{families}[1 + floor({len(FAMILIES)} * power((n * 0.7548776662) % 1.0, 2))::int]"
        first = f"{given}[1 + floor({len(GIVEN)} * power((n * 0.5698402910) % 1.0, 2))::int]"
        number = "(n::bigint * 7919 % 900)::text"
        rare = f"CASE WHEN n % 8 = 0 THEN '' ELSE translate({number}, '0123456789', '野川原沢崎島村谷坂森') END"
        born = "date '1930-01-01' + (n::bigint * 7919 % 31000)::int"
        return {
            "id": f"{self.first} + n",
            "reference": "md5('holder' || n)::uuid",
            "name": f"{family} || {rare} || '　' || {first}",
            "name_substitution": "'00000'",
            "born_on": born,
            "birth_date": f"'3' || to_char({born}, 'YYYYMMDD')",
            "address": "'東京都清瀬市観布子南１２－７－' || n",
            "municipality": f"'Place-' || {self.PLACE} || '-shi'",
            "municipality_code": f"to_char(20000 + {self.PLACE}, 'FM00000')",
        }

    def _certificates(self, n: str, p: str) -> list[tuple[str, str, Mapping[str, str], str]]:
        from ca import revocation

        one = self.enrolment
        cards = (one.card_signature_certificate, one.card_authentication_certificate)
        phones = (one.signature_certificate, one.authentication_certificate)
        made = []
        octets = {} if self.size.octets else {"der": "''::bytea", "public_key": "''::bytea"}
        entry = revocation.crl_entry(f"{FIRST_SERIAL:08X}", cause="death", at=one.created_at)
        before, after = entry.split(FIRST_SERIAL.to_bytes(4, "big"))
        listed = (
            f"CASE WHEN {{}} THEN '\\x{before.hex()}'::bytea || decode({{}}, 'hex') || '\\x{after.hex()}'::bytea END"
        )
        for second, sample in enumerate(cards):
            issued = f"now() - {self.LIVED.format(self.size.holders)}"
            fell = self.FELL.format(second)
            serial = f"lpad(upper(to_hex({FIRST_SERIAL} + 2 * n)), 8, '0')"
            changed = self._certificate(fell, serial, issued, sample) | {
                "id": f"{self.first} + 2 * n + {second}",
                "holder_id": f"{self.first} + n",
                "partition_id": f"{self._offset(sample.partition_id)} + {self.PLACE}",
                "cause": f"CASE WHEN {fell} THEN 'death' ELSE '' END",
                "crl_entry": listed.format(fell, serial),
            }
            made.append(("ca_certificate", n, changed | octets, f"id = {sample.pk}"))
        for second, sample in enumerate(phones):
            pairs = f"(SELECT {EACH_FIFTH} * p AS n, p FROM {p}) AS pair"
            issued = f"now() - interval '3 years' * (1 - p::float8 / {self.size.pairs}) - interval '30 minutes'"
            fell = f"({self.FELL.format(second)} OR p % 11 = 0)"
            serial = f"lpad(upper(to_hex({FIRST_SERIAL} + 2 * {self.size.holders} + p)), 8, '0')"
            ended = f"now() - {self.LIVED.format(self.size.holders)} + interval '5 years'"
            changed = self._certificate(f"({fell} OR p % 5003 = 1)", serial, issued, sample) | {
                "id": f"{self.phones} + 2 * p + {second}",
                "holder_id": f"{self.first} + n",
                "partition_id": f"{self._offset(sample.partition_id)} + {self.PLACE}",
                "status": f"CASE WHEN {fell} THEN 'revoked' WHEN p % 5003 = 1 THEN 'on_hold' ELSE 'valid' END",
                "cause": f"CASE WHEN p % 11 = 0 THEN 'phone_use_ended' WHEN {fell} THEN 'card_certificate_revoked' "
                "WHEN p % 5003 = 1 THEN 'loss' ELSE '' END",
                "revoked_at": f"CASE WHEN {fell} THEN now() - interval '20 minutes' END",
                "not_after": ended,
                "crl_entry": listed.format(f"({fell} OR p % 5003 = 1)", serial),
                "linked_to_id": f"{self.first} + 2 * n + {second}",
            }
            made.append(("ca_certificate", pairs, changed | octets, f"id = {sample.pk}"))
        return made

    def _certificate(self, fell: str, serial: str, issued: str, sample: Any) -> dict[str, str]:
        return {
            "serial_number": serial,
            "subject_key_identifier": f"upper(md5('{sample.pk}' || n) || substr(md5('k' || n), 1, 8))",
            "not_before": issued,
            "not_after": f"{issued} + interval '5 years'",
            "status": f"CASE WHEN {fell} THEN 'revoked' ELSE 'valid' END",
            "revoked_at": f"CASE WHEN {fell} THEN now() - interval '30 days' END",
            "changed_at": f"CASE WHEN {fell} THEN now() - interval '30 days' ELSE {issued} END",
        }

    def _offset(self, partition: int) -> int:
        from ca.models import Partition

        order = list(Partition.objects.order_by("pk").values_list("pk", flat=True)[:4])
        return self.first + PLACES * order.index(partition)

    def _rest_of_ca(self, n: str, p: str) -> list[tuple[str, str, Mapping[str, str], str]]:
        from ca.models import Issuance, JournalEntry

        size, one, realm = self.size, self.enrolment, self.realm.pk
        made: list[tuple[str, str, Mapping[str, str], str]] = []
        octets = {} if size.octets else {"public_key": "''::bytea"}
        for second, row in enumerate(Issuance.objects.filter(medium="card").order_by("pk")):
            if size.octets:
                changed = {
                    "id": f"{self.first} + 2 * n + {second}",
                    "request_key": f"'card:' || n || ':{second}'",
                    "serial_number": f"lpad(upper(to_hex({FIRST_SERIAL} + 2 * n)), 8, '0')",
                    "certificate_id": f"{self.first} + 2 * n + {second}",
                    "holder_id": f"{self.first} + n",
                    "requested_at": f"now() - {self.LIVED.format(size.holders)}",
                    "partition_id": f"{self._offset(row.partition_id)} + {self.PLACE}",
                }
                made.append(("ca_issuance", n, changed, f"id = {row.pk}"))
        for second, row in enumerate(Issuance.objects.filter(medium="phone").order_by("pk")[: 2 if size.octets else 1]):
            changed = octets | {
                "id": f"{self.phones} + 2 * p + {second}",
                "request_key": f"'enrolment:' || md5('enrolment' || p)::uuid || ':{row.purpose}'",
                "serial_number": f"lpad(upper(to_hex({FIRST_SERIAL} + 2 * {size.holders} + p)), 8, '0')",
                "certificate_id": f"{self.phones} + 2 * p + {second}",
                "linked_to_id": f"{self.first} + 2 * {EACH_FIFTH} * p + {second}",
                "holder_id": f"{self.first} + {EACH_FIFTH} * p",
                "continuation_key": "md5('c' || p) || md5('d' || p)",
            }
            made.append(("ca_issuance", p, changed, f"id = {row.pk}"))
        # The settled notes of those that FELL.
        for second in (0, 1):
            changed = {
                "id": f"{self.first} + 2 * n + {second}",
                "card_id": f"{self.first} + 2 * n + {second}",
                "revoked_at": "now() - interval '30 days'",
                "settled_at": "now() - interval '30 days'",
            }
            step = (23, 92)[second]
            series = f"generate_series({step}, {size.holders}, {step}) AS n"
            made.append(("ca_cardrevocation", series, changed, f"id = {self.revocation}"))
        for second in (0, 1) if size.octets else (0,):
            changed = {
                "id": f"{self.phones} + 2 * (2 * p + {second}) + k",
                "certificate_id": f"{self.phones} + 2 * p + {second}",
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
        sequence = self.head
        for rows, counter, count, subject in (
            (cards, "n", size.holders, f"lpad(upper(to_hex({FIRST_SERIAL} + 2 * n)), 8, '0')"),
            (phones, "p", size.pairs, f"lpad(upper(to_hex({FIRST_SERIAL} + 2 * {size.holders} + p)), 8, '0')"),
        ):
            ids = ", ".join(str(row.pk) for row in rows)
            here = f"{sequence} + {len(rows)} * ({counter} - 1) + k"
            since = "interval '4 years'" if counter == "n" else "interval '3 years'"
            reference = f"(md5('enrolment' || {counter})::uuid)::text"
            changed = {
                "id": f"{self.first} + {here}",
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
            "id": f"{self.first} + p",
            "verifier": f"'population-' || to_char(p % {SERVICES}, 'FM000')",
            "at": f"now() - interval '90 days' * (1 - p::float8 / {size.pairs})",
        }
        made.append(("ca_statusanswer", p, answers, "true"))
        return made

    def _tsm(self, p: str) -> list[tuple[str, str, Mapping[str, str], str]]:
        one, first = self.enrolment, self.first
        began = f"now() - interval '3 years' * (1 - p::float8 / {self.size.pairs}) - interval '30 minutes'"
        holder = f"{first} + {EACH_FIFTH} * p"
        card = f"{first} + 2 * {EACH_FIFTH} * p"
        gone = f"(p % 11 = 0 OR ({EACH_FIFTH} * p) % 92 = 0)"
        phone = {
            "id": f"{first} + p",
            "reference": "md5('phone' || p)::uuid",
            "token_digest": HASH.format("token", "p"),
            "created_at": began,
            "last_seen_at": "now() - interval '20 days' * ((p * 0.6180339887) % 1.0)",
        }
        element = {
            "id": f"{first} + p",
            "phone_id": f"{first} + p",
            "cin": "decode(lpad(to_hex(p), 16, '0'), 'hex')",
            "occupant_id": f"CASE WHEN {gone} THEN NULL ELSE {first} + p END",
        }
        enrolment = {
            "id": f"{first} + p",
            "reference": "md5('enrolment' || p)::uuid",
            "holder_id": holder,
            "phone_id": f"{first} + p",
            "element_id": f"{first} + p",
            "state": f"CASE WHEN {gone} THEN 'deleted' ELSE 'active' END",
            "state_since": began,
            "created_at": began,
            "card_signature_certificate_id": card,
            "card_authentication_certificate_id": f"{card} + 1",
            "signature_certificate_id": f"{self.phones} + 2 * p",
            "authentication_certificate_id": f"{self.phones} + 2 * p + 1",
        }
        if not self.size.octets:
            empty = ("application_signature", "signature_key", "authentication_key")
            enrolment |= dict.fromkeys(empty, "''::bytea") | {"application_text": "''"}
        steps = 10 if self.size.octets else 1
        step = {
            "id": f"{first} + {steps} * p + k",
            "enrolment_id": f"{first} + p",
            "at": began,
        }
        talk = {
            "id": f"{first} + p",
            "reference": "md5('conversation' || p)::uuid",
            "element_id": f"{first} + p",
            **dict.fromkeys(("opened_at", "woken_at", "last_contact_at", "closed_at"), began),
        }
        # A leg's commands and answers are 30 kB: of a hundred copies one has them.
        leg = {
            "id": f"{first} + 2 * p + k",
            "conversation_id": f"{first} + p",
            "enrolment_id": f"{first} + p",
            **dict.fromkeys(("created_at", "sent_at", "reported_at"), began),
            **{
                column: f"CASE WHEN p % 100 = 0 THEN {column} ELSE '[]' END"
                for column in ("plan", "commands", "answers", "described")
            },
        }
        of = f"enrolment_id = {one.pk}"
        return [
            ("tsm_phone", p, phone, f"id = {one.phone_id}"),
            ("tsm_secureelement", p, element, f"id = {one.element_id}"),
            ("tsm_enrolment", p, enrolment, f"id = {one.pk}"),
            ("tsm_enrolmentstep", p, step, of if steps == 10 else f"{of} AND step = 'active'"),
            ("tsm_conversation", p, talk, f"element_id = {one.element_id}"),
            ("tsm_leg", p, leg, of if self.size.octets else f"{of} AND kind = 'install'"),
        ]

    def _portal(self, p: str) -> list[tuple[str, str, Mapping[str, str], str]]:
        first, pairs = self.first, self.size.pairs
        lately = f"now() - interval '90 days' * (1 - p::float8 / {pairs})"
        holder = f"{first} + {EACH_FIFTH} * p"
        used = f"{self.phones} + 2 * p + 1"
        services = "SELECT id FROM whitelist_relyingparty WHERE client_id LIKE 'population-%' ORDER BY id"
        service = f"(ARRAY({services}))[1 + p % {SERVICES}]"
        hand_off = {
            "id": "md5('handoff' || p)::uuid",
            "token_digest": HASH.format("handoff", "p"),
            "relying_party_id": service,
            "credential_id": f"(ARRAY(SELECT c.id FROM whitelist_credential c JOIN whitelist_relyingparty r ON r.id = "
            f"c.relying_party_id WHERE r.client_id LIKE 'population-%' ORDER BY r.id))[1 + p % {SERVICES}]",
            "answered_with_id": used,
            "shown_on_id": f"{first} + p",
            **dict.fromkeys(("created_at", "ended_at", "fetched_at", "expires_at"), lately),
        }
        if not self.size.octets:
            hand_off["certificate"] = "''::bytea"
        log = {"id": f"{first} + p", "relying_party_id": service, "at": lately, "request": "md5('log' || p)::uuid"}
        happening = {
            "id": f"{first} + p",
            "holder_id": holder,
            "at": f"now() - interval '3 years' * (1 - p::float8 / {pairs})",
            "sequence": f"{self.head} + 1 + p",
        }
        notice = {
            "id": f"{first} + p",
            "reference": "md5('notice' || p)::uuid",
            "happening_id": f"{first} + p",
            "holder_id": holder,
            "state": "'done'",
            "done_at": "now()",
            "digest": HASH.format("letter", "p"),
        }
        contact = {"id": f"{first} + p", "holder_id": holder, "address": "'holder' || p || '@mail.example'"}
        lock = {"id": f"{first} + p", "phone_id": f"{first} + p", "enrolment_id": f"{first} + p"}
        application = {
            "id": f"{first} + p",
            "holder_id": holder,
            "reference": "md5('application' || p)::uuid",
            "number": "'P-' || p",
            "signed_with_id": f"{used} - 1",
        }
        some, few = (f"generate_series(1, {pairs}, {step}) AS p" for step in (2, 10))
        return [
            ("portal_handoff", p, hand_off, f"id = '{self.hand_off.pk}'"),
            ("whitelist_verificationlog", p, log, "true"),
            ("portal_happening", p, happening, "id = (SELECT min(id) FROM portal_happening)"),
            ("portal_notice", p, notice, "id = (SELECT min(id) FROM portal_notice)"),
            ("portal_contact", some, contact, "true"),
            ("portal_screenlock", some, lock, "true"),
            ("portal_application", few, application, "true"),
        ]
