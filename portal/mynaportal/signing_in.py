"""In and out: the phone is asked who it is, and what comes back is taken once, by the browser that began."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from ca import clock, status
from ca.errors import StatusUnknown
from ca.models import Realm
from ca.profiles import Purpose
from portal import cookies
from portal.handoff import asking, delivery, results
from portal.handoff.errors import HandOffError
from portal.handoff.models import HandOff
from portal.handoff.states import State
from portal.mynaportal import procedures, registration, visit


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask the phone who it is; `procedure` names where to go on afterwards."""
    if request.method != "POST":  # What was refused here is looked at again, or in the other language.
        return redirect("mynaportal:home")
    realm = _realm()
    credential = registration.credential(realm) if realm else None
    if credential is None:
        return _failed(request, _("いまはサインインできません。時間をおいて、もう一度お試しください。"), status=503)
    state, verifier = visit.new_state(), visit.new_state()
    asked = asking.ask(
        credential,
        purpose=Purpose.USER_AUTHENTICATION,
        return_url=registration.return_url(),
        state=state,
        code_challenge=delivery.challenge(verifier),
    )
    if asked.hand_off.state == State.REFUSED:
        return _failed(request, _("いまはサインインできません。時間をおいて、もう一度お試しください。"), status=503)
    wish = procedures.find(request.POST.get("procedure", ""))
    visit.note_ask(request, str(asked.hand_off.id), state=state, verifier=verifier, procedure=wish.code if wish else "")
    return redirect(asked.address)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the visit."""
    if request.method == "POST":
        visit.end(request, visit.SIGNED_OUT)
    response = redirect("mynaportal:home")
    response["Clear-Site-Data"] = cookies.CLEARED
    return response


@never_cache
@require_safe
def come_back(request: HttpRequest) -> HttpResponse:
    """Take what a hand-off gave: a sign-in, or the signature under an application."""
    reference = request.GET.get("handoff", "")
    about = visit.take_ask(request, reference, request.GET.get("state", ""))
    realm = _realm()
    credential = registration.credential(realm) if realm else None
    if about is None or credential is None:
        return _failed(request, _("この画面は、もう使えません。はじめからお進みください。"), status=400)
    try:
        hand_off = delivery.redeem(
            credential,
            reference=reference,
            code=request.GET.get("code", ""),
            code_verifier=about.get("verifier", ""),
        )
    except HandOffError:
        return _failed(request, _("この画面は、もう使えません。はじめからお進みください。"), status=400)
    if "application" in about:
        return redirect("mynaportal:application", about["application"])
    return _signed_in(request, hand_off, about)


def _signed_in(request: HttpRequest, hand_off: HandOff, about: dict[str, str]) -> HttpResponse:
    result = results.of(hand_off)
    if result is None:
        return _failed(request, _outcome(hand_off), status=403)
    try:
        verdict = status.check_certificate(
            hand_off.realm,
            result.certificate,
            now=clock.now(hand_off.realm),
            purpose=Purpose.USER_AUTHENTICATION,
        )
    except StatusUnknown:
        return _failed(request, _("いまはサインインできません。時間をおいて、もう一度お試しください。"), status=503)
    if verdict.standing is not status.Standing.VALID or verdict.certificate is None:
        return _failed(request, _("電子証明書が有効ではないため、サインインできません。"), status=403)
    visit.begin(request, verdict.certificate)
    if about.get("procedure"):
        return redirect("mynaportal:procedure", about["procedure"])
    return redirect("mynaportal:home")


def _outcome(hand_off: HandOff) -> str:
    return {
        State.DECLINED: _("スマートフォンで断ったため、サインインしていません。"),
        State.EXPIRED: _("時間内に答えがなかったため、サインインしていません。"),
    }.get(State(hand_off.state), _("本人確認ができなかったため、サインインしていません。もう一度お試しください。"))


def _failed(request: HttpRequest, problem: str, *, status: int) -> HttpResponse:
    return render(request, "mynaportal/welcome.html", {"problem": problem}, status=status)


def _realm() -> Realm | None:
    return Realm.objects.filter(slug=settings.DEFAULT_REALM).first()
