"""The city hall: sign in, fill in, sign, keep a receipt that holds; and only who signed in may sign."""

import html
import re
import subprocess
from datetime import date
from pathlib import Path

import httpx
import pytest

from ca import clock, revocation
from ca.models import Realm
from ca.profiles import Medium, Purpose
from ca.revocation import Cause
from sandbox.relying_parties.city.application import EXAMPLE, read
from tests.ca.fixtures import make_holder
from tests.portal.handoff.citizens import Citizen
from tests.sandbox.relying_parties.somebody import Somebody
from tests.sandbox.relying_parties.visiting import ALL_HOLD, answer, four_lines, hand_off_of, press, sign_in


def fill_in(browser: httpx.Client, **changes: str) -> httpx.Response:
    return press(browser, "/city/form", "/city/form", **(EXAMPLE | changes))


def signed(browser: httpx.Client, citizen: Citizen, medium: Medium = Medium.PHONE) -> httpx.Response:
    """Send the application to be signed, and go on to where that leads."""
    assert fill_in(browser).headers["Location"] == "/city/confirm"
    asked = press(browser, "/city/confirm", "/city/confirm")
    assert asked.status_code == 302, asked.text
    return browser.get(answer(asked.headers["Location"], citizen, medium), follow_redirects=True)


def test_an_application_is_signed_and_its_receipt_holds(
    samples: httpx.Client, citizen: Citizen, tmp_path: Path
) -> None:
    entered = sign_in(samples, citizen, "city")
    assert (entered.status_code, four_lines(entered)) == (200, ALL_HOLD)
    fill_in(samples)
    shown = re.search(r'<pre class="paper[^>]*>(.*?)</pre>', samples.get("/city/confirm").text, re.S)
    assert shown is not None
    asked = press(samples, "/city/confirm", "/city/confirm").headers["Location"]
    assert hand_off_of(asked).document == html.unescape(shown[1]), "what is shown is what is signed"
    received = samples.get(answer(asked, citizen), follow_redirects=True)
    assert (received.status_code, four_lines(received)) == (200, ALL_HOLD)
    assert "申請を受け付けました" in received.text
    for expected in ("黒桐　幹也", "東京都清瀬市", "1980-02-17", "青葉 若葉"):
        assert expected in received.text
    for name in ("application.txt", "application.p7s"):
        (tmp_path / name).write_bytes(samples.get(f"/city/{name}").content)
    command = html.unescape(re.search(r'<pre class="command"[^>]*>(.*?)</pre>', received.text)[1])  # type: ignore[index]
    checked = subprocess.run(command.split(), cwd=tmp_path, capture_output=True)
    assert checked.returncode == 0, checked.stderr
    (tmp_path / "application.txt").write_bytes(b"another")
    assert subprocess.run(command.split(), cwd=tmp_path, capture_output=True).returncode != 0


def test_phone_and_card_of_one_person_go_together_and_two_people_do_not(samples: httpx.Client, realm: Realm) -> None:
    one = Somebody.with_card(make_holder(realm))
    one.get_phone(30)
    sign_in(samples, one, "city", Medium.PHONE)
    assert signed(samples, one, Medium.CARD).status_code == 200, "signed in by phone, signed by card"
    other = Somebody.with_card(make_holder(realm), 60)
    refused = signed(samples, other, Medium.CARD)
    assert (refused.status_code, four_lines(refused)) == (403, ALL_HOLD)
    assert "サインインした方と、署名した方が違います" in refused.text
    assert "申請を受け付けました" not in refused.text


def test_what_was_revoked_since_is_refused_at_the_next_page(samples: httpx.Client, citizen: Citizen) -> None:
    sign_in(samples, citizen, "city")
    fill_in(samples)
    certificate = citizen.certificate(Purpose.USER_AUTHENTICATION)
    revocation.revoke(certificate, cause=Cause.PHONE_USE_ENDED, now=clock.now(certificate.realm))
    for page in ("/city/signed-in", "/city/form", "/city/confirm"):
        refused = samples.get(page)
        assert (refused.status_code, four_lines(refused)) == (403, ALL_HOLD | {"status": "fails"})


def test_nobody_gets_further_without_what_comes_before(samples: httpx.Client, citizen: Citizen) -> None:
    for page in ("signed-in", "form", "confirm", "received", "application.txt", "application.p7s", "sign-in"):
        assert samples.get(f"/city/{page}").headers["Location"] == "/city/"
    sign_in(samples, citizen, "city")
    assert samples.get("/city/confirm").headers["Location"] == "/city/form"
    # What one sample knows of a visitor, no other does.
    assert samples.get("/bank/signed-in").headers["Location"] == "/bank/"


def test_the_form_says_what_is_wrong_beside_each_field(samples: httpx.Client, citizen: Citizen) -> None:
    sign_in(samples, citizen, "city")
    wrong = fill_in(samples, child_name="", child_birth_date="1990-01-01", telephone="12")
    assert wrong.status_code == 400
    assert wrong.text.count('aria-invalid="true"') == 3
    assert re.findall(r'<a href="#(\w+)">', wrong.text) == ["child_name", "child_birth_date", "telephone"]
    assert 'value="12"' in wrong.text, "what was entered is still there"
    assert samples.get("/city/form?example=1").text.count("090-0000-0000") == 2


@pytest.mark.parametrize(
    ("born", "today", "wrong"),
    [
        # One is 18 on the day before the birthday: this year's school year is the last.
        ("2009-04-01", date(2027, 3, 31), False),
        ("2009-04-01", date(2027, 4, 1), True),
        ("2009-04-02", date(2027, 4, 1), False),
        ("2009-04-02", date(2028, 4, 1), True),
        ("2027-04-01", date(2027, 4, 1), False),
        ("2027-04-02", date(2027, 4, 1), True),
        ("2020-02-30", date(2027, 4, 1), True),
        ("yesterday", date(2027, 4, 1), True),
    ],
)
def test_child_allowance_is_for_children(born: str, today: date, wrong: bool) -> None:
    _, found = read(EXAMPLE | {"child_birth_date": born}, today)
    assert ("child_birth_date" in found) is wrong


def test_digits_are_taken_as_they_are_typed() -> None:
    answers, wrong = read(EXAMPLE | {"telephone": "０９０−１２３４−５６７８".replace("−", "ー")}, date(2026, 1, 1))
    assert (answers["telephone"], wrong) == ("090-1234-5678", {})
