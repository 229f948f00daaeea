"""A phone's passwords over HTTP, below /sandbox/api/v1/phones/{id}/passwords. Parse, one call, answer."""

import uuid
from typing import Any

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api import describing
from sandbox import citizens, passwords, phones
from sandbox.api import waiting
from sandbox.api.certificates import PURPOSES
from sandbox.api.views import WorkspaceView
from sandbox.models import VirtualPhone
from tsm.jpki import PasswordState
from tsm.purposes import KEYS
from tsm.purposes import PURPOSES as BY_KEY

TAG = "phones"
STATES = [each.name.lower() for each in PasswordState]
CHIP = ("wrong_state", "reader_busy", "chip_refused")
EXAMPLE = {
    "signature": {"state": "set", "tries_left": 5},
    "user_authentication": {"state": "blocked", "tries_left": 0},
}


class PurposeBody(describing.Body):
    purpose = serializers.ChoiceField(PURPOSES)


class UnblockBody(PurposeBody):
    password = serializers.CharField(max_length=16, help_text="The new one: 6 to 16 of A-Z and 0-9, or four digits.")


class PasswordAnswer(describing.Answer):
    state = serializers.ChoiceField(STATES)
    tries_left = serializers.IntegerField()


class PasswordStatesAnswer(describing.Answer):
    signature = PasswordAnswer()
    user_authentication = PasswordAnswer()


class Passwords(WorkspaceView):
    """GET: how both passwords stand."""

    @describing.operation(
        ("パスワードのようす", "Look at a phone's passwords"),
        answer=PasswordStatesAnswer,
        told=EXAMPLE,
        problems=("not_found", *CHIP),
        tag=TAG,
        name="phones_passwords",
    )
    def get(self, request: Request, id: uuid.UUID) -> Response:
        """As the element itself says, without any password."""
        return Response(shape(_found(self, id)))


class Block(WorkspaceView):
    """POST: type wrong ones."""

    @describing.operation(
        ("パスワードをロックさせる", "Block a phone's password"),
        body=PurposeBody,
        answer=PasswordStatesAnswer,
        asked={"purpose": "user_authentication"},
        told=EXAMPLE,
        problems=("not_found", *CHIP),
        tag=TAG,
        name="phones_passwords_block",
    )
    def post(self, request: Request, id: uuid.UUID) -> Response:
        """By typing wrong ones until the element takes no more."""
        given, row = describing.read(request, PurposeBody), _found(self, id)
        passwords.block(row, _KEYS[given["purpose"]])
        return Response(shape(row))


class Unblock(WorkspaceView):
    """POST: have it unblocked, and set it anew."""

    @describing.operation(
        ("パスワードを初期化する", "Unblock a phone's password"),
        body=UnblockBody,
        query=waiting.WaitQuery,
        answer=PasswordStatesAnswer,
        asked={"purpose": "user_authentication", "password": "6194"},
        told=EXAMPLE | {"user_authentication": {"state": "set", "tries_left": 3}},
        problems=(
            "not_found", "citizen_unfit", "card_under_way", "unblock_refused", "chip_password_blocked",
            "chip_password_wrong", "chip_certificate_missing", *CHIP,
        ),
        tag=TAG,
        name="phones_passwords_unblock",
    )  # fmt: skip
    def post(self, request: Request, id: uuid.UUID) -> Response:
        """The holder applies: with the card for the signature password, with the phone's signature key for the PIN.

        The TSM returns it to "not set" when the phone is in contact, and then it is set. Wait, or send it again.
        """
        given, row = describing.read(request, UnblockBody), _found(self, id)
        wait = describing.read_query(request, waiting.WaitQuery)["wait"]
        key = _KEYS[given["purpose"]]
        chosen = citizens.chosen(key, given["password"], field="password")
        waiting.until(lambda: passwords.unblock(row, key, chosen), wait)
        return Response(shape(row))


_KEYS = {purpose.value: key for purpose, key in KEYS.items()}


def shape(row: VirtualPhone) -> dict[str, Any]:
    """Return how both stand."""
    return {
        BY_KEY[key].value: {"state": one.state, "tries_left": one.tries_left}
        for key, one in passwords.standing(row).items()
    }


def _found(view: WorkspaceView, id: uuid.UUID) -> VirtualPhone:
    found = phones.find(view.realm, id)
    if found is None:
        raise Http404("no such phone in this workspace")
    return found
