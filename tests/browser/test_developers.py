"""The form on an operation's page, in a real browser: a token from a key, a request for real, what came of it."""

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.browser.conftest import Axe
from tests.browser.screens import Screens
from tests.browser.test_accessibility import look
from whitelist.credentials import keys


def test_a_reader_makes_a_token_from_a_key_and_sends_the_example(screens: Screens, axe: Axe) -> None:
    page, system = screens.page, screens.system
    from playwright.sync_api import expect

    sent: list[tuple[str, str]] = []
    page.on("request", lambda request: sent.append((request.url, request.post_data or "")))
    page.goto("/developers/")
    page.get_by_role("link", name="スマートフォンに頼む").click()
    assert look(screens, axe, "operation") == []
    page.get_by_label("トークン", exact=True).fill("no token")
    page.get_by_role("button", name="送る").click()
    page.get_by_role("heading", name="届いた答え 401").wait_for()
    assert "token_invalid" in page.locator("[data-content]").inner_text()

    pem = (system.var / "samples" / "mirai-bank.pem").read_text()
    key = serialization.load_pem_private_key(pem.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    page.get_by_text("鍵からトークンを作る").click()
    page.get_by_label("クライアントID").fill("mirai-bank")
    page.get_by_label("鍵の名前").fill(keys.of(key.public_key()).thumbprint)
    page.get_by_label("秘密鍵").fill(pem)
    page.get_by_role("button", name="トークンを作る").click()
    expect(page.get_by_label("トークン", exact=True)).not_to_have_value("no token")
    page.get_by_role("button", name="送る").click()
    page.get_by_role("heading", name="届いた答え 201").wait_for()
    assert '"reason": "return_url_not_registered"' in page.locator("[data-content]").inner_text()
    assert "ratelimit:" in page.locator("[data-headers]").inner_text()

    page.locator("#try-body").fill("{")
    page.get_by_role("button", name="送る").click()
    page.get_by_role("alert").wait_for()
    assert all(url.startswith(system.web) for url, _ in sent)
    assert not any(line in body for _, body in sent for line in pem.splitlines()[1:2])
