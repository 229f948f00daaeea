"""A citizen with a phone, at one hand-off: what is on the screen, and what the citizen does next.

Everything goes the way of a real one: pages are opened with cookies, forms are sent with their tokens, the chip is
spoken to by APDU, and the service is called back by the browser that began there. What stands on a screen tells
`sandbox.driver.screens`.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import httpx
from django.urls import reverse

from ca.profiles import Medium
from portal.handoff import hand_offs
from portal.handoff.models import HandOff
from portal.handoff.states import OPEN, State
from portal.handoff.ways import Way
from sandbox import phones, power, trace
from sandbox.driver import page, screens
from sandbox.driver.browser import Answer, Browser
from sandbox.driver.links import Door, Link, allowed_in, follow
from sandbox.driver.screens import Screen
from sandbox.models import VirtualCard, VirtualPhone
from tsm.models import Phone
from tsm.transports.base import Transport


@dataclass
class Visit:
    """One phone at one hand-off. `acts` change its screen; `kept()` is what the next call goes on with."""

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
            self.show()

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

    def chip(self) -> AbstractContextManager[Transport]:
        """Power the chip that answers, for one session."""
        if self.card is not None:
            return power.card(VirtualCard.objects.get(pk=self.card))
        return power.app(VirtualPhone.objects.get(phone=self.phone))

    def tell(self, problem: dict[str, Any]) -> None:
        """Show what went wrong, as the page's one place for errors does."""
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

    # --- the phone's pages -----------------------------------------------------------------------------------
    def _take_up_phone(self) -> None:
        """Let the browser stand in for the phone, as the phone's own agent has it do."""
        row = VirtualPhone.objects.select_related("phone").get(phone=self.phone)
        ticket = self.browser.post_json(
            reverse("phone-pages-api"), {}, Authorization=f"Bearer {phones.bearer(row)}"
        ).json
        self.browser.get(ticket["url"])

    def show(self, query: str = "") -> None:
        """Load the page again, and see what is on it."""
        answer = self.browser.get(self.place.partition("?")[0] + query if query else self.place)
        if answer.is_redirect:  # what stood in a code leads to the phone's own link
            self.place = httpx.URL(answer.location).raw_path.decode("ascii")
            answer = self.browser.get(self.place)
        self.see(answer)

    def see(self, answer: Answer) -> None:
        """See what is on a page that was loaded."""
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
            way_back = f'href="{self.way_back()}"' in answer.text
            self.screen = screens.over(
                self.hand_off, way_back=way_back or (there and self.desk is not None), on_another_screen=there
            )
        self.screen["status"] = answer.status

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

    def _desk_shown(self) -> Screen | None:
        return screens.desk(self.hand_off) if self.desk is not None else None

    def at_desk_end(self) -> None:
        """See how it ended, while the phone hasn't read a code yet."""
        self.hand_off = hand_offs.found(pk=self.hand_off.pk)
        self.screen = screens.over(self.hand_off, way_back=True, on_another_screen=True)

    def base(self) -> str:
        """Return the address under which the hand-off's pages for this phone stand."""
        return self.place.partition("?")[0]

    def way_back(self) -> str:
        """Return our address that leads the browser that began back to the service."""
        return f"{self.base()}return"
