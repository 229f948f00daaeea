"""The console's page of findings: the same as the doctor says, for operators alone, in both languages."""

import pytest
from django.test import Client

from ca.models import Realm
from portal.observing.models import PeriodicRun
from tests.portal.accounts.people import make_staff, sign_in

pytestmark = pytest.mark.django_db


def test_an_operator_sees_what_is_wrong_and_what_to_do(well: Realm) -> None:
    browser = sign_in(make_staff(well, "kaede", "operator"))
    assert "いま、悪いところは見つかりませんでした。" in browser.get("/console/findings/").content.decode()
    PeriodicRun.objects.filter(task="ca.seal_journals").update(failed=True)
    page = browser.get("/console/findings/").content.decode()
    assert "sweeps.failed" in page
    assert "task ca.seal_journals" in page
    assert "定期の仕事が、最後に失敗で終わりました。" in page
    english = browser.get("/console/findings/", headers={"accept-language": "en"}).content.decode()
    assert "A periodic task failed when it was last done." in english
    assert "<td>1 (limit 0)</td>" in english


def test_nobody_else_does(well: Realm) -> None:
    assert Client().get("/console/findings/").status_code == 302
    assert sign_in(make_staff(well, "sakura", "helpdesk")).get("/console/findings/").status_code == 403
