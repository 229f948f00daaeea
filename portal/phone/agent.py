"""From the local agent, which holds a phone's token, to the phone's pages in a browser: an address for a minute."""

import uuid

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from rest_framework.request import Request
from rest_framework.response import Response

from portal.phone.session import take_up
from tsm.api import PhoneView
from tsm.authentication import PhoneToken
from tsm.models import Phone

SALT = "portal.phone.agent"
TICKET_SECONDS = 60


class Pages(PhoneView):
    """POST: an address that makes the browser which opens it stand in for this phone."""

    authentication_classes = (PhoneToken,)

    def post(self, request: Request) -> Response:
        ticket = signing.dumps(str(self.phone.reference), salt=SALT)
        return Response({"url": settings.PUBLIC_URL + reverse("phone:opened", args=[ticket])})


@never_cache
@require_GET
def opened(request: HttpRequest, ticket: str) -> HttpResponseBase:
    """Let the browser stand in for the phone that the ticket names."""
    try:
        reference = uuid.UUID(signing.loads(ticket, salt=SALT, max_age=TICKET_SECONDS))
    except (signing.BadSignature, ValueError):
        raise Http404("the address has run out: the agent gives another one when it is started again") from None
    phone = Phone.objects.filter(reference=reference).first()
    if phone is None:
        raise Http404("no such phone")
    take_up(request, phone)
    return redirect("phone:home")
