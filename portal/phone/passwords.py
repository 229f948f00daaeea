"""The phone's two passwords: change each, or have one that is blocked or forgotten returned to "not set".

The pages do it by themselves, straight in the element. The server sees one thing only: the signed request to unblock.
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET

from ca.profiles import Purpose
from portal.phone import devices, guessable, holds, watching
from portal.phone.issuing import api_of
from portal.phone.progress import Stage
from portal.phone.session import active_enrolment, phone_of
from tsm import services
from tsm.models import Enrolment, Phone, ServiceOrder
from tsm.orders import WaitsFor

UNBLOCKS = {
    Purpose.SIGNATURE: ServiceOrder.Function.UNBLOCK_SIGNATURE,
    Purpose.USER_AUTHENTICATION: ServiceOrder.Function.UNBLOCK_AUTHENTICATION,
}
_PURPOSES = {purpose.slug: purpose for purpose in Purpose}


@dataclass(frozen=True)
class Subject:
    """Whose password: the session's phone, its enrolment in use, and the purpose that the address names."""

    phone: Phone
    enrolment: Enrolment
    purpose: Purpose


@never_cache
@require_GET
@ensure_csrf_cookie
def overview(request: HttpRequest) -> HttpResponseBase:
    """Show how both passwords stand, as the element itself says, and what can be done."""
    phone = phone_of(request)
    found = active_enrolment(phone) if phone is not None else None
    if phone is None or found is None:
        return redirect("phone:home")
    context = {"phone": phone, "element_url": devices.element_url(request, phone), "hold": holds.of(found)}
    return render(request, "phone/passwords.html", context)


@never_cache
@require_GET
@ensure_csrf_cookie
def change(request: HttpRequest, purpose: str) -> HttpResponseBase:
    """Change a password with the old one."""
    subject = _subject(request, purpose)
    if subject is None:
        return redirect("phone:home")
    return render(request, "phone/password_change.html", _context(request, subject))


@never_cache
@require_GET
@ensure_csrf_cookie
def unblock(request: HttpRequest, purpose: str) -> HttpResponseBase:
    """Ask for the proof, watch the order, set the new one: whichever is due."""
    subject = _subject(request, purpose)
    if subject is None:
        return redirect("phone:home")
    order = _newest(subject)
    context = _context(request, subject) | {
        "cards": devices.cards(request, subject.phone.realm) if subject.purpose is Purpose.SIGNATURE else [],
        "unblock_api": f"{api_of(subject.enrolment)}/unblock/{subject.purpose}",
        "waiting": order is not None and order.state == ServiceOrder.State.OPEN,
        "moving": False,
        "long_wait_seconds": settings.PHONE_LONG_WAIT_SECONDS,
    }
    if order is not None and order.state == ServiceOrder.State.OPEN:
        context |= _watched(subject, order)
    return render(request, "phone/password_unblock.html", context)


@never_cache
@require_GET
def steps(request: HttpRequest, purpose: str) -> HttpResponse:
    """Answer the poll of a page that waits for the order."""
    subject, order = _ordered(request, purpose)
    return watching.poll(request, _watched(subject, order))


@require_GET
def events(request: HttpRequest, purpose: str) -> HttpResponseBase:
    """Stream how the order goes."""
    subject, _order = _ordered(request, purpose)

    def now() -> dict[str, Any]:
        order = _newest(subject)
        assert order is not None  # noqa: S101  (orders are never deleted)
        return _watched(subject, order)

    def look() -> tuple[str, bool]:
        told = now()
        return told["seen"], told["moving"]

    return watching.stream(request, look, now)


def _subject(request: HttpRequest, purpose: str) -> Subject | None:
    if purpose not in _PURPOSES:
        raise Http404("no such password")
    phone = phone_of(request)
    found = active_enrolment(phone) if phone is not None else None
    return Subject(phone, found, _PURPOSES[purpose]) if phone is not None and found is not None else None


def _ordered(request: HttpRequest, purpose: str) -> tuple[Subject, services.OrderState]:
    subject = _subject(request, purpose)
    order = _newest(subject) if subject is not None else None
    if subject is None or order is None:
        raise Http404("nothing was asked for")
    return subject, order


def _newest(subject: Subject) -> services.OrderState | None:
    wanted = UNBLOCKS[subject.purpose]
    return next((order for order in services.orders_of(subject.enrolment) if order.function == wanted), None)


def _context(request: HttpRequest, subject: Subject) -> dict[str, Any]:
    signature = subject.purpose is Purpose.SIGNATURE
    return {
        "phone": subject.phone,
        "purpose": subject.purpose,
        "slug": subject.purpose.slug,
        "signature": signature,
        "name": _("署名用パスワード") if signature else _("利用者証明用暗証番号"),
        "hold": holds.of(subject.enrolment),
        "element_url": devices.element_url(request, subject.phone),
        "guessable": guessable.spellings(subject.enrolment.holder.born_on),
    }


def _watched(subject: Subject, order: services.OrderState) -> dict[str, Any]:
    """Return what the fragment shows of an order."""
    slug = subject.purpose.slug
    open_ = order.state == ServiceOrder.State.OPEN
    return {
        "mode": "unblocking" if open_ else "unblocked",
        "moving": open_,
        "steps": _stages(order),
        "now_sentence": _sentence(order),
        "trouble": "",
        "steps_url": reverse("phone:unblock-steps", args=[slug]),
        "events_url": reverse("phone:unblock-events", args=[slug]),
        "seen": f"{order.state}-{order.waits_for}",
    }


def _stages(order: services.OrderState) -> list[Stage]:
    open_ = order.state == ServiceOrder.State.OPEN
    done = order.state == ServiceOrder.State.DONE
    there = not open_ or order.waits_for in (WaitsFor.CONTACT, WaitsFor.PHONE)
    with_phone = not open_ or order.waits_for == WaitsFor.PHONE

    def state(is_done: bool, is_next: bool) -> str:
        return "done" if is_done else "doing" if is_next else "todo"

    return [
        Stage(
            _("申請を受け付ける"), _("署名を確かめ、初期化の指示を作ります。"), state(there, True), order.asked_at, ""
        ),
        Stage(
            _("スマートフォンにつながる"),
            _("電源が入り、通信できるときに受け取ります。"),
            state(with_phone, there),
            None,
            "",
        ),
        Stage(
            _("ICチップの中で初期化する"),
            _("パスワードが「未設定」に戻ります。鍵と電子証明書は変わりません。"),
            state(done, with_phone),
            order.settled_at if done else None,
            "",
        ),
    ]


def _sentence(order: services.OrderState) -> str:
    if order.state == ServiceOrder.State.DONE:
        return _("初期化が終わりました。新しく決めてください。")
    if order.state == ServiceOrder.State.DROPPED:
        return _("初期化は取りやめになりました。はじめからやり直してください。")
    return {
        WaitsFor.CONTACT: _("スマートフォンにつながるのを待っています。電源と通信を確かめてください。"),
        WaitsFor.PHONE: _("スマートフォンの中のICチップで初期化しています。"),
        WaitsFor.REST: _(
            "セキュアエレメントから思わぬ答えが続いたため、少し休んでいます。時間をおいて自動でやり直します。"
        ),
    }.get(WaitsFor(order.waits_for), _("申請を受け付けました。初期化の準備をしています。"))
