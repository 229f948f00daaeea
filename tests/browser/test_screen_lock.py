"""The screen lock in place of the PIN, in a browser with a virtual authenticator: what it does, what it refuses."""

import base64
import json
import re
import time
from datetime import datetime
from typing import Any
from urllib.parse import unquote

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Axe
from tests.browser.screens import PATIENCE, PHONE_PIN, ScreenLock, Screens
from tests.browser.test_accessibility import look

KEPT = "Object.keys(localStorage).filter((key) => key.startsWith('jpki.screen-lock.')).length"
# Notes the PRF secret as the page gets it, so that a test can look for it where it must not be.
LISTEN = """for (const name of ["create", "get"]) {
  const original = navigator.credentials[name].bind(navigator.credentials);
  navigator.credentials[name] = async (options) => {
    const credential = await original(options);
    const secret = credential.getClientExtensionResults().prf?.results?.first;
    const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    if (secret) sessionStorage.setItem("secret", hex(new Uint8Array(secret)));
    return credential;
  };
}"""


def play(screens: Screens, *commands: str) -> list[str]:
    """Play commands into the phone's element past the page's fields: what another page or program may do."""
    url = screens.page.locator("[data-element]").first.get_attribute("data-element")
    script = (
        "async ([url, commands]) => (await import('/static/phone/jpki.js')).transmit(url, commands, {keepGoing: true})"
    )
    answers: list[str] = screens.page.evaluate(
        script, [url, ["00A4040C0AD392F000260100000001", "00A4020C020018", *commands]]
    )
    return answers


def verify(pin: str) -> str:
    return "0020008004" + pin.encode().hex().upper()


def opened(screens: Screens) -> None:
    screens.page.get_by_text("カードとの紐付け").wait_for(timeout=PATIENCE)


def close(screens: Screens) -> None:
    screens.button("いま閉じる").click()
    screens.page.goto("/certificates/")


def leave(screens: Screens) -> None:
    screens.page.goto("/certificates/")
    close(screens)


def test_one_gesture_stands_for_the_pin_and_neither_pin_nor_secret_reaches_the_server(screens: Screens) -> None:
    page = screens.page
    authenticator = ScreenLock(page)
    page.add_init_script(LISTEN)
    screens.enrol("青葉", "HANAKO7391")
    sent: list[tuple[str, str]] = []
    page.on("request", lambda request: sent.append((request.url, request.post_data or "")))
    screens.set_up_screen_lock()
    page.get_by_text("画面ロックで確認できます").wait_for(timeout=PATIENCE)
    assert authenticator.credentials() == page.evaluate(KEPT) == 1
    secrets = [page.evaluate("sessionStorage.getItem('secret')")]

    # By keyboard alone: before my certificates, and in a hand-off.
    page.goto("/certificates/")
    screens.button("画面ロックで確認する").press("Enter")
    opened(screens)
    page.goto(f"{screens.system.samples}/bank/")
    screens.button("スマホでサインイン").click()
    screens.button("画面ロックで確認する").press("Enter")
    page.wait_for_url(f"{screens.system.samples}/**")
    assert "本人確認ができました" in page.locator("main").inner_text()

    page.goto("/certificates/history/")
    assert "みらい銀行" in page.locator(".history").inner_text()
    secrets.append(page.evaluate("sessionStorage.getItem('secret')"))
    assert_the_server_has_none_of(screens, sent, PHONE_PIN, [bytes.fromhex(secret) for secret in secrets])

    page.goto("/phone/screen-lock/")
    screens.button("画面ロックでの確認をやめる").click()
    page.locator("#set-up").wait_for()
    assert page.evaluate(KEPT) == 0
    leave(screens)
    expect(page.locator("#screen-lock")).to_have_count(0)


