"""Enrolments over HTTP, below /sandbox/api/v1/: issuing in one call, or step by step. Parse, one call, answer."""

import uuid
from typing import Any

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api import creating, describing, pagination
from sandbox import certificates, citizens, issuing, pace, phones
from sandbox.api import waiting
from sandbox.api.citizens import ID as CITIZEN_ID
from sandbox.api.phones import ENROLMENT_ID, PhonePasswordsAnswer
from sandbox.api.phones import ID as PHONE_ID
from sandbox.api.views import WorkspaceView
from sandbox.hands import PhonePasswords
from sandbox.models import Issuing
from tsm import services
from tsm.jpki import Key
from tsm.models import Enrolment

TAG = "enrolments"
UNTIL = [each.value for each in Issuing.Until]
REFUSED = ("application_refused", "card_authentication_certificate_missing", "phone_not_supported", "phone_in_use")
CHIP = ("chip_password_blocked", "chip_password_wrong", "chip_certificate_missing", "chip_refused", "reader_busy")
EXAMPLE = {
    "id": ENROLMENT_ID,
    "citizen": CITIZEN_ID,
    "phone": PHONE_ID,
    "state": "active",
    "until": "active",
    "failed": None,
    "trouble": None,
    "replaces": None,
    "certificates": ["signature-15", "user-authentication-16"],
    "created_at": "2026-11-27T10:00:00+00:00",
    "state_since": "2026-11-27T10:00:04+00:00",
}
APPLIED = EXAMPLE | {"state": "verified", "certificates": []}


class PasswordsBody(describing.Body):
    signature = serializers.CharField(max_length=16, help_text="6 to 16 of A-Z and 0-9.")
    user_authentication = serializers.CharField(max_length=4, help_text="Four digits.")


class EnrolmentBody(describing.Body):
    citizen = serializers.CharField(max_length=64, help_text="An id, or a persona's code.")
    phone = serializers.UUIDField()
    until = serializers.ChoiceField(UNTIL, required=False, help_text="How far it goes by itself; active.")
    passwords = PasswordsBody(required=False, help_text="What the citizen chooses on the phone; else the card's.")


class AdvanceBody(describing.Body):
    until = serializers.ChoiceField(UNTIL, required=False, help_text="active")


class EnrolmentsQuery(describing.Body):
    citizen = serializers.CharField(max_length=64, required=False)
    phone = serializers.UUIDField(required=False)
    state = serializers.ChoiceField(Enrolment.State.values, required=False)


class FailedAnswer(describing.Answer):
    code = serializers.CharField(help_text="Of the catalogue of problems.")
    detail = serializers.CharField(allow_blank=True)


class EnrolmentAnswer(describing.Answer):
    id = serializers.UUIDField()
    citizen = serializers.UUIDField(allow_null=True)
    phone = serializers.UUIDField()
    state = serializers.ChoiceField(Enrolment.State.values)
    until = serializers.ChoiceField(UNTIL, allow_null=True, help_text="null: a person's hands are at it.")
    failed = FailedAnswer(allow_null=True, help_text="Why the citizen's part came to nothing; advance tries again.")
    trouble = serializers.CharField(allow_null=True, help_text="Why the TSM gave it up, or rests.")
    replaces = serializers.UUIDField(allow_null=True, help_text="A device change: the enrolment whose pair ends.")
    certificates = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField(help_text="By the workspace's clock.")
    state_since = serializers.DateTimeField(help_text="By the workspace's clock.")


class StepAnswer(describing.Answer):
    step = serializers.CharField()
    at = serializers.DateTimeField(help_text="By the workspace's clock.")
    detail = serializers.DictField(help_text="Figures: APDUs, octets, serial numbers.")


class WholeEnrolmentAnswer(EnrolmentAnswer):
    passwords = PhonePasswordsAnswer(allow_null=True, help_text="Of the phone, where an API call set them.")
    steps = StepAnswer(many=True)


WHOLE = EXAMPLE | {
    "passwords": {"signature": "HANAKO7391", "user_authentication": "7391"},
    "steps": [{"step": "applied", "at": "2026-11-27T10:00:00+00:00", "detail": {"phone": "さくらフォン 8"}}],
}


