"""The phone by API: parse, one call, answer."""

import uuid

from rest_framework.request import Request
from rest_framework.response import Response

from portal.api import creating, describing, pagination
from portal.api.describing import Examples
from portal.api.headers import NO_STORE
from sandbox.api.views import WorkspaceView
from sandbox.driver import sessions, shapes
from sandbox.models import PhoneSession

LINK = "http://localhost:8000/handoff/Qm9yZ2VzIHdyb3RlIGFib3V0IG1hemVzIG9mIHRpbWUhISE/"
ALL_AT_ONCE = ("pin", "password", "card", "number", "screen_lock", "refuse")
GOES_WRONG = ("phone_action_not_here", "phone_value_invalid", "phone_busy")


class PhoneSessionsView(WorkspaceView):
    """POST: open a link on a phone. GET: what phones did."""

    @describing.operation(
        ("スマートフォンの操作の一覧", "List phone sessions"),
        answer=shapes.PhoneSessionAnswer,
        told=shapes.ANSWERED,
        pages=True,
    )
    def get(self, request: Request) -> Response:
        """Newest first; old ones are thrown away."""
        rows = PhoneSession.objects.filter(realm=self.realm).select_related("phone")
        return pagination.page(request, rows, shapes.told, order=("-created_at", "pk"))

    @describing.operation(
        ("スマートフォンでリンクを開く", "Open a link on a phone"),
        body=shapes.PhoneSessionBody,
        answer=shapes.PhoneSessionAnswer,
        status=201,
        asked=Examples(
            {
                "step by step": {"phone": shapes.EXAMPLE["phone"], "link": LINK},
                "all at once": {"phone": shapes.EXAMPLE["phone"], "link": LINK, "answer": True, "pin": "1234"},
            }
        ),
        told=Examples({"step by step": shapes.EXAMPLE, "all at once": shapes.ANSWERED}),
        problems=("not_found", "link_unknown", "link_led_nowhere", "phone_secret_unknown", *GOES_WRONG),
    )
    @creating.once_alone
    def post(self, request: Request) -> Response:
        """Open a link as the citizen's browser does. With `answer`, do all at once: your return address is called.

        Everything is real: cookies, APDUs to the phone's secure element, the signature, and the way back, which goes
        to addresses in the workspace's register alone. What a citizen would read, a wrong PIN or a link that is over,
        is a screen or its `problem`, and no error.
        """
        given = describing.read(request, shapes.PhoneSessionBody)
        phone = sessions.phone_of(self.realm, given["phone"])
        if given["answer"]:
            chosen = {name: given[name] for name in ALL_AT_ONCE if name in given}
            session = sessions.answer(phone, given["link"], **chosen).session
        else:
            session = sessions.start(phone, given["link"])
        return Response(shapes.told(session), status=201, headers=NO_STORE)


class PhoneSessionView(WorkspaceView):
    """GET: what is on the screen."""

    @describing.operation(
        ("スマートフォンの画面を見る", "Look at the phone's screen"),
        answer=shapes.PhoneSessionAnswer,
        told=shapes.EXAMPLE,
        problems=("not_found",),
    )
    def get(self, request: Request, session: uuid.UUID) -> Response:
        """The screen as the session left it, with what can be done there."""
        return Response(shapes.told(sessions.find(self.realm, session)), headers=NO_STORE)


class ActView(WorkspaceView):
    """POST: do what the citizen does."""

    @describing.operation(
        ("スマートフォンを操作する", "Act on the phone"),
        body=shapes.ActBody,
        answer=shapes.PhoneSessionAnswer,
        asked=Examples(
            {
                "the PIN": {"action": "pin", "value": "1234"},
                "back to the service": {"action": "continue"},
                "the network goes": {"action": "lose_network", "value": "after_signing"},
            }
        ),
        told=Examples({"the PIN": shapes.EXAMPLE, "back to the service": shapes.ANSWERED}),
        problems=("not_found", *GOES_WRONG),
    )
    def post(self, request: Request, session: uuid.UUID) -> Response:
        """Press a button of the screen, or let something happen: the new screen is the answer.

        After the PIN the screen is `answered`; `continue` takes the browser back to the service. In between the network
        may be lost, or the way back be opened in the wrong browser.
        """
        given = describing.read(request, shapes.ActBody)
        found = sessions.act(sessions.find(self.realm, session), given["action"], given.get("value", ""))
        return Response(shapes.told(found), headers=NO_STORE)
