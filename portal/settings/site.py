"""The site itself: where it is, what Django is made of, sessions and cookies."""

from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from portal import environment

ROOT = Path(__file__).resolve().parents[2]
VAR = Path(environment.text("VAR_DIR", str(ROOT / "var")))
VAR.mkdir(parents=True, exist_ok=True)

DEBUG = False
PRODUCTION = environment.flag("PRODUCTION", False)
SANDBOX = environment.flag("SANDBOX", not PRODUCTION)

# Whom the pages serve, and what an API call is about that names no realm.
DEFAULT_REALM = environment.text("DEFAULT_REALM", "sandbox" if SANDBOX else "production")

# In earnest it has no default, and only the web gets it (portal/wsgi.py): whoever reads an empty one is stopped.
SECRET_KEY = environment.secret("SECRET_KEY", ROOT) or (
    "" if PRODUCTION else "embedded-default-not-for-production-" + "0" * 20
)

ALLOWED_HOSTS = environment.text("ALLOWED_HOSTS", "localhost 127.0.0.1 [::1] testserver").split()
PUBLIC_URL = environment.text("PUBLIC_URL", "http://localhost:8000")
# Names of their own for staff's and for service providers' pages (portal/hosts.py). Empty: PUBLIC_URL's.
STAFF_URL = environment.text("STAFF_URL").rstrip("/")
PROVIDERS_URL = environment.text("PROVIDERS_URL").rstrip("/")
_more = sorted({STAFF_URL, PROVIDERS_URL} - {PUBLIC_URL, ""})
ALLOWED_HOSTS += [urlsplit(_url).hostname or "" for _url in _more]
# With several names a page of one posts to none of the others.
CSRF_TRUSTED_ORIGINS = [] if _more else [PUBLIC_URL]
# A test site that only its own machine reaches: there services of that machine may be gone to.
LOCAL_SANDBOX = SANDBOX and urlsplit(PUBLIC_URL).hostname in ("localhost", "127.0.0.1")

# An index with further columns saves PostgreSQL a look at the row; SQLite does without.
# Browsers' preload lists are for whole registered domains: whoever owns the domain decides, not a service below it.
SILENCED_SYSTEM_CHECKS = ["models.W040", "security.W021"]

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
    "portal.observing.web.Observed",
    "django.middleware.security.SecurityMiddleware",
    "portal.hosts.Separated",
    # Around everything that answers: a file and a refusal have the policy, too.
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "portal.api.headers.ApiHeaders",
    "portal.bodies.Bounded",
]
if SANDBOX:
    # Notes what workspaces ask. Before what makes problems of unknown addresses, so that it sees those, too.
    MIDDLEWARE.insert(-2, "sandbox.inspector.middleware.Inspector")
    MIDDLEWARE.append("sandbox.trace.web.Traced")

# More books than the house's own (`portal.books`): names of sequences of checks.
BOOKS = ["sandbox.books.CHECKS"] if SANDBOX else []

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

# It may hold a password, so it may come from a file, too.
DATABASE_URL = environment.secret("DATABASE_URL", ROOT) or f"sqlite:///{VAR}/database.sqlite3"
DATABASES = {"default": environment.database(DATABASE_URL)}
# On PostgreSQL a migration that waits for a table gives up after so long, and is tried again so often.
MIGRATE_LOCK_SECONDS = environment.decimal("MIGRATE_LOCK_SECONDS", 2)
MIGRATE_TRIES = environment.number("MIGRATE_TRIES", 30)
# Whom backups are sealed to: age1… (docs/backup.md). The identity that opens them is kept elsewhere.
BACKUP_RECIPIENT = environment.text("BACKUP_RECIPIENT")
# Whose tables of rights are put together (docs/rights.md): modules with TABLES and SECRETS.
DATABASE_RIGHTS = ["portal.rights.tables", *(["sandbox.rights"] if SANDBOX else [])]
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
WHITENOISE_ALLOW_ALL_ORIGINS = False  # no page of another site needs our scripts and styles

SESSION_COOKIE_SECURE = PUBLIC_URL.startswith("https:")
# Over TLS a cookie is this host's alone (portal/cookies.py).
COOKIE_PREFIX = "__Host-" if SESSION_COOKIE_SECURE else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}jpki_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}jpki_csrf"
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE
LANGUAGE_COOKIE_NAME = f"{COOKIE_PREFIX}django_language"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = SESSION_COOKIE_SECURE
MESSAGE_STORAGE = "portal.cookies.Messages"
# The header in which a proxy says by which scheme it was asked; it must replace what clients send. Where it is set, who
# comes in clear is sent to https. Empty: the connection's scheme, and nobody is sent anywhere.
SCHEME_HEADER = environment.text("SCHEME_HEADER")
if SCHEME_HEADER:
    SECURE_PROXY_SSL_HEADER = (f"HTTP_{SCHEME_HEADER.upper().replace('-', '_')}", "https")
    SECURE_SSL_REDIRECT = True
    # Asked by what stands beside the process, not by browsers.
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
# So long browsers that came by https once come by nothing else, to subdomains neither.
SECURE_HSTS_SECONDS = environment.number("HSTS_SECONDS", 365 * 24 * 3600 if SESSION_COOKIE_SECURE else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = environment.flag("HSTS_SUBDOMAINS", SESSION_COOKIE_SECURE)
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "object-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF, *filter(None, [environment.text("PHONE_AGENT_URL").rstrip("/")])],
        # Who sends a form off at one of the site's names may be led on to another of them.
        "form-action": [SELF, *([PUBLIC_URL, *_more] if _more else [])],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
