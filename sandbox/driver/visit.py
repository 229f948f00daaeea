"""A citizen with a phone, at one hand-off: what is on the screen, and what the citizen does next.

Everything goes the way of a real one: pages are opened with cookies, forms are sent with their tokens, the chip is
spoken to by APDU, and the service is called back by the browser that began there. What stands on a screen tells
`sandbox.driver.screens`.
"""

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
from django.urls import reverse

from ca import clock
from ca.profiles import Medium, Purpose
from portal.handoff import hand_offs
from portal.handoff.models import HandOff
from portal.handoff.states import OPEN, State
from portal.handoff.ways import Way
from sandbox import phones, power, trace
from sandbox.driver import callback, codes, page, screen_lock, screens, signing
from sandbox.driver.browser import Answer, Browser
from sandbox.driver.chip import ChipRefused
from sandbox.driver.errors import ActionNotHere, PhoneBusy, ValueMissing
from sandbox.driver.links import Door, Link, allowed_in, follow
from sandbox.driver.screens import Screen
from sandbox.driver.signing import Signer, SiteRefused, problem_of
from sandbox.models import VirtualCard, VirtualPhone
from tsm.models import Phone
from tsm.transports.base import ReaderBusy, Transport, TransportError


@dataclass
class Visit:
    """One phone at one hand-off. `act` changes `screen`; `kept()` is what the next call goes on with."""

    phone: Phone
    browser: Browser
    hand_off: HandOff
    place: str  # our page that the phone shows: path, with what is secret in it
    screen: Screen = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)  # what the page gives its script
    problem: dict[str, Any] | None = None
    desk: Browser | None = None  # the other screen, where it is ours
    desk_place: str = ""
    card: int | None = None
    lost: str = ""  # "", "now", "after_signing"
    hops: list[dict[str, object]] = field(default_factory=list)
    called: dict[str, Any] | None = None
    called_at: str = ""  # the address with the code in it, for `again`
    outside: httpx.BaseTransport | None = None
    final: Answer | None = None

    # --- opening -----------------------------------------------------------------------------------------
    @classmethod
    def open(cls, phone: Phone, address: str, *, outside: httpx.BaseTransport | None = None) -> "Visit":
        """Open a link on the phone. Raises LinkUnknown, LinkLedNowhere."""
        browser = Browser(allowed=allowed_in(phone.realm), outside=outside)
        link, hops = follow(phone.realm, address, browser)
        visit = cls(phone, browser, link.hand_off, link.path, hops=hops, outside=outside)
        with trace.about(hand_off=link.hand_off.pk, phone=phone.reference, by="driver"):
            visit._begin(link)
        return visit

    def _begin(self, link: Link) -> None:
        self._take_up_phone()
        self.note("opened", ("リンクを開きました", "A link was opened"), door=str(link.door))
        if link.door == Door.SCREEN:
            self._begin_at_desk(link)
        else:
            self._show()

    def kept(self) -> dict[str, Any]:
        """Return what the next call needs: secrets in it, to be sealed."""
        return {
            "browser": self.browser.kept(),
            "desk": self.desk.kept() if self.desk else None,
            "place": self.place,
            "form": self.form,
            "desk_place": self.desk_place,
            "card": self.card,
            "lost": self.lost,
            "called_at": self.called_at,
        }

    @classmethod
    def again(
        cls,
        phone: Phone,
        hand_off: HandOff,
        kept: dict[str, Any],
        told: dict[str, Any],
        *,
        outside: httpx.BaseTransport | None = None,
    ) -> "Visit":
        """Return a visit as it was left."""
        allowed = allowed_in(phone.realm)
        return cls(
            phone,
            Browser(kept["browser"], allowed=allowed, outside=outside),
            hand_off,
            kept["place"],
            screen=told["screen"],
            form=kept["form"],
            problem=told.get("problem"),
            desk=Browser(kept["desk"], allowed=allowed, outside=outside) if kept["desk"] else None,
            desk_place=kept["desk_place"],
            card=kept["card"],
            lost=kept["lost"],
            hops=told.get("hops", []),
            called=told.get("callback"),
            called_at=kept["called_at"],
            outside=outside,
        )

    def told(self) -> dict[str, Any]:
        """Return what everybody in the workspace may read of it: no token, no code, no cookie."""
        self.hand_off.refresh_from_db(fields=["state", "reason"])
        return {
            "state": self.hand_off.state,
            "screen": self.screen,
            "actions": self.actions(),
            "problem": self.problem,
            "desk": self._desk_shown(),
            "network": "lost" if self.lost == "now" else "there",
            "hops": self.hops,
            "callback": self.called,
        }

    # --- acting --------------------------------------------------------------------------------------------
    def act(self, action: str, value: str = "") -> None:
        """Do what the citizen does. Raises ActionNotHere, ValueMissing, PhoneBusy."""
        possible = self.actions()
        if action not in possible:
            raise ActionNotHere(f"there is no {action!r} on this screen", actions=possible)
        with trace.about(hand_off=self.hand_off.pk, phone=self.phone.reference, by="driver"):
            self._act(action, value)

    def _act(self, action: str, value: str) -> None:
        self.problem = None
        acts: dict[str, Callable[[str], None]] = {
            "continue": lambda _: self._go_on(),
            "scan": lambda _: self._scan(),
            "choose_number": self._choose,
            "pin": lambda secret: self._answer("pin", secret),
            "password": lambda secret: self._answer("password", secret),
            "screen_lock": self._unlock,
            "set_up_screen_lock": self._set_up_lock,
            "card": self._lay_card,
            "phone": lambda _: self._with_phone(),
            "refuse": lambda _: self._refuse(),
            "cancel": lambda _: self._cancel(),
            "time_out": lambda _: self._time_out(),
            "lose_network": self._lose,
            "back_in_network": lambda _: self._back(),
            "wrong_browser": lambda _: self._elsewhere(),
            "reload": lambda _: self._show(),
            "again": lambda _: self._call_again(),
        }
        acts[action](value)

    def actions(self) -> list[str]:
        """Return what can be done now: the screen's buttons, and what may happen to a phone anywhere."""
        named, own = self.screen["name"], list(self.screen["actions"])
        if named == "service":
            return ["again"] if self.called_at else []
        if self.lost == "now":
            # The page stays as it was; what is pressed on it reaches nobody.
            return ["back_in_network", *(one for one in own if one in ("pin", "password", "screen_lock", "continue"))]
        anywhere = ["lose_network", "wrong_browser", "reload"] if named != "camera" else ["lose_network"]
        if self.hand_off.state in OPEN:
            anywhere.append("time_out")
        if named == "question" and "pin" in own and self.screen["medium"] == Medium.PHONE:
            anywhere.append("set_up_screen_lock")
        if self.desk is not None and self.hand_off.state in OPEN:
            anywhere.append("cancel")
        return [*own, *anywhere]

    def note(self, what: str, title: tuple[str, str], *, failed: bool = False, **data: Any) -> None:
        """Write into the workspace's trace."""
        trace.note(
            self.phone.realm_id,
            trace.Lane.PHONE,
            f"phone.{what}",
            title=title,
            data=data,
            hand_off=self.hand_off.pk,
            phone=self.phone.reference,
            failed=failed,
        )

    # --- the phone's pages -----------------------------------------------------------------------------------
    def _take_up_phone(self) -> None:
        """Let the browser stand in for the phone, as the phone's own agent has it do."""
        row = VirtualPhone.objects.select_related("phone").get(phone=self.phone)
        ticket = self.browser.post_json(
            reverse("phone-pages-api"), {}, Authorization=f"Bearer {phones.bearer(row)}"
        ).json
        self.browser.get(ticket["url"])

    def _show(self, query: str = "") -> None:
        """Load the page again, and see what is on it."""
        answer = self.browser.get(self.place.partition("?")[0] + query if query else self.place)
        if answer.is_redirect:  # what stood in a code leads to the phone's own link
            self.place = httpx.URL(answer.location).raw_path.decode("ascii")
            answer = self.browser.get(self.place)
        self._see(answer)

    def _see(self, answer: Answer) -> None:
        self.hand_off = hand_offs.found(pk=self.hand_off.pk)
        state = self.hand_off.state
        if state == State.REFUSED:
            self.screen = screens.refused(self.hand_off)
        elif screens.stops(code := page.code(answer)):
            self.screen = screens.stopped(code)
        elif answer.status == 404:
            self.screen = screens.unknown()
        elif state == State.SCANNED:
            self.screen = screens.numbers_to_choose(self.hand_off)
        elif state == State.SHOWN:
            form = page.form(answer)
            has_form = bool(form.get("device-url")) or self.card is not None
            self.screen = screens.question(
                self.hand_off, self.phone, with_card=self.card is not None, has_form=has_form and bool(form)
            )
            self.form = form
        else:
            there = self.hand_off.way == Way.QR
            way_back = f'href="{self._way_back()}"' in answer.text
            self.screen = screens.over(
                self.hand_off, way_back=way_back or (there and self.desk is not None), on_another_screen=there
            )
        self.screen["status"] = answer.status

    def _refuse(self) -> None:
        self.browser.post_form(f"{self._base()}decline")
        self.note("refused", ("断りました", "The citizen said no"))
        self._show()

    def _choose(self, value: str) -> None:
        shown = self.screen["numbers"]
        right = screens.desk(self.hand_off)["number"]
        chosen = {"right": right, "wrong": next(one for one in shown if one != right)}.get(value, value)
        if chosen not in shown:
            raise ValueMissing("value must be right, wrong, or one of the numbers on the screen", numbers=shown)
        self.browser.post_form(f"{self._base()}number", number=chosen)
        self.note("number_chosen", ("番号を選びました", "A number was chosen"), right=chosen == right)
        self._show()

    # --- the answer --------------------------------------------------------------------------------------------
    def _answer(self, kind: str, secret: str) -> None:
        if not secret:
            raise ValueMissing(f"value must be the {kind}", value=kind)
        secret = secret.upper() if kind == "password" else secret
        if not signing.fits(kind, secret):
            self._problem(SiteRefused.of(f"{kind}_rules").problem)
            return
        self._work(secret, typed=True)

    def _work(self, secret: str, *, typed: bool) -> None:
        try:
            self._sign_and_send(secret, typed=typed)
        except ChipRefused as refused:
            self._problem(self._of_chip(refused))
        except ReaderBusy:
            raise PhoneBusy("the chip is in use by another session: try again") from None
        except TransportError:
            self._problem(SiteRefused.of("device_unreachable").problem)
        except SiteRefused as refused:
            self._problem(refused.problem)

    def _sign_and_send(self, secret: str, *, typed: bool) -> None:
        form = self.form
        signer = Signer(form, Purpose(self.hand_off.purpose), self._chip, self._post)
        body = signer.sign(secret)
        if typed and self.card is None and self.lost != "now":
            screen_lock.pin_typed(self.phone, self.browser, self._chip, secret)
        self._post(form["answer-url"], body)
        if self.lost == "after_signing":
            # It arrived; that it did, the phone never hears.
            self.lost = "now"
            raise SiteRefused.of("site_unreachable")
        self.hand_off = hand_offs.found(pk=self.hand_off.pk)
        medium = Medium.PHONE if self.card is None else Medium.CARD
        self.note("answered", ("署名して、回答を送りました", "The chip signed, and the answer was sent"), medium=medium)
        if self.hand_off.way == Way.QR:
            self._show()
        else:
            self.screen = screens.answered(self.hand_off)

    def _post(self, url: str, body: dict[str, str]) -> Any:
        """Send what the page's script sends. Raises SiteRefused."""
        if self.lost == "now":
            raise SiteRefused.of("site_unreachable")
        answer = self.browser.post_json(url, body)
        if answer.status != 200:
            raise SiteRefused(answer.json or SiteRefused.of("unknown").problem)
        return answer.json

    def _chip(self) -> AbstractContextManager[Transport]:
        if self.card is not None:
            return power.card(VirtualCard.objects.get(pk=self.card))
        return power.app(VirtualPhone.objects.get(phone=self.phone))

    def _of_chip(self, refused: ChipRefused) -> dict[str, Any]:
        return problem_of(refused, Purpose(self.hand_off.purpose), with_card=self.card is not None)

    def _problem(self, problem: dict[str, Any]) -> None:
        # Of the site's own problems only what the page shows.
        self.problem = {"code": problem["code"], "citizen": problem["citizen"], "tries_left": problem.get("tries_left")}
        told = problem["citizen"]
        self.note(
            "problem",
            (f"画面: {told['ja']}", f"Screen: {told['en']}"),
            failed=True,
            code=problem["code"],
            tries_left=problem.get("tries_left"),
        )

    # --- card, screen lock -----------------------------------------------------------------------------------------
    def _lay_card(self, value: str) -> None:
        card = _card(self.phone, value)
        if card is None:
            raise ValueMissing("value must be the id of a card of this workspace", value="card")
        self.card = card.pk
        self._show("?card")

    def _with_phone(self) -> None:
        self.card = None
        self._show("?phone")

    def _unlock(self, value: str) -> None:
        try:
            pin = screen_lock.unlock(self.phone, self.browser, self._chip, gesture=value != "refused")
        except screen_lock.LockRefused as refused:
            self._problem(refused.problem)
            self._show()
            return
        self._work(pin, typed=False)

    def _set_up_lock(self, pin: str) -> None:
        if not pin:
            raise ValueMissing("value must be the PIN", value="pin")
        try:
            screen_lock.set_up(self.phone, self.browser, self._chip, pin)
        except ChipRefused as refused:
            self._problem(self._of_chip(refused))
        except screen_lock.LockRefused as refused:
            self._problem(refused.problem)
        else:
            self.note("screen_lock_set_up", ("画面ロックを設定しました", "The screen lock was set up"))
            self._show()

    # --- the other screen ------------------------------------------------------------------------------------------
    def _begin_at_desk(self, link: Link) -> None:
        # One that was begun elsewhere stays there: the phone's camera is pointed at that screen.
        if not link.hand_off.began_in:
            self.desk, self.browser = self.browser, Browser(allowed=allowed_in(self.phone.realm), outside=self.outside)
            self._take_up_phone()
            self.desk_place = link.path
            self.desk.get(link.path)
            self.hand_off = hand_offs.found(pk=self.hand_off.pk)
        if self.hand_off.state == State.REFUSED:
            self.screen = screens.refused(self.hand_off)
        elif self.hand_off.state not in OPEN:
            self.screen = screens.over(self.hand_off, way_back=self.desk is not None, on_another_screen=True)
        else:
            self.screen = screens.camera()

    def _scan(self) -> None:
        self.place = httpx.URL(codes.read(self.hand_off, self.desk, self.desk_place)).raw_path.decode("ascii")
        self.note("scanned", ("画面のコードを読み取りました", "The code on the screen was read"))
        self._show()

    def _desk_shown(self) -> Screen | None:
        return screens.desk(self.hand_off) if self.desk is not None else None

    def _cancel(self) -> None:
        desk = cast(Browser, self.desk)
        desk.post_form(f"{self.desk_place}cancel")
        self.note("cancelled", ("もとの画面でやめました", "Given up at the screen with the code"))
        self._show() if self.screen["name"] != "camera" else self._at_desk_end()

    def _at_desk_end(self) -> None:
        self.hand_off = hand_offs.found(pk=self.hand_off.pk)
        self.screen = screens.over(self.hand_off, way_back=True, on_another_screen=True)

    # --- what may happen --------------------------------------------------------------------------------------------
    def _time_out(self) -> None:
        """Let this hand-off's time be over, and no other's: no clock is moved."""
        now = clock.now(self.hand_off.realm)
        HandOff.objects.filter(pk=self.hand_off.pk, state__in=OPEN).update(expires_at=now)
        self.note("timed_out", ("時間切れになりました", "The time ran out"))
        if self.screen["name"] == "camera":
            self._at_desk_end()
        else:
            self._show()

    def _lose(self, value: str) -> None:
        if value not in ("", "now", "before_signing", "after_signing"):
            raise ValueMissing("value must be before_signing or after_signing", value="before_signing, after_signing")
        self.lost = "after_signing" if value == "after_signing" else "now"
        self.note("network_lost", ("通信が切れました", "The network is gone"), when=value or "now")

    def _back(self) -> None:
        self.lost = ""
        self.note("network_back", ("通信が戻りました", "The network is back"))
        if self.screen["name"] == "no_network":
            self._show()

    def _elsewhere(self) -> None:
        """Open where the phone stands in another browser, which has none of its cookies."""
        other = Browser(allowed=allowed_in(self.phone.realm), outside=self.outside)
        answered = self.hand_off.state == State.ANSWERED and self.hand_off.way != Way.QR
        answer = other.get(self._way_back() if answered else self.place)
        self.note("wrong_browser", ("別のブラウザで開きました", "Opened in another browser"), status=answer.status)
        self._see(answer)

    # --- the way back -------------------------------------------------------------------------------------------------
    def _go_on(self) -> None:
        if self.lost == "now":
            self.screen = screens.no_network()
            return
        at_desk = self.hand_off.way == Way.QR
        if at_desk and self.desk is None:
            self._show()
            return
        browser = cast(Browser, self.desk) if at_desk else self.browser
        back = browser.get(f"{self.desk_place}return" if at_desk else self._way_back())
        if not back.is_redirect or back.location.startswith(str(httpx.URL(back.url).join("/handoff/"))):
            self._see(back)
            return
        self.called_at = back.location
        self._call(browser)

    def _call_again(self) -> None:
        browser = self.desk if self.hand_off.way == Way.QR and self.desk is not None else self.browser
        self._call(browser, again=True)

    def _call(self, browser: Browser, *, again: bool = False) -> None:
        self.called, self.final = callback.call(browser, self.called_at)
        self.called["again"] = again
        told = ("サービスに戻りました", "The browser went back to the service")
        failed = not self.called["status"] or self.called["status"] >= 400
        trace.note(
            self.phone.realm_id,
            trace.Lane.SERVICE,
            "phone.callback",
            title=told if not again else ("同じ戻り先をもう一度開きました", "The same return address was opened again"),
            data=self.called,
            hand_off=self.hand_off.pk,
            phone=self.phone.reference,
            failed=failed,
        )
        self.hand_off = hand_offs.found(pk=self.hand_off.pk)
        self.screen = screens.at_the_service()

    def _base(self) -> str:
        return self.place.partition("?")[0]

    def _way_back(self) -> str:
        return f"{self._base()}return"


def _card(phone: Phone, value: str) -> VirtualCard | None:
    """Return the card of the phone's realm that has this id, or its citizen's code; None where there is none."""
    rows = VirtualCard.objects.filter(realm=phone.realm)
    try:
        return rows.filter(reference=uuid.UUID(value)).first()
    except ValueError:
        return rows.filter(persona=value).first() if value else None
