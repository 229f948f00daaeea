"""Settings of the whole site. What an operator may change comes from the environment; see `portal/environment.py`."""

import ipaddress
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from celery.schedules import crontab
from csp.constants import NONE, SELF

from portal import environment

ROOT = Path(__file__).resolve().parent.parent
VAR = Path(environment.text("VAR_DIR", str(ROOT / "var")))
VAR.mkdir(parents=True, exist_ok=True)

DEBUG = False
PRODUCTION = environment.flag("PRODUCTION", False)
SANDBOX = environment.flag("SANDBOX", not PRODUCTION)

# In earnest it has no default, and only the web gets it (portal/wsgi.py): whoever reads an empty one is stopped.
SECRET_KEY = environment.secret("SECRET_KEY", ROOT) or (
    "" if PRODUCTION else "embedded-default-not-for-production-" + "0" * 20
)

ALLOWED_HOSTS = environment.text("ALLOWED_HOSTS", "localhost 127.0.0.1 [::1] testserver").split()
PUBLIC_URL = environment.text("PUBLIC_URL", "http://localhost:8000")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

# An index with further columns saves PostgreSQL a look at the row; SQLite does without.
SILENCED_SYSTEM_CHECKS = ["models.W040"]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "rest_framework",
    "csp",
    "ca",
    "tsm",
    "whitelist",
    "portal",
]
if SANDBOX:
    INSTALLED_APPS.append("sandbox")

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "portal.api.headers.ApiHeaders",
]
if SANDBOX:
    # Notes what workspaces ask. Before what makes problems of unknown addresses, so that it sees those, too.
    MIDDLEWARE.insert(-1, "sandbox.inspector.middleware.Inspector")
    MIDDLEWARE.append("sandbox.trace.web.Traced")

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
                "portal.context.site",
            ]
        },
    }
]

