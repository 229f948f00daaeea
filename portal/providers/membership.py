"""Who belongs to which organisation, and whether that is enough. Every question of it is asked here."""

import uuid

from django.core.exceptions import PermissionDenied
from django.http import Http404

from portal.accounts.models import Account
from portal.providers.models import Membership

Role = Membership.Role


def of(account: Account) -> list[Membership]:
    """Return the memberships of an account, oldest first, each with its organisation."""
    rows = Membership.objects.filter(account=account).select_related("organisation__realm", "organisation__workspace")
    return list(rows)


def require(account: Account, organisation: uuid.UUID | str, *roles: str) -> Membership:
    """Return the account's membership in the organisation of that reference.

    Raises Http404 for strangers, whether or not there is such an organisation, and PermissionDenied for a member
    whose role isn't among `roles`; without `roles` every member's is enough.
    """
    rows = Membership.objects.select_related(
        "account__user", "account__realm", "organisation__realm", "organisation__workspace"
    )
    found = rows.filter(account=account, organisation__reference=organisation).first()
    if found is None:
        raise Http404("no such organisation")
    if roles and found.role not in roles:
        raise PermissionDenied(f"a {found.role} may not")
    return found
