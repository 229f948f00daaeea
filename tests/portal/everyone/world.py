"""Everybody whom a page may be shown to, made of rows: browsers by name, and what the addresses name.

Certificates, hand-offs and applications are real; no element answers behind the phones. `grow` adds rows to every list.
"""

import secrets
import urllib.parse
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.test import Client
from django.urls import reverse

from ca import clock
from ca.models import Certificate, Holder, Realm
from ca.profiles import Medium, Purpose
from portal.accounts import staff
from portal.accounts.models import Authenticator, Passkey
from portal.certificates import objections
from portal.handoff import asking, binding, hand_offs, qr, scanning
from portal.handoff.models import HandOff
from portal.handoff.ways import Way
from portal.helpdesk import calls, holds
from portal.helpdesk.models import Release
from portal.mynaportal import answering, applications, procedures, registration, visit
from portal.mynaportal.models import Application
from portal.notices.models import Contact, ContactCode, Happening, KeptMail, Notice
from portal.phone import card_sign_in
from portal.providers import invitations, keys
from portal.providers.models import Workspace
from portal.screen_lock import proof
from sandbox.models import VirtualCard
from tests.ca.fixtures import issue_card, issue_phone, make_holder
from tests.portal.accounts.people import make_staff, shown, sign_in
from tests.portal.everyone import cases, console, review
from tests.portal.everyone.pages import Page
from tests.portal.handoff import pdfs
from tests.portal.helpdesk.callers import RIGHT_FOR_RELEASE, enrolled
from tests.portal.mynaportal.visitor import MOVE
from tests.portal.providers.people import (
    code_in,
    join,
    mails,
    make_organisation,
    make_person,
    make_provider,
    make_workspace,
)
from tests.whitelist.relying_parties import CALLBACK, make_bank, make_credential
from tsm import services
from tsm.models import Conversation, Enrolment, EnrolmentStep, Leg, Phone, ServiceOrder
from whitelist import credentials, delegations
from whitelist.cases import states
from whitelist.models import Case, Credential, ProbeResult, ProbeRun, PurposeOfUse, RelyingParty, VerificationLog
from whitelist.published import records, statement

ADDRESS = "hanako@mail.example"
RECEIVED = {"procedure_ja": "転出届", "procedure_en": "Moving out", "number": "R-1"}


@dataclass
class World:
    """A realm in which every page has something to show."""

    realm: Realm
    browsers: dict[str, Client] = field(default_factory=lambda: {"anybody": Client()})
    # What stands in addresses: references, tokens, numbers.
    names: dict[str, Any] = field(default_factory=dict)
    rows: dict[str, Any] = field(default_factory=dict)

    @property
    def holder(self) -> Holder:
        found: Holder = self.rows["active"].holder
        return found

    def address(self, page: Page) -> str:
        """Return the path of a page, with the query."""
        path = reverse(page.address, args=[self.names.get(name, name) for name in page.names])
        return f"{path}?{page.query}".rstrip("?")

    def browser(self, name: str, **session: Any) -> Client:
        """Return a browser whose session has these values from now on."""
        client = self.browsers.setdefault(name, Client())
        kept = client.session
        kept.update(session)
        kept.save()
        return client

    def in_hand(self, name: str, phone: Phone) -> Client:
        """Make a browser stand in for a phone."""
        return self.browser(name, phone=str(phone.reference), phones=[str(phone.reference)])


def build(realm: Realm) -> World:
    """Return everybody. The settings' DEFAULT_REALM is the realm, PHONE_DEVICES `tests.portal.handoff.devices`."""
    world = World(realm)
    _citizens(world)
    _phones(world)
    _hand_offs(world)
    _mynaportal(world)
    _staff(world)
    _providers(world)
    _register(world)
    _services(world)
    review.build(world)
    grow(world, 1)
    return world


