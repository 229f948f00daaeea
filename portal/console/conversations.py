"""Conversations with phones: legs, decoded commands, times, and what is waited for; shared with the pretend world."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.db.models import Count
from django.http import Http404
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from ca.models import Realm
from tsm import trace
from tsm.models import Conversation, Enrolment
from tsm.trace import Waiting

NEWEST = 50
WAITING: Mapping[Waiting, Promise] = {
    Waiting.NOTHING: gettext_lazy("何も待っていません"),
    Waiting.PHONE_TO_COME: gettext_lazy("スマートフォンが取りに来るのを待っています"),
    Waiting.PHONE_TO_REPORT: gettext_lazy("スマートフォンの報告を待っています"),
    Waiting.TSM_WORKER: gettext_lazy("TSMのワーカーを待っています"),
    Waiting.CA_WORKER: gettext_lazy("認証局のワーカーを待っています"),
    Waiting.HOLDER: gettext_lazy("利用者のパスワード設定を待っています"),
    Waiting.REST: gettext_lazy("エレメントの答えが思わしくなく、少し休んでいます"),
}


def listing(realm: Realm, *, address: str) -> dict[str, Any]:
    """Return what the list shows: a realm's newest conversations; `address` names the URL of one."""
    found = Conversation.objects.filter(element__phone__realm=realm)
    newest = list(found.select_related("element__phone").annotate(leg_count=Count("legs")).order_by("-pk")[:NEWEST])
    waits = trace.waiting_all({one.element_id: one.element for one in newest}.values())
    return {
        "rows": [
            {
                "conversation": one,
                "url": reverse(address, args=[one.reference]),
                "legs": one.leg_count,
                "waits_for": WAITING[waits[one.element_id][0]],
            }
            for one in newest
        ]
    }


def one(realm: Realm, reference: uuid.UUID, *, whole: bool, address: str) -> dict[str, Any]:
    """Return what the page of one conversation shows; `whole`: every command in a line of its own; else 404."""
    found = Conversation.objects.filter(reference=reference, element__phone__realm=realm)
    conversation = found.select_related("element__phone").first()
    if conversation is None:
        raise Http404("no such conversation")
    what, since = trace.waiting(conversation.element)
    return {
        "conversation": conversation,
        "legs": trace.legs(conversation, whole=whole),
        "whole": whole,
        "enrolment": Enrolment.objects.filter(element=conversation.element).last(),
        "waits_for": WAITING[what],
        "since": since,
        "listing_url": reverse(address),
    }
