"""The town hall's counter: where cards come from, and where their certificates end."""

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from ca import clock, revocation
from ca.models import Certificate
from ca.profiles import Medium, Purpose
from ca.revocation import Cause
from sandbox import cards, personas
from sandbox.models import VirtualCard
from tsm.transports.base import ReaderBusy


@never_cache
@require_safe
def counter(request: HttpRequest) -> HttpResponse:
    """Show every card with its certificates, and the phone certificates that stand on them."""
    rows = VirtualCard.objects.filter(realm__slug=settings.DEFAULT_REALM).select_related("holder").order_by("pk")
    certificates = Certificate.objects.filter(holder__in=[row.holder_id for row in rows]).order_by("pk")
    newest: dict[tuple[int, str, str], Certificate] = {
        (one.holder_id, one.medium, one.purpose): one for one in certificates
    }
    now = clock.now(rows[0].realm) if rows else None
    desk = []
    cards_of = {row.persona: row for row in rows}
    for persona in personas.PERSONAS:
        row = cards_of.get(persona.code)
        if row is None:
            continue
        desk.append(
            {
                "persona": persona,
                "card": row,
                "certificates": [
                    {
                        "medium": medium,
                        "purpose": purpose,
                        "certificate": one,
                        "expired": now is not None and one.not_after < now,
                    }
                    for medium in Medium
                    for purpose in Purpose
                    if (one := newest.get((row.holder_id, medium, purpose))) is not None
                ],
            }
        )
    return render(request, "sandbox/office.html", {"desk": desk, "sweep_seconds": int(settings.LINKAGE_SWEEP_SECONDS)})


@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, persona: str) -> HttpResponse:
    """Do what was asked at the counter: moved house, card given back, or a new card."""
    if request.method != "POST":
        return redirect("sandbox:office")
    card = get_object_or_404(VirtualCard, realm__slug=settings.DEFAULT_REALM, persona=persona)
    wish = request.POST.get("act")
    now = clock.now(card.realm)
    if wish == "moved":
        signature = cards.card_certificate(card, Purpose.SIGNATURE)
        if signature is not None and signature.status != Certificate.Status.REVOKED:
            revocation.revoke(signature, cause=Cause.ATTRIBUTES_CHANGED, now=now)
        messages.success(request, _("引っ越しを届け出ました。カードの署名用電子証明書は失効しました。"))
    elif wish == "returned":
        with transaction.atomic():
            for certificate in cards.valid_certificates(card):
                revocation.revoke(certificate, cause=Cause.HOLDER_REQUEST, now=now)
        messages.success(request, _("カードを返納しました。カードの電子証明書は2つとも失効しました。"))
    elif wish == "new":
        try:
            if cards.replace(card):
                messages.success(request, _("新しいカードを発行しています。数秒で使えるようになります。"))
            else:
                messages.info(request, _("前のカードの発行が、まだ終わっていません。"))
        except ReaderBusy:
            messages.error(request, _("カードは、いま読み取り機で使われています。少し待って、もう一度お試しください。"))
    else:
        messages.error(request, _("窓口でできることを選んでください。"))
    return redirect("sandbox:office")
