"""The sample bank and the unlisted service in a process of their own, against the system over HTTP."""

import html
import re
import urllib.parse
from pathlib import Path
from typing import Any

import httpx
import pytest

from ca import clock, revocation
from ca.models import Realm
from ca.profiles import Purpose
from ca.revocation import Cause
from portal.handoff import hand_offs, qr
from portal.handoff.states import State
from sandbox.register import BANK, SAMPLES, UNLISTED, create_demo_register
from tests.portal.handoff.citizens import Citizen
from tests.portal.handoff.test_signing import pdfsig
from tests.sandbox.relying_parties.visiting import (
    ALL_HOLD,
    Street,
    answer,
    answered,
    four_lines,
    hand_off_of,
    press,
    sign_in,
)
from whitelist.models import Credential, RelyingParty


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_sign_in_sign_the_contract_and_see_the_verdict(samples: httpx.Client, citizen: Citizen, tmp_path: Path) -> None:
    signed_in = sign_in(samples, citizen)
    assert (signed_in.status_code, four_lines(signed_in)) == (200, ALL_HOLD)
    contract = samples.get("/bank/contract")
    text = re.search(r'<pre class="paper"[^>]*>(.*?)</pre>', contract.text, re.S)
    assert text is not None
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', contract.text)
    assert token is not None
    asked = samples.post("/bank/contract", data={"csrfmiddlewaretoken": token[1]})
    assert asked.status_code == 302
    # What the customer read at the bank is what the phone was given to sign, as a PDF.
    shown = "".join(hand_off_of(asked.headers["Location"]).pdf.texts)
    assert squeezed(html.unescape(text[1])) == squeezed(shown)
    opened = samples.get(answer(asked.headers["Location"], citizen), follow_redirects=True)
    assert (opened.status_code, four_lines(opened)) == (200, ALL_HOLD)
    for expected in (
        "口座を開設しました",
        "黒桐　幹也",
        "東京都清瀬市",
        "1980-02-17",
        "OCSP",
        "普通預金口座開設契約書",
    ):
        assert expected in opened.text
    signed = samples.get("/bank/contract.pdf")
    assert signed.headers["Content-Type"] == "application/pdf"
    (tmp_path / "contract.pdf").write_bytes(signed.content)
    assert "Signature is Valid" in pdfsig(tmp_path / "contract.pdf")


def test_sign_in_by_a_code_on_another_screen(samples: httpx.Client, citizen: Citizen) -> None:
    screen = press(samples, "/bank/", "/bank/sign-in", way="qr").headers["Location"]
    with httpx.Client() as desk, httpx.Client() as phone:
        shown = desk.get(screen)
        assert "みらい銀行" in shown.text
        hand_off = hand_offs.by_screen(urllib.parse.urlsplit(screen).path.split("/")[3])
        read = phone.get(qr.link(hand_off, clock.now(hand_off.realm)))
        assert read.status_code == 302
        link = urllib.parse.urljoin(str(read.url), read.headers["Location"])
        compare = phone.get(link)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', compare.text)
        assert token is not None
        number = re.search(r'__number"[^>]*>(\d\d)<', desk.get(screen).text)
        assert number is not None
        phone.post(f"{link}number", data={"csrfmiddlewaretoken": token[1], "number": number[1]})
        assert phone.get(link).status_code == 200
        answered(phone, link, citizen)
        assert "コードを表示していた画面に戻って" in phone.get(link).text
        back = desk.get(screen)
        door = desk.get(urllib.parse.urljoin(screen, back.headers["Location"]))
    signed_in = samples.get(door.headers["Location"], follow_redirects=True)
    assert (signed_in.status_code, four_lines(signed_in)) == (200, ALL_HOLD)


