"""Virtual phones: the factory that makes them, and the app in each that answers a push."""

import secrets
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import httpx
from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ca import clock, messages
from ca.models import Realm
from sandbox import power, sealing, trace
from sandbox.models import VirtualPhone
from sandbox.trace import seram
from sandbox.virtual.element import Element
from tsm import agent, compatibility, keysets
from tsm.models import Phone, SecureElement
from tsm.transports.base import Transport

# ISO/IEC 7812: an issuer identification number of nobody's.
IIN = bytes.fromhex("9999990001")


def make(realm: Realm, model_code: str, reference: uuid.UUID | None = None) -> Phone:
    """Make a phone of that model: its element with diversified issuer keys, its token, its rows.

    Needs the TSM's master key: this is the factory, where the element's issuer writes its keys.
    """
    model = compatibility.find(model_code)
    if model is None:
        raise ValueError(f"there is no model {model_code!r}")
    token, digest = Phone.new_token()
    cin = secrets.token_bytes(8)
    now = clock.now(realm)
    state = b""
    if model.secure_element:
        chip = Element.manufacture(
            iin=IIN,
            cin=cin,
            isd_keys=keysets.issuer(IIN + cin),
            natives=power.NATIVES,
            rules=power.ACCESS_RULES,
        )
        state = chip.snapshot()
    with transaction.atomic():
        phone = Phone.objects.create(
            realm=realm,
            reference=reference or uuid.uuid4(),
            model_code=model.code,
            name=model.name,
            token_digest=digest,
            created_at=now,
        )
        if model.secure_element:
            SecureElement.objects.create(phone=phone, iin=IIN, cin=cin, isd_counter=0, domain_counter=0)
        VirtualPhone.objects.create(
            phone=phone, sealed_state=sealing.seal(state), sealed_token=sealing.seal(token.encode())
        )
    return phone


def order(realm: Realm, model_code: str, *, wait: float = 10.0) -> Phone | None:
    """Have a phone made by the factory, which is a worker: this process can't know an element's keys.

    Return None when it isn't there within `wait` seconds.
    """
    reference = uuid.uuid4()
    messages.send("factory.make_phone", realm.pk, model_code, str(reference))
    deadline = time.monotonic() + wait
    while True:
        made = Phone.objects.filter(reference=reference, virtual_phone__isnull=False).first()
        if made is not None or time.monotonic() > deadline:
            return made
        time.sleep(0.05)


def bearer(row: VirtualPhone) -> str:
    """Return what the phone puts behind `Authorization: Bearer`."""
    return f"{row.phone.reference}:{sealing.unseal(bytes(row.sealed_token)).decode()}"


def push(phone: uuid.UUID, session: uuid.UUID) -> None:
    """Wake a virtual phone: its app is to open this session with the TSM. Phones of others aren't ours to wake."""
    row = VirtualPhone.objects.select_related("phone").filter(phone__reference=phone).first()
    if row is not None:
        seram.woken(row, session)
        messages.send("sandbox.talk", str(phone), str(session))


def talk(phone: str, session: str) -> None:
    """Be the app in the phone: hold the conversation that it was woken for, unless it is in one."""
    row = VirtualPhone.objects.select_related("phone__element").get(phone__reference=phone)
    now = timezone.now()
    free = Q(talking_until__isnull=True) | Q(talking_until__lt=now)
    if not VirtualPhone.objects.filter(free, pk=row.pk).update(
        talking_until=now + timedelta(seconds=settings.SANDBOX_TALK_SECONDS)
    ):
        return
    try:
        post = agent.over_http(f"{settings.PUBLIC_URL}/gp/seram", session, bearer(row))
        agent.converse(
            seram.traced(post, row, session),
            lambda: played(row, session),
            identifier=row.phone.element.identifier,
            # The app remembers what was agreed; the row that tells whether it ever talked is the TSM's.
            shaken=row.phone.last_seen_at is not None,
            seconds=max(settings.SANDBOX_TALK_SECONDS - agent.ANSWER_TIMEOUT / 2, 1),
        )
    except httpx.HTTPStatusError as error:
        # 404: the conversation is over; whatever is left begins another one.
        if error.response.status_code != httpx.codes.NOT_FOUND:
            raise
    finally:
        VirtualPhone.objects.filter(pk=row.pk).update(talking_until=None)


@contextmanager
def played(row: VirtualPhone, session: str) -> Iterator[Transport]:
    """Power the element for one order of the TSM's; the trace knows for which enrolment, and what each command says."""
    with (
        trace.about(enrolment=seram.enrolment(session), by="tsm"),
        power.app(row, words=lambda: seram.words(session)) as element,
    ):
        yield element


# Not redelivered: the sweep wakes a phone again that was lost in a conversation, and two agents would undo each other.
@shared_task(name="sandbox.talk", acks_late=False)
def talk_task(phone: str, session: str) -> None:
    talk(phone, session)


@shared_task(name="factory.make_phone")
def make_task(realm_id: int, model_code: str, reference: str) -> None:
    if not Phone.objects.filter(reference=reference).exists():
        make(Realm.objects.get(pk=realm_id), model_code, uuid.UUID(reference))
