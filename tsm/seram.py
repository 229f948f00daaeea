"""The TSM's end of SERAM 2.0: handshake and remote management. Parse, one call, answer."""

import uuid
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from tsm import conversation
from tsm.api import PhoneView
from tsm.authentication import PhoneCertificate, PhoneToken
from tsm.errors import ConversationUnknown
from tsm.models import Phone

MOST_APDUS = 4096
LONGEST_APDU = 2 * 65538  # digits: an extended response


class LocalAgentStatusSerializer(serializers.Serializer[Any]):
    localAgentStatusEnum = serializers.ChoiceField(
        ["PROCESSED", "POLLING", "UNAVAILABLE_SE", "UNKNOWN_FAILURE", "UNGRANTED_ACCESS"]
    )
    # The schema requires one name, describes a second, and its example has a third.
    executedSeRamCommands = serializers.IntegerField(min_value=0, required=False)
    executedRamCommands = serializers.IntegerField(min_value=0, required=False)
    executeRamCommands = serializers.IntegerField(min_value=0, required=False)
    errorMsg = serializers.CharField(max_length=200, required=False, allow_blank=True)


class ApduListField(serializers.Field[list[str], list[str], list[str], Any]):
    """APDUs in hex; empty text for an answer that there is none of. Looked at together: a report has a hundred."""

    def to_internal_value(self, data: Any) -> list[str]:
        if not isinstance(data, list) or len(data) > MOST_APDUS:
            raise serializers.ValidationError(f"must be a list of at most {MOST_APDUS} texts")
        if not all(isinstance(apdu, str) and len(apdu) <= LONGEST_APDU for apdu in data):
            raise serializers.ValidationError(f"each must be text of at most {LONGEST_APDU} characters")
        return data

    def to_representation(self, value: list[str]) -> list[str]:
        return value


class RamResponseSerializer(serializers.Serializer[Any]):
    ramResponseType = serializers.CharField(max_length=40)
    listOfRAPDU = ApduListField(required=False)


class ReportSerializer(serializers.Serializer[Any]):
    localAgentStatus = LocalAgentStatusSerializer()
    ramResponses = RamResponseSerializer(many=True, required=False)


class SecureElementSerializer(serializers.Serializer[Any]):
    seType = serializers.ChoiceField(["eSE", "iSE", "uicc", "euicc", "ieuicc", "undefined"])
    seId = serializers.CharField(max_length=128)
    seExtraInfo = serializers.CharField(max_length=200, required=False, allow_blank=True)


class HandshakeSerializer(serializers.Serializer[Any]):
    secureElements = SecureElementSerializer(many=True, allow_empty=False)
    supportedTransportProtocols = serializers.ListField(child=serializers.CharField(), default=["HTTPS"])
    supportedDataFormats = serializers.ListField(child=serializers.CharField(), default=["application/json"])
    supportedVersions = serializers.ListField(child=serializers.CharField(), required=False)
    # The specification's example has the singular.
    supportedVersion = serializers.ListField(child=serializers.CharField(), required=False)


class SeramView(PhoneView):
    """An end of SERAM: `sessionId` names the conversation, the phone's token who is asking."""

    authentication_classes = (PhoneCertificate, PhoneToken)

    def conversation(self) -> Any:
        try:
            reference = uuid.UUID(self.request.query_params.get("sessionId", ""))
        except ValueError:
            raise ConversationUnknown("sessionId is missing or isn't one of ours") from None
        return conversation.find(reference, self.phone)


def _away(phone: Phone) -> Response | None:
    """Return what a phone is told that finds us away, as a test world may have it; None: we are here."""
    if not settings.TSM_FAULTS or not import_string(settings.TSM_FAULTS)(phone):
        return None
    return Response(status=status.HTTP_503_SERVICE_UNAVAILABLE, headers={"Retry-After": "5"})


class Handshake(SeramView):
    """POST /gp/seram/handshake: protocol, format and version are chosen; 406 where nothing fits."""

    def post(self, request: Request) -> Response:
        if (away := _away(self.phone)) is not None:
            return away
        given = self.parsed(HandshakeSerializer)
        session = self.conversation()
        versions = given.get("supportedVersions") or given.get("supportedVersion") or ["2.0.0"]
        offered = any(element["seId"].upper() == session.element.identifier for element in given["secureElements"])
        fits = (
            offered
            and "HTTPS" in given["supportedTransportProtocols"]
            and "application/json" in given["supportedDataFormats"]
            and "2.0.0" in versions
        )
        if not fits:
            return Response(status=status.HTTP_406_NOT_ACCEPTABLE)
        extra = [element.get("seExtraInfo", "") for element in given["secureElements"]]
        conversation.begin(session, installation=_installation(extra))
        return Response(
            {
                "chosenTransportProtocol": "HTTPS",
                "chosenDataFormat": "application/json",
                # Required by the schema, though its properties say chosenDataFormat: both are sent.
                "chosenDataProtocol": "application/json",
                "chosenVersion": "2.0.0",
            }
        )


def _installation(extra: list[str]) -> str:
    """Return what the phone's app calls its installation: `installation=…` in SERAM's free text about an element."""
    told = (part.partition("=") for text in extra for part in text.split(","))
    return next((value.strip()[:64] for name, _, value in told if name.strip() == "installation"), "")


class RemoteManagement(SeramView):
    """POST /gp/seram/remoteManagement: a report in, the next order out."""

    def post(self, request: Request) -> Response:
        if (away := _away(self.phone)) is not None:
            return away
        given = self.parsed(ReportSerializer)
        session = self.conversation()
        answers = [answer for part in given.get("ramResponses", []) for answer in part.get("listOfRAPDU", [])]
        agent = given["localAgentStatus"]
        conversation.report(
            session, status=agent["localAgentStatusEnum"], answers=answers, message=agent.get("errorMsg", "")
        )
        return Response(conversation.next_order(session, wait=settings.TSM_LONG_POLL_SECONDS))
