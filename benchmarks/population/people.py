"""Copies of holders, their places and their certificates."""

# ruff: noqa: S608  (the statements are put together from our own columns and numbers)
from typing import Any

from benchmarks.population.frame import EACH_FIFTH, FIRST_SERIAL, PLACES, Copied, Frame

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


def tables(of: Frame, n: str, p: str) -> list[Copied]:
    """Return what is copied, in turn."""
    return [
        ("ca_partition", f"generate_series(0, {PLACES - 1}) AS n", _partition(of), "true"),
        ("ca_holder", n, _holder(of), f"id = {of.enrolment.holder_id}"),
        *_certificates(of, n, p),
    ]


def _partition(of: Frame) -> dict[str, str]:
    # The sample's four partitions, each for every place; in the order of the places, so that ids can be computed.
    return {
        "id": f"{of.first} + {PLACES} * (k - 1) + n",
        "municipality_code": "to_char(20000 + n, 'FM00000')",
        "municipality": "'Place-' || n || '-shi'",
        "revision": "0",
        "published_revision": "-1",
        "published_at": "NULL",
    }


def _holder(of: Frame) -> dict[str, str]:
    families, given = (f"(ARRAY{list(names)!r}::text[])" for names in (FAMILIES, GIVEN))
    # Squared, so that some names are far more common than others; a number makes the rare ones.
    family = f"{families}[1 + floor({len(FAMILIES)} * power((n * 0.7548776662) % 1.0, 2))::int]"
    first = f"{given}[1 + floor({len(GIVEN)} * power((n * 0.5698402910) % 1.0, 2))::int]"
    number = "(n::bigint * 7919 % 900)::text"
    rare = f"CASE WHEN n % 8 = 0 THEN '' ELSE translate({number}, '0123456789', '野川原沢崎島村谷坂森') END"
    born = "date '1930-01-01' + (n::bigint * 7919 % 31000)::int"
    return {
        "id": f"{of.first} + n",
        "reference": "md5('holder' || n)::uuid",
        "name": f"{family} || {rare} || '　' || {first}",
        "name_substitution": "'00000'",
        "born_on": born,
        "birth_date": f"'3' || to_char({born}, 'YYYYMMDD')",
        "address": "'東京都清瀬市観布子南１２－７－' || n",
        "municipality": f"'Place-' || {of.PLACE} || '-shi'",
        "municipality_code": f"to_char(20000 + {of.PLACE}, 'FM00000')",
    }


def _certificates(of: Frame, n: str, p: str) -> list[Copied]:
    from ca import revocation

    one = of.enrolment
    cards = (one.card_signature_certificate, one.card_authentication_certificate)
    phones = (one.signature_certificate, one.authentication_certificate)
    made = []
    octets = {} if of.size.octets else {"der": "''::bytea", "public_key": "''::bytea"}
    entry = revocation.crl_entry(f"{FIRST_SERIAL:08X}", cause="death", at=one.created_at)
    before, after = entry.split(FIRST_SERIAL.to_bytes(4, "big"))
    listed = f"CASE WHEN {{}} THEN '\\x{before.hex()}'::bytea || decode({{}}, 'hex') || '\\x{after.hex()}'::bytea END"
    for second, sample in enumerate(cards):
        issued = f"now() - {of.LIVED.format(of.size.holders)}"
        fell = of.FELL.format(second)
        serial = f"lpad(upper(to_hex({FIRST_SERIAL} + 2 * n)), 8, '0')"
        changed = _certificate(of, fell, serial, issued, sample) | {
            "id": f"{of.first} + 2 * n + {second}",
            "holder_id": f"{of.first} + n",
            "partition_id": f"{of.offset(sample.partition_id)} + {of.PLACE}",
            "cause": f"CASE WHEN {fell} THEN 'death' ELSE '' END",
            "crl_entry": listed.format(fell, serial),
        }
        made.append(("ca_certificate", n, changed | octets, f"id = {sample.pk}"))
    for second, sample in enumerate(phones):
        pairs = f"(SELECT {EACH_FIFTH} * p AS n, p FROM {p}) AS pair"
        issued = f"now() - interval '3 years' * (1 - p::float8 / {of.size.pairs}) - interval '30 minutes'"
        fell = f"({of.FELL.format(second)} OR p % 11 = 0)"
        serial = f"lpad(upper(to_hex({FIRST_SERIAL} + 2 * {of.size.holders} + p)), 8, '0')"
        ended = f"now() - {of.LIVED.format(of.size.holders)} + interval '5 years'"
        changed = _certificate(of, f"({fell} OR p % 5003 = 1)", serial, issued, sample) | {
            "id": f"{of.phones} + 2 * p + {second}",
            "holder_id": f"{of.first} + n",
            "partition_id": f"{of.offset(sample.partition_id)} + {of.PLACE}",
            "status": f"CASE WHEN {fell} THEN 'revoked' WHEN p % 5003 = 1 THEN 'on_hold' ELSE 'valid' END",
            "cause": f"CASE WHEN p % 11 = 0 THEN 'phone_use_ended' WHEN {fell} THEN 'card_certificate_revoked' "
            "WHEN p % 5003 = 1 THEN 'loss' ELSE '' END",
            "revoked_at": f"CASE WHEN {fell} THEN now() - interval '20 minutes' END",
            "not_after": ended,
            "crl_entry": listed.format(f"({fell} OR p % 5003 = 1)", serial),
            "linked_to_id": f"{of.first} + 2 * n + {second}",
        }
        made.append(("ca_certificate", pairs, changed | octets, f"id = {sample.pk}"))
    return made


def _certificate(of: Frame, fell: str, serial: str, issued: str, sample: Any) -> dict[str, str]:
    return {
        "serial_number": serial,
        "subject_key_identifier": f"upper(md5('{sample.pk}' || n) || substr(md5('k' || n), 1, 8))",
        "not_before": issued,
        "not_after": f"{issued} + interval '5 years'",
        "status": f"CASE WHEN {fell} THEN 'revoked' ELSE 'valid' END",
        "revoked_at": f"CASE WHEN {fell} THEN now() - interval '30 days' END",
        "changed_at": f"CASE WHEN {fell} THEN now() - interval '30 days' ELSE {issued} END",
    }
