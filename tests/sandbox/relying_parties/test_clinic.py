"""The clinic: one file for one person, through every change of card and phone; found by the authorities' records."""

import re

import httpx
import pytest

from ca import clock, revocation
from ca.models import Realm
from ca.profiles import Medium, Purpose
from ca.revocation import Cause
from sandbox.relying_parties.clinic.store import Store
from tests.ca.fixtures import make_holder
from tests.sandbox.relying_parties.somebody import Somebody
from tests.sandbox.relying_parties.visiting import Street, press, sign_in
from whitelist.models import VerificationLog

HANAKO = {"name": "青葉　花子", "birth_date": "1990-04-12", "insured": "１２３・４５６７"}


@pytest.fixture
def somebody(realm: Realm) -> Somebody:
    return Somebody.with_card(make_holder(realm))


def come(browser: httpx.Client, who: Somebody, medium: Medium) -> httpx.Response:
    """Come to the clinic; return the page that one lands on."""
    return sign_in(browser, who, "clinic", medium)


def is_new(page: httpx.Response) -> bool:
    return page.url.path == "/clinic/register"


def register(browser: httpx.Client, **changes: str) -> httpx.Response:
    made = press(browser, "/clinic/register", "/clinic/register", **(HANAKO | changes))
    return browser.get(made.headers["Location"]) if made.status_code == 302 else made


def file_of(page: httpx.Response) -> str:
    assert (page.status_code, page.url.path) == (200, "/clinic/file"), page.text
    found = re.search(r"診察券番号</dt><dd>(\d+)<", page.text)
    assert found is not None
    return found[1]


def linked(page: httpx.Response) -> dict[str, tuple[str, str]]:
    """Return medium and standing by number, as the file's page tells them."""
    rows = re.findall(r'data-medium="(\w+)" data-number="([0-9A-F]+)" data-standing="([^"]+)"', page.text)
    return {number: (medium, standing) for medium, number, standing in rows}


def test_one_file_through_phone_device_change_end_of_use_and_renewal(
    samples: httpx.Client, realm: Realm, somebody: Somebody
) -> None:
    # With the card first: a new patient.
    assert is_new(come(samples, somebody, Medium.CARD))
    opened = register(samples)
    number = file_of(opened)
    assert "有効です（窓口での負担 3割）" in opened.text
    first_card = somebody.number(Medium.CARD)
    # A phone comes to it: never seen, and known by its card.
    somebody.get_phone(30)
    first_phone = somebody.number(Medium.PHONE)
    by_phone = come(samples, somebody, Medium.PHONE)
    assert (file_of(by_phone), "はじめてのスマホですが" in by_phone.text) == (number, True)
    assert linked(by_phone) == {first_card: ("カード", "有効"), first_phone: ("スマホ", "有効")}
    assert "このスマホの電子証明書は、あなたの診察券と結び付いています" in samples.get("/clinic/file").text
    # Device change: the pair in the phone before has ended, the new one is known at once.
    somebody.get_phone(32)
    changed = come(samples, somebody, Medium.PHONE)
    assert file_of(changed) == number
    assert linked(changed)[first_phone] == ("スマホ", "失効")
    assert linked(changed)[somebody.number(Medium.PHONE)] == ("スマホ", "有効")
    # The phone's use ends: it opens nothing any more, the card does.
    somebody.lose(Purpose.USER_AUTHENTICATION, Medium.PHONE, Cause.PHONE_USE_ENDED)
    assert samples.get("/clinic/file").status_code == 403
    assert file_of(come(samples, somebody, Medium.CARD)) == number
    # Renewal: the new card has nothing in common with the old one but its holder.
    somebody.get_card(somebody.certificate(Purpose.SIGNATURE, Medium.CARD).holder, 40)
    renewed = come(samples, somebody, Medium.CARD)
    assert (file_of(renewed), "カードの更新を引き継ぎました" in renewed.text) == (number, True)
    assert linked(renewed)[first_card] == ("カード", "失効")
    assert linked(renewed)[somebody.number(Medium.CARD)] == ("カード", "有効")
    # And a phone on the new card.
    somebody.get_phone(50)
    assert file_of(come(samples, somebody, Medium.PHONE)) == number
    # Each question stands in the log of the authorities, as the clinic's.
    assert {row.relying_party.client_id for row in VerificationLog.objects.all()} == {"wakaba-clinic"}


