"""Where each role is found: here, or wherever the settings say."""

from django.conf import settings
from django.utils.module_loading import import_string

from tsm.messaging.functions import SeiTsm, SpTsm


def sei() -> SeiTsm:
    """Return the issuer's trusted service manager."""
    found: SeiTsm = import_string(settings.TSM_SEI)()
    return found


def sp() -> SpTsm:
    """Return the service provider's trusted service manager."""
    found: SpTsm = import_string(settings.TSM_SP)()
    return found