def grow(world: World, count: int) -> None:
    """Add `count` rows to whatever is listed anywhere."""
    cases.grow(world, count)
    active, realm, holder = world.rows["active"], world.realm, world.holder
    cards = [active.card_signature_certificate, active.card_authentication_certificate]
    now = clock.now(realm)
    for _ in range(count):
        use = _used(world)
        said = objections.raise_(use, holder=holder, phone=active.phone, text="この日は使っていません。")
        world.names["use"] = use.pk
        world.names["objection"] = said.reference
        kind = Happening.Kind.APPLICATION_RECEIVED
        happening = Happening.objects.create(realm=realm, holder=holder, kind=kind, at=now, entries=[RECEIVED])
        world.names["notice"] = happening.pk
        Notice.objects.create(happening=happening, holder=holder, channel="letter", made_at=now, next_at=now)
        KeptMail.objects.create(at=now, recipient=ADDRESS, subject="お知らせ", body="本文", message_id="id")
        Application.objects.create(
            realm=realm, holder=holder, procedure="child_allowance", created_at=now, changed_at=now
        )
        _more_providers(world)
        world.names |= console.grow(world.rows["console"])
        other = enrolled(holder, state=Enrolment.State.KEYED, cards=cards)
        Enrolment.objects.filter(pk=other.pk).update(state_since=now - timedelta(hours=1))
        EnrolmentStep.objects.create(enrolment=active, step=f"measure {secrets.token_hex(2)}", at=now)
        ServiceOrder.objects.create(enrolment=active, function="check_in", state="done", asked_at=now)
        ServiceOrder.objects.create(enrolment=other, function="check_in", asked_at=now)
        for element in (other.element, active.element):
            talk = Conversation.objects.create(element=element, opened_at=now, closed_at=now)
        for conversation in (talk, world.rows["conversation"]):
            Leg.objects.create(
                conversation=conversation, enrolment=active, kind="keys", state="checked", plan={}, commands=[],
                answers=[], created_at=now, sent_at=now, reported_at=now,
            )  # fmt: skip
        review.grow(world)
        name = f"bank-{secrets.token_hex(4)}"
        make_bank(realm, name, name_ja=name, name_en=name)
        call = calls.open_(world.rows["agent"], holder.reference, reason="question")
        calls.check(call, dict.fromkeys(RIGHT_FOR_RELEASE, True))
        world.names["call"] = call.pk
        Release.objects.create(
            call=call, enrolment=other, ground="見つかった", proposed_by=call.agent, proposed_at=now,
            lapses_at=now + timedelta(hours=1),
        )  # fmt: skip
        _seen_and_asked(world)
        phone = Phone.objects.create(realm=realm, model_code="sakura-8", name="前の", token_digest="", created_at=now)
        for name in ("active", "choosing"):
            used = world.browsers[name].session["phones"]
            world.browser(name, phones=[*used, str(phone.reference), str(other.phone.reference)])


def _more_providers(world: World) -> None:
    owner, address = world.rows["owner"], f"{secrets.token_hex(4)}@bank.example"
    join(owner.account, make_organisation(world.realm, address), "viewer")
    make_provider(world.realm, address, role="developer", organisation=owner.organisation)
    invitations.invite(owner.organisation, f"new-{address}", "viewer", by=owner.account)
    workspace = make_workspace(owner)
    if len(keys.of(workspace)) < settings.CREDENTIALS_AT_ONCE:
        keys.make(workspace, by=owner.account)


def _citizens(world: World) -> None:
    holder = make_holder(world.realm)
    world.rows["active"] = active = enrolled(holder, cards=_pair(holder, 0))
    _certified(active, 10)
    now = clock.now(world.realm)
    for step in ("verified", "prepared", "keyed", "certified", "installed", "active"):
        EnrolmentStep.objects.create(enrolment=active, step=step, at=now)
    Contact.objects.create(holder=holder, address=ADDRESS, confirmed_at=now)
    soon = clock.machine() + timedelta(minutes=10)
    ContactCode.objects.create(
        holder=holder, address=ADDRESS, salt="", digest="", tries_left=5, sent_at=now, expires_at=soon, counted_from=now
    )
    other = make_holder(world.realm, name="秋山　楓")
    world.rows["held"] = held = enrolled(other, cards=_pair(other, 2))
    _certified(held, 12)
    services.suspend(held, source="test")
    world.rows["conversation"] = Conversation.objects.create(element=active.element, opened_at=now, closed_at=now)
    world.names["conversation"] = world.rows["conversation"].reference
    VirtualCard.objects.create(realm=world.realm, persona="hanako", holder=holder, ready=True)


