"""From visitor to sandbox in a real browser: registered, an organisation, a workspace, its lines run to the letter."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import Axe
from tests.browser.screens import PATIENCE, ScreenLock, Screens
from tests.browser.staff import PASSWORD, totp
from tests.browser.test_accessibility import look

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture
def colleague(browser: "Browser", screens: Screens) -> "Iterator[Page]":
    """Open another person's browser."""
    context = browser.new_context(base_url=screens.system.web, locale="ja-JP", timezone_id="Asia/Tokyo")
    yield context.new_page()
    context.close()


def mailed(page: "Page", to: str) -> str:
    """Return the code of the newest mail to an address, from the pretend world's outbox."""
    other = page.context.new_page()
    other.goto("/outbox/")
    text = other.locator("main").text_content() or ""
    other.close()
    found = re.search(r"コード： ([0-9A-Z-]+)", text[text.index(to) :])
    assert found is not None, text
    return found[1]


def confirm_address(page: "Page", address: str) -> None:
    """From the welcome to the choice of how to sign in."""
    page.goto("/")
    page.get_by_role("link", name="サービス事業者の方へ").first.click()
    page.get_by_role("link", name="はじめて使う方：登録する").click()
    page.locator("#address").fill(address)
    page.get_by_role("button", name="確認コードを送る").click()
    page.locator("#code").fill(mailed(page, address))
    page.get_by_role("button", name="次へ").click()
    page.get_by_role("heading", name="サインインの方法を選んでください").wait_for()


def make_organisation(page: "Page", name: str) -> None:
    page.get_by_role("link", name="組織を作る").click()
    page.locator("#name_ja").fill(name)
    page.get_by_role("button", name="組織を作る").click()
    page.get_by_role("heading", name=name).wait_for()


def make_workspace(page: "Page") -> None:
    page.get_by_role("link", name="ワークスペース").click()
    page.get_by_role("button", name="ワークスペースを作る").click()
    page.locator("#client-id").wait_for(timeout=PATIENCE)


def run_lines(page: "Page", folder: Path, private_key: str) -> str:
    """Run the page's lines, to the letter, where the private key is; return what the last one answers."""
    (folder / "key.pem").write_text(private_key)
    lines = [page.locator(f"#try-{step}").inner_text() for step in ("assertion", "token", "handoff")]
    program = "\n".join(["set -eu", *lines])
    done = subprocess.run(
        ["bash", "-c", program],
        # `python3` with PyJWT: this one.
        cwd=folder, env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}, capture_output=True, text=True,
        timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_registered_by_authenticator_to_a_token_and_a_hand_off(screens: Screens, axe: Axe, tmp_path: Path) -> None:
    page, wrong = screens.page, []
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or ""))
    confirm_address(page, "yamada@bank.example")
    wrong += look(screens, axe, "method")
    page.get_by_role("link", name="パスワードと認証アプリを登録する").click()
    secret = page.locator("#secret").inner_text()
    page.locator("#code").fill(totp(secret))
    page.get_by_role("button", name="次へ").click()
    for field in ("password", "again"):
        page.locator(f"#{field}").fill(PASSWORD)
    page.get_by_role("button", name="登録する").click()
    page.get_by_role("link", name="控えたので、始める").click()
    make_organisation(page, "やまだ銀行")
    make_workspace(page)
    page.get_by_role("link", name="鍵を登録する").click()
    page.get_by_role("button", name="このブラウザで鍵を作る").click()
    page.locator("#made").wait_for()
    private_key = page.locator("#private-key").inner_text()
    with page.expect_download() as download:
        page.get_by_role("link", name="key.pem を保存する").click()
    assert download.value.suggested_filename == "key.pem"
    assert Path(download.value.path()).read_text().strip() == private_key.strip()
    # Nothing of the private key went anywhere.
    body = "".join(private_key.strip().splitlines()[1:-1])
    assert not [one for one in sent if body[:40] in one or '"d"' in one]
    wrong += [f"key: {line}" for line in axe(page)]
    page.get_by_role("link", name="保存したので、試す").click()
    page.locator("#try-handoff").wait_for()
    answer = run_lines(page, tmp_path, private_key)
    assert '"state":"requested"' in answer.replace(" ", "") or '"link"' in answer
    wrong += look(screens, axe, "workspace")
    assert not wrong, wrong


def test_a_passkey_alone_registers_signs_in_and_hands_an_organisation_over(
    screens: Screens, colleague: "Page", axe: Axe
) -> None:
    page = screens.page
    authenticator = ScreenLock(page, prf=False)
    confirm_address(page, "suzuki@city.example")
    page.get_by_role("button", name="パスキーを登録する").press("Enter")
    page.get_by_role("heading", name="わたしの組織").wait_for()
    assert authenticator.credentials() == 1
    make_organisation(page, "すずき市")
    page.get_by_role("button", name="サインアウト").click()
    page.get_by_role("heading", name="事業者のサインイン").wait_for()
    wrong = look(screens, axe, "sign-in")
    page.get_by_role("button", name="パスキーでサインイン").press("Enter")
    page.get_by_role("link", name="すずき市").click()

    # A colleague is invited, registers, and finds the invitation.
    page.get_by_role("link", name="メンバー").click()
    page.get_by_role("link", name="同僚を招待する").click()
    page.locator("#address").fill("tanaka@city.example")
    page.get_by_role("radio", name="法務担当").check()
    page.get_by_role("button", name="招待を送る").click()
    page.get_by_role("heading", name="返事を待っている招待").wait_for()
    ScreenLock(colleague, prf=False)
    confirm_address(colleague, "tanaka@city.example")
    colleague.get_by_role("button", name="パスキーを登録する").click()
    colleague.get_by_role("button", name="メンバーになる").click()
    colleague.get_by_role("heading", name="すずき市").wait_for()

    page.reload()
    page.get_by_role("link", name=re.compile("所有者にする.*tanaka")).click()
    page.get_by_role("radio", name="閲覧者").check()
    wrong += look(screens, axe, "hand-over")
    page.get_by_role("radio", name="閲覧者").check()
    page.get_by_role("button", name="パスキーで確認して「所有者にする」").press("Enter")
    page.get_by_text("メンバーを招いたり、役割を変えたりできるのは、所有者です。").wait_for()
    colleague.goto(page.url)
    colleague.get_by_role("link", name=re.compile("役割を変える.*suzuki")).wait_for()
    assert not wrong, wrong


def test_a_passkey_that_isnt_there_is_said_in_a_sentence(screens: Screens) -> None:
    page = screens.page
    ScreenLock(page, prf=False)
    page.goto("/providers/sign-in")
    page.get_by_role("button", name="パスキーでサインイン").click()
    screens.problem.get_by_text("この端末にパスキーがありません").wait_for(timeout=PATIENCE)
