"""Tasks of the published register: ids in, one call, safe to run twice. Signing needs the authorities' keys."""

import logging

from celery import shared_task

from ca.errors import CaError
from ca.models import Realm
from whitelist.published import statement

logger = logging.getLogger(__name__)


@shared_task(name="whitelist.sign_register")
def sign_register(realm_id: int) -> bool:
    """Sign the register of a realm, where it has changed or is due. Needs the CA's keys."""
    realm = Realm.objects.filter(pk=realm_id).first()
    return realm is not None and statement.sign(realm) is not None


@shared_task(name="whitelist.sign_registers")
def sign_registers() -> int:
    """Sign, in every realm, the register where it has changed or is due. Needs the CA's keys."""
    signed = 0
    for realm in Realm.objects.order_by("pk"):
        try:
            signed += statement.sign(realm) is not None
        except CaError:
            # The others get theirs; the page says that this one is stale.
            logger.exception("%s: the register isn't signed", realm.slug)
    return signed
