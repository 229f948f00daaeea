"""What is told of the running system: logs, metrics, traces, and when something counts as wrong."""

import os
from pathlib import Path

from portal import environment
from portal.settings.site import PRODUCTION, PUBLIC_URL, ROOT

# The process's name among its kind (web, ca, tsm …): in its logs, metrics and traces.
PROCESS_NAME = environment.text("PROCESS_NAME", "site")
# One line a record: `text`, or `json` with the request's id, process and everything else by name.
LOG_FORMAT = environment.text("LOG_FORMAT", "text")
if LOG_FORMAT not in ("text", "json"):
    raise SystemExit(f"LOG_FORMAT must be text or json, not {LOG_FORMAT!r}")
# A line for each request of the site: its route (never its path), status and time.
LOG_REQUESTS = environment.flag("LOG_REQUESTS", LOG_FORMAT == "json")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {
            "()": "portal.logs.Redacted",
            "format": "{asctime} {levelname} {name}{request_mark} {message}",
            "style": "{",
        },
        "json": {"()": "portal.logs.JsonLine"},
    },
    "filters": {
        "links": {"()": "portal.logs.WithoutLinks"},
        "correlated": {"()": "portal.logs.Correlated", "process": PROCESS_NAME},
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["links", "correlated"]}
    },
    # It would log whole addresses, and a hand-off's link is in one.
    "loggers": {"httpx": {"level": "WARNING"}, "weasyprint": {"level": "ERROR"}, "fontTools": {"level": "WARNING"}},
    "root": {"handlers": ["stderr"], "level": environment.text("LOG_LEVEL", "INFO")},
}

# Each process counts in a folder of its own below this one, and `manage.py exporter` of the same machine tells the sum.
# Empty: nothing is counted. It should be emptied at boot (/run).
METRICS_DIR = environment.text("METRICS_DIR")
if METRICS_DIR:
    _own = Path(METRICS_DIR) / PROCESS_NAME
    _own.mkdir(parents=True, exist_ok=True)
    # prometheus_client reads it once, when it is imported.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_own)
# Who asks the exporter says `Authorization: Bearer …`. Without one it listens on this machine only.
METRICS_TOKEN = environment.secret("METRICS_TOKEN", ROOT)
# With these two, PEM files, it speaks TLS on any address but the loopback; there without them it doesn't listen at all.
METRICS_TLS_CERTIFICATE = environment.text("METRICS_TLS_CERTIFICATE")
METRICS_TLS_KEY_FILE = environment.text("METRICS_TLS_KEY_FILE")
# What is read from the database and the broker is told again for so long, whoever asks.
METRICS_KEPT_SECONDS = environment.decimal("METRICS_KEPT_SECONDS", 10)

# Traces go to this collector (OTLP over HTTP), with the extra `tracing` installed. Empty: there are none.
OTEL_EXPORTER_OTLP_ENDPOINT = environment.text("OTEL_EXPORTER_OTLP_ENDPOINT")

# --- When something is wrong (portal/observing/findings.py); what follows from other settings isn't here -------------
FINDING_ISSUANCE_SECONDS = environment.decimal("FINDING_ISSUANCE_SECONDS", 120)
FINDING_MAIL_SECONDS = environment.decimal("FINDING_MAIL_SECONDS", 3600)
FINDING_LETTER_SECONDS = environment.decimal("FINDING_LETTER_SECONDS", 3 * 24 * 3600)
FINDING_QUEUE_MESSAGES = environment.number("FINDING_QUEUE_MESSAGES", 1000)
# How old a password of database, broker or metrics may become (a guess), and the file that says when each was made
# (deploy/parcels.sh writes it). Without one nobody knows, and in production that is told.
PASSWORDS_DAYS = environment.number("PASSWORDS_DAYS", 90)
PASSWORDS_MADE = environment.text("PASSWORDS_MADE")
# Whether the site's names are looked at from outside each night, by the worker that may go there (docs/alerts.md).
OUTSIDE_LOOK = environment.flag("OUTSIDE_LOOK", PRODUCTION and PUBLIC_URL.startswith("https:"))
FINDING_AUTHORITY_DAYS = environment.number("FINDING_AUTHORITY_DAYS", 365)
