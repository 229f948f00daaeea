"""The console's look at conversations without its sign-in, for whoever tries the pretend world."""

import uuid

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ca.models import Realm
from portal.console import conversations


@never_cache
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Show the newest conversations, each with what its element's work waits for."""
    context = conversations.listing(_realm(), address="sandbox:conversation")
    return render(request, "console/conversations.html", context)


@never_cache
@require_safe
def one(request: HttpRequest, reference: uuid.UUID) -> HttpResponse:
    """Show one conversation with its legs; `?whole` shows every command in a line of its own."""
    whole = "whole" in request.GET
    context = conversations.one(_realm(), reference, whole=whole, address="sandbox:conversations")
    return render(request, "console/conversation.html", context)


def _realm() -> Realm:
    return get_object_or_404(Realm, slug=settings.DEFAULT_REALM)
