"""Cards over HTTP, below /sandbox/api/v1/. Parse, one call, answer."""

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ca import messages
from portal.api import creating, describing, pagination
from sandbox import cards, citizens
from sandbox.api import waiting
from sandbox.api.citizens import CARD_ID, ID
from sandbox.api.views import WorkspaceView
from sandbox.citizens import Secrets
from sandbox.errors import CardUnderWay
from sandbox.models import VirtualCard
from tsm.jpki import Key

TAG = "cards"
EXAMPLE = {"id": CARD_ID, "citizen": ID, "edition": 1, "state": "ready"}


class CardBody(describing.Body):
    citizen = serializers.CharField(max_length=64, help_text="An id, or a persona's code.")
    signature_password = serializers.CharField(max_length=16, required=False, help_text="6 to 16 of A-Z and 0-9.")
    authentication_pin = serializers.CharField(max_length=4, required=False, help_text="Four digits.")


class CardAnswer(describing.Answer):
    id = serializers.UUIDField(help_text="A citizen's card keeps it when it is replaced.")
    citizen = serializers.UUIDField()
    edition = serializers.IntegerField(help_text="1 is the first card; each that replaces it is the next.")
    state = serializers.ChoiceField(("being_issued", "ready"))


class Cards(WorkspaceView):
    """GET: the workspace's cards. POST: a new card for a citizen."""

    @describing.operation(
        ("カードの一覧", "List cards"), answer=CardAnswer, pages=True, told=EXAMPLE, tag=TAG, name="cards_list"
    )
    def get(self, request: Request) -> Response:
        """One for each citizen, newest first."""
        return pagination.page(request, _of(self), shape)

    @describing.operation(
        ("カードを作り直す", "Make a new card"),
        body=CardBody,
        query=waiting.WaitQuery,
        answer=CardAnswer,
        status=201,
        asked={"citizen": "hanako"},
        told=EXAMPLE | {"edition": 2, "state": "being_issued"},
        problems=("not_found", "card_under_way", "citizen_unfit", "reader_busy"),
        tag=TAG,
        name="cards_create",
    )
    @creating.once_alone
    def post(self, request: Request) -> Response:
        """With new keys. The certificates of the one before are revoked (`superseded`); what stands on them falls."""
        given = describing.read(request, CardBody)
        wait = describing.read_query(request, waiting.WaitQuery)["wait"]
        citizen = citizens.find(self.realm, given["citizen"])
        if citizen is None:
            raise Http404("no such citizen in this workspace")
        known = citizens.secrets_of(citizen)
        wished = Secrets(
            _wished(Key.SIGNATURE, given, "signature_password") if known.signature else "",
            _wished(Key.AUTHENTICATION, given, "authentication_pin"),
        )
        chosen = Secrets(wished.signature or known.signature, wished.user_authentication or known.user_authentication)
        card = citizens.card_of(citizen)
        if card is None:
            citizens.remember(citizen, chosen)
            card, asked = cards.make(citizen)
            messages.send("ca.issue", [one.pk for one in asked])
        elif not cards.replace(card, chosen if chosen != known else None):
            raise CardUnderWay("the card before is still being issued")
        waiting.until(lambda: cards.is_ready(card), wait)
        return Response(shape(_of(self).get(pk=card.pk)), status=201)


class OneCard(WorkspaceView):
    """GET: one card."""

    @describing.operation(
        ("カードを見る", "Look at a card"),
        answer=CardAnswer,
        told=EXAMPLE,
        problems=("not_found",),
        tag=TAG,
        name="cards_read",
    )
    def get(self, request: Request, id: uuid.UUID) -> Response:
        """Whose it is, and whether it is ready. Its certificates: GET certificates?citizen=…&medium=card."""
        found = _of(self).filter(reference=id).first()
        if found is None:
            raise Http404("no such card in this workspace")
        return Response(shape(found))


def shape(card: VirtualCard) -> dict[str, Any]:
    """Return a card as the API tells it."""
    return {
        "id": str(card.reference),
        "citizen": str(card.holder.citizen.reference),
        "edition": card.edition,
        "state": "ready" if card.is_ready else "being_issued",
    }


def _of(view: WorkspaceView) -> QuerySet[VirtualCard]:
    return VirtualCard.objects.filter(realm=view.realm, holder__citizen__isnull=False).select_related("holder__citizen")


def _wished(key: Key, given: dict[str, Any], field: str) -> str:
    return citizens.chosen(key, given[field], field=field) if field in given else ""
