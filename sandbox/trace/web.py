"""The pages of phones, screens and hand-offs, on the trace: who was shown what, and the way back to the service.

A middleware looks at what went out, of addresses that belong to a hand-off or a phone of a workspace; everything else
passes untouched. What page a chip's session belongs to is in the request's Referer: same origin, so it is whole.
"""

import re
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from portal.handoff import hand_offs
from portal.handoff.models import HandOff
from portal.providers.models import Workspace
from sandbox.models import TraceEvent
from sandbox.trace import context, masking
from sandbox.trace.notes import note

Lane = TraceEvent.Lane
Pair = tuple[str, str]
_HAND_OFF = re.compile(r"/handoff/(?P<screen>screen/)?(?P<token>[^/]+)/(?P<rest>[a-z-]*)$")
_SCAN = re.compile(r"/handoff/qr/(?P<id>[0-9a-f-]{36})/")
_ENROLMENT = re.compile(r"/phone/enrolments/(?P<id>[0-9a-f-]{36})/(?P<rest>[a-z]*)")
# What is asked every second, or only dresses a page, says nothing new.
QUIET = frozenset({"now", "steps", "events", "document", "picture"})
PHONE: dict[tuple[str, str], Pair] = {
    ("GET", ""): ("スマホの画面に、誰が何を求めているかを出した", "The phone shows who asks for what"),
    ("GET", "why"): ("サービスが求めてよい理由を見た", "Looked up why the service may ask"),
    ("POST", "number"): ("画面の番号を選んだ", "Chose the number that the screen shows"),
    ("POST", "prepare"): ("署名する中身を用意した（CAdES・PAdES）", "Made ready what is to be signed (CAdES, PAdES)"),
    ("POST", "answer"): ("署名をシステムに渡した。ここで検証される", "Handed in the signature: it is verified now"),
    ("POST", "decline"): ("断った", "Declined"),
    ("GET", "return"): ("ブラウザーがサービスへ戻る", "The browser goes back to the service"),
}
SCREEN: dict[tuple[str, str], Pair] = {
    ("GET", ""): ("別の画面にQRコードを出した（1秒ごとに変わる）", "Another screen shows the QR code, new each second"),
    ("POST", "cancel"): ("QRコードの画面でやめた", "Gave up at the screen with the code"),
    ("GET", "return"): PHONE["GET", "return"],
}


@dataclass(frozen=True)
class _Place:
    """What a page's address belongs to."""

    hand_off: HandOff | None = None
    enrolment: uuid.UUID | None = None
    screen: bool = False
    rest: str = ""


class Traced:
    """Middleware: notes what pages of workspaces' hand-offs were asked for, and what they answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer as without us; then note it."""
        if not request.path.startswith("/handoff/"):
            return self._get_response(request)
        # Before the answer: reading a code makes another token.
        place = _place(request.path)
        response = self._get_response(request)
        if place.hand_off is not None and place.rest not in QUIET:
            _note(request, response, place, place.hand_off)
        return response


def about(request: HttpRequest, realm_id: int) -> AbstractContextManager[None]:
    """Say what the page belongs to from which a chip is used, for the notes within: by its Referer, in its realm."""
    path = urlsplit(request.headers.get("Referer", "")).path
    place = _place(path)
    hand_off = place.hand_off if place.hand_off is not None and place.hand_off.realm_id == realm_id else None
    return context.about(hand_off=hand_off.pk if hand_off else None, enrolment=place.enrolment, by="page")


def _place(path: str) -> _Place:
    if found := _SCAN.match(path):
        reference = _uuid(found["id"])
        return _Place(HandOff.objects.filter(pk=reference).first() if reference else None, rest="scan")
    if found := _HAND_OFF.match(path):
        digest = hand_offs.digest(found["token"])
        wanted = {"screen_digest": digest} if found["screen"] else {"token_digest": digest}
        return _Place(HandOff.objects.filter(**wanted).first(), screen=bool(found["screen"]), rest=found["rest"])
    if found := _ENROLMENT.match(path):
        return _Place(enrolment=_uuid(found["id"]))
    return _Place()


def _note(request: HttpRequest, response: HttpResponseBase, place: _Place, hand_off: HandOff) -> None:
    if not Workspace.objects.filter(realm_id=hand_off.realm_id).exists():
        return
    said = ("GET" if request.method == "HEAD" else request.method or "", place.rest)
    title = (SCREEN if place.screen else PHONE).get(said)
    location = response.headers.get("Location", "")
    failed = response.status_code >= 400
    leaves = bool(urlsplit(location).netloc) and place.rest == "return"
    if place.rest == "scan":
        title = ("QRコードを読み取った", "Read the QR code")
    if title is None or (response.status_code in (301, 302) and said == ("GET", "")):
        return
    data: dict[str, object] = {"method": request.method, "status": response.status_code, "way": hand_off.way}
    if location:
        data["location"] = location
    if leaves:
        # The code is good for whoever has the service's key, once: it isn't shown.
        given = parse_qsl(urlsplit(location).query)
        data["parameters"] = {name: masking.MASK if name == "code" else value for name, value in given}
    ja, en = (f"{title[0]}（{response.status_code}）", f"{title[1]} ({response.status_code})") if failed else title
    with transaction.atomic():
        note(
            hand_off.realm_id,
            Lane.SERVICE if leaves else Lane.WEB,
            "callback" if leaves else f"page.{'screen' if place.screen else 'phone'}.{place.rest or 'shown'}",
            title=_returned() if leaves else (ja, en),
            data=data,
            hand_off=hand_off.pk,
            phone=_phone(request),
            failed=failed,
        )


def _returned() -> Pair:
    return (
        "コールバック：ブラウザーがコードを持ってサービスへ戻った",
        "Callback: the browser brings the code back to the service",
    )


def _phone(request: HttpRequest) -> str | None:
    session = getattr(request, "session", None)
    return session.get("phone") if session is not None else None


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
