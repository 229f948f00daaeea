"""Who does what with a case, and the case that an address names."""

import uuid
from collections.abc import Callable, Mapping
from functools import wraps

from django.http import Http404, HttpResponseBase

from portal.providers import access
from portal.providers.access import MemberRequest
from portal.providers.models import Membership
from whitelist.cases.states import EDITABLE, OPEN
from whitelist.models import Case

Role = Membership.Role
EDITORS = (Role.OWNER, Role.DEVELOPER, Role.LEGAL)
SUBMITTERS = (Role.OWNER, Role.LEGAL)


class CaseRequest(MemberRequest):
    """A request of a member of the organisation whose case stands in the address."""

    case: Case


View = Callable[..., HttpResponseBase]


def of_case(*roles: str) -> Callable[[View], View]:
    """Let members with one of the roles see a view of one of their organisation's cases; `request.case` is the case."""

    def decorate(view: View) -> View:
        @access.member(*roles)
        @wraps(view)
        def found(
            request: CaseRequest, organisation: uuid.UUID, case: uuid.UUID, *arguments: object, **named: object
        ) -> HttpResponseBase:
            rows = Case.objects.filter(organisation=request.membership.organisation, reference=case)
            row = rows.select_related("organisation__realm", "relying_party").first()
            if row is None:
                raise Http404("no such case")
            request.case = row
            return view(request, *arguments, **named)

        return found

    return decorate


def may(request: MemberRequest, case: Case | None = None) -> Mapping[str, bool]:
    """Return what a page offers: what the role allows, and the case's state."""
    role = request.membership.role
    return {
        "edit": role in EDITORS and (case is None or case.state in EDITABLE),
        "submit": role in SUBMITTERS and (case is None or case.state in EDITABLE),
        "withdraw": role in SUBMITTERS and (case is None or case.state in OPEN),
        "write": role in EDITORS,
    }
