"""A citizen at Mynaportal's pages, whose phone answers with real keys."""

import re
import urllib.parse
from dataclasses import dataclass
from typing import Any

from django.test import Client

from ca.profiles import Medium
from portal.handoff import hand_offs
from portal.mynaportal.models import Application
from tests.portal.handoff.citizens import Citizen

MOVE = {
    "day": "2026-12-01",
    "new_address": "神奈川県港浜市海岸通１－１",
    "new_head": "黒桐　幹也",
    "people": "２",
    "telephone": "０９０－１２３４－５６７８",
}
NURSERY = {
    "child_name": "黒桐　未那",
    "child_born": "2025-04-01",
    "first_wish": "観布子保育園",
    "begin": "2027-04-01",
    "reason": "work",
    "telephone": "090-1234-5678",
}


@dataclass
class Visitor:
    client: Client
    citizen: Citizen

    def shown(self, address: str, status: int = 200, **query: str) -> str:
        response = self.client.get(f"/mynaportal/{address}", query)
        assert response.status_code == status, (response.status_code, response.headers.get("Location"))
        return str(response.content.decode())

    def post(self, address: str, body: dict[str, str] | None = None) -> Any:
        return self.client.post(f"/mynaportal/{address}", body or {})

    def answer(self, asked: str, medium: Medium = Medium.PHONE, citizen: Citizen | None = None) -> str:
        """Open the hand-off's address on this browser's phone, answer it, and return where the browser goes then."""
        path = urllib.parse.urlsplit(asked).path
        assert self.client.get(path).status_code == 200
        hand_off = hand_offs.by_token(path.split("/")[2])
        posted = (citizen or self.citizen).posted(hand_off, medium)
        said = self.client.post(f"{path}answer", posted, content_type="application/json")
        assert said.status_code == 200, said.content
        return self.leave(said.json()["return_url"])

    def decline(self, asked: str) -> str:
        path = urllib.parse.urlsplit(asked).path
        self.client.get(path)
        self.client.post(f"{path}decline")
        return self.leave(f"{path}return")

    def leave(self, address: str) -> str:
        """Go where the hand-off leads back to, as far as Mynaportal's own address."""
        left = self.client.get(address)
        assert left.status_code == 302, left.content
        return str(left.headers["Location"]).removeprefix("http://localhost:8000")

    def come_back(self, address: str) -> Any:
        assert address.startswith("/mynaportal/return?")
        return self.client.get(address)

    def sign_in(self, **body: str) -> Any:
        asked = self.post("sign-in", body).headers["Location"]
        return self.come_back(self.answer(asked))

    def fill_in(self, procedure: str = "moving_out", answers: dict[str, str] = MOVE) -> Application:
        """Begin an application and fill it in, as far as the page to confirm it."""
        begun = self.post(f"procedures/{procedure}/begin").headers["Location"]
        sent = self.client.post(begun, answers)
        assert sent.headers["Location"] == f"{begun}confirm/", sent.content.decode()
        found = re.search(r"[0-9a-f-]{36}", begun)
        assert found
        return Application.objects.get(reference=found[0])

    def send(self, application: Application) -> str:
        """Confirm an application; return the address at which the phone is asked."""
        return str(self.post(f"applications/{application.reference}/confirm/").headers["Location"])
