"""Whatever order people save in: nobody overwrites what they haven't seen, and nothing that was typed is lost."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from ca.models import Realm
from tests.whitelist.cases.filled import make_organisation
from whitelist.cases import drafts
from whitelist.models import CaseSection

PEOPLE = ("aoi", "midori", "kaede")
FIELDS = ("name_ja", "name_en")
SAVING = st.tuples(st.sampled_from(PEOPLE), st.sampled_from(FIELDS), st.sampled_from(["一", "二", "三", ""]))
READING = st.sampled_from(PEOPLE)


@pytest.mark.django_db
class TestMerging(TestCase):
    """One example is one draft, and a course of readings and savings by three people."""

    @settings(max_examples=60)
    @given(st.lists(st.one_of(READING, SAVING), max_size=14))
    def test_no_value_is_lost(self, course: list[Any]) -> None:
        realm = Realm.objects.create(slug="merging", name="merging")
        case = drafts.open(make_organisation(realm), "aoi")
        read = {who: (0, drafts.answers(case)["service"]) for who in PEOPLE}
        for step in course:
            row = CaseSection.objects.get(case=case, name="service")
            if isinstance(step, str):
                read[step] = (row.edition, row.answers)
                continue
            who, field, value = step
            edition, known = read[who]
            before = row.answers[field]
            saved = drafts.save(case, "service", edition, {field: value}, who)
            row.refresh_from_db()
            if saved.conflicts:
                assert row.answers[field] == before
                assert row.disputed[field][who] == value
                assert before != value
            else:
                assert row.answers[field] == value
                # What was there is what the writer had on the page, or the very same.
                assert before in (known[field], value)
                # The page goes on with what it was answered.
                read[who] = (saved.edition, {**known, **saved.others, field: value})
