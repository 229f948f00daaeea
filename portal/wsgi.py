"""The site as a WSGI application."""

import os

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = get_wsgi_application()

try:
    settings.SECRET_KEY  # noqa: B018
except ImproperlyConfigured:
    # One line now, instead of a stack trace at the first visitor's session.
    raise SystemExit("SECRET_KEY (or SECRET_KEY_FILE) is not set: set it to 50 or more random characters") from None
