"""Celery: messages only wake workers, the truth is in the database."""

import ssl
from typing import Any

from celery.schedules import crontab
from kombu import Exchange, Queue

from portal import environment
from portal.rights.queues import exchange, queues
from portal.settings.authorities import (
    CRL_PUBLISH_SECONDS,
    JOURNAL_SEAL_SECONDS,
    JOURNAL_WATCH_SECONDS,
    LINKAGE_RECHECK_SECONDS,
    LINKAGE_SWEEP_SECONDS,
)
from portal.settings.citizens import NOTICES_SWEEP_SECONDS
from portal.settings.people import REVIEW_SWEEP_SECONDS, WORKSPACES_SWEEP_SECONDS
from portal.settings.phones import TSM_SWEEP_SECONDS
from portal.settings.sandbox import ROTATIONS_SWEEP_SECONDS, SANDBOX_CONFORMANCE_SWEEP_SECONDS, WEBHOOKS_SWEEP_SECONDS
from portal.settings.services import (
    CASE_MESSAGES_SWEEP_SECONDS,
    PROBES_NIGHT_HOUR,
    PROBES_SWEEP_SECONDS,
    REGISTER_SIGN_SECONDS,
)
from portal.settings.site import ROOT, SANDBOX, VAR

# It may hold a password, so it may come from a file, too.
BROKER_URL = environment.secret("BROKER_URL", ROOT) or f"redis+socket://{VAR}/redis.sock"
CELERY_BROKER_URL = BROKER_URL
# Certificates that the TLS of a broker at amqp:// is held to, PEM, and to its name (None: the one in BROKER_URL).
BROKER_CA_FILE = environment.text("BROKER_CA_FILE")
if BROKER_CA_FILE:
    CELERY_BROKER_USE_SSL = {"ca_certs": BROKER_CA_FILE, "cert_reqs": ssl.CERT_REQUIRED, "server_hostname": None}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"visibility_timeout": 60, "unacked_restore_interval": 5, "socket_timeout": 30, "socket_connect_timeout": 4}
    if BROKER_URL.startswith("redis")
    # What was sent is there once the broker says so: bytes in the socket of one that has died are nowhere.
    else {"confirm_publish": True}
)
# What is said in hours of a day below. Celery would take Django's TIME_ZONE, and begin the night's work at 17 h there.
CELERY_TIMEZONE = "UTC"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_ALWAYS_EAGER = environment.flag("CELERY_TASK_ALWAYS_EAGER", False)
CELERY_TASK_EAGER_PROPAGATES = True
CELERY_TASK_DEFAULT_QUEUE = "tsm"
CELERY_TASK_ROUTES = {
    "ca.sweep_*": {"queue": "sweeps"},
    # What was sent to elements is the TSM's alone to write, also where it is emptied.
    "tsm.sweep_legs": {"queue": "tsm"},
    "tsm.sweep_*": {"queue": "sweeps"},
    "ca.*": {"queue": "ca"},
    "tsm.*": {"queue": "tsm"},
    # Keys of a workspace's authorities and responders; mails; addresses of strangers. Everything else of the sandbox
    # is its phones' worker's, which has the key of what is sealed.
    "sandbox.make_responder_keys": {"queue": "workspaces"},
    "sandbox.sign_rotation": {"queue": "ca"},
    "sandbox.sign_anew": {"queue": "ca"},
    "sandbox.tell_webhooks": {"queue": "notices"},
    "sandbox.send_webhook": {"queue": "probes"},
    # The journal's key signs a conformance run's report.
    "sandbox.sign_conformance": {"queue": "ca"},
    "sandbox.*": {"queue": "phones"},
    "factory.*": {"queue": "factory"},
    "portal.make_workspace_keys": {"queue": "workspaces"},
    "portal.make_workspace": {"queue": "ca"},
    # Goes outside, to the site's own names.
    "portal.look_outside": {"queue": "probes"},
    "portal.*": {"queue": "notices"},
    # With a key of the authorities' store; the rest of the register's work needs none.
    "whitelist.sign_*": {"queue": "ca"},
    "whitelist.sweep_*": {"queue": "sweeps"},
    # They go where strangers send them, and their worker has no secret.
    "whitelist.run_probes": {"queue": "probes"},
    "whitelist.*": {"queue": "notices"},
}
# Whether processes make the queues that they want. Where each has a user of its own they may not: the broker's
# definitions have made them (docs/rights.md), and whoever sends names the exchange that it may write to.
BROKER_MAKES_QUEUES = environment.flag("BROKER_MAKES_QUEUES", True)
if not BROKER_MAKES_QUEUES:
    CELERY_TASK_QUEUES = [
        Queue(name, Exchange(exchange(name), no_declare=True), routing_key=name, no_declare=True)
        for name in queues(sandbox=SANDBOX)
    ]
    CELERY_TASK_CREATE_MISSING_QUEUES = False
    for _route in CELERY_TASK_ROUTES.values():
        _route |= {"exchange": exchange(_route["queue"]), "routing_key": _route["queue"]}
    # Whoever reached every worker's command queue could stop them all, or read what they are at.
    CELERY_WORKER_ENABLE_REMOTE_CONTROL = False

