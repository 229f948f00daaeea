"""Test certificates over HTTP, below /sandbox/api/v1/: any kind in any state, with its key, by one call."""

import uuid
from typing import Any

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ca.causes import Cause
from ca.models import Issuance
from ca.profiles import Medium, Purpose
from portal.api import creating, describing, pagination
from sandbox import certificates, specimens
from sandbox.api import waiting
from sandbox.api.certificates import MEDIA, PURPOSES
from sandbox.api.views import WorkspaceView
from sandbox.models import Specimen

TAG = "test certificates"
WANTED = Specimen.Wanted.values
EXAMPLE = {
    "id": "e4b1c7d2-3f60-4a8e-b5d9-1c2e3f4a5b6c",
    "medium": "phone",
    "purpose": "user_authentication",
    "wanted": "revoked",
    "cause": "key_compromise",
    "state": "ready",
    "certificate": "user-authentication-1B",
    "made_at": "2026-11-27T10:00:00+00:00",
}


class SpecimenBody(describing.Body):
    medium = serializers.ChoiceField(MEDIA)
    purpose = serializers.ChoiceField(PURPOSES)
    state = serializers.ChoiceField(WANTED, required=False, help_text="valid")
    cause = serializers.ChoiceField(
        certificates.REVOCATIONS, required=False, help_text="Of the revocation; holder_request."
    )


class SpecimenAnswer(describing.Answer):
    id = serializers.UUIDField()
    medium = serializers.ChoiceField(MEDIA)
    purpose = serializers.ChoiceField(PURPOSES)
    wanted = serializers.ChoiceField(WANTED, help_text="The state that was asked for.")
    cause = serializers.ChoiceField(Cause.values, allow_null=True)
    state = serializers.ChoiceField(("being_issued", "ready", "refused"))
    certificate = serializers.CharField(allow_null=True, help_text="Its id: certificates/{id}/pem, …/pkcs12.")
    made_at = serializers.DateTimeField(help_text="By the machine's clock.")


class Specimens(WorkspaceView):
    """GET: the workspace's test certificates. POST: another one."""

    @describing.operation(
        ("試験用証明書の一覧", "List test certificates"),
        answer=SpecimenAnswer,
        pages=True,
        told=EXAMPLE,
        tag=TAG,
        name="test_certificates_list",
    )
    def get(self, request: Request) -> Response:
        """Newest first. A phone's stands on a card's, which is in the list, too."""
        return pagination.page(request, specimens.of(self.realm), shape)

    @describing.operation(
        ("試験用証明書を作る", "Make a test certificate"),
        body=SpecimenBody,
        query=waiting.WaitQuery,
        answer=SpecimenAnswer,
        status=201,
        asked={"medium": "phone", "purpose": "user_authentication", "state": "revoked", "cause": "key_compromise"},
        told=EXAMPLE | {"state": "being_issued", "certificate": None},
        problems=("cause_unfit", "none_expired"),
        tag=TAG,
        name="test_certificates_create",
    )
    @creating.once_alone
    def post(self, request: Request) -> Response:
        """Issued by the workspace's authorities to an invented holder. Expired ones are there from the beginning."""
        given = describing.read(request, SpecimenBody)
        wait = describing.read_query(request, waiting.WaitQuery)["wait"]
        made = specimens.ask(
            self.realm,
            purpose=Purpose(given["purpose"]),
            medium=Medium(given["medium"]),
            wanted=given.get("state", Specimen.Wanted.VALID),
            cause=given.get("cause", ""),
        )
        waiting.until(lambda: shape(_found(self, made.reference))["state"] != "being_issued", wait)
        return Response(shape(_found(self, made.reference)), status=201)


class OneSpecimen(WorkspaceView):
    """GET: one test certificate."""

    @describing.operation(
        ("試験用証明書を見る", "Look at a test certificate"),
        answer=SpecimenAnswer,
        told=EXAMPLE,
        problems=("not_found",),
        tag=TAG,
        name="test_certificates_read",
    )
    def get(self, request: Request, id: uuid.UUID) -> Response:
        """Whether it is ready, and which certificate it is."""
        return Response(shape(_found(self, id)))


def shape(one: Specimen) -> dict[str, Any]:
    """Return a test certificate as the API tells it."""
    refused = one.issuance is not None and one.issuance.state == Issuance.State.REFUSED
    return {
        "id": str(one.reference),
        "medium": one.medium,
        "purpose": one.purpose,
        "wanted": one.wanted,
        "cause": one.cause or None,
        "state": "ready" if one.ready_at is not None else "refused" if refused else "being_issued",
        "certificate": certificates.id_of(one.certificate) if one.certificate is not None else None,
        "made_at": one.made_at.isoformat(),
    }


def _found(view: WorkspaceView, id: uuid.UUID) -> Specimen:
    found = specimens.find(view.realm, id)
    if found is None:
        raise Http404("no such test certificate in this workspace")
    return found
