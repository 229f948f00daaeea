"""What the citizen does next, or what happens to the phone: each action as a function of the visit."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

import httpx

from ca import clock
from ca.profiles import Medium, Purpose
from portal.handoff import hand_offs
from portal.handoff.models import HandOff
from portal.handoff.states import OPEN, State
from portal.handoff.ways import Way
from sandbox import trace
from sandbox.driver import callback, codes, screen_lock, screens, signing
from sandbox.driver.browser import Browser
from sandbox.driver.chip import ChipRefused
from sandbox.driver.errors import ActionNotHere, PhoneBusy, ValueMissing
from sandbox.driver.links import allowed_in
from sandbox.driver.screen_lock import LockRefused
from sandbox.driver.signing import Signer, SiteRefused, problem_of
from sandbox.driver.visit import Visit
from sandbox.models import VirtualCard
from tsm.models import Phone
from tsm.transports.base import ReaderBusy, TransportError


def act(visit: Visit, action: str, value: str = "") -> None:
    """Do what the citizen does. Raises ActionNotHere, ValueMissing, PhoneBusy."""
    possible = visit.actions()
    if action not in possible:
        raise ActionNotHere(f"there is no {action!r} on this screen", actions=possible)
    with trace.about(hand_off=visit.hand_off.pk, phone=visit.phone.reference, by="driver"):
        visit.problem = None
        _ACTS[action](visit, value)


# --- the phone's pages
def _refuse(visit: Visit) -> None:
    visit.browser.post_form(f"{visit.base()}decline")
    visit.note("refused", ("断りました", "The citizen said no"))
    visit.show()


def _choose(visit: Visit, value: str) -> None:
    shown = visit.screen["numbers"]
    right = screens.desk(visit.hand_off)["number"]
    chosen = {"right": right, "wrong": next(one for one in shown if one != right)}.get(value, value)
    if chosen not in shown:
        raise ValueMissing("value must be right, wrong, or one of the numbers on the screen", numbers=shown)
    visit.browser.post_form(f"{visit.base()}number", number=chosen)
    visit.note("number_chosen", ("番号を選びました", "A number was chosen"), right=chosen == right)
    visit.show()


# --- the answer --------------------------------------------------------------------------------------------
def _answer(visit: Visit, kind: str, secret: str) -> None:
    if not secret:
        raise ValueMissing(f"value must be the {kind}", value=kind)
    secret = secret.upper() if kind == "password" else secret
    if not signing.fits(kind, secret):
        visit.tell(SiteRefused.of(f"{kind}_rules").problem)
        return
    with _telling(visit):
        _sign_and_send(visit, secret, typed=True)


@contextmanager
def _telling(visit: Visit) -> Iterator[None]:
    """Show what goes wrong at the chip or at the site, as the page does. Raises PhoneBusy."""
    try:
        yield
    except ChipRefused as refused:
        visit.tell(problem_of(refused, Purpose(visit.hand_off.purpose), with_card=visit.card is not None))
    except ReaderBusy:
        raise PhoneBusy("the chip is in use by another session: try again") from None
    except TransportError:
        visit.tell(SiteRefused.of("device_unreachable").problem)
    except (SiteRefused, LockRefused) as refused:
        visit.tell(refused.problem)


def _sign_and_send(visit: Visit, secret: str, *, typed: bool) -> None:
    form = visit.form
    signer = Signer(form, Purpose(visit.hand_off.purpose), visit.chip, partial(_post, visit))
    body = signer.sign(secret)
    if typed and visit.card is None and visit.lost != "now":
        screen_lock.pin_typed(visit.phone, visit.browser, visit.chip, secret)
    _post(visit, form["answer-url"], body)
    if visit.lost == "after_signing":
        # It arrived; that it did, the phone never hears.
        visit.lost = "now"
        raise SiteRefused.of("site_unreachable")
    visit.hand_off = hand_offs.found(pk=visit.hand_off.pk)
    medium = Medium.PHONE if visit.card is None else Medium.CARD
    visit.note("answered", ("署名して、回答を送りました", "The chip signed, and the answer was sent"), medium=medium)
    if visit.hand_off.way == Way.QR:
        visit.show()
    else:
        visit.screen = screens.answered(visit.hand_off)


def _post(visit: Visit, url: str, body: dict[str, str]) -> Any:
    """Send what the page's script sends. Raises SiteRefused."""
    if visit.lost == "now":
        raise SiteRefused.of("site_unreachable")
    answer = visit.browser.post_json(url, body)
    if answer.status != 200:
        raise SiteRefused(answer.json or SiteRefused.of("unknown").problem)
    return answer.json


# --- card, screen lock -----------------------------------------------------------------------------------------
def _lay_card(visit: Visit, value: str) -> None:
    card = _card(visit.phone, value)
    if card is None:
        raise ValueMissing("value must be the id of a card of this workspace", value="card")
    visit.card = card.pk
    visit.show("?card")


def _with_phone(visit: Visit) -> None:
    visit.card = None
    visit.show("?phone")


def _unlock(visit: Visit, value: str) -> None:
    pin = ""
    with _telling(visit):
        pin = screen_lock.unlock(visit.phone, visit.browser, visit.chip, gesture=value != "refused")
    if not pin:
        visit.show()
        return
    with _telling(visit):
        _sign_and_send(visit, pin, typed=False)