def test_after_the_end_of_use_the_next_try_is_refused(samples: httpx.Client, citizen: Citizen) -> None:
    sign_in(samples, citizen)
    certificate = citizen.certificate(Purpose.USER_AUTHENTICATION)
    revocation.revoke(certificate, cause=Cause.PHONE_USE_ENDED, now=clock.now(certificate.realm))
    for page in ("/bank/contract", "/bank/signed-in"):
        refused = samples.get(page)
        assert refused.status_code == 403
        assert four_lines(refused) == ALL_HOLD | {"status": "fails"}
        assert "失効しています" in refused.text
        assert "契約書へ進む" not in refused.text


def test_a_no_on_the_phone_reaches_the_bank(samples: httpx.Client, settings: Any) -> None:
    link = press(samples, "/bank/", "/bank/sign-in").headers["Location"]
    with httpx.Client() as phone:
        page = phone.get(link)
        hand_off = hand_off_of(link)
        early = {"handoff": str(hand_off.id), "state": hand_off.service_state, "iss": settings.PUBLIC_URL}
        assert samples.get("/bank/return", params=early).status_code == 409, "nobody comes back without a code"
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token is not None
        phone.post(f"{link}decline", data={"csrfmiddlewaretoken": token[1]})
        declined = samples.get(phone.get(f"{link}return").headers["Location"])
    assert (declined.status_code, "断られました" in declined.text) == (403, True)


def test_another_customers_result_is_not_taken(samples: httpx.Client, citizen: Citizen) -> None:
    theirs = answer(press(samples, "/bank/", "/bank/sign-in").headers["Location"], citizen)
    with httpx.Client(base_url=samples.base_url) as other:
        assert other.get(theirs).status_code == 409
        press(other, "/bank/", "/bank/sign-in")
        assert other.get(theirs).status_code == 409
        assert other.get("/bank/signed-in").headers["Location"] == "/bank/"
    # Nor did the attempts use it up.
    assert samples.get(theirs, follow_redirects=True).status_code == 200


@pytest.mark.parametrize("changed", ["state", "iss", "code"])
def test_a_way_back_that_is_not_of_this_session_or_this_system_is_not_followed(
    samples: httpx.Client, citizen: Citizen, changed: str
) -> None:
    back = answer(press(samples, "/bank/", "/bank/sign-in").headers["Location"], citizen)
    parts = urllib.parse.urlsplit(back)
    query = dict(urllib.parse.parse_qsl(parts.query)) | {changed: "http://another.example"}
    refused = samples.get(parts._replace(query=urllib.parse.urlencode(query)).geturl())
    assert refused.status_code == (502 if changed == "code" else 409)
    assert samples.get("/bank/signed-in").headers["Location"] == "/bank/"


def test_a_citizen_who_was_lured_into_a_link_of_somebody_elses_gives_nothing_away(
    samples: httpx.Client, citizen: Citizen
) -> None:
    # Somebody begins at the bank and sends the link to the citizen, who answers it in a browser of their own.
    link = press(samples, "/bank/", "/bank/sign-in").headers["Location"]
    back = answer(link, citizen)
    with httpx.Client(base_url=samples.base_url) as citizens:
        assert citizens.get(back).status_code == 409, "the citizen's browser has no session at the bank"
    hand_off = hand_off_of(link)
    without = {
        "handoff": str(hand_off.id),
        "state": hand_off.service_state,
        "iss": dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(back).query))["iss"],
    }
    refused = samples.get("/bank/return", params=without)
    assert (refused.status_code, "別の手続の結果です" in refused.text) == (409, True), "who began it has no code"
    assert samples.get("/bank/signed-in").headers["Location"] == "/bank/"


def test_an_unlisted_service_is_refused_on_the_phones_screen(samples: httpx.Client) -> None:
    asked = press(samples, "/unlisted/", "/unlisted/try")
    assert asked.status_code == 302
    screen = httpx.get(asked.headers["Location"])
    assert screen.status_code == 403
    assert "登録簿に登録されていない" in screen.text
    assert UNLISTED in screen.text
    assert "ポイント広場" not in screen.text
    assert hand_off_of(asked.headers["Location"]).state == State.REFUSED


