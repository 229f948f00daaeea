"""The database's tables, and what each process may do with each. The table is the specification: what isn't here, isn't
allowed.

Found by running: the tests' requests and tasks and the whole system were recorded, each statement with the process that
made it, and each right here is one that a statement needed. Whoever adds a table or a statement adds its row here; the
tests say so (docs/rights.md).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module

from django.apps import apps
from django.conf import settings

ALL = "*"  # every column


@dataclass(frozen=True)
class May:
    """What processes may do with one table; names are separated by spaces.

    `read`, `add` and `remove` rows whole; `change` names columns by processes, and `see` the columns that may be read
    by those who may not read all. Whoever changes or removes rows reads them, too: else it could not say which.
    """

    read: str = ""
    add: str = ""
    remove: str = ""
    change: Mapping[str, str] = field(default_factory=dict)
    see: Mapping[str, str] = field(default_factory=dict)

    def __add__(self, other: "May") -> "May":
        return May(
            read=_text(self.read, other.read),
            add=_text(self.add, other.add),
            remove=_text(self.remove, other.remove),
            change=_parts(self.change, other.change),
            see=_parts(self.see, other.see),
        )

    def played_by(self, process: str, others: list[str]) -> "May":
        """Return for one process what any of the others may do."""

        def theirs(who: str) -> str:
            return process if set(who.split()) & set(others) else ""

        changed = " ".join(columns for who, columns in self.change.items() if theirs(who))
        change = {process: changed} if changed else {}
        return May(theirs(self.read), theirs(self.add), theirs(self.remove), change)


def _parts(one: Mapping[str, str], other: Mapping[str, str]) -> Mapping[str, str]:
    return {who: _text(one.get(who, ""), other.get(who, "")) for who in {**one, **other}}


def _text(one: str, other: str) -> str:
    return " ".join(dict.fromkeys(f"{one} {other}".split()))


# Columns by which something could be opened, forged or guessed, or that hold what a citizen wrote: `reader` sees every
# other column. Whoever else reads one stands in the table itself.
SECRETS: Mapping[str, str] = {
    "auth_user": "password",
    "django_session": "session_key session_data",
    "otp_static_statictoken": "token",
    "otp_totp_totpdevice": "key",
    "portal_account": "code_digest",
    "portal_application": "answers applicant",
    "portal_contactcode": "salt digest",
    "portal_handoff": "document nonce token_digest screen_digest code_digest certificate signature",
    "portal_handoffpdf": "content texts",
    "portal_invitation": "digest",
    "portal_keptanswer": "answer",
    "portal_keptmail": "body",
    "portal_passkeychallenge": "digest",
    "portal_preparation": "certificate signed_attributes pdf",
    "portal_recoverycode": "hash",
    "portal_registration": "salt digest",
    "portal_screenchallenge": "digest",
    "portal_screenlock": "salt share",
    "portal_staffsession": "token_digest",
}

TABLES: Mapping[str, May] = {
    "auth_group": May(),
    "auth_group_permissions": May(),
    "auth_permission": May(),
    "auth_user": May(
        read="web", add="web", see={"notices": "id username"}, change={"web": "password last_login is_active email"}
    ),
    "auth_user_groups": May(),
    "auth_user_user_permissions": May(),
    "ca_authority": May(
        read="web ca sweeps workspaces responder ceremony notices",
        add="workspaces ceremony",
        change={"ca": "next_serial", "ceremony": "next_serial crl_floor"},
    ),
    "ca_cardorder": May(read="counter", add="counter"),
    "ca_cardrevocation": May(
        read="web ca tsm sweeps ceremony",
        add="web ca sweeps ceremony counter",
        change={"web ca sweeps ceremony": "settled_at", "sweeps": "phones_fell_at"},
        see={"counter": "id"},
    ),
    "ca_certificate": May(
        read="web ca tsm sweeps notices responder ceremony counter",
        add="ca",
        change={"web ca tsm sweeps ceremony counter": "status cause revoked_at changed_at crl_entry"},
    ),
    "ca_crl": May(read="ca responder ceremony", add="ca"),
    "ca_generation": May(
        read="web ca tsm sweeps workspaces responder ceremony",
        add="ca ceremony",
        change={"ceremony": "condemned_at"},
        see={"counter": "id certificate"},
    ),
    # Whom the register names, the counter enters; who reads it finds what is true of somebody by now.
    "ca_holder": May(
        read="web ca tsm sweeps notices ceremony counter",
        add="counter",
        change={
            "counter": "name name_substitution sex birth_date born_on address address_substitution prefecture"
            " municipality municipality_code"
        },
    ),
    "ca_issuance": May(
        read="web ca tsm sweeps ceremony",
        add="tsm counter",
        change={
            "ca": (
                "state partition_id serial_number tbs certificate_id error_code error_detail lease_until continued_at"
            ),
            "sweeps": "continued_at",
            "ceremony": "state serial_number lease_until",
        },
        see={
            # How many stand and since when, on the console: nobody's request itself.
            "web": "id state certificate_id error_code requested_at continuation_key continued_at",
            # What became of its own, and whether one of a holder's is under way.
            "counter": "id request_key purpose medium holder_id state certificate_id error_code error_detail",
        },
    ),
    "ca_journalentry": May(
        read="web ca tsm sweeps notices workspaces ceremony",
        add="web ca tsm sweeps notices workspaces ceremony counter",
        see={"counter": "id"},
    ),
    "ca_journalhead": May(
        read="web ca tsm sweeps notices workspaces ceremony",
        add="web ca workspaces ceremony",
        change={"web ca tsm sweeps notices workspaces ceremony counter": "sequence hash"},
        see={"counter": "realm_id sequence hash"},
    ),
    "ca_journalnode": May(read="ca ceremony", add="ca"),
    "ca_journalseal": May(read="web ca ceremony", add="ca ceremony"),
    "ca_journalwatch": May(
        read="web sweeps ceremony",
        add="sweeps",
        change={
            "sweeps": (
                "sequence hash round_sequence round_hash rounds looked_at broken_sequence broken_problem broken_at"
            ),
            "ceremony": "sequence hash round_sequence round_hash rounds broken_sequence broken_problem broken_at",
        },
    ),
    "ca_keyuse": May(read="sweeps", remove="sweeps"),
    # What was signed after the backup that was restored: `manage.py resume` finds it, every list shows it.
    "ca_lostcertificate": May(read="ca ceremony", add="ceremony"),
    "ca_partition": May(
        read="web ca tsm sweeps responder ceremony",
        add="ca ceremony",
        change={"web tsm sweeps ceremony counter": "revision", "ca": "revision published_revision published_at"},
        see={"counter": "id revision"},
    ),
    "ca_pkilintpass": May(read="ca", add="ca"),
    "ca_realm": May(
        read="web ca tsm sweeps notices probes workspaces responder ceremony counter",
        add="web ceremony",
        # Halted where the records are older than what was signed (docs/backup.md).
        change={"ca ceremony": "halted_at"},
    ),
    "ca_recheck": May(read="web ca sweeps ceremony", add="ca", change={"sweeps": "done_at"}),
    "ca_responderkey": May(
        read="web ca sweeps workspaces responder ceremony", add="ca ceremony", change={"ca": "lease_until"}
    ),
    "ca_statusanswer": May(read="sweeps", remove="sweeps"),
    "django_content_type": May(read="web"),
    # After a restore the ceremony signs everybody out (`resume`).
    "django_session": May(
        read="web",
        add="web",
        remove="web ceremony",
        change={"web": "session_data expire_date"},
        see={"ceremony": "expire_date"},
    ),
    # What 0.1.0 kept of recovery codes: it goes, and nothing comes.
    "otp_static_staticdevice": May(read="web", remove="web"),
    "otp_static_statictoken": May(read="web", remove="web"),
    "otp_totp_totpdevice": May(
        read="web",
        add="web",
        remove="web",
        change={
            "web": (
                "user_id name confirmed throttling_failure_timestamp throttling_failure_count created_at "
                "last_used_at key step t0 digits tolerance drift last_t"
            )
        },
    ),
    "portal_account": May(
        read="web",
        add="web",
        see={"notices": "id user_id role state"},
        change={"web": "role state code_digest code_until"},
    ),
    "portal_accountchange": May(read="web notices", add="web", change={"notices": "told_at lease_until"}),
    "portal_allowance": May(read="web", add="web", change={"web": "window used"}),
    "portal_application": May(
        read="web",
        add="web",
        remove="web",
        change={"web": "answers applicant state changed_at number hand_off_id filed_at receipt signed_with_id"},
    ),
    "portal_attempts": May(read="web", add="web", remove="web", change={"web": "count since"}),
    "portal_call": May(read="web", add="web", change={"web": "closed_at"}),
    "portal_contact": May(read="web notices", add="web", remove="web", change={"web": "address confirmed_at"}),
    "portal_contactcode": May(
        read="web",
        add="web",
        change={"web": "address salt digest tries_left sent_at expires_at sent_count counted_from"},
    ),
    "portal_handoff": May(
        read="web",
        add="web",
        change={
            "web": (
                "token_digest answers_in began_in state reason shown_at ended_at code_digest "
                "code_expires_at fetched_at certificate signature medium answered_with_id shown_on_id"
            )
        },
    ),
    "portal_handoffpdf": May(read="web", add="web"),
    "portal_happening": May(read="web notices", add="web notices", change={"web notices": "kind entries read_at"}),
    "portal_identitycheck": May(read="web", add="web"),
    "portal_invitation": May(read="web", add="web", change={"web": "ended_at"}),
    "portal_journalcursor": May(read="web notices", add="notices", change={"notices": "sequence"}),
    "portal_keptanswer": May(read="web notices", add="web", remove="web notices", change={"web": "answer"}),
    "portal_keptmail": May(read="notices", add="notices"),
    "portal_mailserver": May(read="web notices", add="notices", change={"notices": "failures next_at trouble"}),
    "portal_membership": May(read="web notices", add="web", remove="web", change={"web": "role"}),
    "portal_notice": May(
        read="web notices",
        add="web notices",
        change={"notices": "address state attempts next_at lease_until done_at trouble digest"},
    ),
    "portal_objection": May(read="web", add="web", change={"web": "state answer answered_by answered_at"}),
    "portal_passkey": May(read="web", add="web", remove="web", change={"web": "sign_count used_at"}),
    "portal_passkeychallenge": May(read="web", add="web", remove="web", change={"web": "taken_at"}),
    # By whoever works at a queue to which the clock sends.
    "portal_periodicrun": May(
        read="web ca tsm sweeps notices probes",
        add="ca tsm sweeps notices probes",
        change={"ca tsm sweeps notices probes": "done_at failed"},
    ),
    "portal_preparation": May(
        read="web", add="web", change={"web": "certificate signed_attributes pdf room_start room_end prepared_at"}
    ),
    "portal_recoverycode": May(read="web", add="web", remove="web"),
    "portal_registration": May(read="web", add="web", remove="web", change={"web": "salt digest tries_left"}),
    "portal_release": May(read="web", add="web", change={"web": "state decided_by_id decided_at"}),
    "portal_screenchallenge": May(read="web", add="web", remove="web", change={"web": "taken_at"}),
    "portal_screenlock": May(read="web", add="web", remove="web", change={"web": "sign_count used_at pin_typed_at"}),
    "portal_staffsession": May(
        read="web", add="web", remove="ceremony", change={"web": "seen_at ended_at"}, see={"ceremony": "id"}
    ),
    "portal_workspace": May(
        read="web ca notices workspaces",
        add="web",
        change={"ca": "state ready_at", "workspaces": "state responder_keys"},
    ),
    "tsm_conformanceresult": May(read="web tsm", add="tsm"),
    "tsm_conversation": May(
        read="web tsm sweeps",
        add="tsm",
        change={
            "web": "last_contact_at exchanges findings",
            "tsm": "woken_at closed_at failures findings",
            "sweeps": "findings",
        },
    ),
    "tsm_enrolment": May(
        read="web tsm sweeps notices",
        add="web",
        change={
            "web sweeps": "state state_since trouble",
            "tsm": (
                "state state_since signature_key authentication_key signature_certificate_id "
                "authentication_certificate_id trouble"
            ),
        },
    ),
    "tsm_enrolmentstep": May(read="web tsm sweeps", add="web tsm sweeps"),
    "tsm_incident": May(
        read="web tsm sweeps", add="web tsm sweeps", change={"web tsm sweeps": "stages_done closed_at"}
    ),
    "tsm_leg": May(
        read="web tsm sweeps",
        add="tsm",
        change={
            "web": "state answers sent_at reported_at outcome",
            "tsm sweeps": "state outcome",
            "tsm": "plan commands answers trimmed_at",
        },
    ),
    "tsm_loadfile": May(
        read="tsm",
        add="tsm",
        see={"web": "id package_aid major minor digest signature added_at withdrawn_at"},
        change={"tsm": "withdrawn_at"},
    ),
    "tsm_phone": May(
        read="web tsm sweeps notices",
        add="tsm",
        change={"web": "installation last_seen_at heard_at", "tsm": "token_digest certificate_digest"},
        see={"ceremony": "id realm_id"},
    ),
    "tsm_secureelement": May(
        read="web tsm sweeps",
        add="tsm",
        change={
            "tsm": (
                "isd_counter domain_counter isd_generation isd_pending domain_generation domain_pending "
                "applet_version receipt_counter token_counter occupant_id lease_until lease_holder"
            ),
            # What a restored database says that elements have counted is taken for nothing (`resume`).
            "ceremony": "isd_counter domain_counter",
        },
        see={"ceremony": "id phone_id"},
    ),
    "tsm_serviceorder": May(read="web tsm sweeps", add="web tsm sweeps", change={"web tsm sweeps": "state settled_at"}),
    "tsm_sweepmark": May(read="sweeps", add="sweeps", change={"sweeps": "sequence silence_at"}),
    "whitelist_accesstoken": May(read="web responder", add="web", remove="web"),
    "whitelist_attachment": May(read="web", add="web"),
    "whitelist_case": May(
        read="web sweeps notices probes",
        add="web",
        change={"web": "relying_party_id state authority moved_at due_on", "notices": "authority due_on"},
    ),
    "whitelist_casemessage": May(read="web notices", add="web", change={"notices": "told_at"}),
    "whitelist_casereading": May(read="web", add="web", change={"web": "until"}),
    "whitelist_caseremark": May(read="web", add="web", change={"web": "settled_at"}),
    "whitelist_casesection": May(
        read="web probes", add="web", change={"web": "answers edition edited_by edited_at touched disputed removed"}
    ),
    "whitelist_caseversion": May(read="web notices probes", add="web"),
    "whitelist_checkanswer": May(read="web", add="web"),
    "whitelist_conformancereport": May(read="web"),
    "whitelist_credential": May(
        read="web notices probes responder",
        add="web",
        change={"web": "not_after disabled_at disabled_by replaced_by_id last_used_at"},
    ),
    "whitelist_delegation": May(read="web responder", add="web", change={"web": "ended_at ended_by"}),
    "whitelist_endingnotice": May(read="web notices", add="web notices", change={"notices": "lease_until told_at"}),
    "whitelist_entrynotice": May(read="web notices", add="web notices", change={"notices": "lease_until told_at"}),
    "whitelist_entryproposal": May(
        read="web notices",
        add="web",
        change={"web": "state decided_by decided_at decline_reason", "notices": "lease_until told_at"},
    ),
    "whitelist_logo": May(read="web ca notices", add="web", remove="web", change={"web": "media_type content digest"}),
    "whitelist_ministerialcertification": May(
        read="web ca notices responder", add="web", change={"web": "granted_on valid_until conditions withdrawn_at"}
    ),
    "whitelist_organisation": May(
        read="web ca notices responder", add="web", change={"web": "name_ja name_en corporate_number workspace_id"}
    ),
    "whitelist_proberesult": May(read="web sweeps probes", add="probes", remove="sweeps"),
    "whitelist_proberun": May(
        read="web sweeps probes",
        add="web sweeps probes",
        remove="sweeps",
        change={"web": "trigger asked_by asked_at due_at", "probes": "state due_at lease_until ended_at"},
    ),
    "whitelist_proposal": May(
        read="web notices",
        add="web",
        change={"web": "state decided_by decided_at decline_reason", "notices": "lease_until told_at"},
    ),
    "whitelist_purposeofuse": May(
        read="web ca notices responder", add="web", remove="web", change={"web": "text_ja text_en"}
    ),
    "whitelist_registeredapplication": May(
        read="web ca notices probes responder", add="web", remove="web", change={"web": "callback_urls proofs"}
    ),
    "whitelist_registerrecord": May(read="web ca notices", add="web ca notices"),
    "whitelist_registerstatement": May(read="web ca", add="ca", remove="ca"),
    "whitelist_relyingparty": May(
        read="web ca sweeps notices probes responder",
        add="web",
        change={
            "web": ("name_ja name_en kind basis website operator_id attributes attributes_why valid_until state"),
            "notices": "state",
        },
    ),
    "whitelist_review": May(read="web notices", add="web", change={"web": "ended_at"}),
    "whitelist_suspension": May(
        read="web notices responder",
        add="web",
        change={"web": "state confirmed_by confirmed_at ended_at", "notices": "lease_until told_at state ended_at"},
    ),
    "whitelist_usedassertion": May(read="web", add="web", remove="web"),
    "whitelist_verificationlog": May(read="web sweeps", add="web", remove="sweeps"),
}


def tables() -> dict[str, May]:
    """Return the rights of every table of the installed apps: ours, and what DATABASE_RIGHTS adds."""
    found: dict[str, May] = {}
    secrets: dict[str, str] = {}
    for name in settings.DATABASE_RIGHTS:
        module = import_module(name)
        for process, parts in getattr(module, "PLAYS", {}).items():
            for table, may in list(found.items()):
                if table not in secrets:
                    found[table] = may + may.played_by(process, parts.split())
        for table, may in module.TABLES.items():
            found[table] = found.get(table, May()) + may
        secrets |= module.SECRETS
    for table, columns in columns_of_models():
        if table in found:
            shown = " ".join(column for column in columns if column not in secrets.get(table, "").split())
            found[table] += May(read="reader") if table not in secrets else May(see={"reader": shown})
    return found


def columns_of_models() -> Iterator[tuple[str, list[str]]]:
    """Give each table of the installed apps with its columns, once."""
    known = {}
    for model in apps.get_models(include_auto_created=True):
        if not model._meta.proxy:
            known[model._meta.db_table] = [str(each.column) for each in model._meta.concrete_fields]
    yield from known.items()
