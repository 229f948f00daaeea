"""Settings of the sample services: no database, a session in a signed cookie, cookie names of their own."""

import os
import secrets
from pathlib import Path

from csp.constants import NONE, SELF

from sandbox.relying_parties.environment import HERE, JPKI_URL, SAMPLES_KEYS_DIR, SAMPLES_URL, TERMINAL_URL


def _session_secret(path: Path) -> str:
    """Return the secret in `path`, written there by whichever process comes first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return path.read_text()


SECRET_KEY = os.environ.get("SAMPLES_SECRET_KEY") or _session_secret(SAMPLES_KEYS_DIR / "session-secret")
DEBUG = False
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "localhost 127.0.0.1 [::1] testserver").split()
INSTALLED_APPS = ["django.contrib.sessions", "django.contrib.staticfiles", "csp"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "sandbox.relying_parties.language.from_address",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "sandbox.relying_parties.urls"
WSGI_APPLICATION = "sandbox.relying_parties.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "sandbox.relying_parties.language.words",
            ]
        },
    }
]
DATABASES: dict[str, dict[str, str]] = {}
LANGUAGE_CODE = "ja"
LANGUAGES = [("ja", "日本語"), ("en", "English")]
TIME_ZONE = "Asia/Tokyo"
USE_TZ = True
STATIC_URL = "/static/"
STATICFILES_DIRS = [HERE / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_ALLOW_ALL_ORIGINS = False

# Cookies of localhost are shared by all its ports: names of our own keep them apart from the system's.
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
SESSION_COOKIE_NAME = "samples_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = SAMPLES_URL.startswith("https:")
CSRF_COOKIE_NAME = "samples_csrf"
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE
CSRF_TRUSTED_ORIGINS = [SAMPLES_URL]
LANGUAGE_COOKIE_NAME = "samples_language"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "style-src": [SELF],
        "img-src": [SELF],
        # A form's answer leads to the phone's screen, or to the reader's, and a browser checks where its redirect goes.
        "form-action": [SELF, JPKI_URL, TERMINAL_URL],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("LOG_LEVEL", "INFO")},
    # Every call with its address, and every step of making a PDF, would drown the rest.
    "loggers": {name: {"level": "WARNING"} for name in ("httpx", "weasyprint", "fontTools")},
}
