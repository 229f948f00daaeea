"""The thread between applicant and officers: who has read what, and once for once."""

import pytest

from ca.models import JournalEntry
from whitelist.cases import messages
from whitelist.cases.errors import MessageUnfit
from whitelist.models import Case, CaseMessage

pytestmark = pytest.mark.django_db
AOI, MIDORI, OFFICER = "aoi@bank.example", "midori@bank.example", "kuroda"
Side = CaseMessage.Side


def test_each_side_sees_what_it_hasnt_read_of_the_other(draft: Case) -> None:
    messages.send(draft, Side.APPLICANT, "質問です。", AOI)
    answer = messages.send(draft, Side.OFFICERS, "お答えします。", OFFICER)
    assert [messages.unread(draft, Side.APPLICANT, who) for who in (AOI, MIDORI)] == [1, 1]
    assert messages.unread(draft, Side.OFFICERS, OFFICER) == 1
    messages.read(draft, AOI, answer)
    assert [messages.unread(draft, Side.APPLICANT, who) for who in (AOI, MIDORI)] == [0, 1]
    messages.send(draft, Side.OFFICERS, "もう一つ。", OFFICER)
    assert messages.unread(draft, Side.APPLICANT, AOI) == 1
    (case,) = messages.counted(Case.objects.all(), Side.APPLICANT, AOI)
    assert case.unread == 1


def test_reading_an_older_page_takes_nothing_back(draft: Case) -> None:
    first = messages.send(draft, Side.OFFICERS, "一つ目", OFFICER)
    second = messages.send(draft, Side.OFFICERS, "二つ目", OFFICER)
    messages.read(draft, AOI, second)
    messages.read(draft, AOI, first)
    assert messages.unread(draft, Side.APPLICANT, AOI) == 0


def test_a_form_sent_twice_is_one_message(draft: Case) -> None:
    first = messages.send(draft, Side.APPLICANT, "質問です。", AOI)
    assert messages.send(draft, Side.APPLICANT, "質問です。\r\n", AOI) == first
    assert messages.send(draft, Side.APPLICANT, "質問です。", MIDORI) != first
    assert JournalEntry.objects.filter(kind="case.message").count() == 2


@pytest.mark.parametrize("text", ["", " \n ", "\0", "長" * 4001])
def test_nothing_and_too_much_is_no_message(draft: Case, text: str) -> None:
    with pytest.raises(MessageUnfit):
        messages.send(draft, Side.APPLICANT, text, AOI)