def _phones(world: World) -> None:
    active, realm = world.rows["active"], world.realm
    cards = [active.card_signature_certificate, active.card_authentication_certificate]
    now = clock.now(realm)
    world.names["active"] = active.reference
    world.in_hand("active", active.phone)
    world.names["held"] = world.rows["held"].reference
    world.in_hand("held", world.rows["held"].phone)
    for name, state in (
        ("moving", "keyed"),
        ("passwords", "installed"),
        ("ended", "ended"),
        ("given up", "abandoned"),
    ):
        one = enrolled(active.holder, state=state, cards=cards)
        world.names[name] = one.reference
        world.in_hand(name, one.phone)
    new = Phone.objects.create(realm=realm, model_code="sakura-8", name="新しい", token_digest="", created_at=now)
    for name in ("choosing", "new"):
        world.in_hand(name, new)
    world.browser("new", application={"phone": str(new.reference), "page": "phone:card", "agreed": True})
    proved = {"enrolment": str(active.reference), "at": clock.machine().timestamp()}
    world.in_hand("proved", active.phone)
    world.browser("proved", **{proof.SESSION: proved})
    until = (clock.machine() + timedelta(minutes=10)).isoformat()
    for name, row in (("card", active), ("card, held", world.rows["held"])):
        world.browser(name, **{card_sign_in.HOLDER: {"holder": row.holder_id, "until": until}})


def _hand_offs(world: World) -> None:
    credential = world.rows["credential"] = make_credential(make_bank(world.realm))
    signing = {"purpose": Purpose.SIGNATURE, "document_name": "契約書"}
    asked: dict[str, dict[str, Any]] = {
        "sign": {**signing, "document": "契約書\r\n第1条\n"},
        "sign pdf": {**signing, "pdf": pdfs.plain(3)},
        "sign in": {"purpose": Purpose.USER_AUTHENTICATION},
        "declined": {"purpose": Purpose.USER_AUTHENTICATION},
        "refused": {"purpose": Purpose.USER_AUTHENTICATION},
        "code": {"purpose": Purpose.USER_AUTHENTICATION, "way": Way.QR},
        "scanned": {"purpose": Purpose.USER_AUTHENTICATION, "way": Way.QR},
    }
    made = {name: asking.ask(credential, return_url=CALLBACK, **wish) for name, wish in asked.items()}
    world.names |= {name: one.token for name, one in made.items()}
    hand_offs.decline(hand_offs.show(made["declined"].hand_off))
    HandOff.objects.filter(pk=made["refused"].hand_off.pk).update(state="refused", reason="not_registered")
    # One phone reads what the other screen shows.
    key, row = secrets.token_urlsafe(32), made["scanned"].hand_off
    now = clock.now(world.realm)
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(qr.link(row, now)).query))
    world.names["number"] = scanning.scan(row, query, binding.mark(key, row), now=now)
    world.browsers["active"].cookies[binding.COOKIE] = key


def _mynaportal(world: World) -> None:
    registration.register(world.realm)
    holder, certificate = world.holder, world.rows["active"].authentication_certificate
    seen = clock.machine().timestamp()
    world.in_hand("visitor", world.rows["active"].phone)
    world.browser("visitor", **{visit.SIGNED_IN: {"certificate": certificate.pk, "seen": seen}})
    found = procedures.find("moving_out")
    assert found is not None
    today = clock.today(world.realm)
    answers, wrong = answering.check(found, MOVE, today=today)
    assert not wrong
    states: dict[str, dict[str, Any]] = {
        "draft": {},
        "signing": {},
        "filed": {"number": "R-1", "filed_at": clock.now(world.realm)},
    }
    states["filed"] |= {"receipt": b"%PDF", "signed_with": world.rows["active"].signature_certificate}
    for state, values in states.items():
        if state == "signing":
            credential = registration.credential(world.realm)
            assert credential is not None
            signing: dict[str, Any] = {"purpose": Purpose.SIGNATURE, "document": "申請書", "document_name": "申請書"}
            ask = asking.ask(credential, return_url=registration.return_url(), **signing)
            values |= {"hand_off_id": ask.hand_off.pk, "number": "R-2"}
        now = clock.now(world.realm)
        row = Application.objects.create(
            realm=world.realm, holder=holder, procedure=found.code, answers=answers, created_at=now, changed_at=now,
            applicant=applications._as_row(applications.applicant(holder)), state=state, **values,
        )  # fmt: skip
        world.names[state] = row.reference


