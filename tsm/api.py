"""The phone's addresses: the enrolment API of its pages. Parse, one call, answer."""

import base64
import binascii
import uuid
from typing import Any

from django.http import Http404
from rest_framework import serializers, status
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ca.models import Certificate
from ca.profiles import Purpose
from tsm import conversation, enrolment, services
from tsm.authentication import IsPhone, PhoneSession, PhoneToken
from tsm.jpki import Key
from tsm.models import Enrolment, Phone
from tsm.purposes import KEYS

# Orders are for what is in use; what became of them is shown as long as the enrolment is.
HAD_ORDERS = (Enrolment.State.ACTIVE, Enrolment.State.ENDED, Enrolment.State.DELETED)


class Base64Field(serializers.Field[bytes, str, str, Any]):
    """Bytes, as standard Base64 text."""

    def to_internal_value(self, data: Any) -> bytes:
        try:
            return base64.b64decode(data, validate=True)
        except (binascii.Error, TypeError, ValueError):
            raise serializers.ValidationError("must be Base64") from None

    def to_representation(self, value: bytes) -> str:
        return base64.b64encode(value).decode()


class ApplicationSerializer(serializers.Serializer[Any]):
    application = serializers.CharField(max_length=4000, trim_whitespace=False)
    certificate = Base64Field()
    signature = Base64Field()


class SignaturesSerializer(serializers.Serializer[Any]):
    signature = Base64Field()
    user_authentication = Base64Field()


class ActivationSerializer(serializers.Serializer[Any]):
    signatures = SignaturesSerializer()


class EndSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=4000, trim_whitespace=False)
    signature = Base64Field()


class PhoneView(APIView):
    """A view that only a phone may ask."""

    authentication_classes: tuple[type[BaseAuthentication], ...] = (PhoneToken, PhoneSession)
    permission_classes = (IsPhone,)

    @property
    def phone(self) -> Phone:
        phone: Any = self.request.user
        assert isinstance(phone, Phone)  # noqa: S101  (IsPhone saw to it)
        return phone

    def parsed(self, kind: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        serializer = kind(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


class ApplicationText(PhoneView):
    """GET: the text to be signed with the card to apply for certificates in this phone."""

    def get(self, request: Request) -> Response:
        return Response({"text": enrolment.application_text(self.phone)})


class Enrolments(PhoneView):
    """POST: apply."""

    def post(self, request: Request) -> Response:
        given = self.parsed(ApplicationSerializer)
        made = enrolment.apply(
            self.phone, text=given["application"], certificate=given["certificate"], signature=given["signature"]
        )
        # Read anew: workers may be at it already.
        return Response(represent(enrolment.find(self.phone, made.reference)), status=status.HTTP_201_CREATED)


class OpenConversation(PhoneView):
    """GET: the session that the TSM has open with this phone, for one that no push reaches; null: none."""

    authentication_classes = (PhoneToken,)

    def get(self, request: Request) -> Response:
        found = conversation.of(self.phone.element) if hasattr(self.phone, "element") else None
        return Response({"session": str(found.reference) if found is not None else None})


class OneEnrolment(PhoneView):
    """GET: how far it is."""

    def get(self, request: Request, reference: uuid.UUID) -> Response:
        return Response(represent(enrolment.find(self.phone, reference)))


class Activation(PhoneView):
    """POST: the activation text, signed with both new keys."""

    def post(self, request: Request, reference: uuid.UUID) -> Response:
        given = self.parsed(ActivationSerializer)["signatures"]
        found = enrolment.find(self.phone, reference)
        enrolment.activate(found, signatures={Purpose(purpose): value for purpose, value in given.items()})
        return Response(represent(found))


class End(PhoneView):
    """GET: the text to be signed to end the use of the phone. POST: that text, signed."""

    def get(self, request: Request, reference: uuid.UUID) -> Response:
        return Response({"text": enrolment.end_text(enrolment.find(self.phone, reference))})

    def post(self, request: Request, reference: uuid.UUID) -> Response:
        given = self.parsed(EndSerializer)
        found = enrolment.find(self.phone, reference)
        enrolment.end(found, text=given["text"], signature=given["signature"])
        return Response(represent(enrolment.find(self.phone, reference)))


class Resume(PhoneView):
    """GET: the text to be signed to have what is on hold made valid again. POST: that text, signed."""

    def get(self, request: Request, reference: uuid.UUID) -> Response:
        return Response({"text": enrolment.resume_text(enrolment.find(self.phone, reference))})

    def post(self, request: Request, reference: uuid.UUID) -> Response:
        given = self.parsed(EndSerializer)
        found = enrolment.find(self.phone, reference)
        services.resume_by_holder(found, text=given["text"], signature=given["signature"])
        return Response(represent(enrolment.find(self.phone, reference)))


class UnblockSerializer(EndSerializer):
    certificate = Base64Field(required=False)


class Unblock(PhoneView):
    """GET: the text to be signed to have one password returned to "not set". POST: that text, signed.

    The card signs for the signature password, and its certificate comes along; the phone's signature key for the other.
    """

    def get(self, request: Request, reference: uuid.UUID, purpose: str) -> Response:
        found = enrolment.find(self.phone, reference)
        return Response({"text": services.unblock_text(found, _key(purpose))})

    def post(self, request: Request, reference: uuid.UUID, purpose: str) -> Response:
        given = self.parsed(UnblockSerializer)
        found = enrolment.find(self.phone, reference)
        services.unblock_by_holder(found, _key(purpose), **given)
        return Response(represent(enrolment.find(self.phone, reference)))


def _key(purpose: str) -> Key:
    if purpose not in list(Purpose):
        raise Http404
    return KEYS[Purpose(purpose)]


def represent(found: Enrolment) -> dict[str, Any]:
    """Return an enrolment as the phone's pages see it."""
    return {
        "id": str(found.reference),
        "state": found.state,
        "phone": found.phone.name,
        "trouble": found.trouble,
        "device_change": found.replaces_id is not None,
        "steps": [{"step": step.step, "at": step.at.isoformat(), "detail": step.detail} for step in found.steps.all()],
        "certificates": [_certificate(certificate) for certificate in found.pair],
        "activation": (
            {"text": enrolment.activation_text(found)} if found.state == Enrolment.State.INSTALLED else None
        ),
        "orders": [_order(order) for order in services.orders_of(found)] if found.state in HAD_ORDERS else [],
    }


def _order(order: services.OrderState) -> dict[str, Any]:
    return {
        "function": order.function,
        "state": order.state,
        "asked_at": order.asked_at.isoformat(),
        "settled_at": order.settled_at.isoformat() if order.settled_at else None,
        "waits_for": order.waits_for,
    }


def _certificate(certificate: Certificate) -> dict[str, Any]:
    return {
        "purpose": certificate.purpose,
        "serial_number": certificate.serial_number,
        "not_before": certificate.not_before.isoformat(),
        "not_after": certificate.not_after.isoformat(),
        "status": certificate.status,
        "linked_to": certificate.linked_to.serial_number if certificate.linked_to else None,
        "der": base64.b64encode(bytes(certificate.der)).decode(),
    }
