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


# Those that name a table of the TSM's, with workers that answer between two questions of the phone.
CEILING = 100


def test_an_enrolment_takes_no_more_statements_than_it_did(realm: Realm, deliver: Deliver) -> None:
    card = card_of(realm)
    citizen = Citizen.with_new_phone(realm, deliver)
    with CaptureQueriesContext(connection) as asked:
        citizen.enrol(card)
    # What the virtual phone asks is the sandbox's.
    own = [query["sql"] for query in asked if "tsm_" in query["sql"] and "sandbox_" not in query["sql"]]
    assert len(own) <= CEILING, f"{len(own)}: " + "\n".join(sql[:110] for sql in own)