def test_a_suspended_bank_is_refused_too(samples: httpx.Client) -> None:
    RelyingParty.objects.filter(client_id=BANK).update(state=RelyingParty.State.SUSPENDED)
    screen = httpx.get(press(samples, "/bank/", "/bank/sign-in").headers["Location"])
    assert "停止されている" in screen.text


def test_a_disabled_key_is_told_as_an_error(samples: httpx.Client, realm: Realm) -> None:
    Credential.objects.update(disabled_at=clock.now(realm))
    refused = press(samples, "/bank/", "/bank/sign-in")
    assert (refused.status_code, "client_unknown" in refused.text) == (502, True)


def test_both_languages_and_a_strict_policy(samples: httpx.Client) -> None:
    for path in ("/", *(f"/{sample.place}/" for sample in SAMPLES)):
        japanese, english = samples.get(path), httpx.get(f"{samples.base_url}{path}", headers={"Accept-Language": "en"})
        assert ('<html lang="ja">' in japanese.text, '<html lang="en">' in english.text) == (True, True)
        assert "default-src 'none'" in japanese.headers["Content-Security-Policy"]
        assert "<script" not in japanese.text
        assert not re.search(r'(src|href)="https?://(?!localhost|127)', japanese.text)
    with httpx.Client(base_url=samples.base_url) as other:
        assert '<html lang="en">' in other.get("/bank/?lang=en").text
        assert '<html lang="en">' in other.get("/bank/").text
        assert '<html lang="ja">' in other.get("/bank/?lang=ja").text


def test_cookies_have_names_of_their_own(samples: httpx.Client, citizen: Citizen) -> None:
    sign_in(samples, citizen)
    samples.get("/?lang=ja")
    assert {cookie.name for cookie in samples.cookies.jar} == {"samples_session", "samples_csrf", "samples_language"}
    assert all(len(cookie.value or "") < 3000 for cookie in samples.cookies.jar)


def test_the_demo_register_is_made_once(samples: httpx.Client, realm: Realm, street: Street) -> None:
    before = {path.name: path.read_bytes() for path in street.folder.glob("*.pem")}
    assert set(before) == {f"{sample.client_id}.pem" for sample in SAMPLES}
    assert all(path.stat().st_mode & 0o077 == 0 for path in street.folder.glob("*.pem"))
    RelyingParty.objects.filter(client_id=BANK).update(state=RelyingParty.State.SUSPENDED)
    Credential.objects.update(disabled_at=clock.now(realm))
    create_demo_register(realm, street.folder)
    assert {path.name: path.read_bytes() for path in street.folder.glob("*.pem")} == before
    assert RelyingParty.objects.get(client_id=BANK).state == RelyingParty.State.SUSPENDED
    assert not Credential.objects.filter(disabled_at=None).exists()
    assert (RelyingParty.objects.count(), Credential.objects.count()) == (len(SAMPLES), len(SAMPLES))


def test_what_goes_wrong_is_told_in_the_visitors_language_and_the_samples_own_dress(samples: httpx.Client) -> None:
    for told, status, sentence in (
        (samples.get("/nowhere"), 404, "ページが見つかりません"),
        (samples.get("/nowhere?lang=en"), 404, "Page not found"),
        (samples.post("/bank/sign-in", headers={"Accept-Language": "ja"}), 403, "This could not be sent"),
        (samples.get("/", headers={"Host": "elsewhere.example"}), 400, "受け付けられない内容です"),
    ):
        assert (told.status_code, sentence in told.text) == (status, True), told.text
        assert "/static/samples/samples.css" in told.text


def test_where_a_form_was_sent_leads_back_to_the_service_when_it_is_opened(samples: httpx.Client) -> None:
    assert samples.get("/bank/sign-in?lang=en").headers["Location"] == "/bank/"
    assert samples.get("/unlisted/try").headers["Location"] == "/unlisted/"
    assert "Open an account" in samples.get("/bank/").text
