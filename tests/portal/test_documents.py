"""A template becomes a PDF that other programs read; nothing that stands in it is fetched."""

import re
import subprocess
from pathlib import Path

import pytest
from django.template import engines
from django.test import override_settings

from portal import documents
from tests.conftest import missing

PAGE = """{% extends "documents/base.html" %}{% block title %}受付票{% endblock %}
{% block body %}<h1>受付票</h1><p>{{ text }}</p>{{ extra|safe }}{% endblock %}"""


@pytest.fixture
def template(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(
        documents, "render_to_string", lambda _, context: engines["django"].from_string(PAGE).render(context)
    )
    return "page"


def text_of(made: bytes, folder: Path) -> str:
    file = folder / "made.pdf"
    file.write_bytes(made)
    try:
        return subprocess.run(["pdftotext", file, "-"], check=True, capture_output=True, text=True).stdout
    except FileNotFoundError:
        missing("pdftotext is not installed (Debian: apt-get install poppler-utils)")


@override_settings(LANGUAGE_CODE="ja")
def test_the_text_can_be_read_by_another_program(template: str, tmp_path: Path) -> None:
    made = documents.pdf(template, {"text": "髙橋 花子 様"})
    assert made.startswith(b"%PDF-")
    assert "髙橋 花子 様" in text_of(made, tmp_path)
    about = subprocess.run(["pdfinfo", tmp_path / "made.pdf"], check=True, capture_output=True, text=True).stdout
    assert "受付票" in about
    assert re.search(r"^Tagged: +yes$", about, re.MULTILINE)


def test_a_document_fetches_nothing(template: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"not for anybody")
    with_file = documents.pdf(template, {"text": "x", "extra": f'<img src="file://{secret}" alt="picture">'})
    assert b"not for anybody" not in with_file
    assert "picture" in text_of(with_file, tmp_path)
