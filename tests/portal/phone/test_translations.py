"""Japanese first, English beside it: no sentence of a page is without its English."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.test import Client
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[3]
APPS = ("portal", "whitelist", "sandbox", "tsm", "ca")
CATALOGUES = sorted(path for app in APPS for path in (ROOT / app).glob("**/locale/en/LC_MESSAGES/django.po"))
KEYWORDS = {"_": None, "gettext": None, "gettext_lazy": None, "ngettext": (1, 2)}
HOLE = re.compile(r"%\(\w+\)s|\{\w+\}|<[^>]*>")


def said() -> Iterator[tuple[str, str]]:
    """Return every sentence that is marked for translation, with its file."""
    for app in APPS:
        for file in sorted([*(ROOT / app).rglob("*.html"), *(ROOT / app).rglob("*.py")]):
            source = file.read_text()
            if file.suffix == ".html":
                # What is left of a template is calls of gettext; its indentation means nothing to Python.
                source = "\n".join(line.strip() for line in templatize(source).splitlines())
            for _, message, _, _ in extract("python", io.BytesIO(source.encode()), KEYWORDS):
                yield str(file.relative_to(ROOT)), message[0] if isinstance(message, tuple) else message


def english() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in CATALOGUES:
        with path.open("rb") as file:
            catalogue = read_po(file, locale="en")
        entries = {_first(entry.id): _first(entry.string) for entry in catalogue if entry.id and not entry.fuzzy}
        assert not {name for name in found.keys() & entries if found[name] != entries[name]}, path
        found |= entries
    return found


def _first(text: str | list[str] | tuple[str, ...] | None) -> str:
    return (text[0] if isinstance(text, (tuple, list)) else text) or ""


def test_every_sentence_has_its_english() -> None:
    translated = english()
    assert not {(file, message) for file, message in said() if not translated.get(message)}


def test_the_catalogue_has_no_sentence_that_nobody_says() -> None:
    assert not english().keys() - {message for _, message in said()}


def test_a_translation_has_the_holes_and_tags_of_the_original() -> None:
    for message, translation in english().items():
        assert sorted(HOLE.findall(message)) == sorted(HOLE.findall(translation)), message


@pytest.mark.django_db
def test_the_language_is_the_browsers_until_it_is_chosen(client: Client) -> None:
    assert 'lang="ja"' in client.get("/").content.decode()
    page = client.get("/", headers={"accept-language": "en"}).content.decode()
    assert '<html lang="en">' in page
    assert "Skip to content" in page
    response = client.post("/i18n/setlang/", {"language": "en", "next": "/phone/"})
    assert response.headers["Location"] == "/phone/"
    assert '<html lang="en">' in client.get("/phone/").content.decode()
