"""Settings of the whole site, a module for each room. What an operator may change comes from the environment.

See `portal/environment.py`.
"""

from portal.settings.authorities import *
from portal.settings.citizens import *
from portal.settings.observing import *
from portal.settings.people import *
from portal.settings.phones import *
from portal.settings.sandbox import *
from portal.settings.services import *
from portal.settings.site import *
from portal.settings.workers import *
