"""Service providers: their cases, keys, probes, the APIs that they ask, and what they are told."""

import ipaddress

from portal import environment
from portal.settings.site import LOCAL_SANDBOX, PRODUCTION, PUBLIC_URL, SANDBOX

# --- Registration cases of service providers (docs/onboarding.md) ------------------------------------
# A file of a case: its size, how many a case has, and the function that looks through each (content, media type).
CASE_ATTACHMENT_BYTES = environment.number("CASE_ATTACHMENT_BYTES", 10 * 1024 * 1024)
CASE_ATTACHMENTS = environment.number("CASE_ATTACHMENTS", 50)
# In production a virus scanner: without one no file is taken.
CASE_ATTACHMENT_SCAN = environment.text(
    "CASE_ATTACHMENT_SCAN", "whitelist.cases.clamav.look" if PRODUCTION else "whitelist.cases.scanning.look"
)
# Where clamd listens, for whitelist.cases.clamav.look: the path of its socket, or host:port.
CLAMD_ADDRESS = environment.text("CLAMD_ADDRESS", "/run/clamav/clamd.ctl")
# Where the officers are told of a message on a case, by authority: the office's address. Empty: their list shows it.
CASE_OFFICERS_MAIL = {
    "ministry": environment.text("CASE_MINISTRY_MAIL"),
    "registrar": environment.text("CASE_REGISTRAR_MAIL"),
}
CASE_MESSAGES_SWEEP_SECONDS = environment.decimal("CASE_MESSAGES_SWEEP_SECONDS", 10)

# --- Hand-offs (docs/handoff.md): whether a service must send a code_challenge (RFC 7636): required, or optional for
# services of before that send none yet. An app must in any case.
HANDOFF_PKCE = environment.text("HANDOFF_PKCE", "required")
if HANDOFF_PKCE not in ("required", "optional"):
    raise SystemExit(f"HANDOFF_PKCE must be required or optional, not {HANDOFF_PKCE!r}")

# --- Relying parties: the register and their credentials (docs/register.md, docs/credentials.md) ----------
# So many credentials of one relying party may be good at once; each for so many days at most; and so long may the old
# one go on beside its successor.
CREDENTIALS_AT_ONCE = environment.number("CREDENTIALS_AT_ONCE", 3)
CREDENTIAL_DAYS = environment.number("CREDENTIAL_DAYS", 398)
CREDENTIAL_OVERLAP_DAYS = environment.number("CREDENTIAL_OVERLAP_DAYS", 90)
# The register is signed anew when an entry changed, and so often in any case; a signed one is good for so long.
REGISTER_SIGN_SECONDS = environment.decimal("REGISTER_SIGN_SECONDS", 3600)
REGISTER_VALIDITY_SECONDS = environment.decimal("REGISTER_VALIDITY_SECONDS", 24 * 3600)

# Octets: of any request, a case's file among them; of what is kept of one in memory, a PDF in base64 among them; and of
# a body in JSON where its operation takes no document.
REQUEST_LARGEST = environment.number("REQUEST_LARGEST", 12_000_000)
DATA_UPLOAD_MAX_MEMORY_SIZE = environment.number("DATA_UPLOAD_MAX_MEMORY_SIZE", 7_000_000)
API_BODY_LARGEST = environment.number("API_BODY_LARGEST", 2_500_000)

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["portal.bodies.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "EXCEPTION_HANDLER": "portal.api_errors.handle",
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}

# --- The REST APIs (docs/api.md) --------------------------------------------------------------------------
APIS = ["portal.api.apis.RELYING_PARTY", *(["sandbox.api.about.SANDBOX"] if SANDBOX else [])]
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "ENFORCE_NON_BLANK_FIELDS": True,
    "POSTPROCESSING_HOOKS": [],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    # A test finds operations that don't say what they are.
    "DISABLE_ERRORS_AND_WARNINGS": True,
    "SCHEMA_PATH_PREFIX": "/(sandbox/)?api/v1/",
}
# An answer is given again to the same Idempotency-Key for so long.
IDEMPOTENCY_SECONDS = environment.decimal("IDEMPOTENCY_SECONDS", 24 * 3600)
# So many requests may a credential make in a window of so many seconds.
API_REQUESTS = environment.number("API_REQUESTS", 1200)
API_WINDOW_SECONDS = environment.number("API_WINDOW_SECONDS", 60)

# Modules with rows of problems that the site itself doesn't know.
PROBLEM_TABLES = ["sandbox.problems"] if SANDBOX else []

# --- Probes: services seen from outside (docs/probes.md) -------------------------------------------------
PROBES_PORTS = {int(port) for port in environment.text("PROBES_PORTS", "443").split()}
# Origins that a probe may go to though they aren't public, for they are this machine's own: the samples of a sandbox
# that only its own machine reaches. Nothing else of the machine is let through.
PROBES_OWN_ORIGINS = environment.text(
    "PROBES_OWN_ORIGINS",
    f"{PUBLIC_URL} {environment.text('SAMPLES_URL', 'http://localhost:8002')}" if LOCAL_SANDBOX else "",
).split()
# Public networks that no probe goes to: the operator's own.
PROBES_REFUSED_NETWORKS = [ipaddress.ip_network(one) for one in environment.text("PROBES_REFUSED_NETWORKS").split()]
# Certificates that services' TLS is held to, PEM; empty: those that browsers trust.
PROBES_CA_FILE = environment.text("PROBES_CA_FILE")
# Somebody who saves again within so long makes one run of it; on demand, so many runs an hour for a case or an entry.
PROBES_SETTLE_SECONDS = environment.decimal("PROBES_SETTLE_SECONDS", 20)
PROBES_AN_HOUR = environment.number("PROBES_AN_HOUR", 10)
# One run probes so many addresses, each for ten seconds at most; a worker that died is followed by another after this.
PROBES_MOST_TARGETS = environment.number("PROBES_MOST_TARGETS", 40)
PROBES_LEASE_SECONDS = environment.decimal("PROBES_LEASE_SECONDS", 600)
PROBES_SWEEP_SECONDS = environment.decimal("PROBES_SWEEP_SECONDS", 10)
# At so many o'clock (UTC) the runs over all entries begin, spread over so long.
PROBES_NIGHT_HOUR = environment.number("PROBES_NIGHT_HOUR", 17)
PROBES_NIGHT_SECONDS = environment.decimal("PROBES_NIGHT_SECONDS", 4 * 3600)
# Results are kept for so many days; the newest of each case and entry stay.
PROBES_DAYS = environment.number("PROBES_DAYS", 400)

# --- Verification: what verifiers ask of the authorities' records (docs/verification.md) ------------------
# So many certificates in one request.
VERIFICATION_MOST = environment.number("VERIFICATION_MOST", 500)
# Answers are kept for so many days. The law's number is not known here: seven years, as for identification records.
VERIFICATION_LOG_DAYS = environment.number("VERIFICATION_LOG_DAYS", 7 * 365)

# Faults of a test world (docs/faults.md): what it tells instead of the truth, as portal/handoff/faults.py says, and a
# function (realm, purpose, answers) for statuses. Empty: the truth.
HANDOFF_FAULTS = "sandbox.faults.handoffs" if SANDBOX else ""
VERIFICATION_FAULTS = "sandbox.faults.statuses.told" if SANDBOX else ""
