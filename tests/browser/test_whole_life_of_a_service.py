"""A service's whole life in real browsers: applied for, returned, registered, used, changed, suspended, removed.

Its owner, two officers and a citizen each have a browser of their own; nobody reaches behind a page, but for the API
that the service itself calls.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from jpki_client import Client
from jpki_client.handoffs import Asked

from portal.supervision.system import System
from sandbox import personas
from tests.browser.conftest import Axe
from tests.browser.screens import PHONE_PIN, Screens
from tests.browser.staff import PASSWORD, Codes, Staff, totp
from tests.browser.test_accessibility import look
from tests.browser.test_providers import confirm_address, make_organisation, make_workspace
from tests.whitelist.cases.filled import NUMBER, png

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

OWNER, CITY, SERVICE, CLIENT_ID = "sora@city.example", "そら市", "そら市の窓口", "sora-madoguchi"
ORIGIN = "https://sora.example"
BACK = f"{ORIGIN}/return"
FIRST, SECOND = "届出をする人が本人か確かめます。", "届出と相談をする人が本人か確かめます。"
# What is written on each page of the case: {page: {field: text, or what is chosen}}.
CONTACT = {"name": "市民課　そら", "email": OWNER, "telephone": "03-0000-0000"}
ANSWERS: Mapping[str, Mapping[str, str | list[str]]] = {
    "organisation": {
        "name_ja": CITY,
        "name_en": "Sora City",
        "corporate_number": NUMBER,
        "kind": ["service_provider"],
    },
    "organisation-address": {
        "address": "東京都千代田区霞が関3-1-1",
        "representative": "市長　そら　一郎",
        "website": f"{ORIGIN}/",
    },
    "basis": {"item": ["17-1-1"], "explanation": "地方公共団体です。"},
    "service": {
        "name_ja": SERVICE,
        "name_en": "Sora City Desk",
        "website": f"{ORIGIN}/desk",
        "description": "届出ができます。",
        "client_id": CLIENT_ID,
    },
    "logo": {},
    "purposes": {"asks": ["user_authentication"]},
    "user-authentication": {
        "user_authentication.text_ja": FIRST,
        "user_authentication.text_en": "To check who reports.",
        "user_authentication.why": "なりすましを防ぐため。",
    },
    "applications": {"origin": ORIGIN, "callback_urls": BACK},
    "handoff": {"ways": ["link", "qr"]},
    **{
        f"contact-{who}": {f"{who}.{name}": text for name, text in CONTACT.items()}
        for who in ("business", "technical", "emergency")
    },
    "survey": {"volume": "1000件"},
}
SUSPENDED = "このサービスは登録が停止されているため、いまはスマホ用電子証明書を使えません。"
NOT_REGISTERED = "このサービスは登録簿に登録されていないため、スマホ用電子証明書を使えません。"

NewPage = Callable[[], "Page"]
Show = Callable[[Screens, str], None]


@pytest.fixture
def new_page(browser: "Browser", system: System) -> Iterator[NewPage]:
    """Give `new_page()`: another person's browser."""
    contexts = []
    wrong: list[str] = []

    def open_() -> "Page":
        contexts.append(browser.new_context(base_url=system.web, locale="ja-JP", timezone_id="Asia/Tokyo"))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not wrong, wrong


@pytest.fixture
def show(axe: Axe) -> Iterator[Show]:
    """Give `show(person, name)`: looks at a page in both languages; what is wrong fails the test in the end."""
    wrong: list[str] = []

    def show_(person: Screens, name: str) -> None:
        wrong.extend(look(person, axe, name))
        if folder := os.environ.get("SCREENSHOTS"):
            for width, height in ((390, 844), (1280, 900)):
                person.page.set_viewport_size({"width": width, "height": height})
                person.page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)

    yield show_
    assert not wrong, "\n".join(wrong)


class Person(Screens):
    """Somebody in a browser of their own."""

    def speak(self, language: str) -> None:
        """Switch the site to another language, by the button of that name."""
        self.button(language).click()
        self.button({"English": "日本語", "日本語": "English"}[language]).wait_for()


