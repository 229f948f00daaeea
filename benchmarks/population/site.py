"""Copies of what the site keeps: hand-offs, logs, notices, addresses, screen locks, applications."""

# ruff: noqa: S608  (the statements are put together from our own columns and numbers)
from benchmarks.population.frame import EACH_FIFTH, HASH, SERVICES, Copied, Frame


def tables(of: Frame, p: str) -> list[Copied]:
    first, pairs = of.first, of.size.pairs
    lately = f"now() - interval '90 days' * (1 - p::float8 / {pairs})"
    holder = f"{first} + {EACH_FIFTH} * p"
    used = f"{of.phones} + 2 * p + 1"
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
    if not of.size.octets:
        hand_off["certificate"] = "''::bytea"
    log = {"id": f"{first} + p", "relying_party_id": service, "at": lately, "request": "md5('log' || p)::uuid"}
    happening = {
        "id": f"{first} + p",
        "holder_id": holder,
        "at": f"now() - interval '3 years' * (1 - p::float8 / {pairs})",
        "sequence": f"{of.head} + 1 + p",
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
        ("portal_handoff", p, hand_off, f"id = '{of.hand_off.pk}'"),
        ("whitelist_verificationlog", p, log, "true"),
        ("portal_happening", p, happening, "id = (SELECT min(id) FROM portal_happening)"),
        ("portal_notice", p, notice, "id = (SELECT min(id) FROM portal_notice)"),
        ("portal_contact", some, contact, "true"),
        ("portal_screenlock", some, lock, "true"),
        ("portal_application", few, application, "true"),
    ]
