"""What stands in the addresses of one organisation: a real object of it for every parameter of every address.

A new parameter below /providers/<organisation>/ or in the API gets a row here, made as the organisation would make it;
without one `test_strangers` fails and says which.
"""

import secrets
from collections.abc import Callable
from typing import Any

from ca.profiles import Purpose
from portal.handoff import asking
from portal.providers import invitations
from portal.providers.models import Invitation, Membership
from tests.portal.providers.people import make_provider, make_workspace
from tests.whitelist.relying_parties import CALLBACK, make_bank, make_credential
from whitelist.models import Credential, RelyingParty

# --- of an organisation: (namespace:name of the address, or namespace, or "*"; parameter) -> value, from its owner
Make = Callable[[Membership], Any]
OBJECTS: dict[tuple[str, str], Make] = {
    ("*", "organisation"): lambda owner: make_workspace(owner).organisation.reference,
    ("providers", "person"): lambda owner: colleague(owner).reference,
    ("providers", "invitation"): lambda owner: invitation(owner).reference,
}
# Parameters that name a kind of thing rather than an object of somebody: nothing to be guarded by itself.
KINDS: dict[tuple[str, str], str] = {}

# --- of the API: the parameter -> value, from the credential of the organisation's relying party
API_OBJECTS: dict[tuple[str, str], Callable[[Credential], Any]] = {
    ("handoff_api", "reference"): lambda credential: hand_off(credential),
}
# The body with which a route gets as far as looking for its object; without a row, none.
API_BODIES: dict[str, dict[str, Any]] = {"handoff_api:redeem": {"code": "wrong"}}
# Everybody's: no token, and the same answer for all.
PUBLIC_API = {"handoff_api:token", "handoff_api:trust"}
# These name nobody's object: whoever has a token asks for their own.
OWN_API = {"handoff_api:handoffs"}


def found(table: dict[tuple[str, str], Any], name: str, parameter: str) -> Any:
    """Return the row for a parameter: that of the address, else of its namespace, else of all; None without one."""
    keys = (name, name.rpartition(":")[0], "*")
    return next((table[key, parameter] for key in keys if (key, parameter) in table), None)


def colleague(owner: Membership) -> Membership:
    """Return another member of the organisation."""
    found = Membership.objects.filter(organisation=owner.organisation).exclude(pk=owner.pk).first()
    return found or make_provider(
        owner.organisation.realm, "colleague@bank.example", role="legal", organisation=owner.organisation
    )


def invitation(owner: Membership) -> Invitation:
    """Return an invitation that waits."""
    return invitations.invite(owner.organisation, "new@bank.example", "viewer", by=owner.account)


def credential(owner: Membership) -> Credential:
    """Return the credential of a registered relying party of the organisation."""
    row = RelyingParty.objects.filter(organisation=owner.organisation, realm=owner.organisation.realm).first()
    if row is None:
        client_id = f"rp-{secrets.token_hex(4)}"
        row = make_bank(owner.organisation.realm, client_id, organisation=owner.organisation)
    return row.credentials.first() or make_credential(row)


def hand_off(credential: Credential) -> Any:
    """Return the id of a hand-off that the relying party asked for."""
    asked = asking.ask(credential, purpose=Purpose.USER_AUTHENTICATION, return_url=CALLBACK)
    return asked.hand_off.pk