class Owner(Person):
    """Who applies for the service: a city's clerk, with password and authenticator app."""

    def register(self) -> None:
        page = self.page
        confirm_address(page, OWNER)
        self.link("パスワードと認証アプリを登録する").click()
        secret = page.locator("#secret").inner_text()
        page.locator("#code").fill(totp(secret))
        self.codes = Codes(self.system, OWNER, secret)
        self.button("次へ").click()
        for field in ("password", "again"):
            page.locator(f"#{field}").fill(PASSWORD)
        self.button("登録する").click()
        self.link("控えたので、始める").click()
        make_organisation(page, CITY)
        self.home = page.url
        make_workspace(page)

    def open(self, room: str) -> None:
        self.page.goto(self.home)
        self.link(room).click()

    def open_case(self) -> None:
        self.open("登録の申請")
        self.button("新しいサービスの申請を始める").click()
        self.page.get_by_role("heading", name="やること").wait_for()
        self.case = self.page.url

    def fill_all(self) -> None:
        """Fill page after page, as each leads to the next, until all is there to be checked."""
        page = self.page
        self.link("事業者の名称と法人番号").click()
        while found := re.search(r"/sections/([a-z-]+)/", page.url):
            name = found[1]
            if name == "applications":
                self.button("ブラウザを加える").click()
            self.fill(ANSWERS.get(name, {}))
            if name == "logo":
                page.locator("#logo").set_input_files({"name": "l.png", "mimeType": "image/png", "buffer": png(64)})
            if name.startswith("security-"):
                for answer in page.get_by_role("radio", name="できている").all():
                    answer.check()
                for evidence in page.get_by_role("textbox").all():
                    evidence.fill("2026年の検査の報告書")
            self.button("保存して次へ").click()
            page.wait_for_url(lambda address, here=name: f"/sections/{here}/" not in address)

    def fill(self, answers: Mapping[str, str | list[str]]) -> None:
        for field, answer in answers.items():
            if isinstance(answer, list):
                for one in answer:
                    self.page.locator(f"[name='{field}'][value='{one}']").check()
            else:
                # An application's fields have its number before their name.
                self.page.locator(f"[name='{field}'], [name$='.{field}']").fill(answer)

    def mend(self, task: str, answers: Mapping[str, str]) -> None:
        """Write other answers on a page of the case, and go on to where all is checked."""
        self.page.goto(self.case)
        self.link(task).click()
        self.fill(answers)
        self.button("保存して一覧に戻る").click()
        self.link("内容を確かめて提出する").click()

    def submit(self, told: str = "申請を提出しました") -> None:
        """Submit with the authenticator's code, by keyboard alone."""
        self.reach("#code")
        self.page.keyboard.type(self.codes.next())
        self.page.keyboard.press("Enter")
        self.page.get_by_text(told).wait_for()

    def issue_key(self, folder: Path) -> Client:
        """Have a key made, keep its private half, and return the service's client."""
        self.open("接続用の鍵")
        self.page.locator(f"a[href$='/services/{CLIENT_ID}/issue']").click()
        self.page.get_by_role("radio", name="署名つきの表明").check()
        self.page.get_by_role("radio", name="ここで鍵を作る").check()
        self.page.locator("#code").fill(self.codes.next())
        self.button("鍵を発行する").click()
        key = folder / "key.pem"
        key.write_text(self.page.locator("#pem").input_value())
        self.link("保存したので、一覧に戻る").click()
        return Client(self.system.web, CLIENT_ID, key)


