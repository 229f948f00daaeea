"""What the hand-off's pages share: whom they name, how they end, and the phone that shows them."""

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ca import clock
from portal.handoff import binding, delivery
from portal.handoff.errors import (
    AlreadyReturned,
    CodeNotFresh,
    CodeTaken,
    HandOffOtherService,
    HandOffUnknown,
    HandOffWrongBrowser,
    NotOver,
)
from portal.handoff.models import HandOff
from portal.handoff.sentences import REFUSALS
from portal.handoff.states import State
from portal.handoff.ways import Way
from portal.phone import devices
from portal.phone.session import phone_of
from whitelist import register

Given = ParamSpec("Given")


def entry_of(hand_off: HandOff) -> register.Entry | None:
    """Return what the register says of the service that asks; None when it isn't registered (any more)."""
    return register.find(hand_off.realm, hand_off.relying_party.client_id, now=clock.now(hand_off.realm))


def phone(request: HttpRequest) -> dict[str, Any]:
    """Return the phone that this browser stands in for, and how its element is reached; empty when there is none."""
    found = phone_of(request)
    return {"phone": found, "device_url": devices.element_url(request, found)} if found else {}


def framed(request: HttpRequest) -> dict[str, Any]:
    """Return what a page about a hand-off stands in: the phone, or the screen with the code, which is none."""
    on_desk = request.path.startswith("/handoff/screen/")
    return {"frame": "handoff/desk.html"} if on_desk else {"frame": "phone/base.html", **phone(request)}


def named(entry: register.Entry | None) -> dict[str, Any]:
    """Return the service's name and logo in the reader's language, from the register."""
    return {"entry": entry, "name": entry.name.in_language(get_language()) if entry else None}


def refused(request: HttpRequest, hand_off: HandOff) -> HttpResponse:
    """Show the register's no. Nothing that the service says of itself is shown, and no way back to it."""
    context = {
        **framed(request),
        **named(entry_of(hand_off)),
        "sentence": REFUSALS[hand_off.reason].in_language(get_language()),
        "reason": hand_off.reason,
        "client_id": hand_off.relying_party.client_id,
    }
    return render(request, "handoff/refused.html", context, status=403)


def over(request: HttpRequest, hand_off: HandOff, way_back: str) -> HttpResponse:
    """Show how it ended, and `way_back` where this browser is the one that takes the outcome to the service."""
    entry = entry_of(hand_off)
    mark = binding.mark(binding.key_of(request), hand_off)
    context = {
        **framed(request),
        **named(entry),
        "state": hand_off.state,
        "way_back": way_back if entry and delivery.has_way_back(hand_off, mark) else "",
        "on_another_screen": hand_off.way == Way.QR and not binding.same(hand_off.began_in, mark),
        "delivered": hand_off.fetched_at is not None,
    }
    return render(request, "handoff/over.html", context, status=410 if hand_off.state == State.EXPIRED else 200)


def telling(view: Callable[Concatenate[HttpRequest, Given], HttpResponse]) -> Callable[..., HttpResponse]:
    """Show a page that says what happened where a hand-off can't be opened here or now."""

    @functools.wraps(view)
    def told(request: HttpRequest, *args: Given.args, **named: Given.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **named)
        except HandOffUnknown:
            return render(request, "handoff/unknown.html", framed(request), status=404)
        except (AlreadyReturned, CodeNotFresh, CodeTaken, HandOffOtherService, HandOffWrongBrowser, NotOver) as error:
            title, text, status = sentences()[error.code]
            context = {**framed(request), "code": error.code, "title": title, "text": text}
            return render(request, "handoff/stopped.html", context, status=status)

    return told


def looked_at_by_no_one(request: HttpRequest) -> bool:
    """Return whether nobody sees what is asked for: a look at the headers alone, or ahead of time (Sec-Purpose)."""
    return request.method == "HEAD" or "prefetch" in request.headers.get("Sec-Purpose", "")


def way_back_of(hand_off: HandOff, token: str) -> str:
    """Return our address that leads the browser that began back to the service."""
    return reverse("handoff:screen_return" if hand_off.way == Way.QR else "handoff:return", args=[token])


def sentences() -> dict[str, tuple[str, str, int]]:
    """Return title, text and HTTP status of the page that says why, by the error's code, in the page's language."""
    return {
        HandOffWrongBrowser.code: (
            _("別のブラウザで始めた依頼です"),
            _(
                "安全のため、この依頼は、はじめに開いたブラウザでしか続けられません。"
                "そのブラウザに戻るか、サービスの画面からもう一度始めてください。"
            ),
            403,
        ),
        HandOffOtherService.code: (
            _("サービスの名前が一致しません"),
            _("読み取ったコードと依頼したサービスが違うため、止めました。コードを表示していた画面を閉じてください。"),
            403,
        ),
        CodeNotFresh.code: (
            _("このコードは使えません"),
            _("コードは30秒で使えなくなります。画面に表示されている新しいコードを読み取ってください。"),
            410,
        ),
        CodeTaken.code: (
            _("このコードは読み取り済みです"),
            _("このコードは一度しか使えません。心当たりがないときは、サービスの画面でやめて、もう一度始めてください。"),
            409,
        ),
        NotOver.code: (
            _("まだ終わっていません"),
            _("先に、この依頼に答えてください。答えると、サービスに戻れます。"),
            409,
        ),
        AlreadyReturned.code: (
            _("結果はサービスに渡りました"),
            _("結果を渡せるのは一度だけです。続きは、サービスの画面で確かめてください。"),
            200,
        ),
    }
