"""The kiosk: who proves who they are gets a certificate of residence, by phone the same as by card."""

import re
from datetime import date

import httpx
import pytest

from ca import clock, revocation
from ca.profiles import Medium, Purpose
from ca.revocation import Cause
from sandbox.relying_parties.kiosk.residence import era, household
from tests.portal.handoff.citizens import Citizen
from tests.sandbox.relying_parties.visiting import press, sign_in


def printed(browser: httpx.Client, **choices: str) -> str:
    """Choose and print; return the paper."""
    assert press(browser, "/kiosk/choose", "/kiosk/choose", **choices).headers["Location"] == "/kiosk/certificate"
    paper = re.search(r"<article.*?</article>", browser.get("/kiosk/certificate").text, re.S)
    assert paper is not None
    return paper[0]


def test_a_certificate_of_residence_is_printed_and_marked_as_a_sample(samples: httpx.Client, citizen: Citizen) -> None:
    assert "暗証番号は、スマホで入力します" in samples.get("/kiosk/").text
    entered = sign_in(samples, citizen, "kiosk")
    assert (entered.url.path, "スマホで本人確認ができました" in entered.text) == ("/kiosk/choose", True)
    short = printed(samples, whose="me")
    whole = printed(samples, whose="household", relations="on")
    number = citizen.certificate(Purpose.USER_AUTHENTICATION, Medium.CARD).serial_number
    home = household(number)
    assert home.address in short, "the register of residents is asked by the card's number"
    assert home.persons[1].name in whole
    assert home.persons[1].name not in short
    assert ("世帯主</td>" in whole, "世帯主</td>" in short) == (True, False)
    assert short.count("見本 SPECIMEN") == 2
    pdf = samples.get("/kiosk/certificate.pdf")
    assert (pdf.headers["Content-Type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    # The same person comes with the card.
    by_card = sign_in(samples, citizen, "kiosk", Medium.CARD)
    assert "カードで本人確認ができました" in by_card.text
    assert home.address in printed(samples, whose="me")
    # And the next customer finds nobody there.
    press(samples, "/kiosk/certificate", "/kiosk/end")
    assert samples.get("/kiosk/certificate").status_code == 403
    assert samples.get("/kiosk/choose").status_code == 403


def test_a_revoked_certificate_prints_nothing_any_more(samples: httpx.Client, citizen: Citizen) -> None:
    sign_in(samples, citizen, "kiosk")
    printed(samples, whose="me")
    certificate = citizen.certificate(Purpose.USER_AUTHENTICATION)
    revocation.revoke(certificate, cause=Cause.PHONE_USE_ENDED, now=clock.now(certificate.realm))
    for page in ("choose", "certificate", "certificate.pdf"):
        refused = samples.get(f"/kiosk/{page}")
        assert (refused.status_code, "本人確認からやり直してください" in refused.text) == (403, True)


def test_where_no_terminal_runs_the_page_says_how_to_start_one(samples: httpx.Client) -> None:
    for place in ("kiosk", "clinic"):
        page = samples.get(f"/{place}/").text
        assert "python -m sandbox.terminal" in page
        assert 'value="reader"' not in page


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2019, 5, 1), "令和元年５月１日"),
        (date(2019, 4, 30), "平成３１年４月３０日"),
        (date(1989, 1, 7), "昭和６４年１月７日"),
        (date(2026, 11, 27), "令和８年１１月２７日"),
    ],
)
def test_days_are_told_by_the_japanese_calendar(day: date, said: str) -> None:
    assert era(day) == said
