"""Lists cost the same however long they are, and what is made twice with one key is made once."""

from typing import Any

import pytest

from ca.profiles import Medium, Purpose
from sandbox import citizens, phones, specimens
from sandbox.citizens import Wish
from sandbox.models import Citizen
from tests.sandbox.ready import Api
from tests.sandbox.world.conftest import settle

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.usefixtures("at_once")
def test_a_list_of_many_takes_no_more_questions_than_one_of_few(api: Api, django_assert_max_num_queries: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def more() -> None:
        settle(api.realm, str(codes.pop()))
        phones.make(api.realm, "sakura-8")
        specimens.ask(api.realm, purpose=Purpose.SIGNATURE, medium=Medium.PHONE, wanted="valid")

    codes = ["misaki", "taro", "hanako"]
    nouns = ("citizens", "cards", "phones", "certificates", "test-certificates", "crls", "authorities", "enrolments")
    more()
    few = {}
    for noun in nouns:
        with CaptureQueriesContext(connection) as asked:
            api("get", noun)
        few[noun] = len(asked)
    more()
    more()
    for noun in nouns:
        # One more where a window of the rate limit ends between.
        with django_assert_max_num_queries(few[noun] + 1):
            api("get", noun)


@pytest.mark.usefixtures("at_once")
def test_a_citizen_that_is_asked_for_twice_with_one_key_is_one(api: Api) -> None:
    key = {"idempotency-key": "make-me-once"}
    first = api("post", "citizens", {"romaji": "TEST One"}, expect=201, **key)
    assert api("post", "citizens", {"romaji": "TEST One"}, expect=201, **key) == first
    assert Citizen.objects.filter(realm=api.realm).count() == 1
    other = api("post", "citizens", {"romaji": "TEST Two"}, expect=409, **key)
    assert other["code"] == "idempotency_key_used"
    citizens.make(api.realm, Wish())
    page = api("get", "citizens?limit=1")
    assert page["next"]
    assert api("get", page["next"].partition("/sandbox/api/v1/")[2])["items"] == [api("get", f"citizens/{first['id']}")]
