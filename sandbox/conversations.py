"""The operators' look at conversations with phones: legs, decoded commands, times, and what is waited for.

Part of the pretend world until the site has a sign-in for operators.
"""

import uuid

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from tsm import trace
from tsm.models import Conversation, Enrolment, SecureElement
from tsm.trace import Waiting

NEWEST = 50


@never_cache
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Show the newest conversations, each with what its element's work waits for."""
    found = Conversation.objects.filter(element__phone__realm__slug=settings.DEFAULT_REALM)
    newest = found.select_related("element__phone").order_by("-pk")[:NEWEST]
    rows = [{"conversation": one, "legs": one.legs.count(), **_standing(one.element)} for one in newest]
    return render(request, "sandbox/conversations.html", {"rows": rows})


@never_cache
@require_safe
def one(request: HttpRequest, reference: uuid.UUID) -> HttpResponse:
    """Show one conversation with its legs; `?whole` shows every command in a line of its own."""
    found = Conversation.objects.filter(
        reference=reference, element__phone__realm__slug=settings.DEFAULT_REALM
    ).select_related("element__phone")
    conversation = found.first()
    if conversation is None:
        raise Http404("no such conversation")
    whole = "whole" in request.GET
    context = {
        "conversation": conversation,
        "legs": trace.legs(conversation, whole=whole),
        "whole": whole,
        "enrolment": Enrolment.objects.filter(element=conversation.element).last(),
        **_standing(conversation.element),
    }
    return render(request, "sandbox/conversation.html", context)


def _standing(element: SecureElement) -> dict[str, object]:
    what, since = trace.waiting(element)
    return {"waits_for": _waiting(what), "since": since}


def _waiting(what: Waiting) -> str:
    return {
        Waiting.NOTHING: _("何も待っていません"),
        Waiting.PHONE_TO_COME: _("スマートフォンが取りに来るのを待っています"),
        Waiting.PHONE_TO_REPORT: _("スマートフォンの報告を待っています"),
        Waiting.TSM_WORKER: _("TSMのワーカーを待っています"),
        Waiting.CA_WORKER: _("認証局のワーカーを待っています"),
        Waiting.HOLDER: _("利用者のパスワード設定を待っています"),
        Waiting.REST: _("エレメントの答えが思わしくなく、少し休んでいます"),
    }[what]
