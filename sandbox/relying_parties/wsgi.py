"""The sample services, for a WSGI server: `granian --interface wsgi sandbox.relying_parties.wsgi:application`."""

import os

# Not `setdefault`: whoever starts this next to the system has the system's settings in the environment.
os.environ["DJANGO_SETTINGS_MODULE"] = "sandbox.relying_parties.settings"

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