def assert_the_server_has_none_of(
    screens: Screens, sent: list[tuple[str, str]], pin: str, secrets: list[bytes]
) -> None:
    """Look at every request but the chip's, the database as it lies on the disk, and every log."""
    forms = [pin.encode().hex(), base64.b64encode(pin.encode()).decode().rstrip("=")]
    for secret in secrets:
        text = base64.b64encode(secret).decode().rstrip("=")
        forms += [secret.hex(), text, text.replace("+", "-").replace("/", "_")]
    by_themselves = re.compile(rf'(?<![0-9A-Za-z])["\']?{pin}["\']?(?![0-9A-Za-z])')
    asked = 0
    for url, body in sent:
        if url.endswith("/session"):  # the device bridge: the chip itself
            continue
        asked += "/screen-lock/api/" in url
        for form in forms:
            assert form.lower() not in unquote(url).lower()
            assert form.lower() not in body.lower(), url
        assert not by_themselves.search(json.dumps(leaves(body))), url
    assert asked >= 6
    var = screens.system.var
    logs = [file.read_bytes() for file in (var / "log").iterdir()]
    kept = [file.read_bytes() for file in var.glob("database.sqlite3*")]
    assert kept or screens.system.environment.get("DATABASE_URL"), "nothing was looked at"
    for content in (*logs, *kept):
        lower = content.lower()
        for form in forms:
            assert form.lower().encode() not in lower
        for secret in secrets:
            assert secret not in content


def leaves(body: str) -> list[str]:
    """Return the texts in a JSON body."""
    try:
        value: Any = json.loads(body)
    except ValueError:
        return [body]
    found: list[str] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
        else:
            found.append(str(one))
    return found


def test_whatever_the_screen_lock_refuses_the_pin_still_does(screens: Screens) -> None:
    page = screens.page
    authenticator = ScreenLock(page)
    screens.enrol("白川", "TARO58264Z")

    # Setting it up takes the right PIN, and the gesture.
    screens.set_up_screen_lock(pin="0000")
    page.locator("#problem", has_text="暗証番号が違います。あと2回").wait_for()
    assert authenticator.credentials() == 0
    authenticator.refuse()
    screens.set_up_screen_lock()
    page.locator("#problem", has_text="画面ロックで確認できませんでした").wait_for(timeout=PATIENCE)
    assert page.evaluate(KEPT) == 0
    authenticator.remove()
    authenticator = ScreenLock(page)
    screens.set_up_screen_lock()
    page.get_by_text("画面ロックで確認できます").wait_for(timeout=PATIENCE)

    # 72 hours on, the PIN is asked for once.
    page.goto("/certificates/")
    expect(screens.button("画面ロックで確認する")).to_be_visible()
    page.clock.install(time=datetime.fromtimestamp(time.time() + 72 * 3600))
    page.reload()
    page.get_by_text("72時間、暗証番号を入力していないため").wait_for()
    expect(screens.button("画面ロックで確認する")).to_be_hidden()
    page.locator("#pin").fill(PHONE_PIN)
    screens.button("確認して見る").click()
    opened(screens)
    close(screens)
    expect(screens.button("画面ロックで確認する")).to_be_visible()

    # The last try isn't spent on a PIN that nobody typed.
    play(screens, verify("0000"), verify("0001"))
    screens.button("画面ロックで確認する").click()
    page.locator("#problem", has_text="今回は画面ロックを使いません").wait_for()
    page.locator("#pin").fill(PHONE_PIN)
    screens.button("確認して見る").click()
    opened(screens)
    close(screens)

    # A PIN that was changed on its page takes the screen lock with it.
    page.goto("/phone/passwords/user-authentication/")
    for field, value in (("old", PHONE_PIN), ("new", "8035"), ("new-again", "8035")):
        page.locator(f"#{field}").fill(value)
    screens.button("変える").click()
    page.get_by_text("前の暗証番号のものだったため、やめました").wait_for(timeout=PATIENCE)
    assert page.evaluate(KEPT) == 0
    screens.set_up_screen_lock(pin="8035")
    page.get_by_text("画面ロックで確認できます").wait_for(timeout=PATIENCE)
    page.goto("/certificates/")

    # One that was changed past the pages costs a try, and is told.
    assert play(screens, verify("8035"), "0024018004" + b"2748".hex())[-1] == "9000"
    screens.button("画面ロックで確認する").click()
    page.locator("#problem", has_text="暗証番号が変わったため、画面ロックでの確認をやめました").wait_for(
        timeout=PATIENCE
    )
    assert "あと2回" in screens.problem.inner_text()
    assert page.evaluate(KEPT) == 0
    expect(screens.button("画面ロックで確認する")).to_be_hidden()
    page.locator("#pin").fill("2748")
    screens.button("確認して見る").click()
    opened(screens)

    # A gesture that fails is told, and the PIN is there to be typed.
    screens.set_up_screen_lock(pin="2748")
    page.get_by_text("画面ロックで確認できます").wait_for(timeout=PATIENCE)
    leave(screens)
    authenticator.refuse()
    screens.button("画面ロックで確認する").click()
    page.locator("#problem", has_text="もう一度試すか、暗証番号を入力してください").wait_for(timeout=PATIENCE)
    assert page.evaluate("document.activeElement.id") == "problem"
    page.locator("#pin").fill("2748")
    screens.button("確認して見る").click()
    opened(screens)

    # A PIN that is blocked.
    page.goto("/phone/screen-lock/")
    screens.button("画面ロックでの確認をやめる").click()
    authenticator.remove()
    ScreenLock(page)
    screens.set_up_screen_lock(pin="2748")
    page.get_by_text("画面ロックで確認できます").wait_for(timeout=PATIENCE)
    leave(screens)
    play(screens, verify("0000"), verify("0000"), verify("0000"))
    screens.button("画面ロックで確認する").click()
    page.locator("#problem", has_text="暗証番号がロックされているため").wait_for()
    assert page.evaluate(KEPT) == 0


