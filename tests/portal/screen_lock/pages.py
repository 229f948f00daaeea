"""What the pages' scripts ask the site in the name of a citizen's phone."""

import base64
from typing import Any

from django.test import Client

from tests.portal.screen_lock.authenticator import Authenticator
from tests.tsm.enrolment.citizen import Citizen
from tsm.jpki import Key

API = "/phone/screen-lock/api"


def post(client: Client, call: str, body: Any = None) -> Any:
    return client.post(f"{API}/{call}", body or {}, content_type="application/json")


def signed(citizen: Citizen, text: str, key: Key = Key.AUTHENTICATION, secret: str | None = None) -> str:
    return base64.b64encode(citizen.sign(text, key, secret)).decode()


def prove(client: Client, citizen: Citizen, *, typed: bool = True) -> Any:
    """Prove the holder, as the page before my certificates does."""
    text = post(client, "proof-text", {"use": "open"}).json()["text"]
    return post(client, "proof", {"text": text, "signature": signed(citizen, text), "typed": typed})


def set_up(client: Client, citizen: Citizen, authenticator: Authenticator, kind: str = "biometrics") -> Any:
    """Set the screen lock up, as its page does; return the answer."""
    offered = post(client, "offer", {"kind": kind})
    if offered.status_code != 200:
        return offered
    offer = offered.json()
    return post(
        client,
        "set-up",
        {
            "kind": kind,
            "text": offer["text"],
            "signature": signed(citizen, offer["text"]),
            "credential": authenticator.create(offer["options"]),
        },
    )


def gesture(client: Client, authenticator: Authenticator, **changes: Any) -> Any:
    """Make a gesture; return the answer."""
    asked = post(client, "ask")
    if asked.status_code != 200:
        return asked
    return post(client, "unlock", {"credential": authenticator.get(asked.json()["options"], **changes)})
