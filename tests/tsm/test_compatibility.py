"""Which phones will do: each requirement, the conformance tests and their dates, and the published list."""

import csv
import io
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from ca.models import Realm
from tests.ca.fixtures import *  # noqa: F403
from tsm import compatibility
from tsm.compatibility import Biometrics, Reason, Result, ScreenLock

GOOD = compatibility.MODELS[0]


@pytest.mark.parametrize(
    ("missing", "reason"),
    [
        ({"os": "iOS"}, Reason.OPERATING_SYSTEM),
        ({"os_version": 8}, Reason.OS_VERSION),
        ({"nfc": False}, Reason.NO_NFC),
        ({"secure_element": False}, Reason.NO_SECURE_ELEMENT),
        ({"java_card": False}, Reason.NO_JAVA_CARD),
    ],
)
def test_a_model_that_misses_a_requirement_is_told_which(missing: dict[str, Any], reason: Reason) -> None:
    assert GOOD.unsupported_because is None
    assert replace(GOOD, **missing).unsupported_because is reason


@pytest.mark.parametrize(
    ("measured", "strong"),
    [
        (Biometrics("指紋", 0.002, 7, 7), True),
        (Biometrics("指紋", 0.0021, 7, 7), False),
        (Biometrics("指紋", 0.002, 7.1, 7), False),
        (Biometrics("指紋", 0.002, 7, 7.1), False),
        (Biometrics("指紋", 0.002, 7, 7, primary_every_hours=73), False),
    ],
)
def test_class_3_has_three_rates_and_seventy_two_hours(measured: Biometrics, strong: bool) -> None:
    assert measured.is_class_3 is strong
    new, old = replace(GOOD, biometrics=measured), replace(GOOD, biometrics=measured, os_version=10)
    assert new.screen_lock is (ScreenLock.DEVICE_CREDENTIAL if strong else ScreenLock.NONE)
    assert old.screen_lock is (ScreenLock.BIOMETRICS if strong else ScreenLock.NONE)


@pytest.mark.django_db
def test_the_newest_conformance_result_counts_and_is_due_again() -> None:
    assert GOOD.result is not None
    first = GOOD.result.tested_on
    assert compatibility.reason_against(GOOD) is None
    compatibility.record(GOOD.code, Result(first + timedelta(days=10), "build 2", passed=False))
    assert compatibility.reason_against(GOOD) is Reason.CONFORMANCE_FAILED
    compatibility.record(GOOD.code, Result(first + timedelta(days=20), "build 3", passed=True))
    assert compatibility.reason_against(GOOD) is None
    compatibility.record(GOOD.code, Result(first - timedelta(days=20), "build 0", passed=False))
    assert compatibility.reason_against(GOOD) is None, "an older result doesn't undo a newer one"
    assert compatibility.reason_against(replace(GOOD, code="new", result=None)) is Reason.NOT_TESTED
    with pytest.raises(ValueError, match="sakura-8"):
        compatibility.record("no-such", Result(date(2026, 1, 1), "x", passed=True))


@pytest.mark.django_db
def test_the_list_says_what_is_overdue_by_the_realms_clock(realm: Realm, settings: Any) -> None:
    settings.DEFAULT_REALM = realm.slug
    Realm.objects.filter(pk=realm.pk).update(clock_offset=timedelta(days=3 * 365))
    rows = {row["code"]: row for row in Client().get("/phones/list.json").json()["phones"]}
    assert rows["sakura-8"]["overdue"]
    assert rows["sakura-8"]["supported"], "a test that is due refuses nobody"
    assert rows["ringo-15"] | {"supported": False, "reason": "operating_system"} == rows["ringo-15"]


@pytest.mark.django_db
def test_page_json_and_csv_say_the_same() -> None:
    rows = Client().get("/phones/list.json").json()["phones"]
    lines = list(csv.DictReader(io.StringIO(Client().get("/phones/list.csv").content.decode())))
    assert [line["code"] for line in lines] == [row["code"] for row in rows]
    assert [line["supported"] for line in lines] == [str(row["supported"]) for row in rows]
    page = Client(headers={"accept-language": "en"}).get("/phones/").content.decode()
    for row in rows:
        assert row["name"] in page
    assert "Java applets can&#x27;t be installed in its secure element" in page