class Enrolments(WorkspaceView):
    """GET: the workspace's enrolments. POST: a citizen applies for certificates in a phone."""

    @describing.operation(
        ("発行の一覧", "List enrolments"),
        query=EnrolmentsQuery,
        answer=EnrolmentAnswer,
        pages=True,
        told=EXAMPLE,
        tag=TAG,
        name="enrolments_list",
    )
    def get(self, request: Request) -> Response:
        """Newest first; those that people made on the phone's pages are among them."""
        given = describing.read_query(request, EnrolmentsQuery)
        rows = issuing.of(self.realm)
        if "citizen" in given:
            citizen = citizens.find(self.realm, given["citizen"])
            rows = rows.filter(holder=citizen.holder_id if citizen is not None else None)
        if "phone" in given:
            rows = rows.filter(phone__reference=given["phone"])
        if "state" in given:
            rows = rows.filter(state=given["state"])
        return pagination.page(request, rows, shape)

    @describing.operation(
        ("電子証明書を発行する", "Issue certificates into a phone"),
        body=EnrolmentBody,
        query=waiting.WaitQuery,
        answer=EnrolmentAnswer,
        status=201,
        asked={"citizen": "hanako", "phone": PHONE_ID},
        told=APPLIED,
        problems=("not_found", "card_under_way", "citizen_unfit", "phone_gone", *REFUSED, *CHIP),
        tag=TAG,
        name="enrolments_create",
    )
    @creating.once_alone
    def post(self, request: Request) -> Response:
        """The card signs the application; the TSM and the authorities do the rest, and the phone is taken into use.

        It takes a few seconds: ask for it again, or wait. A citizen with a pair in another phone changes to this one.
        """
        given = describing.read(request, EnrolmentBody)
        wait = describing.read_query(request, waiting.WaitQuery)["wait"]
        citizen, row = citizens.find(self.realm, given["citizen"]), phones.find(self.realm, given["phone"])
        if citizen is None or row is None:
            raise Http404("no such citizen, or no such phone, in this workspace")
        made = issuing.enrol(
            row, citizen, until=given.get("until", Issuing.Until.ACTIVE), passwords=_passwords(given.get("passwords"))
        )
        waiting.until(lambda: _stands(self, made.reference), wait)
        return Response(shape(_found(self, made.reference)), status=201)


class OneEnrolment(WorkspaceView):
    """GET: one enrolment, with its steps."""

    @describing.operation(
        ("発行を見る", "Look at an enrolment"),
        query=waiting.WaitQuery,
        answer=WholeEnrolmentAnswer,
        told=WHOLE,
        problems=("not_found",),
        tag=TAG,
        name="enrolments_read",
    )
    def get(self, request: Request, id: uuid.UUID) -> Response:
        """How far it is. With `wait`, when it stands still, or after so long."""
        wait = describing.read_query(request, waiting.WaitQuery)["wait"]
        _found(self, id)
        waiting.until(lambda: _stands(self, id), wait)
        found = _found(self, id)
        row = phones.find(self.realm, found.phone.reference)
        known = phones.passwords(row) if row is not None else None
        steps = [{"step": one.step, "at": one.at.isoformat(), "detail": one.detail} for one in found.steps.all()]
        told = {"signature": known.signature, "user_authentication": known.user_authentication} if known else None
        return Response(shape(found) | {"passwords": told, "steps": steps})


class Advance(WorkspaceView):
    """POST: go on."""

    @describing.operation(
        ("発行を先へ進める", "Let an enrolment go on"),
        body=AdvanceBody,
        query=waiting.WaitQuery,
        answer=EnrolmentAnswer,
        asked={"until": "installed"},
        told=EXAMPLE | {"state": "prepared", "until": "installed", "certificates": []},
        problems=("not_found", "enrolment_finished"),
        tag=TAG,
        name="enrolments_advance",
    )
    def post(self, request: Request, id: uuid.UUID) -> Response:
        """As far as `until`; what came to nothing is tried again."""
        given = describing.read(request, AdvanceBody)
        wait = describing.read_query(request, waiting.WaitQuery)["wait"]
        issuing.advance(_found(self, id), until=given.get("until", Issuing.Until.ACTIVE))
        waiting.until(lambda: _stands(self, id), wait)
        return Response(shape(_found(self, id)))