def _staff(world: World) -> None:
    realm = world.realm
    agent, second, operator = (make_staff(realm, name, role) for name, role in STAFF)
    world.rows["agent"] = agent
    for account in (agent, second, operator):
        world.browsers[account.name] = sign_in(account)
    call = calls.open_(agent, world.rows["held"].holder.reference, reason="found")
    calls.check(call, dict.fromkeys(RIGHT_FOR_RELEASE, True))
    world.names["release"] = holds.propose(call, ground="自宅で見つかった").pk
    world.names["call, held"] = call.pk
    code = staff.invite("tsubaki", role="helpdesk", realm=realm, by="test")
    enrolling = world.browsers["enrolling"] = Client()
    enrolling.post("/staff/enrol/", {"code": code})
    enrolling.post("/staff/enrol/authenticator", {"code": shown(Authenticator.objects.get(confirmed=False))})


def _providers(world: World) -> None:
    owner = make_provider(world.realm)
    bank = owner.organisation
    viewer = make_provider(world.realm, "viewer@bank.example", role="viewer", organisation=bank)
    world.rows["owner"] = owner
    world.browsers["owner"], world.browsers["viewer"] = sign_in(owner.account), sign_in(viewer.account)
    world.names |= {"organisation": bank.reference, "person": viewer.reference}
    cases.build(world)
    key = Authenticator.objects.get(user=owner.account.user).key.encode()
    world.names["passkey"] = Passkey.objects.create(
        account=owner.account, credential_digest="0" * 64, credential_id=key, public_key=key, sign_count=0,
        name="ノートパソコン", created_at=clock.machine(),
    ).pk  # fmt: skip
    keys.make(make_workspace(owner), by=owner.account)
    for name in ("with keys", "asked", "keyed"):
        other = join(owner.account, make_organisation(world.realm, f"{name}の銀行"))
        world.names[name] = other.organisation.reference
        made = make_workspace(other)
        if name == "with keys":
            keys.make(made, by=owner.account)
        else:
            Workspace.objects.filter(pk=made.pk).update(state=name)
    world.rows["console"], names = console.build(owner)
    world.names |= names
    invited = make_person(world.realm, "new@bank.example")
    invitations.invite(bank, invited.name, "legal", by=owner.account)
    world.browsers[invited.name] = sign_in(invited)
    registering, confirmed = world.browsers["registering"], world.browsers["confirmed"] = Client(), Client()
    registering.post("/providers/register", {"address": "first@bank.example"})
    confirmed.post("/providers/register", {"address": "second@bank.example"})
    confirmed.post("/providers/register/code", {"code": code_in(mails()[-1][1])})
    service = world.rows["keys' service"] = make_bank(
        world.realm, "rp-keys", organisation=owner.organisation, name_ja="鍵の銀行", name_en="Bank of Keys"
    )
    used, disabled = (make_credential(service, number=10 + at, key_id=f"key-{at}") for at in range(2))
    credentials.disable(disabled, now=clock.now(world.realm), by="owner@bank.example")
    world.names |= {"keys' service": service.client_id, "key": used.pk, "key, disabled": disabled.pk}


