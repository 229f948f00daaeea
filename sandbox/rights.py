"""What the pretend world adds to the database's rights, where it is installed.

Wider than the house's, and meant so: its API and its people do what a town hall, a factory, a citizen and a clock do.
Its own tables are test data; what is sealed in them is of no use to whoever hasn't SANDBOX_SEAL_KEY.
"""

from collections.abc import Mapping

from portal.rights.tables import ALL, May

SECRETS: Mapping[str, str] = {
    "sandbox_citizen": "sealed_secrets",
    "sandbox_inspectedrequest": "headers body answer_headers answer",
    "sandbox_issuing": "sealed_passwords",
    "sandbox_phonesession": "sealed",
    "sandbox_specimen": "sealed_key",
    "sandbox_virtualcard": "sealed_state",
    "sandbox_virtualphone": "sealed_state sealed_token sealed_passwords",
    "sandbox_virtualscreenlock": "sealed",
    "sandbox_webhookattempt": "signature",
    "sandbox_webhooksecret": "sealed",
}

# Whose parts of the house its processes play, too: people by API are citizens and officers, a clock that is moved does
# in one realm what the sweeps do in all. It takes no secret along (`portal.rights.tables.SECRETS`).
PLAYS: Mapping[str, str] = {
    "phones": "web tsm sweeps notices",
    "factory": "web sweeps",
    "web": "sweeps notices",
}


def _world(more: str = "") -> May:
    """Return the rights to one of its own tables: its processes', and those of `more`."""
    who = f"web phones factory ca ceremony {more}".strip()
    return May(read=who, add=who, remove=who, change={who: ALL})


# The trace is written wherever the journal is.
_JOURNALLING = "tsm sweeps notices workspaces responder"

TABLES: Mapping[str, May] = {
    "ca_authority": May(read="factory phones", change={"ca": "next_serial"}),
    "ca_certificate": May(read="factory phones"),
    "ca_crl": May(read="web phones"),
    "ca_holder": May(
        add="web phones factory",
        change={
            "web phones factory": "name name_substitution sex birth_date born_on address address_substitution"
            " prefecture municipality municipality_code"
        },
    ),
    # The responder lies with a specimen, whose certificate it finds by its request.
    "ca_issuance": May(
        read="web phones factory responder", add="web ca phones factory", change={"web phones": "continued_at"}
    ),
    "ca_realm": May(change={"web ca phones factory": "clock_offset"}),
    "ca_responderkey": May(read="web phones"),
    "portal_handoff": May(read="phones responder", change={"phones": "state expires_at ended_at reason"}),
    "portal_keptmail": May(read="web notices", add="web notices"),
    "portal_periodicrun": May(read="phones", add="phones", change={"phones": "done_at failed"}),
    "portal_workspace": May(read="tsm sweeps ceremony phones factory responder"),
    "tsm_enrolment": May(read="ca"),
    "tsm_incident": May(change={"web": "since"}),
    "tsm_phone": May(
        read="phones factory ca",
        add="phones factory",
        change={"web phones factory": "model_code name token_digest certificate_digest last_seen_at heard_at"},
    ),
    "tsm_secureelement": May(read="phones factory ca", add="phones factory"),
    "whitelist_conformancereport": May(read="ca phones", add="ca"),
    "whitelist_credential": May(read="ca", change={"web phones": "not_before not_after"}),
    "whitelist_ministerialcertification": May(change={"web phones": "granted_on valid_until"}),
    "whitelist_relyingparty": May(change={"web phones": "valid_until"}),
    "sandbox_citizen": _world(),
    "sandbox_conformancerun": _world(),
    "sandbox_conformancetry": _world(),
    "sandbox_eventcursor": _world("sweeps notices"),
    "sandbox_fault": _world("tsm responder probes"),
    "sandbox_faulttold": _world("tsm responder"),
    "sandbox_furnishing": _world("sweeps notices workspaces"),
    "sandbox_inspectedrequest": _world(),
    "sandbox_issuing": _world("tsm"),
    "sandbox_phonesession": _world(),
    "sandbox_rotation": _world("sweeps notices workspaces"),
    "sandbox_specimen": _world("responder"),
    "sandbox_traceevent": _world(_JOURNALLING),
    "sandbox_virtualcard": _world(),
    "sandbox_virtualphone": _world("tsm"),
    "sandbox_virtualscreenlock": _world(),
    "sandbox_webhook": _world("notices probes"),
    "sandbox_webhookattempt": _world("notices probes"),
    "sandbox_webhookdelivery": _world("notices probes"),
    "sandbox_webhookevent": _world("notices probes"),
    "sandbox_webhooksecret": _world(),
}
