"""What holds for every page: nothing inline, nothing from third parties, small, clear words when things go wrong."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ca.models import Realm
from tests.tsm.enrolment.citizen import Citizen, card_of
from tsm import enrolment as enrolments
from tsm import services
from tsm.jpki import Key

ROOT = Path(__file__).resolve().parents[3]
# Documents become PDF files and letters, and are never a page: theirs is the one style that stands in a template.
TEMPLATES = sorted(
    file
    for app in ("portal", "whitelist", "sandbox")
    for file in (ROOT / app).rglob("templates/**/*.html")
    if "documents" not in file.parts
)
STATIC = sorted((ROOT / "portal/static").rglob("*.*"))
# A page with all that it loads is under 150 kB: this much for stylesheet, pictures and scripts, the rest for itself.
LARGEST_PAGE = 150_000
LARGEST_LOADED = 100_000


def served(name: str) -> Path:
    """Return the file of that name among the static files of all apps."""
    return next(file for app in ("portal", "sandbox") if (file := ROOT / app / "static" / name).exists())


def imported(script: Path) -> set[Path]:
    """Return a script and all that it imports."""
    names = re.findall(r'from "\./([^"]+)"', script.read_text())
    return {script}.union(*(imported(script.parent / name) for name in names))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_template_has_no_inline_script_or_style(template: Path) -> None:
    source = template.read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", source)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", source)


@pytest.mark.parametrize(
    "file", [file for file in STATIC if file.suffix in {".css", ".js"}], ids=lambda file: file.name
)
def test_a_stylesheet_or_script_asks_no_third_party(file: Path) -> None:
    assert not re.findall(r"url\(\s*[\"']?(?:https?:)?//|@import|from \"https?:", file.read_text())


def test_everything_that_a_page_loads_stays_under_the_limit() -> None:
    always = {ROOT / "portal/static/site" / name for name in ("site.css", "mark.svg", "check.svg")}
    for template in TEMPLATES:
        scripts = re.findall(r"""<script[^>]*\{% static '([^']+)'""", template.read_text())
        loaded = always.union(*(imported(served(name)) for name in scripts))
        assert sum(file.stat().st_size for file in loaded if file.exists()) < LARGEST_LOADED, template
    assert len(gzip.compress((ROOT / "portal/static/site/site.css").read_bytes())) < 10_000


@pytest.mark.parametrize(
    "template", [file for file in TEMPLATES if "data-code=" in file.read_text()], ids=lambda file: file.name
)
def test_no_two_sentences_for_scripts_have_one_code(template: Path) -> None:
    # The script says the first one that it finds.
    codes = re.findall(r'data-code="([^"]+)"', template.read_text())
    assert sorted(codes) == sorted(set(codes))


@pytest.mark.django_db
def test_pages_forbid_inline_script_and_third_parties(client: Client) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in f"{policy};"
    assert "unsafe" not in policy


@pytest.mark.django_db
def test_a_wrong_address_is_told_in_a_sentence(client: Client) -> None:
    response = client.get("/nowhere")
    assert response.status_code == 404
    assert "アドレスを確かめる" in response.content.decode()


@pytest.mark.django_db
def test_a_missing_csrf_token_is_told_in_a_sentence() -> None:
    response = Client(enforce_csrf_checks=True).post("/phone/choose", {"model": "sakura-8"})
    assert response.status_code == 403
    assert "何も変わっていません" in response.content.decode()


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/phone/choose", "/phone/?new=1"),
        ("/phone/use", "/phone/"),
        ("/handoff/some-token/decline", "/handoff/some-token/"),
        ("/sandbox/office/kenji", "/sandbox/office/"),
    ],
)
@pytest.mark.django_db
def test_where_a_form_was_sent_leads_back_to_the_form_when_it_is_opened(
    client: Client, address: str, page: str
) -> None:
    # So a refusal can be read in the other language: the language's button opens the same address again.
    response = client.get(address)
    assert (response.status_code, response.headers["Location"]) == (302, page)


@pytest.mark.django_db
def test_a_host_that_is_not_ours_is_refused_in_a_sentence(client: Client) -> None:
    response = client.get("/", headers={"Host": "elsewhere.example"})
    assert response.status_code == 400
    assert "受け付けられない内容です" in response.content.decode()


@pytest.mark.django_db
def test_a_defect_is_told_in_a_sentence_and_without_its_trace(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("portal.start.path", broken)
    client.raise_request_exception = False
    response = client.get("/")
    assert response.status_code == 500
    assert "ただいま処理できませんでした" in response.content.decode()
    assert b"secret detail" not in response.content
    assert b"Traceback" not in response.content


def test_the_page_for_a_defect_needs_nothing_but_itself() -> None:
    page = render_to_string("500.html")
    assert "どこまで進んだかは記録されています" in page
    assert "Something went wrong" in page


# What a page reads does not grow with what it shows; measured after a device change, with an order standing.
MOST_QUERIES = 14


@pytest.mark.django_db(transaction=True)
def test_no_page_of_the_phone_asks_the_database_often_or_is_large(
    client: Client,
    realm: Realm,
    citizen: Citizen,
    in_hand: Callable[[Citizen], None],
    deliver: Callable[..., list[str]],
) -> None:
    card = card_of(realm)
    citizen.enrol(card)
    second = Citizen.with_new_phone(realm, deliver, "kaede-3")
    in_hand(second)
    reference = second.enrol(card)
    found = enrolments.current(second.phone)
    assert found is not None
    services.unblock(found, Key.AUTHENTICATION, source="test")
    pages = ["", "?new=1", "change/", "passwords/", "passwords/signature/", "passwords/user-authentication/unblock/"]
    pages += ["passwords/user-authentication/unblock/steps", "leaving/", "end/", "lost/", "lost/card/"]
    pages += ["apply/", "apply/phone/", "apply/agree/", f"enrolments/{reference}/", f"enrolments/{reference}/trace"]
    for page in pages:
        with CaptureQueriesContext(connection) as asked:
            response = client.get(f"/phone/{page}")
        assert response.status_code == 200, page
        assert len(response.content) < LARGEST_PAGE - LARGEST_LOADED, page
        assert len(asked) <= MOST_QUERIES, (page, [query["sql"][:120] for query in asked])
