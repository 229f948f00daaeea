"""CRLs: one list per partition, signed whole, published by one committed row; all are kept.

A partition is one CRL distribution point of one generation. Its list says which of its certificates are not good:
revoked ones with their reason, those on hold and those awaiting activation as certificateHold. Each list is held
against the last before anyone sees it (`ca.succession`); where it doesn't follow, the last one stays.
"""

from ca.crl.drafts import newest, newest_of, validity
from ca.crl.publishing import Outcome, publish, publish_due, publish_together
from ca.crl.schedule import due, interval, is_due

__all__ = [
    "Outcome",
    "due",
    "interval",
    "is_due",
    "newest",
    "newest_of",
    "publish",
    "publish_due",
    "publish_together",
    "validity",
]
