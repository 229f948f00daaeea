"""Finding a holder by what a caller can say: however written, by two items at least, by an index, a few at most."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ca.models import Certificate, Holder, Realm
from portal.accounts.models import Account
from portal.helpdesk import finding, names
from portal.helpdesk.errors import SearchTooVague, SearchTooWide
from portal.helpdesk.finding import Said
from tests.ca import plans
from tests.ca.fixtures import issue_card, make_holder, make_realm
from tests.portal.accounts.people import journal
from tests.portal.helpdesk.callers import enrolled
from tsm.models import Enrolment

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


@pytest.fixture
def cards(holder: Holder) -> list[Certificate]:
    """Return certificates for enrolments that only need some."""
    from ca.profiles import Purpose

    return [issue_card(holder, purpose, key=number) for number, purpose in enumerate(Purpose)]


def with_phone(realm: Realm, cards: list[Certificate], model: str = "さくらフォン 8", **facts: Any) -> Holder:
    holder = make_holder(realm, **facts)
    enrolled(holder, model=model, cards=cards, state=Enrolment.State.ENDED)
    return holder


@pytest.mark.parametrize(
    "said",
    [
        Said(name="髙橋　花子", born_on=date(1990, 4, 12)),
        Said(name="高橋花子", born_on=date(1990, 4, 12)),
        Said(name="高橋 花子", address="若葉町1-2-3"),
        Said(name="高橋花子", address="若葉町１丁目２番３号"),
        Said(name=" 髙橋　花子 ", model="さくら"),
        Said(born_on=date(1990, 4, 12), address="草薙市"),
        Said(born_on=date(1990, 4, 12), model="ｻｸﾗﾌｫﾝ"),
    ],
    ids=lambda said: "-".join(said.items),
)
def test_a_holder_is_found_however_it_is_written(
    realm: Realm, agent: Account, cards: list[Certificate], said: Said
) -> None:
    model = "サクラフォン さくら 8"
    wanted = with_phone(
        realm, cards, model, name="髙橋　花子", born_on=date(1990, 4, 12), address="東京都草薙市若葉町１－２－３"
    )
    with_phone(realm, cards, "かえで 3", name="白川　太郎", born_on=date(1990, 4, 12), address="東京都若草市桜台４")
    with_phone(realm, cards, "かえで 3", name="髙橋　花子", born_on=date(1971, 1, 2), address="大阪府難橋区堀江９")
    assert finding.find(agent, said) == [wanted]


@pytest.mark.parametrize("name", ["ＪＯＨＮ　ＳＭＩＴＨ", "john smith", "John Smith", "ＪｏｈｎＳｍｉｔｈ"])
def test_a_name_in_latin_letters_is_found_in_either_width_and_case(
    realm: Realm, agent: Account, cards: list[Certificate], name: str
) -> None:
    wanted = with_phone(realm, cards, name="ＪＯＨＮ　ＳＭＩＴＨ")
    assert finding.find(agent, Said(name=name, address="清瀬市")) == [wanted]


@pytest.mark.parametrize(
    "said",
    [
        Said(),
        Said(name="黒桐　幹也"),
        Said(born_on=date(1980, 2, 17)),
        Said(address="東京都清瀬市", model="さくら"),
        Said(name="黒桐　幹也", address="東"),
        Said(name="　・　", born_on=date(1980, 2, 17)),
    ],
)
def test_less_than_two_items_or_no_name_and_no_birth_date_find_nobody(realm: Realm, agent: Account, said: Said) -> None:
    with pytest.raises(SearchTooVague):
        finding.find(agent, said)


def test_more_than_a_few_are_not_shown_and_one_item_more_tells_them_apart(
    realm: Realm, agent: Account, cards: list[Certificate]
) -> None:
    holders = [with_phone(realm, cards, address=f"東京都清瀬市南町{number}－1") for number in range(6)]
    with pytest.raises(SearchTooWide):
        finding.find(agent, Said(name="黒桐　幹也", born_on=date(1980, 2, 17)))
    assert finding.find(agent, Said("黒桐幹也", date(1980, 2, 17), "南町3-1")) == [holders[3]]
    assert [entry.data["found"] for entry in journal("helpdesk.searched")] == [-1, 1]


@pytest.mark.parametrize("most", ["READ", "COMPARED"])
def test_who_shares_what_was_said_with_very_many_is_asked_for_more_and_never_missed(
    realm: Realm, agent: Account, cards: list[Certificate], monkeypatch: pytest.MonkeyPatch, most: str
) -> None:
    for number in range(2):
        make_holder(realm, address=f"東京都清瀬市南町{number}－1")
    wanted = with_phone(realm, cards)  # the cards' holder is the fourth of that name and birth date
    said = Said(name="黒桐　幹也", born_on=date(1980, 2, 17))
    monkeypatch.setattr(finding, most, 4)
    assert finding.find(agent, said) == [wanted]
    monkeypatch.setattr(finding, most, 3)
    with pytest.raises(SearchTooWide):
        finding.find(agent, said)
    assert [entry.data["found"] for entry in journal("helpdesk.searched")] == [1, -1]


def test_nobody_of_another_realm_and_nobody_without_a_phone_is_found(
    realm: Realm, agent: Account, cards: list[Certificate]
) -> None:
    make_holder(realm)
    other = make_realm("other")
    with_phone(other, cards)
    assert finding.find(agent, Said(name="黒桐　幹也", born_on=date(1980, 2, 17))) == []


def test_the_journal_has_what_was_asked_by_and_nothing_of_what_was_said(realm: Realm, agent: Account) -> None:
    finding.find(agent, Said(name="青葉　花子", born_on=date(1990, 4, 12), address="若葉町"))
    (entry,) = journal("helpdesk.searched")
    assert (entry.subject, entry.data) == ("sakura", {"items": ["name", "born_on", "address"], "found": 0})


def test_however_many_fit_the_queries_are_as_many(realm: Realm, agent: Account, cards: list[Certificate]) -> None:
    counts = []
    for number in range(2):
        for _ in range(3):
            with_phone(realm, cards, "さくら" if number == 0 else "かえで", address=f"東京都清瀬市南町{number}")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            finding.find(agent, Said(name="黒桐　幹也", born_on=date(1980, 2, 17), model="さくら"))
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1990-04-12", date(1990, 4, 12)),
        ("１９９０／４／１２", date(1990, 4, 12)),
        ("19900412", date(1990, 4, 12)),
        ("平成2年4月12日", date(1990, 4, 12)),
        ("Ｈ２．４．１２", date(1990, 4, 12)),
        ("s55.2.17", date(1980, 2, 17)),
        ("令和元年5月1日", date(2019, 5, 1)),
        ("大正 15 年 12 月 24 日", date(1926, 12, 24)),
        ("1990-02-30", None),
        ("きのう", None),
        ("", None),
    ],
)
def test_a_birth_date_is_read_as_people_write_it(typed: str, meant: date | None) -> None:
    assert names.birth_date(typed) == meant


def test_a_name_in_a_form_that_is_not_made_is_found_by_the_birth_date(
    realm: Realm, agent: Account, cards: list[Certificate]
) -> None:
    wanted = with_phone(realm, cards, name="Ｊｏｈｎ・ＳＭＩＴＨ", born_on=date(1990, 4, 12))
    assert "Ｊｏｈｎ・ＳＭＩＴＨ" not in names.written_forms("john smith")
    assert finding.find(agent, Said(name="john smith", born_on=date(1990, 4, 12))) == [wanted]


def test_the_forms_of_a_name_are_few() -> None:
    assert len(names.written_forms("髙" * 40 + "﨑" * 40)) <= names.MOST_FORMS
    assert "齋藤　渡" in names.written_forms("斎藤渡")
    assert names.written_forms("　") == []


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("said", "index"),
    [
        (Said(name="氏名17", born_on=date(1980, 3, 5)), "ca_holder_name_born_on"),
        (Said(born_on=date(1980, 3, 5), address="清瀬市"), "ca_holder_born_on"),
        (Said(name="氏名77", address="清瀬市"), "ca_holder_name_born_on"),
    ],
    ids=["both", "birth date", "name"],
)
def test_a_search_reads_an_index_and_not_the_population(
    realm: Realm, agent: Account, cards: list[Certificate], said: Said, index: str
) -> None:
    template = make_holder(realm)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ca_holder (realm_id, reference, name, name_substitution, sex, birth_date, born_on, address,"
            " address_substitution, prefecture, municipality, municipality_code)"
            " SELECT realm_id, gen_random_uuid(), '氏名' || n, '', sex, birth_date, born_on + n %% 50, address, '',"
            " prefecture, municipality, municipality_code FROM ca_holder, generate_series(1, 20000) n WHERE id = %s",
            [template.pk],
        )
        # As autovacuum would at any moment: a plan must not start from a table of phones that is known to be small.
        cursor.execute("ANALYZE ca_holder, tsm_enrolment")
    with plans.executed() as seen:
        finding.find(agent, said)
    assert any(index in plan for plan in seen), seen
    assert plans.sequential(seen, ["ca_holder"]) == []