def _set_up_lock(visit: Visit, pin: str) -> None:
    if not pin:
        raise ValueMissing("value must be the PIN", value="pin")
    with _telling(visit):
        screen_lock.set_up(visit.phone, visit.browser, visit.chip, pin)
        visit.note("screen_lock_set_up", ("画面ロックを設定しました", "The screen lock was set up"))
        visit.show()


# --- the other screen ------------------------------------------------------------------------------------------
def _scan(visit: Visit) -> None:
    visit.place = httpx.URL(codes.read(visit.hand_off, visit.desk, visit.desk_place)).raw_path.decode("ascii")
    visit.note("scanned", ("画面のコードを読み取りました", "The code on the screen was read"))
    visit.show()


def _cancel(visit: Visit) -> None:
    desk = cast(Browser, visit.desk)
    desk.post_form(f"{visit.desk_place}cancel")
    visit.note("cancelled", ("もとの画面でやめました", "Given up at the screen with the code"))
    visit.show() if visit.screen["name"] != "camera" else visit.at_desk_end()


# --- what may happen --------------------------------------------------------------------------------------------
def _time_out(visit: Visit) -> None:
    """Let this hand-off's time be over, and no other's: no clock is moved."""
    now = clock.now(visit.hand_off.realm)
    HandOff.objects.filter(pk=visit.hand_off.pk, state__in=OPEN).update(expires_at=now)
    visit.note("timed_out", ("時間切れになりました", "The time ran out"))
    if visit.screen["name"] == "camera":
        visit.at_desk_end()
    else:
        visit.show()


def _lose(visit: Visit, value: str) -> None:
    if value not in ("", "now", "before_signing", "after_signing"):
        raise ValueMissing("value must be before_signing or after_signing", value="before_signing, after_signing")
    visit.lost = "after_signing" if value == "after_signing" else "now"
    visit.note("network_lost", ("通信が切れました", "The network is gone"), when=value or "now")


def _back(visit: Visit) -> None:
    visit.lost = ""
    visit.note("network_back", ("通信が戻りました", "The network is back"))
    if visit.screen["name"] == "no_network":
        visit.show()


def _elsewhere(visit: Visit) -> None:
    """Open where the phone stands in another browser, which has none of its cookies."""
    other = Browser(allowed=allowed_in(visit.phone.realm), outside=visit.outside)
    answered = visit.hand_off.state == State.ANSWERED and visit.hand_off.way != Way.QR
    answer = other.get(visit.way_back() if answered else visit.place)
    visit.note("wrong_browser", ("別のブラウザで開きました", "Opened in another browser"), status=answer.status)
    visit.see(answer)


# --- the way back -------------------------------------------------------------------------------------------------
def _go_on(visit: Visit) -> None:
    if visit.lost == "now":
        visit.screen = screens.no_network()
        return
    at_desk = visit.hand_off.way == Way.QR
    if at_desk and visit.desk is None:
        visit.show()
        return
    browser = cast(Browser, visit.desk) if at_desk else visit.browser
    back = browser.get(f"{visit.desk_place}return" if at_desk else visit.way_back())
    if not back.is_redirect or back.location.startswith(str(httpx.URL(back.url).join("/handoff/"))):
        visit.see(back)
        return
    visit.called_at = back.location
    _call(visit, browser)


def _call_again(visit: Visit) -> None:
    browser = visit.desk if visit.hand_off.way == Way.QR and visit.desk is not None else visit.browser
    _call(visit, browser, again=True)


def _call(visit: Visit, browser: Browser, *, again: bool = False) -> None:
    visit.called, visit.final = callback.call(browser, visit.called_at)
    visit.called["again"] = again
    told = ("サービスに戻りました", "The browser went back to the service")
    failed = not visit.called["status"] or visit.called["status"] >= 400
    trace.note(
        visit.phone.realm_id,
        trace.Lane.SERVICE,
        "phone.callback",
        title=told if not again else ("同じ戻り先をもう一度開きました", "The same return address was opened again"),
        data=visit.called,
        hand_off=visit.hand_off.pk,
        phone=visit.phone.reference,
        failed=failed,
    )
    visit.hand_off = hand_offs.found(pk=visit.hand_off.pk)
    visit.screen = screens.at_the_service()


def _card(phone: Phone, value: str) -> VirtualCard | None:
    """Return the card of the phone's realm that has this id, or its citizen's code; None where there is none."""
    rows = VirtualCard.objects.filter(realm=phone.realm)
    try:
        return rows.filter(reference=uuid.UUID(value)).first()
    except ValueError:
        return rows.filter(persona=value).first() if value else None


_ACTS: Mapping[str, Callable[[Visit, str], None]] = {
    "continue": lambda visit, _: _go_on(visit),
    "scan": lambda visit, _: _scan(visit),
    "choose_number": _choose,
    "pin": lambda visit, secret: _answer(visit, "pin", secret),
    "password": lambda visit, secret: _answer(visit, "password", secret),
    "screen_lock": _unlock,
    "set_up_screen_lock": _set_up_lock,
    "card": _lay_card,
    "phone": lambda visit, _: _with_phone(visit),
    "refuse": lambda visit, _: _refuse(visit),
    "cancel": lambda visit, _: _cancel(visit),
    "time_out": lambda visit, _: _time_out(visit),
    "lose_network": _lose,
    "back_in_network": lambda visit, _: _back(visit),
    "wrong_browser": lambda visit, _: _elsewhere(visit),
    "reload": lambda visit, _: visit.show(),
    "again": lambda visit, _: _call_again(visit),
}
