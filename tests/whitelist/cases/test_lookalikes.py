"""Names that look like another's: pairs that must be found, pairs that must not, and what holds for every name."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ca.models import Realm
from tests.whitelist.cases.filled import make_organisation
from tests.whitelist.relying_parties import make_bank
from whitelist.cases import lookalikes
from whitelist.models import Organisation, RelyingParty

ALIKE = [
    ("Bank", "ＢＡＮＫ"),  # width and case
    ("ｱｵｿﾞﾗ", "アオゾラ"),
    ("bank", "bаnk"),  # Cyrillic а
    ("Bank", "Βank"),  # Greek capital beta
    ("apple", "аррlе"),
    ("BOOK", "ВООК"),  # Cyrillic throughout
    ("サービス", "サ一ビス"),  # the kanji one
    ("サービス", "サ－ビス"),
    ("サービス", "サ‐ビス"),
    ("サービス", "サ―ビス"),
    ("サービス", "サ–ビス"),
    ("サービス", "サ〜ビス"),
    ("ロボット", "口ボット"),
    ("カード", "力ード"),
    ("ニュース", "二ュース"),
    ("タクシー", "夕クシー"),
    ("エコ", "工コ"),
    ("ハト", "八卜"),
    ("ヘルプ", "へルプ"),  # hiragana he
    ("ペイ", "ぺイ"),
    ("トクトク", "卜ク卜ク"),
    ("キャッシュ", "キヤツシユ"),
    ("pay10", "payIO"),
    ("Paypal", "PaypaI"),
    ("Paypal", "Paypa1"),
    ("modern", "modem"),
    ("あおぞら銀行", "あおぞら 銀行"),
    ("あおぞら銀行", "あおぞら・銀行"),
    ("あおぞら銀行", "あおぞら\u200b銀行"),
    ("あおぞら銀行", "株式会社あおぞら銀行"),
    ("café", "cafe"),
    ("第3銀行", "第３銀行"),
]
DIFFERENT = [
    ("あおぞら銀行", "みどり銀行"),
    ("カード", "ガード"),  # the voicing mark is a letter's own
    ("バス", "パス"),
    ("東京都", "東京部"),
    ("市役所", "区役所"),
    ("Aozora", "Aozore"),
    ("第一銀行", "第二銀行"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_what_looks_alike_is_found_from_either_side(one: str, other: str) -> None:
    assert lookalikes.alike(one, other)
    assert lookalikes.alike(other, one)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_readers_tell_apart_is_told_apart(one: str, other: str) -> None:
    assert not lookalikes.alike(one, other)


@given(st.text(max_size=60))
def test_a_name_is_always_its_own_look_alike(name: str) -> None:
    assert lookalikes.alike(name, name)
    assert lookalikes.skeleton(lookalikes.skeleton(name)) == lookalikes.skeleton(name)


@given(st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd"]), min_size=1, max_size=30))
def test_width_case_and_composition_make_no_difference(name: str) -> None:
    found = lookalikes.skeleton(name)
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert lookalikes.skeleton(unicodedata.normalize(form, name)) == found
    assert lookalikes.skeleton(name.casefold()) == found


@given(st.text(max_size=20), st.text(max_size=20))
def test_likeness_is_mutual(one: str, other: str) -> None:
    assert lookalikes.alike(one, other) == lookalikes.alike(other, one)


@pytest.mark.django_db
def test_a_name_that_imitates_anothers_service_is_flagged_and_ones_own_is_not(realm: Realm) -> None:
    organisation, other = make_organisation(realm), make_organisation(realm, "ほかの銀行")
    make_bank(realm, "theirs", name_ja="サービスカード", name_en="Service Card", organisation=other)
    make_bank(realm, "nobodys", name_ja="ニュース", name_en="News")
    make_bank(realm, "own", name_ja="あおぞら", name_en="Aozora", organisation=organisation)
    make_bank(realm, "gone", name_ja="むかし", name_en="Once", organisation=other, state=RelyingParty.State.REMOVED)

    def found(*names: str, by: Organisation = organisation) -> set[tuple[str, str]]:
        return {(one.client_id, one.like) for one in lookalikes.imitated(by, *names)}

    assert found("サ一ビス力一ド", "Something") == {("theirs", "サ一ビス力一ド")}
    assert found("ほか", "SERVlCE CARD") == {("theirs", "SERVlCE CARD")}
    assert found("二ュース") == {("nobodys", "二ュース")}
    assert found("あおぞら", "むかし", "", " ") == set()
    assert found("サービスカード", by=other) == set()
    assert found("サ一ビス力一ド", by=make_organisation(Realm.objects.create(slug="other", name="other"))) == set()