DATABASES = {"default": environment.database(environment.text("DATABASE_URL", f"sqlite:///{VAR}/database.sqlite3"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "ja"
LANGUAGES = [("ja", "日本語"), ("en", "English")]
# Each room of the site may have a catalogue of its own beside it.
LOCALE_PATHS = [ROOT / "portal" / "locale", *sorted((ROOT / "portal").glob("*/locale"))]
if SANDBOX:
    LOCALE_PATHS += sorted((ROOT / "sandbox").glob("*/locale"))
USE_I18N = True
# Dates and times as the notices write them, in both languages.
FORMAT_MODULE_PATH = "portal.formats"
TIME_ZONE = "Asia/Tokyo"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
WHITENOISE_USE_FINDERS = True

SESSION_COOKIE_NAME = "jpki_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = PUBLIC_URL.startswith("https:")
CSRF_COOKIE_NAME = "jpki_csrf"
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF, *filter(None, [environment.text("PHONE_AGENT_URL").rstrip("/")])],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

# --- Accounts: staff signs in with name, password and authenticator (docs/staff.md) ----------------------
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# A session ends after so long without a request, and after so long in any case.
STAFF_IDLE_SECONDS = environment.decimal("STAFF_IDLE_SECONDS", 15 * 60)
STAFF_SESSION_SECONDS = environment.decimal("STAFF_SESSION_SECONDS", 8 * 3600)
# So many tries for one name, and from one address, within so long; then nothing more is looked at until it is over.
STAFF_TRIES = environment.number("STAFF_TRIES", 5)
STAFF_ADDRESS_TRIES = environment.number("STAFF_ADDRESS_TRIES", 100)
STAFF_LOCK_SECONDS = environment.decimal("STAFF_LOCK_SECONDS", 15 * 60)
STAFF_INVITATION_SECONDS = environment.decimal("STAFF_INVITATION_SECONDS", 3600)
# The header in which a proxy hands on the client's address; it must replace what clients send. Empty: the connection's.
CLIENT_ADDRESS_HEADER = environment.text("CLIENT_ADDRESS_HEADER")
# What authenticator apps show beside the name. Guessing is bounded by STAFF_TRIES, not by the devices themselves.
OTP_TOTP_ISSUER = "JPKI staff"
OTP_TOTP_PROVIDERS_ISSUER = "JPKI providers"
OTP_TOTP_THROTTLE_FACTOR = OTP_STATIC_THROTTLE_FACTOR = 0
# --- Service providers (docs/providers.md). An invitation is good for so long.
PROVIDER_INVITATION_DAYS = environment.decimal("PROVIDER_INVITATION_DAYS", 7)
# So many codes to one mail address, and registrations from one address of the network, within STAFF_LOCK_SECONDS.
PROVIDER_CODES = environment.number("PROVIDER_CODES", 5)
PROVIDER_ADDRESS_CODES = environment.number("PROVIDER_ADDRESS_CODES", 30)
# So many organisations may one account make in a day, and invite so many people; so many workspaces are made in a day.
PROVIDER_ORGANISATIONS = environment.number("PROVIDER_ORGANISATIONS", 5)
PROVIDER_INVITATIONS = environment.number("PROVIDER_INVITATIONS", 50)
PROVIDER_WORKSPACES = environment.number("PROVIDER_WORKSPACES", 100)
# Whether an organisation may have a realm of its own to try things in: authorities that workers make when asked.
WORKSPACES = environment.flag("WORKSPACES", SANDBOX)
WORKSPACES_SWEEP_SECONDS = environment.decimal("WORKSPACES_SWEEP_SECONDS", 10)
# What a workspace has in it when it is ready: a module (sandbox/furnishing.py). A string: nothing imports the sandbox.
WORKSPACES_WORLD = "sandbox.furnishing" if SANDBOX else ""

# The help desk: a holder's page stays open for so long; a release that nobody approves within so long lapses.
HELPDESK_CALL_SECONDS = environment.decimal("HELPDESK_CALL_SECONDS", 30 * 60)
HELPDESK_RELEASE_SECONDS = environment.decimal("HELPDESK_RELEASE_SECONDS", 3600)
# After so many calls within a day in which something was answered wrong, nobody can propose a holder's release.
HELPDESK_WRONG_CALLS = environment.number("HELPDESK_WRONG_CALLS", 3)
# The review of service providers (docs/review.md): working days that each authority has for a case, a guess.
REVIEW_MINISTRY_DAYS = environment.number("REVIEW_MINISTRY_DAYS", 60)
REVIEW_REGISTRAR_DAYS = environment.number("REVIEW_REGISTRAR_DAYS", 20)
# A suspension that no second officer confirms within so long is lifted.
REVIEW_SUSPENSION_HOURS = environment.decimal("REVIEW_SUSPENSION_HOURS", 24)
# So many days before a certification, a credential or an entry ends its organisation is told.
REVIEW_NOTICE_DAYS = (90, 60, 30)
REVIEW_SWEEP_SECONDS = environment.decimal("REVIEW_SWEEP_SECONDS", 60)
# The console calls an enrolment that hasn't moved for so long standing still.
CONSOLE_STILL_SECONDS = environment.decimal("CONSOLE_STILL_SECONDS", 10 * 60)

# --- Registration cases of service providers (docs/onboarding.md) ------------------------------------
# A file of a case: its size, how many a case has, and the function that looks through each (content, media type).
CASE_ATTACHMENT_BYTES = environment.number("CASE_ATTACHMENT_BYTES", 10 * 1024 * 1024)
CASE_ATTACHMENTS = environment.number("CASE_ATTACHMENTS", 50)
CASE_ATTACHMENT_SCAN = environment.text("CASE_ATTACHMENT_SCAN", "whitelist.cases.scanning.look")
# Where the officers are told of a message on a case, by authority: the office's address. Empty: their list shows it.
CASE_OFFICERS_MAIL = {
    "ministry": environment.text("CASE_MINISTRY_MAIL"),
    "registrar": environment.text("CASE_REGISTRAR_MAIL"),
}
CASE_MESSAGES_SWEEP_SECONDS = environment.decimal("CASE_MESSAGES_SWEEP_SECONDS", 10)

# --- Relying parties: the register and their credentials (docs/register.md, docs/credentials.md) ----------
# So many credentials of one relying party may be good at once; each for so many days at most; and so long may the old
# one go on beside its successor.
CREDENTIALS_AT_ONCE = environment.number("CREDENTIALS_AT_ONCE", 3)
CREDENTIAL_DAYS = environment.number("CREDENTIAL_DAYS", 398)
CREDENTIAL_OVERLAP_DAYS = environment.number("CREDENTIAL_OVERLAP_DAYS", 90)
# The register is signed anew when an entry changed, and so often in any case; a signed one is good for so long.
REGISTER_SIGN_SECONDS = environment.decimal("REGISTER_SIGN_SECONDS", 3600)
REGISTER_VALIDITY_SECONDS = environment.decimal("REGISTER_VALIDITY_SECONDS", 24 * 3600)

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
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

# --- Celery: messages only wake workers, the truth is in the database -------------------------------
BROKER_URL = environment.text("BROKER_URL", f"redis+socket://{VAR}/redis.sock")
CELERY_BROKER_URL = BROKER_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"visibility_timeout": 60, "unacked_restore_interval": 5} if BROKER_URL.startswith("redis") else {}
)
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
    "portal.*": {"queue": "notices"},
    # With a key of the authorities' store; the rest of the register's work needs none.
    "whitelist.sign_*": {"queue": "ca"},
    "whitelist.sweep_*": {"queue": "sweeps"},
    # They go where strangers send them, and their worker has no secret.
    "whitelist.run_probes": {"queue": "probes"},
    "whitelist.*": {"queue": "notices"},
}

