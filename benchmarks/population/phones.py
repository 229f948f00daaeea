"""Copies of phones, their elements, enrolments, conversations and legs."""

from benchmarks.population.frame import EACH_FIFTH, HASH, Copied, Frame


def tables(of: Frame, p: str) -> list[Copied]:
    one, first = of.enrolment, of.first
    began = f"now() - interval '3 years' * (1 - p::float8 / {of.size.pairs}) - interval '30 minutes'"
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
        "signature_certificate_id": f"{of.phones} + 2 * p",
        "authentication_certificate_id": f"{of.phones} + 2 * p + 1",
    }
    if not of.size.octets:
        empty = ("application_signature", "signature_key", "authentication_key")
        enrolment |= dict.fromkeys(empty, "''::bytea") | {"application_text": "''"}
    steps = 10 if of.size.octets else 1
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
    # A leg's commands and answers are 30 kB. The old ones' are trimmed, but of a hundred one as an upgrade finds
    # them; of those that aren't old a tenth have them.
    old = f"{began} < now() - interval '90 days'"
    whole = f"p % 100 = 0 OR (p % 10 = 0 AND NOT {old})"
    leg = {
        "id": f"{first} + 2 * p + k",
        "conversation_id": f"{first} + p",
        "enrolment_id": f"{first} + p",
        **dict.fromkeys(("created_at", "sent_at", "reported_at"), began),
        **{
            column: f"CASE WHEN {whole} THEN {column} ELSE '{empty}' END"
            for column, empty in (("plan", "{}"), ("commands", "[]"), ("answers", "[]"))
        },
        "trimmed_at": f"CASE WHEN {old} AND NOT ({whole}) THEN {began} + interval '90 days' END",
    }
    mine = f"enrolment_id = {one.pk}"
    return [
        ("tsm_phone", p, phone, f"id = {one.phone_id}"),
        ("tsm_secureelement", p, element, f"id = {one.element_id}"),
        ("tsm_enrolment", p, enrolment, f"id = {one.pk}"),
        ("tsm_enrolmentstep", p, step, mine if steps == 10 else f"{mine} AND step = 'active'"),
        ("tsm_conversation", p, talk, f"element_id = {one.element_id}"),
        ("tsm_leg", p, leg, mine if of.size.octets else f"{mine} AND kind = 'install'"),
    ]
