"""Letters of every decision, as PDF with their text; and who had them is written down."""

import pypdfium2 as pdfium
import pytest
from django.test import Client
from django.urls import reverse

from ca.models import Realm
from portal.review import letters
from tests.portal.accounts.people import journal
from tests.portal.review.people import officers
from tests.whitelist.relying_parties import make_bank
from tests.whitelist.review import cases
from whitelist.models import Organisation
from whitelist.review import deciding, reviewing, suspensions

pytestmark = pytest.mark.django_db


def text(content: bytes) -> str:
    """Return what a PDF says, without line breaks."""
    document = pdfium.PdfDocument(content)
    return "".join(page.get_textpage().get_text_range() for page in document).replace("\r", "").replace("\n", "")


SAID = {
    "certify": ("主務大臣認定通知書", "認-7", "年1回の報告", "Notice of ministerial certification"),
    "register": ("登録通知書", "shinagawa-account", "Notice of registration"),
    "return": ("差戻し", "ほかのサービスと紛れます。", "Your application was returned"),
    "refuse": ("不承認通知書", "目的が法の認める確認ではありません。", "3か月以内", "審査請求", "three months"),
}


@pytest.mark.parametrize("kind", SAID)
def test_a_decision_has_its_letter(desk: dict[str, Client], organisation: Organisation, kind: str) -> None:
    role, item = ("ministry", "17-1-6") if kind == "certify" else ("registrar", "17-1-1")
    first, second = officers(role)
    case = cases.submitted(organisation, cases.answers(item))
    made = cases.propose(reviewing.take_up(case, by=first), kind, first)
    client = desk[first.name]
    address = reverse("review:letter", args=[case.reference, made.reference])
    assert client.get(address).status_code == 404  # nothing is decided yet
    deciding.approve(made, by=second, version=1)
    assert [one.pk for one in letters.of(case)] == [made.pk]
    response = client.get(address)
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/pdf")
    assert response.headers["Content-Disposition"].startswith("attachment")
    said = text(response.content)
    for part in (*SAID[kind], "品川信用金庫 御中", "効力はありません"):
        assert part.replace(" ", "") in said.replace(" ", ""), part
    assert [(one.data["by"], one.data["proposal"]) for one in journal("review.letter")] == [
        (first.name, str(made.reference))
    ]


def test_a_suspension_has_its_letter_before_and_after_it_is_confirmed(
    desk: dict[str, Client], realm: Realm, organisation: Organisation
) -> None:
    first, second = officers("registrar")
    made = suspensions.suspend(make_bank(realm, organisation=organisation), by=first, reason="鍵が漏れたため")
    address = f"/review/entries/test-bank/suspensions/{made.reference}"
    before = text(desk["matsu"].get(address).content)
    assert "24時間のうちに" in before.replace(" ", "")
    suspensions.confirm(made, by=second)
    after = text(desk["matsu"].get(address).content)
    assert "2人目の担当者が確認しました" in after
    assert "鍵が漏れたため" in after
    assert [one.pk for one in letters.suspensions(made.entry)] == [made.pk]
