"""A workspace in which every page of the console has something to show: authorities, people, phones, what happened."""

from ca import clock
from ca.models import Realm
from portal.handoff import asking
from portal.handoff.models import HandOff
from portal.providers import workspaces
from portal.providers.models import Membership, Workspace
from sandbox import certificates, citizens, faults, personas, trace
from sandbox.conformance import runs
from sandbox.models import InspectedRequest, VirtualPhone
from sandbox.webhooks import endpoints
from tests.ca.fixtures import make_realm
from tests.portal.helpdesk.callers import enrolled
from tests.portal.providers.people import join, make_organisation
from tests.whitelist.relying_parties import make_credential
from tsm.models import Enrolment
from whitelist.models import Organisation

APDUS = [
    {
        "name": "VERIFY",
        "command": "00200080 •• ••",
        "says": {"ja": "照合する", "en": "Compare"},
        "means": {"ja": "成功", "en": "done"},
        "status": "9000",
        "sent": 9,
        "received": 0,
        "section": "application",
        "section_title": {"ja": "アプリを見る", "en": "Look at the application"},
    }
]


def make(owner: Membership) -> Workspace:
    """Return the workspace of a further organisation of the owner's, with authorities."""
    organisation = join(owner.account, make_organisation(owner.organisation.realm, "コンソールの銀行")).organisation
    realm = make_realm("ws-everyone")
    made = Workspace.objects.create(
        organisation=organisation,
        realm=realm,
        state=Workspace.State.READY,
        asked_by=owner.account.name,
        asked_at=clock.machine(),
    )
    Organisation.objects.filter(pk=organisation.pk).update(workspace=realm)
    workspaces._register(organisation, realm)
    make_credential(workspaces.relying_party(made), key_id="key-console", number=40)
    return made


def build(owner: Membership) -> tuple[Workspace, dict[str, object]]:
    """Make the workspace; return it, and what stands in the addresses of its pages."""
    made = make(owner)
    citizen = citizens.settle(made.realm, personas.PERSONAS[0])
    pair = enrolled(citizen.holder)
    VirtualPhone.objects.create(phone=pair.phone, sealed_state=b"", sealed_token=b"")
    signing = pair.signature_certificate
    assert signing is not None
    names = {
        "certificate": certificates.id_of(signing),
        "console": made.organisation.reference,
        "citizen": citizen.reference,
        "phone": pair.phone.reference,
    }
    return made, names | grow(made)


def grow(made: Workspace) -> dict[str, object]:
    """Add one of everything that the console lists; return what stands in addresses."""
    realm = made.realm
    entry = workspaces.relying_party(made)
    callback = workspaces.callbacks(made)[0]
    asked = asking.ask(entry.credentials.get(), purpose="user_authentication", return_url=callback, media=["phone"])
    event = trace.note(
        realm.pk,
        trace.Lane.ELEMENT,
        "apdus.phone",
        title=("署名した", "Signed"),
        data={"commands": APDUS, "milliseconds": 3},
        hand_off=asked.hand_off.pk,
        failed=True,
    )
    assert event is not None
    trace.note(
        realm.pk, trace.Lane.SERVICE, "clock.moved", title=("動かした", "Moved"), data={"before": "", "after": ""}
    )
    person(realm)
    faults.disarm(faults.arm(realm, "signature_wrong"))
    fault = faults.arm(realm, "signature_wrong", client=entry.client_id)
    seen = InspectedRequest.objects.create(
        realm=realm, at=clock.machine(), milliseconds=3, method="POST", path="/api/v1/handoffs", status=400,
        verdict="refused", code="handoff_request_invalid", why="return_url", headers={"Accept": "*/*"},
        body={"purpose": "x"}, answer={"code": "handoff_request_invalid"}, hand_off=asked.hand_off.pk,
    )  # fmt: skip
    hook = made.realm.webhooks.first() or endpoints.make(realm, "https://bank.example/hook", event_types=[], by="x")[0]
    delivery = endpoints.ping(hook)
    delivery.attempts.create(url=hook.url, at=clock.machine(), signature="v1,", state="over", finding="timeout")
    return {
        "run": runs.begin(entry).pk,
        "event": event.reference,
        "hand-off of the workspace": asked.hand_off.pk,
        "fault": fault.reference,
        "request": seen.reference,
        "webhook": hook.reference,
        "delivery": delivery.reference,
    }


def person(realm: Realm) -> None:
    """Add a citizen of one's own with a phone."""
    citizen = citizens.make(realm, citizens.Wish(name="春野　明", romaji="HARUNO Akira"))
    first = Enrolment.objects.filter(realm=realm).order_by("pk")[0]
    cards = [first.card_signature_certificate, first.card_authentication_certificate]
    pair = enrolled(citizen.holder, state="keyed", cards=cards)
    VirtualPhone.objects.create(phone=pair.phone, sealed_state=b"", sealed_token=b"")
    HandOff.objects.filter(realm=realm).update(shown_on=pair.phone)
