"""Citizens over HTTP, below /sandbox/api/v1/. Parse, one call, answer."""

from typing import Any

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ca import messages
from portal.api import creating, describing, pagination
from sandbox import cards, citizens
from sandbox.api import waiting
from sandbox.api.views import WorkspaceView
from sandbox.citizens import CONDITIONS, Wish
from sandbox.models import Citizen
from sandbox.personas import Card

TAG = "citizens"
ID = "0b6e7c52-9d54-4c3e-8a8e-2f0e6d1c9a10"
CARD_ID = "6a0c1d7e-51b2-4e0a-9f6d-7c1b2a3d4e5f"
EXAMPLE = {
    "id": ID,
    "code": "hanako",
    "persona": True,
    "version": 1,
    "name": "青葉　花子",
    "romaji": "AOBA Hanako",
    "sex": "2",
    "born_on": "1990-04-12",
    "address": "東京都草薙市若葉町１－２－３",
    "prefecture": "Tokyo-to",
    "municipality": "Kusanagi-shi",
    "municipality_code": "13991",
    "condition": "good",
    "card": CARD_ID,
    "card_passwords": {"signature": "HANAKO7391", "user_authentication": "7391"},
}
OWN = EXAMPLE | {"code": "c-5d1f0a7b9c2e", "persona": False, "version": 0, "name": "試験　明", "romaji": "SHIKEN Akira"}


class CitizenBody(describing.Body):
    name = serializers.CharField(max_length=200, required=False, help_text="Family, space, given.")
    romaji = serializers.CharField(max_length=100, required=False)
    sex = serializers.ChoiceField(("1", "2", "3"), required=False, help_text="1 male, 2 female, 3 unknown.")
    born_on = serializers.DateField(required=False)
    address = serializers.CharField(max_length=200, required=False)
    prefecture = serializers.CharField(max_length=46, required=False, help_text="In Roman letters.")
    municipality = serializers.CharField(max_length=46, required=False, help_text="In Roman letters.")
    municipality_code = serializers.CharField(max_length=5, required=False, help_text="Five digits.")
    condition = serializers.ChoiceField(
        [each.value for each in CONDITIONS], required=False, help_text="What is the matter with the card."
    )
    signature_password = serializers.CharField(max_length=16, required=False, help_text="6 to 16 of A-Z and 0-9.")
    authentication_pin = serializers.CharField(max_length=4, required=False, help_text="Four digits.")


class CitizenChange(describing.Body):
    name = serializers.CharField(max_length=200, required=False)
    romaji = serializers.CharField(max_length=100, required=False)
    sex = serializers.ChoiceField(("1", "2", "3"), required=False)
    born_on = serializers.DateField(required=False)
    address = serializers.CharField(max_length=200, required=False)
    prefecture = serializers.CharField(max_length=46, required=False)
    municipality = serializers.CharField(max_length=46, required=False)
    municipality_code = serializers.CharField(max_length=5, required=False)


class PasswordsAnswer(describing.Answer):
    signature = serializers.CharField(allow_blank=True, help_text="Empty where there is no signature certificate.")
    user_authentication = serializers.CharField()


class CitizenAnswer(describing.Answer):
    id = serializers.UUIDField()
    code = serializers.CharField(help_text="A persona's is the same in every workspace, and an id, too.")
    persona = serializers.BooleanField()
    version = serializers.IntegerField(help_text="The edition of the ten personas; 0 for one's own.")
    name = serializers.CharField()
    romaji = serializers.CharField(allow_blank=True)
    sex = serializers.ChoiceField(("1", "2", "3"))
    born_on = serializers.DateField()
    address = serializers.CharField()
    prefecture = serializers.CharField()
    municipality = serializers.CharField()
    municipality_code = serializers.CharField()
    condition = serializers.ChoiceField([each.value for each in Card])
    card = serializers.UUIDField(allow_null=True)
    card_passwords = PasswordsAnswer()


class Citizens(WorkspaceView):
    """GET: the workspace's citizens. POST: one of your own."""

    @describing.operation(
        ("利用者の一覧", "List citizens"), answer=CitizenAnswer, pages=True, told=EXAMPLE, tag=TAG, name="citizens_list"
    )
    def get(self, request: Request) -> Response:
        """The ten personas and your own, newest first."""
        return pagination.page(request, citizens.of(self.realm), shape)

    @describing.operation(
        ("利用者を作る", "Make a citizen"),
        body=CitizenBody,
        query=waiting.WaitQuery,
        answer=CitizenAnswer,
        status=201,
        asked={"name": "試験　明", "romaji": "SHIKEN Akira", "authentication_pin": "2580"},
        told=OWN,
        problems=("citizen_unfit",),
        tag=TAG,
        name="citizens_create",
    )
    @creating.once_alone
    def post(self, request: Request) -> Response:
        """With a card, which workers certify. Whatever isn't given is made up."""
        given = describing.read(request, CitizenBody)
        wait = describing.read_query(request, waiting.WaitQuery)["wait"]
        condition = Card(given.pop("condition", Card.GOOD))
        made = citizens.make(self.realm, Wish(card=condition, **given))
        card, asked = cards.make(made)
        messages.send("ca.issue", [one.pk for one in asked])
        waiting.until(lambda: cards.is_ready(card), wait)
        return Response(shape(_found(self, str(made.reference))), status=201)


class OneCitizen(WorkspaceView):
    """GET: one citizen. PATCH: move house, marry; the signature certificate falls with it."""

    @describing.operation(
        ("利用者を見る", "Look at a citizen"),
        answer=CitizenAnswer,
        told=EXAMPLE,
        problems=("not_found",),
        tag=TAG,
        name="citizens_read",
    )
    def get(self, request: Request, id: str) -> Response:
        """By id, or by a persona's code."""
        return Response(shape(_found(self, id)))

    @describing.operation(
        ("利用者を変える", "Change a citizen"),
        body=CitizenChange,
        answer=CitizenAnswer,
        asked={"address": "東京都草薙市桜台７－８", "municipality": "Kusanagi-shi"},
        told=OWN | {"address": "東京都草薙市桜台７－８"},
        problems=("not_found", "persona_fixed", "citizen_unfit"),
        tag=TAG,
        name="citizens_change",
    )
    def patch(self, request: Request, id: str) -> Response:
        """In the residents' register. The card's signature certificate is revoked for it (`attributes_changed`)."""
        found = _found(self, id)
        citizens.change(found, describing.read(request, CitizenChange, partial=True))
        return Response(shape(found))


def shape(citizen: Citizen) -> dict[str, Any]:
    """Return a citizen as the API tells it."""
    holder, known = citizen.holder, citizens.secrets_of(citizen)
    card = getattr(holder, "virtual_card", None)
    return {
        "id": str(citizen.reference),
        "code": citizen.code,
        "persona": citizen.version > 0,
        "version": citizen.version,
        "name": holder.name,
        "romaji": citizen.romaji,
        "sex": holder.sex,
        "born_on": holder.born_on.isoformat(),
        "address": holder.address,
        "prefecture": holder.prefecture,
        "municipality": holder.municipality,
        "municipality_code": holder.municipality_code,
        "condition": citizen.condition,
        "card": str(card.reference) if card is not None else None,
        "card_passwords": {"signature": known.signature, "user_authentication": known.user_authentication},
    }


def _found(view: WorkspaceView, id: str) -> Citizen:
    found = citizens.find(view.realm, id)
    if found is None:
        raise Http404("no such citizen in this workspace")
    return found
