"""What every view of the sandbox's API begins with: whose workspace it is."""

from typing import Any

from rest_framework.request import Request
from rest_framework.views import APIView

from ca.models import Realm
from portal import callers
from portal.providers.models import Workspace
from sandbox.errors import NotAWorkspace
from whitelist.models import RelyingParty


class WorkspaceView(APIView):
    """A view of the workspace whose test service asks, with the bearer token of /api/v1/token.

    Before a method runs, `workspace`, `realm` and `relying_party` are set. Everything it touches is of that realm.
    """

    workspace: Workspace
    realm: Realm
    relying_party: RelyingParty

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Find the workspace. Raises TokenInvalid, NotAWorkspace."""
        super().initial(request, *args, **kwargs)
        self.relying_party = callers.of(request).relying_party
        found = Workspace.objects.select_related("realm").filter(realm=self.relying_party.realm).first()
        if found is None:
            raise NotAWorkspace("the token's service stands in no workspace")
        self.workspace, self.realm = found, found.realm