def _register(world: World) -> None:
    """Entries in every state, with records and a signed register."""
    names = {"in force": "rp-forest", "suspended": "rp-river", "under an operator": "rp-hill"}
    operator = make_bank(world.realm, "rp-platform", kind="platform_operator", name_ja="基盤", name_en="Platform")
    rows = {state: make_bank(world.realm, one, name_ja=one, name_en=one) for state, one in names.items()}
    RelyingParty.objects.filter(pk=rows["under an operator"].pk).update(basis="operator", operator=operator)
    statement.sign(world.realm)
    states.move_entry(rows["suspended"], "suspend", by="test")
    PurposeOfUse.objects.filter(relying_party=rows["in force"], purpose="signature").update(text_en="Another purpose")
    records.note(rows["in force"], "changed")
    world.names |= names


def _services(world: World) -> None:
    """Give the organisation a case, a service, and a delegation of it."""
    owner = world.rows["owner"]
    now = clock.now(world.realm)
    case = Case.objects.create(
        organisation=owner.organisation, opened_by=owner.account.name, opened_at=now, moved_at=now
    )
    service = make_bank(world.realm, "own-service", organisation=owner.organisation)
    operator = make_bank(world.realm, "own-operator", kind=RelyingParty.Kind.PLATFORM_OPERATOR)
    made = delegations.record(operator, service, list(Purpose), by=owner.account.name, document="契約 7")
    world.names |= {
        "probed case": case.reference, "probed service": service.client_id, "delegation": made.reference,
    }  # fmt: skip
    world.rows |= {"case": case, "service": service}


def _seen_and_asked(world: World) -> None:
    """Add a run of probes, a row of the log, and an ended delegation to the organisation."""
    owner, service = world.rows["owner"], world.rows["service"]
    now = clock.machine()
    common = {"trigger": "demand", "state": "done", "asked_by": "x", "asked_at": now, "due_at": now, "ended_at": now}
    for about in ({"case": world.rows["case"]}, {"entry": service}):
        run = ProbeRun.objects.create(**about, **common)
        for kind, outcome, finding in (
            ("tls", "passed", ""), ("name", "refused", "not_public"), ("key_set", "failed", "private_key_published"),
        ):  # fmt: skip
            ProbeResult.objects.create(
                run=run, **about, kind=kind, outcome=outcome, finding=finding, target="https://service.example",
                at=now, milliseconds=5, evidence={"days_left": 20, "names": ["service.example"]},
            )  # fmt: skip
    Case.objects.create(organisation=owner.organisation, opened_by=owner.account.name, opened_at=now, moved_at=now)
    VerificationLog.objects.create(
        relying_party=service, kind="status", purpose="signature", check_purpose="liveness_check",
        serial_number="0A", verdict="good", at=now,
    )  # fmt: skip
    operator = make_bank(
        world.realm, f"op-{secrets.token_hex(4)}", kind=RelyingParty.Kind.PLATFORM_OPERATOR, name_ja="基盤"
    )
    delegations.end(delegations.record(operator, service, list(Purpose), by="x"), by="x")


STAFF = (("sakura", "helpdesk"), ("momiji", "helpdesk"), ("kaede", "operator"))


def _pair(holder: Holder, key: int) -> list[Certificate]:
    return [issue_card(holder, purpose, key=key + number) for number, purpose in enumerate(Purpose)]


def _certified(enrolment: Enrolment, key: int) -> None:
    cards = (enrolment.card_signature_certificate, enrolment.card_authentication_certificate)
    signature, authentication = (issue_phone(card, key=key + number) for number, card in enumerate(cards))
    enrolment.signature_certificate, enrolment.authentication_certificate = signature, authentication
    enrolment.save()


def _used(world: World) -> HandOff:
    """Return a use of the holder's authentication certificate, answered."""
    credential: Credential = world.rows["credential"]
    used, now = world.rows["active"].authentication_certificate, clock.now(world.realm)
    return HandOff.objects.create(
        realm=world.realm, relying_party=credential.relying_party, credential=credential, purpose=used.purpose,
        nonce="n", return_url=CALLBACK, token_digest=secrets.token_hex(32), state="answered", created_at=now,
        expires_at=now + timedelta(minutes=5), ended_at=now, certificate=bytes(used.der), signature=b"s",
        medium=Medium.PHONE, answered_with=used, shown_on=world.rows["active"].phone,
    )  # fmt: skip