class End(WorkspaceView):
    """POST: the holder ends the use of the phone."""

    @describing.operation(
        ("使用をやめる", "End the use of the phone"),
        answer=EnrolmentAnswer,
        told=EXAMPLE | {"state": "ended"},
        problems=("not_found", "wrong_state", *CHIP),
        tag=TAG,
        name="enrolments_end",
    )
    def post(self, request: Request, id: uuid.UUID) -> Response:
        """Signed by the phone's signature key: both certificates are revoked at once, and the element is emptied."""
        found = _found(self, id)
        row = phones.find(self.realm, found.phone.reference)
        if row is None:
            raise Http404("the phone was thrown away")
        issuing.end(row, found)
        return Response(shape(_found(self, id)))


class Suspend(WorkspaceView):
    """POST: the phone is lost."""

    @describing.operation(
        ("一時利用停止にする", "Suspend a phone's certificates"),
        answer=EnrolmentAnswer,
        told=EXAMPLE,
        problems=("not_found", "wrong_state"),
        tag=TAG,
        name="enrolments_suspend",
    )
    def post(self, request: Request, id: uuid.UUID) -> Response:
        """As the help desk does for a lost phone: both certificates on hold at once, the applet locked when met."""
        services.suspend(_found(self, id), source="sandbox")
        return Response(shape(_found(self, id)))


class Resume(WorkspaceView):
    """POST: the phone is found."""

    @describing.operation(
        ("一時利用停止を解除する", "Resume a phone's certificates"),
        answer=EnrolmentAnswer,
        told=EXAMPLE,
        problems=("not_found", "wrong_state"),
        tag=TAG,
        name="enrolments_resume",
    )
    def post(self, request: Request, id: uuid.UUID) -> Response:
        """The applet is unlocked when the phone is met, and then both certificates are valid again."""
        services.resume(_found(self, id), source="sandbox")
        return Response(shape(_found(self, id)))


def shape(found: Enrolment) -> dict[str, Any]:
    """Return an enrolment as the API tells it."""
    wished: Issuing | None = getattr(found, "issuing", None)
    citizen = getattr(found.holder, "citizen", None)
    return {
        "id": str(found.reference),
        "citizen": str(citizen.reference) if citizen is not None else None,
        "phone": str(found.phone.reference),
        "state": found.state,
        "until": wished.until if wished is not None else None,
        "failed": {"code": wished.failed, "detail": wished.failed_detail} if wished and wished.failed else None,
        "trouble": found.trouble or None,
        "replaces": str(found.replaces.reference) if found.replaces is not None else None,
        "certificates": [certificates.id_of(one) for one in found.pair],
        "created_at": found.created_at.isoformat(),
        "state_since": found.state_since.isoformat(),
    }


def _stands(view: WorkspaceView, id: uuid.UUID) -> bool:
    """Tell whether nothing more happens by itself: it is as far as it was to go, or over, or came to nothing."""
    found = _found(view, id)
    wished: Issuing | None = getattr(found, "issuing", None)
    if found.state not in pace.ORDER[:-1]:
        return True
    return wished is None or bool(wished.failed) or pace.is_reached(wished)


def _found(view: WorkspaceView, id: uuid.UUID) -> Enrolment:
    found = issuing.find(view.realm, id)
    if found is None:
        raise Http404("no such enrolment in this workspace")
    return found


def _passwords(given: dict[str, str] | None) -> PhonePasswords | None:
    if given is None:
        return None
    return PhonePasswords(
        citizens.chosen(Key.SIGNATURE, given["signature"], field="passwords.signature"),
        citizens.chosen(Key.AUTHENTICATION, given["user_authentication"], field="passwords.user_authentication"),
    )