def test_who_only_ever_comes_by_phone_is_known_after_the_renewal_too(samples: httpx.Client, somebody: Somebody) -> None:
    somebody.get_phone(30)
    assert is_new(come(samples, somebody, Medium.PHONE))
    number = file_of(register(samples))
    somebody.get_card(somebody.certificate(Purpose.SIGNATURE, Medium.CARD).holder, 40)
    somebody.get_phone(50)
    renewed = come(samples, somebody, Medium.PHONE)
    assert (file_of(renewed), "カードの更新を引き継ぎました" in renewed.text) == (number, True)


def test_other_people_have_other_files(samples: httpx.Client, realm: Realm, somebody: Somebody) -> None:
    come(samples, somebody, Medium.CARD)
    number = file_of(register(samples))
    other = Somebody.with_card(make_holder(realm, name="別人"), 60)
    assert is_new(come(samples, other, Medium.CARD)), "an equal name and birthday say nothing"
    theirs = file_of(register(samples))
    assert theirs != number
    # One without a signature certificate on the new card can't be followed: told to ask at the desk, and not guessed.
    other.get_card(other.certificate(Purpose.SIGNATURE, Medium.CARD).holder, 70, signs=False)
    again = come(samples, other, Medium.CARD)
    assert (is_new(again), "窓口にお声がけください" in again.text) == (True, True)


def test_two_files_of_one_person_are_told_and_never_merged(
    samples: httpx.Client, street: Street, somebody: Somebody
) -> None:
    come(samples, somebody, Medium.CARD)
    by_card = file_of(register(samples))
    # A file made by hand at the desk, before anybody knew whose phone it is.
    somebody.get_phone(30)
    accounts = Store(street.folder / "clinic.sqlite3")
    other = accounts.create(**HANAKO, number=somebody.number(Medium.PHONE), medium="phone", now="2026-01-01 00:00")
    page = come(samples, somebody, Medium.PHONE)
    assert (file_of(page), "別の診察券と結び付いています" in page.text) == (other.number, True)
    assert file_of(come(samples, somebody, Medium.CARD)) == by_card


def test_what_a_new_patient_enters_is_looked_at_field_by_field(samples: httpx.Client, somebody: Somebody) -> None:
    come(samples, somebody, Medium.CARD)
    for changes, said in (
        ({"name": ""}, "氏名"),
        ({"birth_date": "2999-01-01"}, "生年月日"),
        ({"birth_date": "1990-02-30"}, "生年月日"),
        ({"insured": "abc"}, "被保険者の記号・番号"),
    ):
        wrong = register(samples, **changes)
        assert (wrong.status_code, f'">{said}</a>:' in wrong.text) == (400, True), wrong.text
        assert 'aria-invalid="true"' in wrong.text
    assert "資格を失っています" in register(samples, insured="0-0").text


def test_a_file_is_opened_by_nobody_else_and_can_be_thrown_away(samples: httpx.Client, somebody: Somebody) -> None:
    assert samples.get("/clinic/file").status_code == 403
    come(samples, somebody, Medium.CARD)
    register(samples)
    with httpx.Client(base_url=samples.base_url) as other:
        assert other.get("/clinic/file").status_code == 403
        assert other.get("/clinic/register").status_code == 403
    gone = press(samples, "/clinic/file", "/clinic/delete")
    assert "診察券を捨てました" in gone.text
    assert samples.get("/clinic/file").status_code == 403
    assert is_new(come(samples, somebody, Medium.CARD))


def test_a_card_that_is_held_waits_and_is_known_again(samples: httpx.Client, somebody: Somebody, realm: Realm) -> None:
    come(samples, somebody, Medium.CARD)
    number = file_of(register(samples))
    certificate = somebody.certificate(Purpose.USER_AUTHENTICATION, Medium.CARD)
    revocation.hold(certificate, cause=Cause.LOSS, now=clock.now(realm))
    assert samples.get("/clinic/file").status_code == 403
    revocation.release(certificate, now=clock.now(realm))
    assert file_of(samples.get("/clinic/file")) == number