class Officer(Person):
    """One of the two who review and register."""

    def __init__(self, page: "Page", system: System, name: str) -> None:
        super().__init__(page, system)
        staff = Staff(page, system, name, "registrar")
        staff.enrol()
        self.name = name
        self.codes = Codes(system, name, staff.secret)

    def take_up(self) -> None:
        self.page.goto("/review/")
        self.page.get_by_role("region", name="わたしたちの番の案件").get_by_role("link", name=CITY).click()
        self.button("審査を始める").click()

    def check_all(self) -> None:
        """Answer everything that is asked, on the case's page."""
        self.button("確認事項を記録する").wait_for()
        for item in self.page.locator(".check").all():
            item.get_by_role("radio", name="満たす").check()
            item.get_by_role("textbox").fill("書面で確かめた")
        self.button("確認事項を記録する").click()
        self.page.locator(".check .tag--success").first.wait_for()

    def propose(self, what: str) -> None:
        self.link(what).click()
        if what == "差し戻す":
            self.page.locator("#where-1").select_option("service|name_en")
            self.page.locator("#text-1").fill("英語名の表記をそろえてください。")
        self.button("提案する").click()
        self.page.get_by_text("あなたが提案したものです").wait_for()

    def decide(self, letter: str = "通知書を開く（PDF）") -> None:
        """Decide as the other has proposed, by keyboard alone from the desk on."""
        page = self.page
        page.goto("/review/")
        for where in ("table a[href*='/proposals/']", "#code"):
            self.reach(where)
            if where != "#code":
                page.keyboard.press("Enter")
                page.locator("#code").wait_for()
        page.keyboard.type(self.codes.next())
        page.keyboard.press("Enter")
        self.link(letter).wait_for()

    def open_entry(self) -> None:
        self.page.goto(f"/review/entries/{CLIENT_ID}/")

    def suspend(self) -> None:
        self.open_entry()
        self.page.locator("#reason").fill("鍵が漏れたおそれがある")
        self.page.locator("#code").fill(self.codes.next())
        self.button("停止する").click()
        self.page.get_by_text("ほかの人の確認を待っています").wait_for()

    def confirm(self) -> None:
        self.open_entry()
        self.page.locator("#code-confirm").fill(self.codes.next())
        self.button("停止を確認する").click()
        self.page.get_by_text("停止中です。確認されています。").wait_for()

    def propose_for_entry(self, kind: str, title: str) -> None:
        self.open_entry()
        self.page.get_by_text(f"提案する：{title}").click()
        self.page.locator(f"#reason-{kind}").fill("届け出による")
        self.page.locator("details[open]").get_by_role("button", name="提案する").click()
        self.page.get_by_text("あなたが提案したものです").wait_for()

    def approve_for_entry(self) -> None:
        self.open_entry()
        self.page.locator("#code-approve").fill(self.codes.next())
        self.button("提案のとおり決める").click()
        self.page.locator("#code-approve").wait_for(state="detached")


class Phone(Screens):
    """A citizen's phone, at the service's requests."""

    def answer(self, service: Client) -> Any:
        """Say yes to a new request, and return what the service learns by it."""
        asked = self.open(service)
        self.page.locator("#secret").fill(PHONE_PIN)
        with self.page.expect_request(f"{BACK}?*") as returned:
            self.button("確認する").click()
        code = parse_qs(urlsplit(returned.value.url).query)["code"][0]
        return service.redeem(asked.pending, code).result

    def ask(self, service: Client) -> Asked:
        return service.ask("user_authentication", return_url=BACK, media=["phone"])

    def open(self, service: Client) -> Asked:
        asked = self.ask(service)
        self.page.goto(asked.link)
        self.page.get_by_role("heading", name=f"{SERVICE}が本人確認を求めています").wait_for()
        return asked


