"""What the phone by API takes and tells, as its description has it."""

from typing import Any

from rest_framework import serializers

from portal.api.bodies import Answer, Body
from sandbox.models import PhoneSession

ACTIONS = (
    "continue", "scan", "choose_number", "pin", "password", "screen_lock", "set_up_screen_lock", "card", "phone",
    "refuse", "cancel", "time_out", "lose_network", "back_in_network", "wrong_browser", "reload", "again",
)  # fmt: skip
SCREENS = (
    "camera", "numbers", "question", "answered", "over", "refused", "stopped", "unknown", "no_network", "service",
    "desk",
)  # fmt: skip


class PhoneSessionBody(Body):
    phone = serializers.UUIDField(help_text="A phone of the workspace.")
    link = serializers.CharField(
        max_length=4000,
        help_text="A hand-off's `link`, what stands in a code, or an address of your service that leads to it.",
    )
    answer = serializers.BooleanField(
        default=False, help_text="Do all at once: say yes, and go back to the service. The rest is for this."
    )
    pin = serializers.CharField(required=False, max_length=4, help_text="Left out: the phone's own, where it is known.")
    password = serializers.CharField(required=False, max_length=16, help_text="The same, for a signature.")
    card = serializers.CharField(required=False, max_length=36, help_text="A card answers: its id, or its citizen's.")
    number = serializers.RegexField(
        r"^(right|wrong|[0-9]{2})$",
        required=False,
        help_text="Which number is chosen: `right`, `wrong`, or two digits.",
    )
    screen_lock = serializers.BooleanField(default=False, help_text="The screen lock stands for the PIN.")
    refuse = serializers.BooleanField(default=False, help_text="Say no.")


class ActBody(Body):
    action = serializers.ChoiceField(ACTIONS)
    value = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=64,
        help_text="The PIN or password; a card; a number, `right` or `wrong`; for `lose_network` `before_signing` or "
        "`after_signing`; for `screen_lock` `refused`, when the gesture isn't recognised.",
    )


class ScreenTextAnswer(Answer):
    ja = serializers.CharField()
    en = serializers.CharField()


class ScreenButtonAnswer(Answer):
    action = serializers.ChoiceField(ACTIONS)
    label = ScreenTextAnswer()  # type: ignore[assignment]


class ScreenServiceAnswer(Answer):
    client_id = serializers.CharField()
    registered = serializers.BooleanField()
    name = ScreenTextAnswer(required=False)
    purpose = ScreenTextAnswer(required=False)
    addresses = serializers.ListField(child=serializers.CharField(), required=False)
    basis = serializers.CharField(required=False, allow_null=True)
    certification = serializers.CharField(required=False, allow_null=True)
    operator = ScreenTextAnswer(required=False, allow_null=True)
    logo = serializers.CharField(required=False, allow_null=True)


class ScreenDocumentAnswer(Answer):
    name = serializers.CharField()
    format = serializers.CharField()
    text = serializers.CharField(allow_null=True)
    pages = serializers.IntegerField(allow_null=True)
    texts = serializers.ListField(child=serializers.CharField(allow_blank=True), allow_null=True)
    sha256 = serializers.CharField()


class ScreenAnswer(Answer):
    name = serializers.ChoiceField(SCREENS)
    title = ScreenTextAnswer()
    actions = serializers.ListField(child=serializers.ChoiceField(ACTIONS))
    buttons = ScreenButtonAnswer(many=True)
    status = serializers.IntegerField(required=False, help_text="The page's HTTP status.")
    text = ScreenTextAnswer(required=False)
    service = ScreenServiceAnswer(required=False, help_text="Who asks and for what: all of it from the register.")
    document = ScreenDocumentAnswer(required=False, allow_null=True)
    signs = serializers.CharField(required=False, allow_null=True, help_text="The text of an authentication.")
    digest = serializers.CharField(required=False)
    hands_over = ScreenTextAnswer(required=False)
    medium = serializers.ChoiceField(("phone", "card"), required=False)
    notice = ScreenTextAnswer(required=False, allow_null=True)
    expires_at = serializers.DateTimeField(required=False)
    numbers = serializers.ListField(child=serializers.CharField(), required=False)
    number = serializers.CharField(required=False, allow_null=True, help_text="Of a desk: the one to choose.")
    seconds = serializers.IntegerField(required=False)
    state = serializers.CharField(required=False)
    reason = serializers.CharField(required=False)
    code = serializers.CharField(required=False)


class ScreenProblemAnswer(Answer):
    code = serializers.CharField()
    citizen = ScreenTextAnswer()
    tries_left = serializers.IntegerField(allow_null=True)


