"""ポイント広場: a service with a key but without a place on the register. What it asks, the phone refuses."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from jpki_client import USER_AUTHENTICATION

from sandbox.relying_parties.environment import SAMPLES_URL
from sandbox.relying_parties.pages import client, reporting

CLIENT_ID = "points-plaza"


@require_safe
def welcome(request: HttpRequest) -> HttpResponse:
    """Show the offer."""
    return render(request, "samples/unlisted.html", {"service": "unlisted"})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@reporting("unlisted")
def attempt(request: HttpRequest) -> HttpResponse:
    """Ask the phone all the same, and send the visitor there."""
    if request.method != "POST":
        return redirect("unlisted")
    back = SAMPLES_URL + reverse("unlisted")
    return redirect(client(CLIENT_ID).ask(USER_AUTHENTICATION, return_url=back).link)