# --- CA -----------------------------------------------------------------------------------------------
# Where signing keys live: software:<folder>, or pkcs11:<path of the module>?token=<label>, whose passphrase is the PIN.
# Only the `ca` workers and the ceremony commands get the passphrase.
CA_KEYS = environment.text("CA_KEYS", f"software:{VAR}/ca-keys")
CA_KEYS_PASSPHRASE = environment.secret("CA_KEYS_PASSPHRASE", ROOT)
# The responder's keys are others than the authorities', and have a passphrase of their own.
RESPONDER_KEYS = environment.text("RESPONDER_KEYS", f"software:{VAR}/responder-keys")
RESPONDER_KEYS_PASSPHRASE = environment.secret("RESPONDER_KEYS_PASSPHRASE", ROOT)
# A responder's certificate is renewed by the `ca` workers, for the same key, so many days before it ends.
RESPONDER_RENEW_DAYS = environment.number("RESPONDER_RENEW_DAYS", 90)
# Who may ask for statuses: open, or verifiers. OCSP_VERIFIERS names the function that knows them: `Verifiers` in
# ca/ocsp/access.py. Each answer to one is noted for so many days; 0: it is not.
OCSP_ACCESS = environment.text("OCSP_ACCESS", "open")
OCSP_VERIFIERS = environment.text("OCSP_VERIFIERS", "whitelist.verifiers.known")
# From these addresses or networks alone the header Client-Cert is believed: a proxy that sets it, always.
OCSP_PROXIES = environment.text("OCSP_PROXIES")
OCSP_LOG_DAYS = environment.number("OCSP_LOG_DAYS", 0)
# So often each process of the responder notes how many answers it signed with which key.
OCSP_NOTE_SECONDS = environment.decimal("OCSP_NOTE_SECONDS", 600)
# Threads that sign, in each process of the responder: one keeps a core busy; a slow HSM is waited for by several.
OCSP_SIGNING_THREADS = environment.number("OCSP_SIGNING_THREADS", 1)
# So long a request to the responder may take from its first octet to its last; then its connection is ended.
OCSP_REQUEST_SECONDS = environment.decimal("OCSP_REQUEST_SECONDS", 10)
OCSP_KEPT_ANSWERS = environment.number("OCSP_KEPT_ANSWERS", 20_000)  # some 3 kB each, in each process
# For so long a proxy may give an answer to a GET again without asking, also a "good" one; 0: it asks every time.
OCSP_MAX_AGE_SECONDS = environment.number("OCSP_MAX_AGE_SECONDS", 0)
RESPONDER_URL = environment.text("RESPONDER_URL", "http://localhost:8001")
# The phone profiles' policy OIDs are not public (jpki-facts 1.2): settings, by authority organisation.
CA_PHONE_POLICY_OIDS = {
    "signature": environment.text("PHONE_SIGNATURE_POLICY_OID", "1.2.392.200149.8.5.1.0.40"),
    "user_authentication": environment.text("PHONE_USER_AUTHENTICATION_POLICY_OID", "1.2.392.200149.8.5.1.0.50"),
}
# pkilint reads the first certificate of each profile, generation and setting, and of the others this share (0 to 1),
# chosen by serial number. It takes some 4 ms a certificate. The house's own rules read every one.
CA_PKILINT_SHARE = environment.decimal("CA_PKILINT_SHARE", 0.001)
# A worker that died with an issuance in its hands: another goes on with it after this.
CA_LEASE_SECONDS = environment.decimal("CA_LEASE_SECONDS", 10)
# A card certificate takes the phone's with it in its own transaction. In the pretend world the sweep alone does it, so
# that one can see it come.
LINKAGE_AT_ONCE = environment.flag("LINKAGE_AT_ONCE", not SANDBOX)
LINKAGE_SWEEP_SECONDS = environment.decimal("LINKAGE_SWEEP_SECONDS", 15 * 60)
LINKAGE_GRACE_SECONDS = environment.decimal("LINKAGE_GRACE_SECONDS", 0)
# The card certificate behind a new phone certificate is looked at again so long after the issue (realm's clock).
LINKAGE_RECHECK_HOURS = (24, 7 * 24)
LINKAGE_RECHECK_SECONDS = environment.decimal("LINKAGE_RECHECK_SECONDS", 15 * 60)
CRL_PUBLISH_SECONDS = environment.decimal("CRL_PUBLISH_SECONDS", 24 * 3600)
# From thisUpdate to nextUpdate: longer than the interval, so that a day's failure leaves verifiers a list that holds.
CRL_VALIDITY_SECONDS = environment.decimal("CRL_VALIDITY_SECONDS", 2 * CRL_PUBLISH_SECONDS)
if CRL_VALIDITY_SECONDS < CRL_PUBLISH_SECONDS:
    raise SystemExit("CRL_VALIDITY_SECONDS must not be shorter than CRL_PUBLISH_SECONDS")
