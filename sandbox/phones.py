"""Virtual phones: the factory that makes them, and the app in each that answers a push."""

import json
import secrets
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta

import httpx
from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from ca import clock, messages
from ca.models import Realm
from sandbox import pace, power, sealing, trace
from sandbox.hands import PhonePasswords
from sandbox.models import VirtualPhone
from sandbox.trace import seram
from sandbox.virtual.element import Element
from tsm import agent, compatibility, conversation, keysets
from tsm.models import Phone, SecureElement
from tsm.transports.base import Transport

# ISO/IEC 7812: an issuer identification number of nobody's.
IIN = bytes.fromhex("9999990001")


def make(realm: Realm, model_code: str, reference: uuid.UUID | None = None, *, name: str = "") -> Phone:
    """Make a phone of that model: its element with diversified issuer keys, its token, its rows.

    `model_code` may say in what this phone differs from its model (`tsm.compatibility.varied`). Needs the TSM's master
    key: this is the factory, where the element's issuer writes its keys.
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
            model_code=model_code,
            name=name or model.name,
            token_digest=digest,
            created_at=now,
        )
        if model.secure_element:
            SecureElement.objects.create(phone=phone, iin=IIN, cin=cin, isd_counter=0, domain_counter=0)
        VirtualPhone.objects.create(
            phone=phone, sealed_state=sealing.seal(state), sealed_token=sealing.seal(token.encode())
        )
    return phone


def order(realm: Realm, model_code: str, *, name: str = "", wait: float | None = None) -> Phone | None:
    """Have a phone made by the factory, which is a worker: this process can't know an element's keys.

    Return None when it isn't there within `wait` seconds, or SANDBOX_FACTORY_SECONDS.
    """
    reference = uuid.uuid4()
    messages.send("factory.make_phone", realm.pk, model_code, str(reference), name)
    deadline = time.monotonic() + (settings.SANDBOX_FACTORY_SECONDS if wait is None else wait)
    while True:
        made = Phone.objects.filter(reference=reference, virtual_phone__isnull=False).first()
        if made is not None or time.monotonic() > deadline:
            return made
        time.sleep(0.05)


def of(realm: Realm) -> QuerySet[VirtualPhone]:
    """Return the realm's phones, in the order in which they were made, but for those that are gone."""
    rows = VirtualPhone.objects.filter(phone__realm=realm, gone_at=None).order_by("pk")
    return rows.select_related("phone__realm", "phone__element")


def find(realm: Realm, reference: uuid.UUID | str) -> VirtualPhone | None:
    """Return the realm's phone of that reference, or None; one that is gone isn't found."""
    try:
        return of(realm).filter(phone__reference=uuid.UUID(str(reference))).first()
    except ValueError:
        return None


def passwords(row: VirtualPhone) -> PhonePasswords | None:
    """Return what the holder chose in the phone, where the sandbox was the holder's hands. Needs the seal key."""
    if row.sealed_passwords is None:
        return None
    return PhonePasswords(**json.loads(sealing.unseal(bytes(row.sealed_passwords))))


def remember(row: VirtualPhone, chosen: PhonePasswords) -> None:
    """Note what the holder chose in the phone. Needs the seal key."""
    row.sealed_passwords = sealing.seal(json.dumps(asdict(chosen)).encode())
    VirtualPhone.objects.filter(pk=row.pk).update(sealed_passwords=row.sealed_passwords)


def change(row: VirtualPhone, *, name: str | None = None, os: int | None = None, biometrics: str | None = None) -> None:
    """Rename the phone, update its system, change its biometrics: whatever isn't None. Its model stays."""
    phone = row.phone
    varied = dict(one.split("=") for one in phone.model_code.split(";")[1:])
    phone.model_code = compatibility.varied(
        phone.model_code,
        os_version=os if os is not None else int(varied["os"]) if "os" in varied else None,
        biometrics=biometrics or varied.get("biometrics", ""),
    )
    phone.name = name or phone.name
    Phone.objects.filter(pk=phone.pk).update(model_code=phone.model_code, name=phone.name)


def reach(row: VirtualPhone, reachable: bool) -> None:
    """Switch the phone on, or off: then no push wakes it. One that comes back is told what it missed."""
    VirtualPhone.objects.filter(pk=row.pk).update(reachable=reachable)
    row.reachable = reachable
    if reachable:
        _note(row, "phone.switched_on", ("電源が入り、つながるようになった", "Switched on, and in reach"))
    else:
        _note(row, "phone.switched_off", ("電源が切れた：プッシュは届かない", "Switched off: no push reaches it"))
    if reachable:
        wake(row)


def throw_away(row: VirtualPhone) -> None:
    """Lose the phone for good. What was issued to it stands as it stood: whoever lost one says so elsewhere."""
    row.gone_at = clock.machine()
    VirtualPhone.objects.filter(pk=row.pk).update(gone_at=row.gone_at)
    _note(row, "phone.lost", ("失くした：もう答えない", "Lost for good: it answers nobody any more"))


def wake(row: VirtualPhone) -> None:
    """Have the app ask for the conversation that the TSM has open with the phone, if there is one."""
    element = getattr(row.phone, "element", None)
    found = conversation.of(element) if element is not None else None
    if found is not None:
        push(row.phone.reference, found.reference)


def _note(row: VirtualPhone, what: str, title: tuple[str, str]) -> None:
    trace.note(row.phone.realm_id, trace.Lane.PHONE, what, title=title, phone=row.phone.reference)


def bearer(row: VirtualPhone) -> str:
    """Return what the phone puts behind `Authorization: Bearer`."""
    return f"{row.phone.reference}:{sealing.unseal(bytes(row.sealed_token)).decode()}"


def push(phone: uuid.UUID, session: uuid.UUID) -> None:
    """Wake a virtual phone: its app is to open this session with the TSM. Phones of others aren't ours to wake."""
    rows = VirtualPhone.objects.select_related("phone").filter(phone__reference=phone, reachable=True, gone_at=None)
    row = rows.first()
    if row is not None:
        seram.woken(row, session)
        messages.send("sandbox.talk", str(phone), str(session))


def talk(phone: str, session: str, post: agent.Post | None = None) -> None:
    """Be the app in the phone: hold the conversation that it was woken for, unless it is in one.

    `post` is another way to the TSM than by HTTP.
    """
    row = VirtualPhone.objects.select_related("phone__element", "phone__realm").get(phone__reference=phone)
    if not row.reachable or row.gone_at is not None or pace.rests(row.phone):
        return
    now = timezone.now()
    free = Q(talking_until__isnull=True) | Q(talking_until__lt=now)
    if not VirtualPhone.objects.filter(free, pk=row.pk).update(
        talking_until=now + timedelta(seconds=settings.SANDBOX_TALK_SECONDS)
    ):
        return
    try:
        post = post or agent.over_http(f"{settings.PUBLIC_URL}/gp/seram", session, bearer(row))
        agent.converse(
            pace.leaving(row.phone, seram.traced(post, row, session)),
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
    # What the holder does next, where the sandbox is the holder's hands.
    messages.send("sandbox.go_on_issuing", phone)


@shared_task(name="factory.make_phone")
def make_task(realm_id: int, model_code: str, reference: str, name: str = "") -> None:
    if not Phone.objects.filter(reference=reference).exists():
        make(Realm.objects.get(pk=realm_id), model_code, uuid.UUID(reference), name=name)
