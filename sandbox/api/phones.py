"""Phones over HTTP, below /sandbox/api/v1/. Parse, one call, answer."""

import uuid
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api import creating, describing, pagination
from sandbox import phones
from sandbox.api.citizens import ID as CITIZEN_ID
from sandbox.api.views import WorkspaceView
from sandbox.errors import FactoryBusy, ModelUnknown
from sandbox.models import VirtualPhone
from tsm import compatibility
from tsm.compatibility import Model
from tsm.models import Enrolment

TAG = "phones"
ID = "c0a8f6b2-3b1f-4f52-8a7d-9a4f5b1c2d3e"
ENROLMENT_ID = "7d9f2c14-86a5-4b0e-9d3c-5e1f0a2b3c4d"
EXAMPLE = {
    "id": ID,
    "name": "さくらフォン 8",
    "model": "sakura-8",
    "os": "Android",
    "os_version": 14,
    "biometrics": "strong",
    "screen_lock": "device_credential",
    "supported": True,
    "reason": None,
    "reachable": True,
    "citizen": CITIZEN_ID,
    "enrolment": ENROLMENT_ID,
    "passwords": {"signature": "HANAKO7391", "user_authentication": "7391"},
    "made_at": "2026-11-27T10:00:00+00:00",
}
NEW = EXAMPLE | {"citizen": None, "enrolment": None, "passwords": None}
MODELS = [model.code for model in compatibility.MODELS]
OLDEST, NEWEST = 5, 30
Reasons = dict[str, compatibility.Reason | None]


class PhoneChange(describing.Body):
    name = serializers.CharField(max_length=100, required=False)
    os_version = serializers.IntegerField(
        required=False, min_value=OLDEST, max_value=NEWEST, help_text="Without it, the model's."
    )
    biometrics = serializers.ChoiceField(
        sorted(compatibility.BIOMETRICS), required=False, help_text="Without it, the model's. Weak: not Class 3."
    )
    reachable = serializers.BooleanField(required=False, help_text="Switched on and in touch with the TSM.")


class PhoneBody(PhoneChange):
    model = serializers.ChoiceField(MODELS, required=False, help_text="As /phones/list.json has it; sakura-8.")


class PhonePasswordsAnswer(describing.Answer):
    signature = serializers.CharField()
    user_authentication = serializers.CharField()


