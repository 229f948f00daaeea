"""The samples that share the bank's way back: the cases that could find what is their own."""

import pytest

from ca.models import Realm
from sandbox.conformance import catalogue
from sandbox.register import CITY, CLINIC, KIOSK
from tests.sandbox.conformance.test_runs import drive
from tests.sandbox.conformance.test_samples import Deliver, begin, registered, street  # noqa: F401
from tests.sandbox.relying_parties.visiting import Street
from tsm.models import Phone

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
# One of each kind; the rest goes through the same lines of the same modules.
OWN = (
    "return-state-wrong",
    "return-code-missing",
    "return-in-other-browser",
    "citizen-declined",
    "signature-wrong",
    "status-revoked",
    "ocsp-try-later",
)


@pytest.mark.parametrize(
    ("client_id", "start", "sign"),
    [(CITY, "/city/", "/city/form?example=1"), (KIOSK, "/kiosk/", ""), (CLINIC, "/clinic/", "")],
    ids=["city", "kiosk", "clinic"],
)
def test_city_hall_kiosk_and_clinic_pass(
    client_id: str,
    start: str,
    sign: str,
    registered: Street,  # noqa: F811
    realm: Realm,
    phone: Phone,
    deliver: Deliver,
) -> None:
    cases = [
        case.id
        for case in catalogue.CASES
        if case.id in ("good-authentication", *OWN) or (bool(sign) and case.id.startswith("document-"))
    ]
    came = drive(begin(realm, client_id, registered.url + start, sign and registered.url + sign, cases), deliver)
    passed = {case for case, out in came.items() if out[0] == "passed"}
    wrong = {case: out for case, out in came.items() if out[0] not in ("passed", "not_applicable")}
    assert not wrong, wrong
    assert {"good-authentication", *OWN} <= passed
    assert ("document-other" in passed) == bool(sign)