class PhoneHopAnswer(Answer):
    url = serializers.CharField()
    status = serializers.IntegerField(allow_null=True)
    finding = serializers.CharField(allow_null=True)


class PhoneCallbackEndAnswer(Answer):
    url = serializers.CharField()
    status = serializers.IntegerField(allow_null=True)
    media_type = serializers.CharField(allow_null=True)


class PhoneCallbackAnswer(Answer):
    url = serializers.CharField(help_text="Where the browser went back to, without its query.")
    given = serializers.DictField(child=serializers.CharField(), help_text="What the query brought, but for the code.")
    status = serializers.IntegerField(allow_null=True, help_text="What your service answered.")
    location = serializers.CharField(allow_null=True, help_text="Where it led, without its query.")
    finding = serializers.CharField(allow_null=True, help_text="Why it wasn't reached.")
    final = PhoneCallbackEndAnswer(allow_null=True, help_text="Where that led, on your own addresses.")
    again = serializers.BooleanField(help_text="The same address, opened once more.")


class PhoneSessionAnswer(Answer):
    id = serializers.UUIDField()
    phone = serializers.UUIDField()
    hand_off = serializers.UUIDField()
    state = serializers.CharField(help_text="The hand-off's.")
    screen = ScreenAnswer()
    actions = serializers.ListField(
        child=serializers.ChoiceField(ACTIONS),
        help_text="What can be done now: the buttons, and what may happen anywhere.",
    )
    problem = ScreenProblemAnswer(allow_null=True, help_text="What the page says went wrong, in place of going on.")
    desk = ScreenAnswer(allow_null=True, help_text="The other screen, where this session has opened it.")
    network = serializers.ChoiceField(("there", "lost"))
    hops = PhoneHopAnswer(many=True, help_text="Of your service, on the way to the link.")
    callback = PhoneCallbackAnswer(allow_null=True)
    created_at = serializers.DateTimeField()


def told(session: PhoneSession) -> dict[str, Any]:
    """Return a session as the API tells it."""
    return {
        "id": str(session.pk),
        "phone": str(session.phone.reference),
        "hand_off": str(session.hand_off_id),
        **session.told,
        "created_at": session.created_at.isoformat(),
    }


BOTH = {"ja": "確認する", "en": "Confirm"}
EXAMPLE: dict[str, Any] = {
    "id": "6f8b4a10-2d6c-4a0e-8f61-3a5d0a7c1b22",
    "phone": "c0a8f6b2-3b1f-4f52-8a7d-9a4f5b1c2d3e",
    "hand_off": "0b3c0a52-7f4e-4a51-9a29-2f6a0d8f6c01",
    "state": "shown",
    "screen": {
        "name": "question",
        "title": {"ja": "試験会社が本人確認を求めています", "en": "Test Company asks you to confirm who you are"},
        "status": 200,
        "service": {
            "client_id": "test-company-1a2b3c4d",
            "registered": True,
            "name": {"ja": "試験会社", "en": "Test Company"},
            "purpose": {"ja": "ログインする方の本人確認", "en": "To know who signs in"},
            "addresses": ["http://localhost:3000"],
            "basis": "17-1-6",
            "certification": "試験-ワークスペース",
            "operator": None,
            "logo": None,
        },
        "document": None,
        "medium": "phone",
        "actions": ["pin", "refuse"],
        "buttons": [
            {"action": "pin", "label": BOTH},
            {"action": "refuse", "label": {"ja": "断る", "en": "Decline"}},
        ],
        "expires_at": "2026-11-27T01:25:00+00:00",
    },
    "actions": ["pin", "refuse", "lose_network", "wrong_browser", "reload", "time_out", "set_up_screen_lock"],
    "problem": None,
    "desk": None,
    "network": "there",
    "hops": [],
    "callback": None,
    "created_at": "2026-11-27T01:15:00+00:00",
}
ANSWERED: dict[str, Any] = {
    **EXAMPLE,
    "state": "answered",
    "screen": {
        "name": "service",
        "title": {"ja": "サービスに戻りました", "en": "Back at the service"},
        "actions": [],
        "buttons": [],
    },
    "actions": ["again"],
    "callback": {
        "url": "http://localhost:3000/callback",
        "given": {
            "handoff": "0b3c0a52-7f4e-4a51-9a29-2f6a0d8f6c01",
            "state": "s1",
            "iss": "http://localhost:8000",
        },
        "status": 302,
        "location": "http://localhost:3000/welcome",
        "finding": None,
        "final": {"url": "http://localhost:3000/welcome", "status": 200, "media_type": "text/html"},
        "again": False,
    },
}