def test_a_services_whole_life(new_page: NewPage, system: System, show: Show, tmp_path: Path) -> None:
    # From visitor to a case that is submitted.
    owner = Owner(new_page(), system)
    owner.register()
    owner.open_case()
    owner.fill_all()
    show(owner, "check")
    owner.submit()

    # Returned by two officers, mended at the remark, and submitted again.
    kaede, momiji = Officer(new_page(), system, "kaede-j"), Officer(new_page(), system, "momiji-j")
    kaede.take_up()
    kaede.propose("差し戻す")
    momiji.page.goto("/review/")
    show(momiji, "desk")
    momiji.decide()
    owner.page.goto(owner.case)
    owner.page.get_by_text("指摘のあるところを直して").wait_for()
    show(owner, "tasks-returned")
    owner.link("サービスの名前").click()
    remark = owner.page.locator("[data-field=name_en]", has_text="英語名の表記をそろえてください。")
    described = remark.locator("input").get_attribute("aria-describedby") or ""
    assert any(owner.page.locator(f"#{one}", has_text="英語名の").count() for one in described.split())
    show(owner, "remark")
    owner.mend("サービスの名前", {"name_en": "Sora City Office"})
    owner.submit()

    # Registered by two, and shown to everybody.
    kaede.take_up()
    kaede.check_all()
    show(kaede, "case")
    kaede.propose("登録簿に載せる")
    momiji.decide()
    show(momiji, "decided")
    anybody = Person(new_page(), system)
    anybody.page.goto("/register/")
    anybody.link(SERVICE).click()
    anybody.page.get_by_text(FIRST).wait_for()

    # Used: a key, a token, and a citizen who says yes.
    service = owner.issue_key(tmp_path)
    show(owner, "keys")
    phone = Phone(new_page(), system)
    hanako = personas.find("hanako")
    assert hanako is not None
    phone.page.route(f"{ORIGIN}/**", lambda route: route.fulfill(body="ok"))
    phone.enrol("青葉", hanako.signature_password)
    assert phone.answer(service)["medium"] == "phone"

    # Changed: what stands is in force until two have decided.
    owner.open("登録の申請")
    show(owner, "cases")
    owner.button(f"{SERVICE}の登録を変更する").click()
    owner.page.get_by_role("heading", name="やること").wait_for()
    owner.case = owner.page.url
    english = "To check who reports or asks."
    owner.mend("本人確認の目的", {"user_authentication.text_ja": SECOND, "user_authentication.text_en": english})
    show(owner, "check-change")
    owner.speak("English")
    owner.submit("The case is submitted.")
    owner.speak("日本語")
    momiji.take_up()
    momiji.check_all()
    momiji.propose("登録簿に載せる")
    anybody.page.reload()
    anybody.page.get_by_text(FIRST).wait_for()
    assert not anybody.page.get_by_text(SECOND).count()
    kaede.speak("English")
    kaede.decide("Open the letter (PDF)")
    kaede.speak("日本語")
    anybody.page.reload()
    anybody.page.get_by_role("region", name="このサービスについて").get_by_text(SECOND).wait_for()
    anybody.page.locator("#history del", has_text=FIRST).wait_for()
    anybody.speak("English")
    about = anybody.page.get_by_role("region", name="About this service")
    about.get_by_text(english).wait_for()
    anybody.speak("日本語")
    phone.open(service)
    phone.page.get_by_text(SECOND).wait_for()

    # Suspended by one: what is open on the phone is refused. Confirmed, and lifted by two.
    kaede.suspend()
    phone.page.locator("#secret").fill(PHONE_PIN)
    phone.button("確認する").click()
    phone.page.get_by_text(SUSPENDED).wait_for()
    show(phone, "refused")
    anybody.page.reload()
    anybody.page.get_by_text("登録が停止されています").wait_for()
    show(anybody, "register-suspended")
    momiji.confirm()
    show(momiji, "entry-suspended")
    momiji.propose_for_entry("lift", "停止を解く")
    kaede.approve_for_entry()
    assert phone.answer(service)["medium"] == "phone"

    # Removed by two; the register says so, and the service is nobody any more.
    kaede.propose_for_entry("remove", "登録を抹消する")
    momiji.approve_for_entry()
    anybody.page.reload()
    anybody.page.get_by_text("登録簿から削除されています").wait_for()
    show(anybody, "register-removed")
    asked = phone.ask(service)
    assert (asked.hand_off.state, asked.hand_off.reason) == ("refused", "not_registered")
    phone.page.goto(asked.link)
    phone.page.get_by_text(NOT_REGISTERED).wait_for()
    owner.open("登録の申請")
    assert not owner.button(f"{SERVICE}の登録を変更する").count()
