"""Settings of the whole site, a module for each room. What an operator may change comes from the environment.

See `portal/environment.py`.
"""

from portal.settings.authorities import *  # noqa: F403
from portal.settings.citizens import *  # noqa: F403
from portal.settings.people import *  # noqa: F403
from portal.settings.phones import *  # noqa: F403
from portal.settings.sandbox import *  # noqa: F403
from portal.settings.services import *  # noqa: F403
from portal.settings.site import *  # noqa: F403
from portal.settings.workers import *  # noqa: F403
