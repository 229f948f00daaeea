"""Mynaportal in a browser: signed in by phone, a procedure filed, its receipt kept; and where notices go."""

import re
import subprocess
from pathlib import Path

from tests.browser.conftest import Axe
from tests.browser.screens import PATIENCE, PHONE_PASSWORD, PHONE_PIN, Screens
from tests.browser.test_accessibility import look
from tests.conftest import missing


def test_a_citizen_signs_in_by_phone_files_a_procedure_and_keeps_the_receipt(
    screens: Screens, axe: Axe, tmp_path: Path
) -> None:
    page, wrong = screens.page, []
    page.goto("/mynaportal/procedures/?q=引っ越し")
    wrong += look(screens, axe, "search")
    screens.enrol("風間", "KENJI20W83")

    page.goto("/mynaportal/procedures/moving_out/")
    wrong += look(screens, axe, "procedure")
    screens.button("サインインして申請を始める").click()
    page.locator("#secret").fill(PHONE_PIN)
    screens.button("確認する").click()
    page.wait_for_url("**/mynaportal/procedures/moving_out/", timeout=PATIENCE)
    screens.button("申請を始める").click()

    assert "大阪府難橋区堀江９－１０－１１" in page.locator("main").inner_text(), "filled in from the certificate"
    screens.button("内容を確かめる").click()
    page.get_by_text("直すところが 5 つあります").wait_for()
    wrong += [f"form, wrong: {line}" for line in axe(page)]
    page.get_by_role("link", name="引っ越す日を入力してください。").click()
    assert page.evaluate("document.activeElement.id") == "day"
    page.locator("#day").fill("2027-01-15")
    page.locator("#new_address").fill("神奈川県港浜市海岸通１－１")
    page.locator("#new_head").fill("風間　健二")
    page.locator("#people").fill("2")
    page.locator("#telephone").fill("090-1234-5678")
    screens.button("内容を確かめる").click()
    page.get_by_role("heading", name="この内容で申請しますか").wait_for(timeout=PATIENCE)
    wrong += look(screens, axe, "confirm")
    screens.button("スマートフォンで署名して申請する").click()
    page.locator("#secret").fill(PHONE_PASSWORD)
    screens.button("署名する").click()
    page.get_by_role("heading", name="申請を受け付けました").wait_for(timeout=PATIENCE)
    wrong += look(screens, axe, "filed")

    with page.expect_download() as downloading:
        screens.link("控え（署名付きPDF）を受け取る").click()
    receipt = tmp_path / "receipt.pdf"
    downloading.value.save_as(receipt)
    try:
        said = subprocess.run(["pdfsig", "-nocert", receipt], capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        missing("pdfsig is not installed (Debian: apt-get install poppler-utils)")
    assert "Signature is Valid." in said
    assert "Total document signed" in said

    for name in ("", "applications/", "records/", "notices/"):
        page.goto(f"/mynaportal/{name}")
        wrong += look(screens, axe, f"mynaportal/{name}")
    page.get_by_text("申請を受け付けました").wait_for()
    screens.button("サインアウト").click()
    page.get_by_text("サインアウトしました。").wait_for()
    assert not wrong, "\n".join(wrong)


def test_a_mail_address_is_confirmed_on_the_phone_and_told_what_happens(screens: Screens, axe: Axe) -> None:
    page, wrong = screens.page, []
    screens.enrol("星野", "YUI9174KLM")
    page.goto("/phone/")
    screens.link("お知らせの届け先").click()
    wrong += look(screens, axe, "notices")
    screens.link("メールで受け取る").click()
    screens.button("確認コードを送る").click()
    page.locator("#address-error").wait_for()
    wrong += look(screens, axe, "address")
    page.locator("#address").fill("yui@mail.example")
    screens.button("確認コードを送る").click()
    page.wait_for_url("**/phone/notices/code/", timeout=PATIENCE)
    wrong += look(screens, axe, "code")
    screens.link("送られたメールと手紙を見る").click()
    page.locator("summary", has_text="確認コード").first.click()
    found = re.search(r"確認コード： (\d{6})", page.locator("details[open] pre").inner_text())
    assert found
    wrong += look(screens, axe, "outbox")
    page.goto("/phone/notices/code/")
    page.locator("#code").fill(found[1])
    screens.button("確認する").click()
    page.wait_for_url("**/phone/notices/", timeout=PATIENCE)
    page.get_by_text("yui@mail.example").wait_for()
    assert not wrong, "\n".join(wrong)