# The heads of the journals are signed so often, with a key of each realm's own in the authorities' key store.
JOURNAL_SEAL_SECONDS = environment.decimal("JOURNAL_SEAL_SECONDS", 3600)
# Who is told of each entry in the transaction that writes it: a function (realm, happenings). Empty: nobody.
JOURNAL_OBSERVER = "sandbox.trace.journalled.observe" if SANDBOX else ""
# What stands before the responder's desk, the nearest first: called with a desk, each gives another.
RESPONDER_DESKS = ["sandbox.faults.responder.FaultyDesk", "sandbox.trace.responder.WatchedDesk"] if SANDBOX else []

# --- TSM ----------------------------------------------------------------------------------------------
TSM_MASTER_KEY = environment.secret("TSM_MASTER_KEY", ROOT)
# The two roles may have a master key each, as on two hosts: SEI-TSM (elements) and SP-TSM (the provider's domain).
TSM_SEI_MASTER_KEY = environment.secret("TSM_SEI_MASTER_KEY", ROOT)
TSM_SP_MASTER_KEY = environment.secret("TSM_SP_MASTER_KEY", ROOT)
# What stands for each role: called without arguments, it gives one that has `tsm.messaging.functions`' interface.
TSM_SEI = environment.text("TSM_SEI", "tsm.messaging.roles.LocalSeiTsm")
TSM_SP = environment.text("TSM_SP", "tsm.messaging.roles.LocalSpTsm")
# Whether a phone finds the TSM away: a function (phone). A test world names one; empty: never.
TSM_FAULTS = "sandbox.faults.phones.is_away" if SANDBOX else ""
TSM_PUSH = "sandbox.phones.push" if SANDBOX else ""
TSM_LEASE_SECONDS = environment.decimal("TSM_LEASE_SECONDS", 30)
TSM_LONG_POLL_SECONDS = environment.decimal("TSM_LONG_POLL_SECONDS", 25)
# A phone that wasn't heard of for so long is woken again: longer than a long poll.
TSM_SILENCE_SECONDS = environment.decimal("TSM_SILENCE_SECONDS", TSM_LONG_POLL_SECONDS + 10)
# The header in which a proxy hands on the TLS client certificate of a phone's agent, PEM, percent-encoded, as nginx's
# $ssl_client_escaped_cert; it must strip what clients send under that name. Empty: agents show their tokens.
TSM_CLIENT_CERTIFICATE_HEADER = environment.text("TSM_CLIENT_CERTIFICATE_HEADER")
# The same for relying parties that come with a certificate (RFC 8705); the same front, unless told otherwise.
API_CLIENT_CERTIFICATE_HEADER = environment.text("API_CLIENT_CERTIFICATE_HEADER", TSM_CLIENT_CERTIFICATE_HEADER)
# SERAM 2.0: an agent that owes a report and is silent for so long is given up.
TSM_AGENT_SECONDS = environment.decimal("TSM_AGENT_SECONDS", 300)
# So many legs of one conversation may fail before the element is left alone for a while.
TSM_FAILURES = environment.number("TSM_FAILURES", 5)
TSM_RETRY_SECONDS = environment.decimal("TSM_RETRY_SECONDS", 300)
TSM_SWEEP_SECONDS = environment.decimal("TSM_SWEEP_SECONDS", 10)
TSM_GIVE_UP_SECONDS = environment.decimal("TSM_GIVE_UP_SECONDS", timedelta(days=7).total_seconds())

