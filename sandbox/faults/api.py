"""Faults by API: the catalogue, what is armed, arming and disarming. Parse, one call, answer."""

import uuid
from functools import partial
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api import creating, describing, pagination
from portal.api.bodies import Answer, Body
from portal.api.describing import Examples
from portal.api.headers import NO_STORE
from sandbox.api.views import WorkspaceView
from sandbox.faults import arming, catalogue
from sandbox.faults.catalogue import Named, Place, Reaction
from sandbox.faults.standins import Stock
from sandbox.models import Fault

KINDS = {int: "integer", str: "string", bool: "boolean"}


class FaultScopeBody(Body):
    requests = serializers.IntegerField(
        required=False, min_value=1, max_value=arming.MOST_REQUESTS, help_text="So many; without any scope, one."
    )
    client_id = serializers.CharField(required=False, max_length=64, help_text="Only what this service asks.")
    hand_off = serializers.UUIDField(required=False, help_text="Only what is about this one.")
    rate = serializers.FloatField(required=False, max_value=1, help_text="This share of what would be hit, evenly.")


class FaultBody(Body):
    name = serializers.CharField(max_length=48)
    scope = FaultScopeBody(required=False)
    parameters = serializers.DictField(required=False)


class FaultTextAnswer(Answer):
    ja = serializers.CharField()
    en = serializers.CharField()


class FaultParameterAnswer(Answer):
    name = serializers.CharField()
    type = serializers.ChoiceField(tuple(KINDS.values()))
    default = serializers.JSONField()
    values = serializers.ListField(child=serializers.CharField(allow_blank=True), help_text="Empty: any of the type.")
    minimum = serializers.IntegerField(allow_null=True)
    maximum = serializers.IntegerField(allow_null=True)
    what = FaultTextAnswer()


class NamedFaultAnswer(Answer):
    name = serializers.CharField()
    place = serializers.ChoiceField([str(one) for one in Place])
    title = FaultTextAnswer()
    what = FaultTextAnswer()
    reaction = serializers.ChoiceField(
        [str(one) for one in Reaction], help_text="What a right counterpart does: `reject` is a must."
    )
    scopes = serializers.ListField(child=serializers.CharField())
    purposes = serializers.ListField(child=serializers.CharField(), help_text="Of hand-offs; empty: all.")
    formats = serializers.ListField(child=serializers.CharField(), help_text="The same.")
    parameters = FaultParameterAnswer(many=True)


class FaultScopeAnswer(Answer):
    requests_left = serializers.IntegerField(allow_null=True)
    client_id = serializers.CharField(allow_null=True)
    hand_off = serializers.UUIDField(allow_null=True)
    rate = serializers.FloatField(allow_null=True)


