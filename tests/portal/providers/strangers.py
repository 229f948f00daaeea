"""What stands in the addresses of one organisation: a real object of it for every parameter of every address.

A new parameter below /providers/<organisation>/ or in the API gets a row here, made as the organisation would make it;
without one `test_strangers` fails and says which.
"""

import secrets
from collections.abc import Callable
from typing import Any

from ca import clock
from ca.models import Authority, Certificate, Realm
from ca.profiles import Purpose
from portal.handoff import asking
from portal.providers import invitations, workspaces
from portal.providers.models import Invitation, Membership
from sandbox import certificates, citizens, faults, personas, trace
from sandbox.conformance import runs
from sandbox.models import Citizen, ConformanceRun, InspectedRequest, TraceEvent, VirtualPhone, Webhook
from sandbox.webhooks import endpoints
from tests.ca.fixtures import issue_card, make_holder
from tests.portal.providers.people import make_provider, make_workspace
from tests.portal.review.people import officers
from tests.whitelist.cases import filled
from tests.whitelist.relying_parties import CALLBACK, make_bank, make_credential
from tests.whitelist.review import cases as reviewed
from tsm.models import Phone
from whitelist import delegations
from whitelist.cases import attachments, drafts
from whitelist.models import (
    Attachment,
    Case,
    CaseVersion,
    Credential,
    Proposal,
    RelyingParty,
    Suspension,
)
from whitelist.review import suspensions

# --- of an organisation: (namespace:name of the address, or namespace, or "*"; parameter) -> value, from its owner
Make = Callable[[Membership], Any]
OBJECTS: dict[tuple[str, str], Make] = {
    ("*", "organisation"): lambda owner: make_workspace(owner).organisation.reference,
    ("providers", "person"): lambda owner: colleague(owner).reference,
    ("providers", "invitation"): lambda owner: invitation(owner).reference,
    ("probes", "case"): lambda owner: case(owner).reference,
    ("probes", "client_id"): lambda owner: credential(owner).relying_party.client_id,
    ("delegations", "reference"): lambda owner: delegation(owner),
    ("credentials", "client_id"): lambda owner: credential(owner).relying_party.client_id,
    ("credentials", "credential"): lambda owner: credential(owner).pk,
    ("onboarding", "case"): lambda owner: case(owner).reference,
    ("onboarding:remove", "block"): lambda owner: application(owner),
    ("onboarding", "file"): lambda owner: logo(owner).reference,
    ("onboarding", "number"): lambda owner: version(owner).number,
    ("letters", "case"): lambda owner: decided(owner).review.case.reference,
    ("letters", "proposal"): lambda owner: decided(owner).reference,
    ("letters", "suspension"): lambda owner: suspension(owner).reference,
    ("workspace", "event"): lambda owner: traced(owner).reference,
    ("workspace", "certificate"): lambda owner: certificates.id_of(certificate(owner)),
    ("workspace", "run"): lambda owner: runs.begin(workspaces.relying_party(make_workspace(owner))).pk,
    ("workspace:conformance-report", "run"): lambda owner: reported(owner).pk,
    ("workspace", "citizen"): lambda owner: citizen(owner).reference,
    ("workspace", "phone"): lambda owner: phone(owner).phone.reference,
    ("workspace", "fault"): lambda owner: faults.arm(realm_of(owner), "signature_wrong").reference,
    ("workspace", "reference"): lambda owner: inspected(owner).reference,
    ("workspace", "webhook"): lambda owner: webhook(owner).reference,
    ("workspace", "delivery"): lambda owner: endpoints.ping(webhook(owner)).reference,
}
# Parameters that name a kind of thing rather than an object of somebody: nothing to be guarded by itself.
KINDS: dict[tuple[str, str], str] = {("onboarding", "page"): "service", ("workspace", "name"): "signature_wrong"}

# --- of the API: the parameter -> value, from the credential of the organisation's relying party
API_OBJECTS: dict[tuple[str, str], Callable[[Credential], Any]] = {
    ("handoff_api", "reference"): lambda credential: hand_off(credential),
}
# The body with which a route gets as far as looking for its object; without a row, none.
API_BODIES: dict[str, dict[str, Any]] = {"handoff_api:redeem": {"code": "wrong"}}
# Everybody's: no token, and the same answer for all.
PUBLIC_API = {
    "api:openapi-json", "api:openapi-yaml", "api:problem", "api:problems", "handoff_api:token", "handoff_api:trust",
}  # fmt: skip
# These name nobody's object: whoever has a token asks for their own.
OWN_API = {
    "handoff_api:handoffs", "verification_api:status", "verification_api:counterparts", "verification_api:log",
}  # fmt: skip


def found(table: dict[tuple[str, str], Any], name: str, parameter: str) -> Any:
    """Return the row for a parameter: that of the address, else of its namespace, else of all; None without one."""
    keys = (name, name.rpartition(":")[0], "*")
    return next((table[key, parameter] for key in keys if (key, parameter) in table), None)


