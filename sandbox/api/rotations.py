"""Rotations over HTTP: asked for, and how they stand. Parse, one call, answer."""

import uuid
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from ca.profiles import Purpose
from portal.api import creating, describing, pagination
from sandbox import rotations
from sandbox.api.views import WorkspaceView
from sandbox.models import Rotation

What = Rotation.What
EXAMPLE = {
    "id": "16fd2706-8baf-433b-82eb-8c7fada847da",
    "what": "authority",
    "purpose": "signature",
    "state": "done",
    "made": {"generation": 2, "serial_number": "2F", "subject_key_identifier": "0F" * 20},
    "trouble": None,
    "asked_at": "2026-11-27T10:00:00+00:00",
    "done_at": "2026-11-27T10:00:03+00:00",
}  # fmt: skip


class RotationBody(describing.Body):
    what = serializers.ChoiceField(What.choices)
    purpose = serializers.ChoiceField(
        [each.value for each in Purpose], required=False, help_text="Whose, for `authority` and `responder`."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Hold that a purpose is there where one belongs."""
        if (attrs["what"] == What.REGISTER) == ("purpose" in attrs):
            raise ValidationError({"purpose": ["belongs to authority and responder, and to nothing else"]})
        return attrs


class RotationAnswer(describing.Answer):
    id = serializers.UUIDField()
    what = serializers.ChoiceField(What.choices)
    purpose = serializers.ChoiceField([each.value for each in Purpose], allow_null=True)
    state = serializers.ChoiceField(Rotation.State.choices)
    made = serializers.JSONField(help_text="What came of it, when it is done.")
    trouble = serializers.CharField(allow_null=True, help_text="The code of what went wrong.")
    asked_at = serializers.DateTimeField()
    done_at = serializers.DateTimeField(allow_null=True)


class Rotations(WorkspaceView):
    """The workspace's rotations."""

    @describing.operation(
        ("世代交代の一覧", "List rotations"), answer=RotationAnswer, told=EXAMPLE, pages=True, tag="time"
    )
    def get(self, request: Request) -> Response:
        """List the workspace's rotations of keys, newest first."""
        return pagination.page(request, Rotation.objects.filter(realm=self.realm), shape)

    @describing.operation(
        ("鍵の世代を替える", "Rotate keys"),
        body=RotationBody,
        answer=RotationAnswer,
        status=201,
        asked=describing.Examples(
            authority={"what": "authority", "purpose": "signature"},
            responder={"what": "responder", "purpose": "user_authentication"},
            register={"what": "register"},
        ),
        told=EXAMPLE | {"state": "asked", "made": {}, "done_at": None},
        problems=("rotation_under_way", "too_many_rotations", "workspace_not_ready"),
        tag="time",
    )
    @creating.once
    def post(self, request: Request) -> Response:
        """Ask for the next generation of an authority, the next keys of its responders, or the register's next key."""
        asked = describing.read(request, RotationBody)
        purpose = Purpose(asked["purpose"]) if "purpose" in asked else None
        made = rotations.ask(self.realm, What(asked["what"]), purpose, by=self.relying_party.client_id)
        return Response(shape(made), status=201)


class OneRotation(WorkspaceView):
    """One rotation."""

    @describing.operation(
        ("世代交代", "A rotation"), answer=RotationAnswer, told=EXAMPLE, problems=("rotation_unknown",), tag="time"
    )
    def get(self, request: Request, rotation: uuid.UUID) -> Response:
        """Say how a rotation stands: `asked`, `keyed`, then `done` or `failed`."""
        return Response(shape(rotations.find(self.realm, rotation)))


def shape(rotation: Rotation) -> dict[str, Any]:
    """Return a rotation as the API tells it."""
    return {
        "id": str(rotation.reference),
        "what": rotation.what,
        "purpose": rotation.purpose or None,
        "state": rotation.state,
        "made": rotation.made,
        "trouble": rotation.trouble or None,
        "asked_at": rotation.asked_at.isoformat(),
        "done_at": rotation.done_at.isoformat() if rotation.done_at else None,
    }