# --- Notices ------------------------------------------------------------------------------------------
# The second channel beside the phone. Without a server, a sandbox keeps its mails (/outbox/), and anything else sends
# letters only.
EMAIL_HOST = environment.text("EMAIL_HOST")
EMAIL_PORT = environment.number("EMAIL_PORT", 25)
EMAIL_HOST_USER = environment.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = environment.secret("EMAIL_HOST_PASSWORD", ROOT) or ""
EMAIL_USE_TLS = environment.flag("EMAIL_USE_TLS", False)  # STARTTLS
EMAIL_USE_SSL = environment.flag("EMAIL_USE_SSL", False)  # TLS from the first octet
EMAIL_TIMEOUT = environment.number("EMAIL_TIMEOUT", 10)
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend" if EMAIL_HOST else "portal.notices.kept.EmailBackend"
DEFAULT_FROM_EMAIL = environment.text("DEFAULT_FROM_EMAIL", "no-reply@localhost")
NOTICES_SWEEP_SECONDS = environment.decimal("NOTICES_SWEEP_SECONDS", 5)
# A mail that couldn't be delivered for so long (realm's clock) is given up, and a letter goes.
NOTICES_MAIL_HOURS = environment.decimal("NOTICES_MAIL_HOURS", 24)
# What pages and notices tell one to call who lost a phone or knows nothing of what a notice says, and the page that
# holds. In earnest it is マイナンバー総合フリーダイヤル; nobody shall call that one about the pretend world.
HELP_DESK_NUMBER = environment.text("HELP_DESK_NUMBER", "0120-000-000" if SANDBOX else "0120-95-0178")
LOST_PHONE_URL = environment.text("LOST_PHONE_URL", f"{PUBLIC_URL}/phone/lost/")

