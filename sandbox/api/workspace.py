"""The workspace itself over HTTP: GET /sandbox/api/v1/workspace."""

from django.conf import settings
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ca import clock
from portal.api import describing
from sandbox import furnishing, personas
from sandbox.api.views import WorkspaceView

EXAMPLE = {
    "realm": "ws-0123456789ab",
    "name": "みらい銀行（試験）",
    "state": "ready",
    "furnished": True,
    "personas_version": 1,
    "time": "2026-11-27T10:00:00+00:00",
    "client_id": "mirai-bank-test-0f1e2d3c",
    "trust": "http://localhost:8000/api/v1/trust?realm=ws-0123456789ab",
}


class WorkspaceAnswer(describing.Answer):
    realm = serializers.CharField(help_text="Of which everything in it is.")
    name = serializers.CharField()
    state = serializers.CharField()
    furnished = serializers.BooleanField(help_text="Every persona has a card, and it is as the persona stands for.")
    personas_version = serializers.IntegerField(help_text="The edition of the ten personas of this site.")
    time = serializers.DateTimeField(help_text="What time it is in it.")
    client_id = serializers.CharField(help_text="Whose token asks.")
    trust = serializers.CharField(help_text="What a verifier trusts in it.")


class Workspace(WorkspaceView):
    """GET: the workspace of the token's service."""

    @describing.operation(
        ("ワークスペースを見る", "Look at the workspace"),
        answer=WorkspaceAnswer,
        told=EXAMPLE,
        tag="workspace",
        name="workspace_read",
    )
    def get(self, request: Request) -> Response:
        """Whose it is, what time it is in it, and whether its people are all there."""
        return Response(
            {
                "realm": self.realm.slug,
                "name": self.realm.name,
                "state": self.workspace.state,
                "furnished": furnishing.is_furnished(self.realm),
                "personas_version": personas.VERSION,
                "time": clock.now(self.realm).isoformat(),
                "client_id": self.relying_party.client_id,
                "trust": f"{settings.PUBLIC_URL}/api/v1/trust?realm={self.realm.slug}",
            }
        )
