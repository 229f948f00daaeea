"""The pretend world's own books: what really is in its phones, against what the TSMs know (see `ca.books`)."""

from collections.abc import Iterator

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from ca.books import Check, Reading
from sandbox import power, sealing
from sandbox.models import VirtualPhone
from sandbox.virtual.element import Element
from tsm import jpki
from tsm.models import Enrolment, Leg


def _phone_unknown(of: Reading) -> Iterator[str]:
    if not settings.SANDBOX_SEAL_KEY:
        return  # only who has it can look into a phone
    on_its_way = Leg.objects.filter(
        Q(state__in=(Leg.State.READY, Leg.State.SENT, Leg.State.REPORTED)) | Q(created_at__gte=of.settled_on_machine),
        conversation__element=OuterRef("phone__element"),
    )
    rows = VirtualPhone.objects.filter(
        ~Exists(on_its_way), phone__realm=of.realm, phone__element__occupant=None, gone_at=None
    ).select_related("phone__element")
    for row in rows.iterator():
        if Element.restore(sealing.unseal(bytes(row.sealed_state)), power.NATIVES).applet(jpki.AID) is not None:
            yield row.phone.element.identifier


def _phone_empty(of: Reading) -> Iterator[str]:
    if not settings.SANDBOX_SEAL_KEY:
        return
    rows = Enrolment.objects.filter(
        realm=of.realm, state=Enrolment.State.ACTIVE, phone__virtual_phone__gone_at=None
    ).select_related("phone__virtual_phone", "element")
    for row in rows.exclude(phone__virtual_phone=None).iterator():
        state = sealing.unseal(bytes(row.phone.virtual_phone.sealed_state))
        if Element.restore(state, power.NATIVES).applet(jpki.AID) is None:
            yield row.element.identifier


CHECKS = (
    Check("sandbox.phone-unknown", "a phone has content that the TSMs know nothing of", _phone_unknown, walk=True),
    Check("sandbox.phone-empty", "a phone in use has nothing in its element", _phone_empty, walk=True),
)