# It heeds a clock that is set back.
CELERY_BEAT_SCHEDULER = "portal.beat:Scheduler"
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "linkage": {"task": "ca.sweep_linkage", "schedule": LINKAGE_SWEEP_SECONDS},
    "rechecks": {"task": "ca.sweep_rechecks", "schedule": LINKAGE_RECHECK_SECONDS},
    "journals": {"task": "ca.seal_journals", "schedule": JOURNAL_SEAL_SECONDS},
    "journal-watch": {"task": "ca.sweep_journals", "schedule": JOURNAL_WATCH_SECONDS},
    "issuances": {"task": "ca.sweep_issuances", "schedule": TSM_SWEEP_SECONDS},
    "crls": {"task": "ca.publish_due_crls", "schedule": min(60.0, CRL_PUBLISH_SECONDS)},
    "responders": {"task": "ca.renew_responders", "schedule": 60.0},
    "key-uses": {"task": "ca.sweep_key_uses", "schedule": 3600.0},
    "status-answers": {"task": "ca.sweep_status_answers", "schedule": 3600.0},
    # Looks whether something changed; signs nothing otherwise before REGISTER_SIGN_SECONDS are over.
    "registers": {"task": "whitelist.sign_registers", "schedule": min(60.0, REGISTER_SIGN_SECONDS)},
    "enrolments": {"task": "tsm.sweep_enrolments", "schedule": TSM_SWEEP_SECONDS},
    "legs": {"task": "tsm.sweep_legs", "schedule": 60.0},
    "review": {
        "task": "portal.sweep_review",
        "schedule": REVIEW_SWEEP_SECONDS,
        "options": {"expires": max(REVIEW_SWEEP_SECONDS, 1)},
    },
    "workspaces": {"task": "portal.sweep_workspaces", "schedule": WORKSPACES_SWEEP_SECONDS},
    "case-messages": {"task": "portal.tell_of_case_messages", "schedule": CASE_MESSAGES_SWEEP_SECONDS},
    # One that waited behind a slow server is worth nothing: the next does its work, too.
    "notices": {
        "task": "portal.sweep_notices",
        "schedule": NOTICES_SWEEP_SECONDS,
        "options": {"expires": max(NOTICES_SWEEP_SECONDS, 1)},
    },
    "probes": {"task": "whitelist.sweep_probes", "schedule": PROBES_SWEEP_SECONDS},
    "entries": {"task": "whitelist.sweep_entries", "schedule": crontab(hour=PROBES_NIGHT_HOUR, minute=0)},
    "outside": {"task": "portal.look_outside", "schedule": crontab(hour=PROBES_NIGHT_HOUR, minute=30)},
    "apis": {"task": "portal.sweep_api", "schedule": 3600.0},
    "verification": {"task": "whitelist.sweep_verification", "schedule": 3600.0},
}
if SANDBOX:
    CELERY_BEAT_SCHEDULE |= {
        "webhooks": {
            "task": "sandbox.sweep_webhooks",
            "schedule": WEBHOOKS_SWEEP_SECONDS,
            "options": {"expires": max(WEBHOOKS_SWEEP_SECONDS, 1)},
        },
        "expired": {"task": "sandbox.sweep_expired", "schedule": 60.0},
        "webhook-endings": {"task": "sandbox.tell_webhooks", "schedule": 60.0},
        "rotations": {"task": "sandbox.sweep_rotations", "schedule": ROTATIONS_SWEEP_SECONDS},
        "conformance": {"task": "sandbox.sweep_conformance", "schedule": SANDBOX_CONFORMANCE_SWEEP_SECONDS},
        "furnishing": {"task": "sandbox.sweep_furnishing", "schedule": WORKSPACES_SWEEP_SECONDS},
        "issuing": {"task": "sandbox.sweep_issuing", "schedule": TSM_SWEEP_SECONDS},
    }
for _entry in CELERY_BEAT_SCHEDULE.values():
    # What waited for so long is worth nothing: the next does its work, too. Without an end, workers that are slower
    # than the beat, or were away, would have more before them each time. No less than clocks may be apart.
    if isinstance(_entry["schedule"], int | float):
        _entry.setdefault("options", {}).setdefault("expires", max(_entry["schedule"], 60.0))
