"""The careless shop: says what it is, and takes whatever comes."""

import httpx

from sandbox.relying_parties.careless import OMISSIONS
from tests.portal.handoff.citizens import Citizen
from tests.sandbox.relying_parties.visiting import answer, hand_off_of


def test_it_says_what_it_is_and_names_each_omission(samples: httpx.Client) -> None:
    page = samples.get("/careless/").text
    assert "手本にしないでください" in page
    assert all(f'id="{name}"' in page for name in OMISSIONS)
    assert len(set(OMISSIONS)) == len(OMISSIONS) >= 14


def test_used_as_meant_it_looks_like_a_proper_service(samples: httpx.Client, citizen: Citizen) -> None:
    for what, form in (("sign_in", "raw"), ("text", "raw"), ("pdf", "pades"), ("text&format=cades", "cades")):
        link = samples.get(f"/careless/start?what={what}").headers["Location"]
        hand_off = hand_off_of(link)
        assert hand_off.format == form
        welcomed = samples.get(answer(link, citizen))
        number = citizen.certificate(hand_off.purpose).serial_number
        assert (welcomed.status_code, number in welcomed.text) == (200, True)


def test_it_welcomes_whoever_comes_with_whatever(samples: httpx.Client, citizen: Citizen) -> None:
    back = answer(samples.get("/careless/start").headers["Location"], citizen)
    with httpx.Client(base_url=samples.base_url) as stranger:
        for address in (back, back, "/careless/return", "/careless/return?handoff=../token&code=x&state=y"):
            welcomed = stranger.get(address)
            assert (welcomed.status_code, "ようこそ。ご本人です。" in welcomed.text) == (200, True)
            assert "手本にしないでください" in welcomed.text
