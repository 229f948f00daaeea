"""The operators' console: how things stand, conversations, orders with a reason and a code; no personal data."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ca import clock
from ca import journal as chain
from ca.models import Certificate, Realm
from portal.accounts.models import Account
from portal.console import orders
from tests.portal.accounts.people import code, journal, make_staff, sign_in, wrong_code
from tests.portal.helpdesk.callers import enrolled
from tests.tsm.enrolment.citizen import Citizen, Deliver, card_of
from tsm import services, trace
from tsm.models import Conversation, Enrolment, SecureElement, ServiceOrder
from tsm.trace import Waiting

pytestmark = pytest.mark.django_db


def order(browser: Client, enrolment: Enrolment, **form: str) -> Any:
    return browser.post(f"/console/enrolments/{enrolment.reference}/order", form)


def test_an_order_takes_a_choice_a_reason_and_a_code(operator: Account, enrolment: Enrolment, realm: Realm) -> None:
    browser = sign_in(operator)
    form = {"function": "suspend", "reason": "通報 12"}
    assert order(browser, enrolment, **form, code=wrong_code(operator)).status_code == 403
    assert order(browser, enrolment, **form | {"reason": " "}, code=code(operator)).status_code == 400
    assert order(browser, enrolment, **form | {"function": "explode"}, code=code(operator)).status_code == 400
    assert not ServiceOrder.objects.exists()
    response = order(browser, enrolment, **form, code=code(operator))
    assert response.headers["Location"] == f"/console/enrolments/{enrolment.reference}/"
    assert ServiceOrder.objects.get().function == "suspend"
    assert {one.status for one in Certificate.objects.filter(medium="phone")} == {"on_hold"}
    (entry,) = journal("operator.ordered")
    assert entry.subject == str(enrolment.reference)
    assert entry.data == {"staff": "kaede", "function": "suspend", "reason": "通報 12"}
    assert chain.verify(realm) is None


def test_an_operator_alone_releases_no_hold(operator: Account, enrolment: Enrolment) -> None:
    services.suspend(enrolment, source="help desk")
    response = order(sign_in(operator), enrolment, function="resume", reason="試験", code=code(operator))
    assert response.status_code == 400
    assert [one.function for one in ServiceOrder.objects.filter(state="open")] == ["suspend"]


@pytest.mark.parametrize("function", sorted(orders.ORDERS))
def test_each_order_is_placed_and_a_code_is_good_for_one(
    operator: Account, enrolment: Enrolment, function: str
) -> None:
    browser, given = sign_in(operator), code(operator)
    assert order(browser, enrolment, function=function, reason="試験", code=given).status_code == 302
    enrolment.refresh_from_db()
    done = set(ServiceOrder.objects.values_list("function", flat=True)) | {enrolment.state}
    assert function in done or (function, enrolment.state) == ("terminate", "ended")
    assert order(browser, enrolment, function=function, reason="試験", code=given).status_code == 403


def test_what_cant_be_ordered_any_more_is_told(operator: Account, enrolment: Enrolment) -> None:
    services.terminate(enrolment, source="test")
    response = order(sign_in(operator), enrolment, function="suspend", reason="試験", code=code(operator))
    assert response.status_code == 409
    assert not journal("operator.ordered"), "what wasn't done isn't in the journal"


def test_the_overview_names_what_stands_still_and_what_for(
    operator: Account, enrolment: Enrolment, realm: Realm, settings: Any
) -> None:
    cards = [enrolment.card_signature_certificate, enrolment.card_authentication_certificate]
    still = enrolled(enrolment.holder, state="keyed", cards=cards)
    moving = enrolled(enrolment.holder, state="verified", cards=cards)
    Enrolment.objects.filter(pk=still.pk).update(state_since=clock.now(realm) - timedelta(minutes=11))
    services.suspend(enrolment, source="test")
    page = sign_in(operator).get("/console/")
    assert [row.enrolment for row in page.context["still"]] == [still]
    assert [one.function for one in page.context["orders"]] == ["suspend"]
    text = page.content.decode()
    assert "認証局のワーカーを待っています" in text
    assert str(moving.reference) not in text
    assert page.context["lists"].due > 0
    assert enrolment.holder.name not in text
    assert enrolment.holder.address not in text


def test_a_number_of_any_kind_leads_to_the_enrolment(operator: Account, enrolment: Enrolment, realm: Realm) -> None:
    conversation = Conversation.objects.create(element=enrolment.element, opened_at=clock.now(realm))
    browser = sign_in(operator)
    for number in (
        enrolment.reference,
        str(enrolment.reference).replace("-", "").upper(),
        enrolment.phone.reference,
        conversation.reference,
        enrolment.element.identifier,
    ):
        response = browser.get("/console/enrolments/", {"what": number})
        assert response.headers["Location"] == f"/console/enrolments/{enrolment.reference}/", number
    for number in ("00", "nonsense", enrolment.holder.reference):
        assert browser.get("/console/enrolments/", {"what": number}).status_code == 404


def test_an_operator_sees_its_own_realm_only(operator: Account, enrolment: Enrolment) -> None:
    from tests.ca.fixtures import make_realm

    other = sign_in(make_staff(make_realm("other"), "elsewhere", "operator"))
    assert other.get(f"/console/enrolments/{enrolment.reference}/").status_code == 404
    assert order(other, enrolment, function="suspend", reason="x", code="000000").status_code == 404
    assert other.get("/console/enrolments/", {"what": enrolment.reference}).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_real_conversation_is_shown_masked_and_the_sandbox_shows_the_same(
    operator: Account, realm: Realm, deliver: Deliver
) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    citizen.enrol(card_of(realm))
    conversation = Conversation.objects.get()
    browser = sign_in(operator)
    assert str(conversation.reference) in browser.get("/console/conversations/").content.decode()
    page = browser.get(f"/console/conversations/{conversation.reference}?whole").content.decode()
    assert "PUT KEY" in page
    assert "keys ••" in page
    assert Enrolment.objects.get().holder.name not in page
    anybody = Client(headers={"accept-language": "ja"})
    assert "PUT KEY" in anybody.get(f"/sandbox/conversations/{conversation.reference}?whole").content.decode()
    assert anybody.get(f"/console/conversations/{conversation.reference}").status_code == 302


def test_however_many_there_are_the_queries_are_as_many(operator: Account, enrolment: Enrolment, realm: Realm) -> None:
    cards = [enrolment.card_signature_certificate, enrolment.card_authentication_certificate]
    browser, counts = sign_in(operator), []
    for _ in range(2):
        for state in ("keyed", "verified", "installed"):
            made = enrolled(enrolment.holder, state=state, cards=cards)
            Conversation.objects.create(element=made.element, opened_at=clock.now(realm))
        Enrolment.objects.exclude(state="active").update(state_since=clock.now(realm) - timedelta(hours=1))
        numbers = []
        for address in ("/console/", "/console/conversations/", "/console/lists/"):
            with CaptureQueriesContext(connection) as queries:
                assert browser.get(address).status_code == 200
            numbers.append(len(queries))
        counts.append(numbers)
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 25


def test_what_many_elements_wait_for_is_what_each_waits_for(enrolment: Enrolment, realm: Realm) -> None:
    cards = [enrolment.card_signature_certificate, enrolment.card_authentication_certificate]
    for state in ("keyed", "verified", "installed", "ended", "deleted"):
        enrolled(enrolment.holder, state=state, cards=cards)
    services.suspend(enrolment, source="test")
    elements = list(SecureElement.objects.order_by("pk"))
    together = trace.waiting_all(elements)
    assert together == {element.pk: trace.waiting(element) for element in elements}
    assert [together[element.pk][0] for element in elements] == [
        Waiting.TSM_WORKER,  # the order
        Waiting.CA_WORKER,
        Waiting.TSM_WORKER,
        Waiting.HOLDER,
        Waiting.TSM_WORKER,  # to be deleted
        Waiting.NOTHING,
    ]