class FaultAnswer(Answer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    title = FaultTextAnswer()
    scope = FaultScopeAnswer()
    parameters = serializers.DictField()
    armed = serializers.BooleanField()
    ready = serializers.BooleanField(
        help_text="Whether the certificates that it lies with are issued: a second or two."
    )
    seen = serializers.IntegerField(help_text="So often it might have struck.")
    hits = serializers.IntegerField(help_text="So often it did.")
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


EXAMPLE = {
    "id": "d7a3f5c4-8a0e-4a3c-9a4e-2b7c5f1e0d11",
    "name": "signature_wrong",
    "title": {"ja": "署名が違う", "en": "Signature wrong"},
    "scope": {"requests_left": 1, "client_id": "test-company-1a2b3c4d", "hand_off": None, "rate": None},
    "parameters": {},
    "armed": True,
    "ready": True,
    "seen": 0,
    "hits": 0,
    "created_at": "2026-11-27T01:15:00+00:00",
    "ended_at": None,
}


class CatalogueView(WorkspaceView):
    """GET: every fault there is."""

    @describing.operation(
        ("仕掛けられる障害の一覧", "List the faults there are"),
        answer=NamedFaultAnswer,
        many=True,
        told={
            "name": "ocsp_late",
            "place": "ocsp",
            "title": {"ja": "応答が遅い", "en": "Answer late"},
            "what": {
                "ja": "指定した秒数だけ遅れて、正しく答えます。",
                "en": "Answers rightly, so many seconds late.",
            },
            "reaction": "ask_again",
            "scopes": ["requests", "rate", "client_id", "hand_off"],
            "purposes": [],
            "formats": [],
            "parameters": [
                {
                    "name": "seconds",
                    "type": "integer",
                    "default": 5,
                    "values": [],
                    "minimum": 1,
                    "maximum": 9,
                    "what": {"ja": "秒数", "en": "Seconds"},
                }
            ],
        },
        name="fault_catalogue",
    )
    def get(self, request: Request) -> Response:
        """Each with what happens, what it takes, and what a right counterpart does."""
        return Response([_named(one) for one in catalogue.ALL])


class FaultsView(WorkspaceView):
    """GET: what is and was armed. POST: arm."""

    @describing.operation(("仕掛けた障害の一覧", "List armed faults"), answer=FaultAnswer, told=EXAMPLE, pages=True)
    def get(self, request: Request) -> Response:
        """Newest first, with those that have ended."""
        shape = partial(_shape, stock=Stock(self.realm))
        return pagination.page(request, arming.of(self.realm).select_related("realm"), shape)

    @describing.operation(
        ("障害を仕掛ける", "Arm a fault"),
        body=FaultBody,
        answer=FaultAnswer,
        status=201,
        asked=Examples(
            {
                "one request of a service": {
                    "name": "signature_wrong",
                    "scope": {"requests": 1, "client_id": "test-company-1a2b3c4d"},
                },
                "a share of all": {"name": "ocsp_late", "scope": {"rate": 0.3}, "parameters": {"seconds": 8}},
            }
        ),
        told=EXAMPLE,
        problems=(
            "fault_unknown", "fault_parameter_invalid", "fault_scope_invalid", "too_many_faults", "none_expired",
        ),
    )  # fmt: skip
    @creating.once
    def post(self, request: Request) -> Response:
        """From now on something else than the truth is told, for what the scope says: without one, once.

        Nothing that is kept changes, and no other workspace hears of it. Unknown names and parameters are refused.
        """
        given = describing.read(request, FaultBody)
        scope = given.get("scope", {})
        armed = arming.arm_with(
            self.realm,
            given["name"],
            given.get("parameters", {}),
            hand_off=scope.get("hand_off"),
            client=scope.get("client_id", ""),
            requests=scope.get("requests"),
            rate=scope.get("rate"),
        )
        return Response(_shape(armed), status=201, headers=NO_STORE)


class FaultView(WorkspaceView):
    """GET, DELETE: one of them."""

    @describing.operation(
        ("仕掛けた障害を見る", "Look at a fault"), answer=FaultAnswer, told=EXAMPLE, problems=("not_found",)
    )
    def get(self, request: Request, fault: uuid.UUID) -> Response:
        """How often it struck, and whether it still stands."""
        return Response(_shape(arming.find(self.realm, fault)), headers=NO_STORE)

    @describing.operation(("障害を外す", "Disarm a fault"), status=204, problems=("not_found",))
    def delete(self, request: Request, fault: uuid.UUID) -> Response:
        """From now on the truth is told, also of what it lied about."""
        arming.disarm(arming.find(self.realm, fault))
        return Response(status=204)


def _named(one: Named) -> dict[str, Any]:
    scopes = ["requests", "rate"]
    scopes += ["client_id"] if one.place in arming.BY_CLIENT else []
    scopes += ["hand_off"] if one.place in arming.BY_HAND_OFF else []
    return {
        "name": one.name,
        "place": str(one.place),
        "title": _both(one.title),
        "what": _both(one.what),
        "reaction": str(one.reaction),
        "scopes": scopes,
        "purposes": list(one.purposes),
        "formats": list(one.formats),
        "parameters": [
            {
                "name": name,
                "type": KINDS[each.kind],
                "default": each.default,
                "values": list(each.choices),
                "minimum": each.least if each.kind is int else None,
                "maximum": each.most if each.kind is int else None,
                "what": {"ja": each.ja, "en": each.en},
            }
            for name, each in one.parameters.items()
        ],
    }


def _shape(fault: Fault, stock: Stock | None = None) -> dict[str, Any]:
    return {
        "id": str(fault.reference),
        "name": fault.name,
        "title": _both(catalogue.CATALOGUE[fault.name].title),
        "scope": {
            "requests_left": fault.requests_left,
            "client_id": fault.client_id or None,
            "hand_off": str(fault.hand_off) if fault.hand_off else None,
            "rate": fault.rate,
        },
        "parameters": fault.parameters,
        "armed": fault.ended_at is None,
        "ready": arming.ready(fault, stock),
        "seen": fault.seen,
        "hits": fault.hits,
        "created_at": fault.created_at.isoformat(),
        "ended_at": fault.ended_at.isoformat() if fault.ended_at else None,
    }


def _both(told: tuple[str, str]) -> dict[str, str]:
    return {"ja": told[0], "en": told[1]}