@pytest.mark.parametrize("prf", [False, None], ids=["without PRF", "no authenticator"])
def test_an_authenticator_that_cannot_keep_the_pin_is_told_so_and_nothing_is_registered(
    screens: Screens, prf: bool | None
) -> None:
    page = screens.page
    if prf is not None:
        ScreenLock(page, prf=prf)
    screens.enrol("月岡", "MISAKI4Q07")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    screens.set_up_screen_lock()
    said = "暗証番号を安全にしまう機能がありません" if prf is False else "このブラウザでは、画面ロックを使えません"
    page.locator("#problem", has_text=said).wait_for(timeout=PATIENCE)
    assert page.evaluate(KEPT) == 0
    assert not [url for url in sent if url.endswith("/set-up")]
    page.reload()
    page.locator("#set-up").wait_for()


def test_no_page_of_these_rooms_has_a_fault_that_axe_finds(screens: Screens, axe: Axe) -> None:
    page, wrong = screens.page, []
    ScreenLock(page)
    screens.enrol("星野", "YUI9174KLM")
    page.goto("/phone/screen-lock/")
    wrong += look(screens, axe, "screen lock, not set up")
    screens.button("画面ロックを使えるようにする").click()
    wrong += [f"screen lock, nothing entered: {line}" for line in axe(page)]
    screens.set_up_screen_lock()
    page.get_by_text("画面ロックで確認できます").wait_for(timeout=PATIENCE)
    wrong += look(screens, axe, "screen lock, set up")
    page.goto("/certificates/")
    wrong += look(screens, axe, "before my certificates")
    screens.button("画面ロックで確認する").click()
    opened(screens)
    wrong += look(screens, axe, "my certificates")
    page.goto(f"{screens.system.samples}/bank/")
    screens.button("スマホでサインイン").click()
    screens.button("画面ロックで確認する").wait_for()
    wrong += look(screens, axe, "hand-off with screen lock")
    screens.button("画面ロックで確認する").click()
    page.wait_for_url(f"{screens.system.samples}/**")
    page.goto("/certificates/history/")
    wrong += look(screens, axe, "history")
    page.locator(".history a").first.click()
    screens.button("身に覚えがないと知らせる").wait_for()
    wrong += look(screens, axe, "a use")
    screens.button("身に覚えがないと知らせる").click()
    page.get_by_text("お申し出を受け付けました").wait_for()
    wrong += look(screens, axe, "a use, objected to")
    with page.expect_download() as download:
        page.goto("/certificates/")
        screens.link("PDFで保存").click()
    assert download.value.path().read_bytes().startswith(b"%PDF-")
    assert not wrong, "\n".join(wrong)
    # Once the proof is closed elsewhere, the way to prove oneself is shown, and not saved as a file.
    elsewhere = page.context.new_page()
    elsewhere.goto("/certificates/")
    elsewhere.get_by_role("button", name="いま閉じる").click()
    screens.link("PDFで保存").click()
    page.get_by_text("ご本人であることを確かめます").wait_for()
