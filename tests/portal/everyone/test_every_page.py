"""Every page, for everybody: both languages, its weight, its outline, nothing inline, nothing from elsewhere, few
queries however many rows there are."""

import re
import uuid
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ca.models import Realm
from tests.portal.everyone import world
from tests.portal.everyone.pages import FILES, LEADING_ON, PAGES, Page, addresses
from tests.portal.everyone.world import World

LANGUAGES = ("ja", "en")
HEAVIEST = 150_000
MOST_QUERIES = 30
# Each finding is measured by itself, so that one that fails or takes too long hides none of the others.
MEASURED_ONE_BY_ONE = {"console:findings"}
# Attributes by which a page makes the browser fetch or send something.
FETCHED = {"src", "srcset", "poster", "action", "formaction", "data"}
EMPTY_ELEMENTS = {"script", "style"}


class Outline(HTMLParser):
    """What a page says about itself, and what is wrong with it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.language, self.title, self._in = "", "", ""
        self.wrong: list[str] = []
        self.ids: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._in = tag
        if tag == "html":
            self.language = given.get("lang", "")
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "style" or (tag == "script" and "src" not in given and given.get("type") != "application/json"):
            self.wrong.append(f"an inline {tag}")
        self.wrong += [f"inline {name}" for name in given if name == "style" or name.startswith("on")]
        fetched = FETCHED | ({"href"} if tag == "link" else set())
        for name, value in given.items():
            if name in fetched and urlsplit(value).netloc:
                self.wrong.append(f"{tag} fetches {value}")
        if "id" in given:
            if given["id"] in self.ids:
                self.wrong.append(f"twice the id {given['id']}")
            self.ids.add(given["id"])

    def handle_data(self, data: str) -> None:
        if self._in == "title":
            self.title += data

    def handle_endtag(self, tag: str) -> None:
        self._in = ""


def look(everybody: World, page: Page, language: str = "ja") -> Any:
    """Open a page in its browser; return the response."""
    client = everybody.browsers[page.browser]
    client.cookies["django_language"] = language
    return client.get(everybody.address(page))


@pytest.mark.django_db
def test_every_address_is_a_page_that_is_looked_at_or_none(client: Client) -> None:
    listed = {page.address for page in PAGES} | FILES | LEADING_ON
    some = {"uuid": str(uuid.UUID(int=0)), "int": "1"}
    for name, path, _view in addresses():
        if name not in listed:
            there = re.sub(r"<(?:(\w+):)?\w+>", lambda found: some.get(found[1], "1"), path)
            status = client.get(f"/{there}").status_code
            assert status == 405, f"{name} (/{path}) is in no table of tests/portal/everyone/pages.py"


def test_the_tables_name_what_there_is() -> None:
    pages = {page.address for page in PAGES}
    assert pages | FILES | LEADING_ON <= {name for name, _path, _view in addresses()}
    assert not pages & (FILES | LEADING_ON)
    assert not FILES & LEADING_ON


@pytest.mark.django_db
def test_every_page_is_whole_in_both_languages(everybody: World) -> None:
    wrong = []
    for page in PAGES:
        titles = set()
        for language in LANGUAGES:
            response = look(everybody, page, language)
            if response.status_code != page.status:
                wrong.append(f"{page} {language}: {response.status_code} {response.headers.get('Location', '')}")
                continue
            html = response.content.decode()
            found = Outline(html)
            faults = list(found.wrong)
            if len(response.content) >= HEAVIEST:
                faults.append(f"{len(response.content)} bytes")
            if found.headings.count(1) != 1 or found.headings[0] != 1:
                faults.append(f"headings {found.headings}")
            if any(after > before + 1 for before, after in zip(found.headings, found.headings[1:], strict=False)):
                faults.append(f"headings {found.headings}")
            if found.language != language:
                faults.append(f"lang={found.language}")
            if "|" not in found.title or not found.title.split("|")[0].strip():
                faults.append(f"title {found.title!r}")
            titles.add(found.title)
            wrong += [f"{page} {language}: {fault}" for fault in faults]
        if len(titles) != len(LANGUAGES):
            wrong.append(f"{page}: its title is in one language only: {titles}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.django_db
def test_however_many_rows_there_are_a_page_asks_the_database_as_often(everybody: World) -> None:
    def count() -> list[int]:
        numbers = []
        for page in PAGES:
            look(everybody, page)  # what only a first look writes
            with CaptureQueriesContext(connection) as asked:
                assert look(everybody, page).status_code == page.status, page
            # What a page notes (when somebody was last seen) hangs on the clock, not on rows.
            numbers.append(sum(not one["sql"].startswith("UPDATE") for one in asked.captured_queries))
        return numbers

    world.grow(everybody, 2)
    few = count()
    world.grow(everybody, 9)
    many = count()
    grown = [f"{page}: {one}, then {other}" for page, one, other in zip(PAGES, few, many, strict=True) if other > one]
    assert not grown, "\n".join(grown)
    counted = [
        (page, number) for page, number in zip(PAGES, many, strict=True) if page.address not in MEASURED_ONE_BY_ONE
    ]
    asking = [f"{page}: {number}" for page, number in counted if number > MOST_QUERIES]
    assert not asking, "\n".join(asking)


@pytest.mark.django_db
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_that_isnt_there_is_one_too(realm: Realm, client: Client, language: str) -> None:
    client.cookies["django_language"] = language
    response = client.get("/nowhere")
    assert response.status_code == 404
    found = Outline(response.content.decode())
    assert (found.language, found.headings[0], found.wrong) == (language, 1, [])