# --- Probes: services seen from outside (docs/probes.md) -------------------------------------------------
PROBES_PORTS = {int(port) for port in environment.text("PROBES_PORTS", "443").split()}
# Origins that a probe may go to though they aren't public, for they are this machine's own: the samples of a sandbox
# that only its own machine reaches. Nothing else of the machine is let through.
_LOCAL = SANDBOX and urlsplit(PUBLIC_URL).hostname in ("localhost", "127.0.0.1")
PROBES_OWN_ORIGINS = environment.text(
    "PROBES_OWN_ORIGINS",
    f"{PUBLIC_URL} {environment.text('SAMPLES_URL', 'http://localhost:8002')}" if _LOCAL else "",
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

# --- Mynaportal ---------------------------------------------------------------------------------------
MYNAPORTAL_CLIENT_ID = environment.text("MYNAPORTAL_CLIENT_ID", "mynaportal")
MYNAPORTAL_IDLE_SECONDS = environment.decimal("MYNAPORTAL_IDLE_SECONDS", 15 * 60)
# What other bodies tell of a holder: a function (portal/mynaportal/records.py). A string: nothing imports the sandbox.
MYNAPORTAL_RECORDS = "sandbox.records.of" if SANDBOX else ""

# --- The citizen's pages -------------------------------------------------------------------------------
# So long after the PIN was last typed a gesture stands for it (briefing of 2022-06: primary authentication).
SCREEN_LOCK_PIN_HOURS = environment.decimal("SCREEN_LOCK_PIN_HOURS", 72)
# So long after the holder's proof certificates in full, history and export are shown to that session.
HOLDER_PROOF_SECONDS = environment.decimal("HOLDER_PROOF_SECONDS", 300)

# --- Sandbox ------------------------------------------------------------------------------------------
# Whom the pages serve, and what an API call is about that names no realm.
DEFAULT_REALM = environment.text("DEFAULT_REALM", "sandbox" if SANDBOX else "production")
# Where the phone's pages find a card reader and the phone's element. Strings, so that nothing imports the sandbox.
PHONE_DEVICES = "sandbox.devices" if SANDBOX else ""
# Where the pages find the local agent of the citizen's own machine (http://127.0.0.1:9630), which asks before a card is
# used; empty: they don't look for one.
PHONE_AGENT_URL = environment.text("PHONE_AGENT_URL").rstrip("/")
# Progress pushed to the phone's pages: so many streams at once in a process of the web (each holds one of its threads),
# each for so long; the browser opens the next one by itself.
PHONE_STREAMS = environment.number("PHONE_STREAMS", 12)
PHONE_STREAM_SECONDS = environment.decimal("PHONE_STREAM_SECONDS", 25)
# After so long a page that waits offers to tell by a notification when it is ready.
PHONE_LONG_WAIT_SECONDS = environment.number("PHONE_LONG_WAIT_SECONDS", 10)
# So long a browser that signed in with the card may act for its holder.
CARD_SESSION_SECONDS = environment.decimal("CARD_SESSION_SECONDS", 600)
# So long a request of the sandbox's API waits for workers at most, where it is asked to; and for the factory, always.
SANDBOX_WAIT_SECONDS = environment.decimal("SANDBOX_WAIT_SECONDS", 20)
SANDBOX_FACTORY_SECONDS = environment.decimal("SANDBOX_FACTORY_SECONDS", 10)
# Longer than any script takes: a process that died with a chip in its hands gives it back after this.
SANDBOX_SESSION_SECONDS = environment.decimal("SANDBOX_SESSION_SECONDS", 20)
# Longer than any conversation: a phone's app that died in one may be started again after this.
SANDBOX_TALK_SECONDS = environment.decimal("SANDBOX_TALK_SECONDS", 60)
SANDBOX_SEAL_KEY = environment.secret("SANDBOX_SEAL_KEY", ROOT)
# So many of a workspace's last requests to the APIs are kept (docs/api.md).
SANDBOX_INSPECTED_REQUESTS = environment.number("SANDBOX_INSPECTED_REQUESTS", 500)
# So many of a workspace's newest trace events are kept (docs/sandbox-console.md).
SANDBOX_TRACE_EVENTS = environment.number("SANDBOX_TRACE_EVENTS", 5000)
# So many of a workspace's newest sessions of phones driven by API are kept (docs/sandbox-phone.md).
SANDBOX_PHONE_SESSIONS = environment.number("SANDBOX_PHONE_SESSIONS", 500)
# Services beside a site that runs on its own machine are called back there; nobody else's loopback is gone to.
SANDBOX_LOOPBACK = environment.flag("SANDBOX_LOOPBACK", _LOCAL)
# So often conformance runs that were left on their way, or wait for certificates, are gone on with.
SANDBOX_CONFORMANCE_SWEEP_SECONDS = environment.decimal("SANDBOX_CONFORMANCE_SWEEP_SECONDS", 3)
# The demo register's keys, which the sample services read; written once by `manage.py setup`.
SAMPLES_KEYS_DIR = environment.text("SAMPLES_KEYS_DIR", str(VAR / "samples"))
SAMPLES_URL = environment.text("SAMPLES_URL", "http://localhost:8002")

# Webhooks of workspaces (docs/webhooks.md). Whether they may go to this machine itself: where the site is reached from
# nowhere else, the integrator's own program is here, too.
WEBHOOKS_LOOPBACK = environment.flag("WEBHOOKS_LOOPBACK", _LOCAL)
WEBHOOKS_SECONDS = environment.decimal("WEBHOOKS_SECONDS", 10)  # for an attempt, all of it
# So long after each failed attempt comes the next (a fifth more or less); after the last the delivery is given up.
WEBHOOKS_RETRY_SECONDS = [
    float(each)
    for each in environment.text("WEBHOOKS_RETRY_SECONDS", "5 300 1800 7200 18000 36000 50400 72000 86400").split()
]
# Disabled after so long of nothing but failures.
WEBHOOKS_DISABLE_HOURS = environment.decimal("WEBHOOKS_DISABLE_HOURS", 120)
WEBHOOKS_OVERLAP_HOURS = environment.decimal("WEBHOOKS_OVERLAP_HOURS", 24)  # an old secret beside its successor
WEBHOOKS_MOST = environment.number("WEBHOOKS_MOST", 10)  # of a workspace
WEBHOOKS_SWEEP_SECONDS = environment.decimal("WEBHOOKS_SWEEP_SECONDS", 2)
WEBHOOKS_DAYS = environment.number("WEBHOOKS_DAYS", 30)  # events and deliveries are kept
# Rotations of a workspace's keys (docs/sandbox-time.md): so many in a day.
ROTATIONS_A_DAY = environment.number("ROTATIONS_A_DAY", 20)
ROTATIONS_SWEEP_SECONDS = environment.decimal("ROTATIONS_SWEEP_SECONDS", 10)

CELERY_BEAT_SCHEDULE = {
    "linkage": {"task": "ca.sweep_linkage", "schedule": LINKAGE_SWEEP_SECONDS},
    "rechecks": {"task": "ca.sweep_rechecks", "schedule": LINKAGE_RECHECK_SECONDS},
    "journals": {"task": "ca.seal_journals", "schedule": JOURNAL_SEAL_SECONDS},
    "issuances": {"task": "ca.sweep_issuances", "schedule": TSM_SWEEP_SECONDS},
    "crls": {"task": "ca.publish_due_crls", "schedule": min(60.0, CRL_PUBLISH_SECONDS)},
    "responders": {"task": "ca.renew_responders", "schedule": 60.0},
    "key-uses": {"task": "ca.sweep_key_uses", "schedule": 3600.0},
    "status-answers": {"task": "ca.sweep_status_answers", "schedule": 3600.0},
    # Looks whether something changed; signs nothing otherwise before REGISTER_SIGN_SECONDS are over.
    "registers": {"task": "whitelist.sign_registers", "schedule": min(60.0, REGISTER_SIGN_SECONDS)},
    "enrolments": {"task": "tsm.sweep_enrolments", "schedule": TSM_SWEEP_SECONDS},
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
    }

if SANDBOX:
    CELERY_BEAT_SCHEDULE |= {
        "conformance": {"task": "sandbox.sweep_conformance", "schedule": SANDBOX_CONFORMANCE_SWEEP_SECONDS},
        "furnishing": {"task": "sandbox.sweep_furnishing", "schedule": WORKSPACES_SWEEP_SECONDS},
        "issuing": {"task": "sandbox.sweep_issuing", "schedule": TSM_SWEEP_SECONDS},
    }

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "filters": {"links": {"()": "portal.logs.WithoutLinks"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["links"]}},
    # It would log whole addresses, and a hand-off's link is in one.
    "loggers": {"httpx": {"level": "WARNING"}, "weasyprint": {"level": "ERROR"}, "fontTools": {"level": "WARNING"}},
    "root": {"handlers": ["stderr"], "level": environment.text("LOG_LEVEL", "INFO")},
}
