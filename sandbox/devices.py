"""The device bridge: how a page reaches a card on the reader, or the element of its phone.

What a phone's app does over NFC and OMAPI, the page does over HTTP: one request is one powered session, a list of
commands in and their answers out. Nothing of it is logged or kept, and the addresses name no secret.
"""

import json
import uuid
from contextlib import AbstractContextManager
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from ca.models import Realm
from portal import api_errors
from sandbox import citizens, personas, phones, power
from sandbox.models import Citizen, VirtualCard, VirtualPhone
from sandbox.personas import Card
from sandbox.trace import web
from tsm.authentication import of_session
from tsm.models import Phone
from tsm.transports.base import ReaderBusy, Transport, TransportError
from tsm.transports.chaining import Chaining

MOST_COMMANDS = 64
# An answer with another status than these ends the session: what follows in the list would have nothing to stand on.
GOES_ON = frozenset({0x90, 0x62})


# Of which realms beside the site's own this browser has been shown the cards: keys of `Realm`.
SHOWN = "sandbox_cards"


def cards(request: HttpRequest, realm: Realm) -> list[dict[str, str]]:
    """Return the cards that can be laid on the reader: label, hint, pin_hint, url. From now on this browser has them.

    Those of a workspace are for whoever was handed something of it: a phone, or a link of its service's.
    """
    people = citizens.of(realm).filter(holder__virtual_card__isnull=False)
    if realm.slug != settings.DEFAULT_REALM and realm.pk not in request.session.get(SHOWN, []):
        request.session[SHOWN] = [*request.session.get(SHOWN, []), realm.pk]
    places = {persona.code: place for place, persona in enumerate(personas.PERSONAS)}
    return [_card(one) for one in sorted(people, key=lambda one: (places.get(one.code, len(places)), one.pk))]


def element(request: HttpRequest, phone: Phone | str) -> dict[str, str] | None:
    """Return where the page reaches the element of this phone, or None when it isn't one of ours."""
    reference = phone.reference if isinstance(phone, Phone) else phone
    if not VirtualPhone.objects.filter(phone__reference=reference, gone_at=None).exists():
        return None
    return {"url": reverse("sandbox:element", args=[reference])}


def new_phone(request: HttpRequest, model_code: str, realm: Realm) -> Phone | None:
    """Return a phone of that model, fresh from the factory; None when the factory doesn't answer."""
    return phones.order(realm, model_code)


@require_POST
@never_cache
@sensitive_variables()
def card_session(request: HttpRequest, persona: str) -> JsonResponse:
    """Play commands into the card of a persona of the default realm: these cards are everybody's."""
    row = get_object_or_404(VirtualCard, realm__slug=settings.DEFAULT_REALM, persona=persona)
    with web.about(request, row.realm_id):
        return _play(request, power.card(row))


@require_POST
@never_cache
@sensitive_variables()
def workspace_card_session(request: HttpRequest, reference: uuid.UUID) -> JsonResponse:
    """Play commands into the card of a workspace's citizen, which a page has shown to this browser before."""
    row = get_object_or_404(VirtualCard, reference=reference, realm__in=request.session.get(SHOWN, []))
    with web.about(request, row.realm_id):
        return _play(request, power.card(row))


@require_POST
@never_cache
@sensitive_variables()
def element_session(request: HttpRequest, reference: uuid.UUID) -> JsonResponse:
    """Play commands into the element of the phone that this browser session is in the place of, and no other."""
    phone = of_session(request)
    if phone is None or phone.reference != reference:
        raise Http404("not this session's phone")
    row = get_object_or_404(VirtualPhone, phone=phone, gone_at=None)
    with web.about(request, phone.realm_id):
        return _play(request, power.app(row))


@sensitive_variables()
def _play(request: HttpRequest, session: AbstractContextManager[Transport]) -> JsonResponse:
    try:
        body: Any = json.loads(request.body)
        commands = [bytes.fromhex(command) for command in body["commands"]]
        keep_going = bool(body.get("keep_going", False))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return _refused("invalid_request", "commands must be a list of hexadecimal strings")
    if len(commands) > MOST_COMMANDS:
        return _refused("invalid_request", f"at most {MOST_COMMANDS} commands a session")
    answers = []
    try:
        with session as chip:
            chained = Chaining(chip)
            for command in commands:
                answer = chained.transmit(command)
                answers.append(answer.hex().upper())
                asks_tries = len(command) == 4 and command[1] == 0x20
                if answer[-2] not in GOES_ON and not asks_tries and not keep_going:
                    break
    except ReaderBusy:
        return _refused("reader_busy", "the chip is in use by another session: try again")
    except TransportError:
        return _refused("transport_failed", "the chip was torn off: no answer came")
    return JsonResponse({"answers": answers})


def _refused(code: str, detail: str) -> JsonResponse:
    problem = api_errors.body(code, detail)
    return JsonResponse(problem, status=problem["status"], content_type="application/problem+json")


def _card(citizen: Citizen) -> dict[str, str]:
    name = citizen.holder.name.replace("\u3000", " ")
    label = f"{name}さん" if get_language() == "ja" or not citizen.romaji else citizen.romaji
    notes = {
        Card.GOOD: "",
        Card.EXPIRED: _("期限の切れたカード"),
        Card.REVOKED: _("引っ越しで署名用証明書が失効したカード"),
        Card.ON_HOLD: _("署名用証明書が一時保留のカード"),
        Card.BLOCKED: _("署名用パスワードがロックされたカード"),
        Card.CHILD: _("15歳未満で署名用証明書のないカード"),
    }
    known = citizens.secrets_of(citizen)
    hint = _("署名用パスワード: {secret}").format(secret=known.signature or _("なし"))
    pin_hint = _("利用者証明用暗証番号: {pin}").format(pin=known.user_authentication)
    note = notes[Card(citizen.condition)]
    return {
        "label": label,
        "hint": f"{note} — {hint}" if note else hint,
        "pin_hint": f"{note} — {pin_hint}" if note else pin_hint,
        "url": _address(citizen),
    }


def _address(citizen: Citizen) -> str:
    if citizen.realm.slug == settings.DEFAULT_REALM:
        return reverse("sandbox:card", args=[citizen.code])
    return reverse("sandbox:workspace-card", args=[citizen.holder.virtual_card.reference])
