"""The code on a screen of one's own: it opens the phone's page, is made new, and the outcome comes back."""

import re
from urllib.parse import urlsplit

import httpx
import pytest
from jpki_client import PHONE, USER_AUTHENTICATION, Client, Problem
from jpki_client.screens import Screen

from ca import clock
from ca.models import Realm
from portal.handoff import hand_offs, numbers, qr
from portal.handoff.models import HandOff
from tests.client.conftest import site
from tests.portal.handoff.citizens import Citizen
from tests.whitelist.relying_parties import CALLBACK


def test_from_the_code_to_the_verdict(bank: Client, citizen: Citizen, realm: Realm) -> None:
    asked = bank.ask(USER_AUTHENTICATION, return_url=CALLBACK, way="qr", media=[PHONE])
    with Screen(asked.link, http=site()) as screen, site() as phone:
        watching = screen.watch(sleep=lambda seconds: None)
        first = next(watching)
        assert first.state == "waiting"
        assert (first.code or b"").startswith(b"<svg")
        again = next(watching)
        assert again.state == "waiting"
        assert again.code
        _scan(phone, asked.hand_off.id, citizen, realm)
        last = next(watching)
        assert (last.state, last.code, last.over) == ("answered", None, True)
        assert list(watching) == []
        hand_off = bank.come_back(asked.pending, screen.leave())
    assert bank.verify(hand_off, asked.pending).accepted


def test_a_screen_that_is_not_ours_says_so(bank: Client) -> None:
    asked = bank.ask(USER_AUTHENTICATION, return_url=CALLBACK, way="qr")
    with Screen(asked.link, http=site()) as began, Screen(asked.link, http=site()) as other:
        began.now()
        with pytest.raises(Problem):
            other.now()
        with pytest.raises(Problem):
            began.leave()  # not at its end


def _scan(phone: httpx.Client, reference: str, citizen: Citizen, realm: Realm) -> None:
    """Let a phone read the code, choose the screen's number, and answer."""
    link = qr.link(HandOff.objects.get(pk=reference), clock.now(realm))
    scanned = phone.get(link, follow_redirects=True)
    assert scanned.status_code == 200
    page = f"{phone.base_url.join(urlsplit(str(scanned.url)).path)}"
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', scanned.text)
    assert token is not None
    chosen = numbers.of(HandOff.objects.get(pk=reference))
    phone.post(f"{page}number", data={"csrfmiddlewaretoken": token[1], "number": chosen}, follow_redirects=True)
    hand_off = hand_offs.by_token(urlsplit(page).path.split("/")[2])
    posted = phone.post(
        f"{page}answer", json=citizen.posted(hand_off), headers={"X-CSRFToken": phone.cookies["jpki_csrf"]}
    )
    assert posted.status_code == 200, posted.text
