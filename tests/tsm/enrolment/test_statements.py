"""An enrolment asks the database for no more than it did: most of what it costs the server is statements."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ca.models import Realm
from sandbox import phones
from tests.tsm.enrolment.citizen import Citizen, Deliver, card_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_exchange_that_has_nothing_to_do_takes_few_statements(realm: Realm, deliver: Deliver) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    reference = citizen.apply(card_of(realm)).json()["id"]
    deliver("tsm")
    session = citizen.api("GET", "conversation").json()["session"]
    assert session
    assert reference
    seram = f"/gp/seram/handshake?sessionId={session}"
    element = {"secureElements": [{"seType": "eSE", "seId": citizen.phone.element.identifier}]}
    headers = {"authorization": f"Bearer {phones.bearer(citizen.row)}"}
    with CaptureQueriesContext(connection) as asked:
        answer = citizen.client.post(seram, element, content_type="application/json", headers=headers)
    assert answer.status_code == 200
    assert len(asked) <= 6, [query["sql"][:90] for query in asked]