def case(owner: Membership) -> Case:
    """Return the organisation's case, a draft in which everything is answered."""
    found = Case.objects.filter(organisation=owner.organisation).first()
    return found or filled.fill(drafts.open(owner.organisation, owner.account.name))


def application(owner: Membership) -> str:
    """Return the name of the case's application."""
    return str(drafts.answers(case(owner))["applications"][0]["id"])


def logo(owner: Membership) -> Attachment:
    """Return a picture of the case."""
    return attachments.put(case(owner), "logo.png", filled.png(), owner.account.name)


def version(owner: Membership) -> CaseVersion:
    """Return a version of the case."""
    row = case(owner)
    return CaseVersion.objects.create(case=row, number=1, answers={}, submitted_by="x", submitted_at=row.opened_at)


def colleague(owner: Membership) -> Membership:
    """Return another member of the organisation."""
    found = Membership.objects.filter(organisation=owner.organisation).exclude(pk=owner.pk).first()
    return found or make_provider(
        owner.organisation.realm, "colleague@bank.example", role="legal", organisation=owner.organisation
    )


def invitation(owner: Membership) -> Invitation:
    """Return an invitation that waits."""
    return invitations.invite(owner.organisation, "new@bank.example", "viewer", by=owner.account)


def decided(owner: Membership) -> Proposal:
    """Return a decision on a case of the organisation."""
    rows = Proposal.objects.filter(review__case__organisation=owner.organisation).select_related("review__case")
    if not rows.exists():
        given = reviewed.answers("17-1-1", service={"client_id": ""})
        reviewed.through(reviewed.submitted(owner.organisation, given), "register", officers("registrar"))
    return rows[0]


def suspension(owner: Membership) -> Suspension:
    """Return a suspension of the entry that the decided case made."""
    entry = decided(owner).review.case.relying_party
    assert entry is not None
    found = Suspension.objects.filter(entry=entry).first()
    return found or suspensions.suspend(entry, by=officers("registrar")[0], reason="理由")


def credential(owner: Membership) -> Credential:
    """Return the credential of a registered relying party of the organisation."""
    row = RelyingParty.objects.filter(organisation=owner.organisation, realm=owner.organisation.realm).first()
    if row is None:
        client_id = f"rp-{secrets.token_hex(4)}"
        row = make_bank(owner.organisation.realm, client_id, organisation=owner.organisation)
    return row.credentials.first() or make_credential(row)


def delegation(owner: Membership) -> Any:
    """Return the reference of a delegation that the organisation gave."""
    provider = credential(owner).relying_party
    operator = make_bank(provider.realm, f"op-{secrets.token_hex(4)}", kind=RelyingParty.Kind.PLATFORM_OPERATOR)
    return delegations.record(operator, provider, list(Purpose), by=owner.account.name).reference


def hand_off(credential: Credential) -> Any:
    """Return the id of a hand-off that the relying party asked for."""
    asked = asking.ask(credential, purpose=Purpose.USER_AUTHENTICATION, return_url=CALLBACK)
    return asked.hand_off.pk


# --- a workspace's console
def realm_of(owner: Membership) -> Realm:
    return make_workspace(owner).realm


def traced(owner: Membership) -> TraceEvent:
    made = trace.note(realm_of(owner).pk, trace.Lane.API, "x", title=("出来事", "An event"))
    assert made is not None
    return made


def citizen(owner: Membership) -> Citizen:
    return citizens.settle(realm_of(owner), personas.PERSONAS[0])


def certificate(owner: Membership) -> Certificate:
    """Return one that stands in the workspace's realm, as its authority's, though another's key signed it."""
    made = issue_card(make_holder(owner.organisation.realm))
    issuer, _ = Authority.objects.get_or_create(realm=realm_of(owner), purpose=made.purpose)
    Certificate.objects.filter(pk=made.pk).update(realm=realm_of(owner), issuer=issuer)
    made.refresh_from_db()
    return made


def reported(owner: Membership) -> ConformanceRun:
    made = runs.begin(workspaces.relying_party(make_workspace(owner)))
    ConformanceRun.objects.filter(pk=made.pk).update(state="reported", jws="e30.e30.")
    return made


def phone(owner: Membership) -> VirtualPhone:
    realm = realm_of(owner)
    row = Phone.objects.create(
        realm=realm, model_code="sakura-8", name="隣の", token_digest="", created_at=clock.now(realm)
    )
    return VirtualPhone.objects.create(phone=row, sealed_state=b"", sealed_token=b"")


def inspected(owner: Membership) -> InspectedRequest:
    return InspectedRequest.objects.create(
        realm=realm_of(owner),
        at=clock.machine(),
        milliseconds=1,
        method="GET",
        path="/",
        status=200,
        verdict="accepted",
    )


def webhook(owner: Membership) -> Webhook:
    found = Webhook.objects.filter(realm=realm_of(owner)).first()
    return found or endpoints.make(realm_of(owner), "https://bank.example/hook", event_types=[], by="owner")[0]