class PhoneAnswer(describing.Answer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    model = serializers.CharField()
    os = serializers.CharField()
    os_version = serializers.IntegerField()
    biometrics = serializers.ChoiceField(sorted(compatibility.BIOMETRICS))
    screen_lock = serializers.ChoiceField(
        [each.value for each in compatibility.ScreenLock], help_text="What of it may stand for the PIN."
    )
    supported = serializers.BooleanField()
    reason = serializers.ChoiceField(
        [each.value for each in compatibility.Reason], allow_null=True, help_text="Why it isn't supported."
    )
    reachable = serializers.BooleanField()
    citizen = serializers.UUIDField(allow_null=True, help_text="Whose enrolment is the newest in it.")
    enrolment = serializers.UUIDField(allow_null=True)
    passwords = PhonePasswordsAnswer(allow_null=True, help_text="What the holder chose, where an API call did it.")
    made_at = serializers.DateTimeField(help_text="By the workspace's clock.")


class Phones(WorkspaceView):
    """GET: the workspace's phones. POST: another one."""

    @describing.operation(
        ("スマートフォンの一覧", "List phones"),
        answer=PhoneAnswer,
        pages=True,
        told=EXAMPLE,
        tag=TAG,
        name="phones_list",
    )
    def get(self, request: Request) -> Response:
        """Newest first; those that were thrown away are no more."""
        reasons: Reasons = {}
        return pagination.page(request, _of(self), lambda row: shape(row, reasons))

    @describing.operation(
        ("スマートフォンを作る", "Make a phone"),
        body=PhoneBody,
        answer=PhoneAnswer,
        status=201,
        asked={"model": "sakura-8", "os_version": 10, "biometrics": "weak"},
        told=NEW | {"os_version": 10, "biometrics": "weak", "screen_lock": "none"},
        problems=("model_unknown", "factory_busy"),
        tag=TAG,
        name="phones_create",
    )
    @creating.once_alone
    def post(self, request: Request) -> Response:
        """Fresh from the factory, with an empty secure element. Models that can't hold certificates are made, too."""
        given = describing.read(request, PhoneBody)
        code = compatibility.varied(
            given.get("model", MODELS[0]), os_version=given.get("os_version"), biometrics=given.get("biometrics", "")
        )
        if compatibility.find(code) is None:
            raise ModelUnknown("no such model")
        made = phones.order(self.realm, code, name=given.get("name", ""))
        if made is None:
            raise FactoryBusy("the factory didn't answer in time")
        if not given.get("reachable", True):
            phones.reach(_found(self, made.reference), False)
        return Response(shape(_found(self, made.reference)), status=201)


class OnePhone(WorkspaceView):
    """GET: one phone. PATCH: change what can change of it. DELETE: lose it for good."""

    @describing.operation(
        ("スマートフォンを見る", "Look at a phone"),
        answer=PhoneAnswer,
        told=EXAMPLE,
        problems=("not_found",),
        tag=TAG,
        name="phones_read",
    )
    def get(self, request: Request, id: uuid.UUID) -> Response:
        """What it is, and what is in it."""
        return Response(shape(_found(self, id)))

    @describing.operation(
        ("スマートフォンを変える", "Change a phone"),
        body=PhoneChange,
        answer=PhoneAnswer,
        asked={"reachable": False},
        told=EXAMPLE | {"reachable": False},
        problems=("not_found",),
        tag=TAG,
        name="phones_change",
    )
    def patch(self, request: Request, id: uuid.UUID) -> Response:
        """Update its system, change its biometrics, rename it, switch it off and on. Switched on, it is woken."""
        given = describing.read(request, PhoneChange, partial=True)
        found = _found(self, id)
        phones.change(found, name=given.get("name"), os=given.get("os_version"), biometrics=given.get("biometrics"))
        if "reachable" in given:
            phones.reach(found, given["reachable"])
        return Response(shape(_found(self, id)))

    @describing.operation(
        ("スマートフォンを失くす", "Lose a phone for good"),
        status=204,
        problems=("not_found",),
        tag=TAG,
        name="phones_delete",
    )
    def delete(self, request: Request, id: uuid.UUID) -> Response:
        """It answers nobody any more. What was issued to it stands as it stood: hold or revoke it, as holders do."""
        phones.throw_away(_found(self, id))
        return Response(status=204)


def shape(row: VirtualPhone, reasons: Reasons | None = None) -> dict[str, Any]:
    """Return a phone as the API tells it; `reasons` keeps what was found out of models already."""
    phone = row.phone
    model = compatibility.find(phone.model_code)
    assert model is not None  # noqa: S101  (it was made by it)
    reasons = {} if reasons is None else reasons
    if phone.model_code not in reasons:
        reasons[phone.model_code] = compatibility.reason_against(model)
    against = reasons[phone.model_code]
    enrolments = list(phone.enrolments.all())
    newest = enrolments[-1] if enrolments else None
    citizen = getattr(newest.holder, "citizen", None) if newest is not None else None
    known = phones.passwords(row)
    return {
        "id": str(phone.reference),
        "name": phone.name,
        "model": model.code,
        "os": model.os,
        "os_version": model.os_version,
        "biometrics": _biometrics(model),
        "screen_lock": model.screen_lock.value,
        "supported": against is None,
        "reason": against.value if against is not None else None,
        "reachable": row.reachable,
        "citizen": str(citizen.reference) if citizen is not None else None,
        "enrolment": str(newest.reference) if newest is not None else None,
        "passwords": {"signature": known.signature, "user_authentication": known.user_authentication}
        if known is not None
        else None,
        "made_at": phone.created_at.isoformat(),
    }


def _biometrics(model: Model) -> str:
    if model.biometrics is None:
        return "none"
    return "strong" if model.biometrics.is_class_3 else "weak"


def _of(view: WorkspaceView) -> QuerySet[VirtualPhone]:
    enrolments = Enrolment.objects.select_related("holder__citizen").order_by("pk")
    return phones.of(view.realm).prefetch_related(Prefetch("phone__enrolments", enrolments))


def _found(view: WorkspaceView, id: uuid.UUID) -> VirtualPhone:
    found = _of(view).filter(phone__reference=id).first()
    if found is None:
        raise Http404("no such phone in this workspace")
    return found
