"""The pages for developers: every operation and problem has one, as HTML and as Markdown, and nothing leads nowhere."""

import re

import pytest
from django.test import Client

from portal.api import apis
from portal.developers import reading
from portal.problems import CATALOGUE

pytestmark = pytest.mark.django_db
OPERATIONS = [each for api in apis.every() for each in reading.operations(api)]
LINK = re.compile(r"\]\(http://localhost:8000(/[^)]*)\)")


def text(client: Client, path: str, **headers: str) -> str:
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200, path
    return answer.content.decode()


@pytest.mark.parametrize("each", OPERATIONS, ids=lambda each: f"{each.method} {each.path}")
def test_every_operation_has_its_page_with_members_examples_and_snippets(each: reading.Operation) -> None:
    client = Client()
    page = text(client, f"/developers/{each.api.slug}/{each.id}")
    assert each.titles[0] in page
    assert f'data-path="{each.path}"' in page
    assert ("data-token" in page) == each.token
    markdown = text(client, f"/developers/{each.api.slug}/{each.id}.md")
    assert each.titles[1] in markdown
    for language, _, _ in (("curl", 0, 0), ("Python", 0, 0), ("JavaScript", 0, 0), ("Java", 0, 0)):
        assert f"## {language}\n" in markdown
    for member in each.asked + each.told:
        assert f"`{member.name}`" in markdown
    for code, _ in each.problems:
        assert f"`{code}`" in markdown
        assert f"/problems/{code}" in page
    assert "&#x27;" not in markdown


def test_the_list_and_llms_lead_to_every_operation_and_problem() -> None:
    client = Client()
    index, llms = text(client, "/developers/index.md"), text(client, "/llms.txt")
    for each in OPERATIONS:
        path = f"/developers/{each.api.slug}/{each.id}"
        assert f"{path}.md" in index
        assert f"{path}.md" in llms
        assert f'href="{path}"' in text(client, "/developers/")
    problems = text(client, "/problems/index.md")
    assert all(f"/problems/{code}.md" in problems for code in CATALOGUE)
    for path in set(LINK.findall(index + llms)):
        text(client, path)


@pytest.mark.parametrize("code", ["token_invalid", "too_many_requests", "handoff_refused"])
def test_a_problem_has_cause_remedy_both_sentences_and_whether_to_try_again(code: str) -> None:
    client, row = Client(), CATALOGUE[code]
    page, markdown = text(client, f"/problems/{code}"), text(client, f"/problems/{code}.md")
    told = client.get(f"/api/v1/problems/{code}").json()
    assert told == {
        "code": code,
        "type": f"http://localhost:8000/problems/{code}",
        "status": row.status,
        "title": row.title,
        "cause": row.cause,
        "remedy": row.remedy,
        "retry": code == "too_many_requests",
        "citizen": {"ja": row.ja, "en": row.en},
    }
    for sentence in (row.ja, row.en, row.cause, row.remedy):
        assert sentence in markdown
    assert row.ja in page
    again = "時間をおいてもう一度送ると" if told["retry"] else "そのままもう一度送っても"
    assert again in page
    assert "/developers/relying-party/" in page or code == "handoff_refused"


def test_the_catalogue_is_told_whole() -> None:
    told = Client().get("/api/v1/problems").json()
    assert [each["code"] for each in told["items"]] == sorted(CATALOGUE)
    assert Client().get("/api/v1/problems/nothing").json()["code"] == "not_found"


def test_what_isnt_there_is_not_found() -> None:
    for path in ("relying-party/nothing", "nothing/token", "relying-party/nothing.md"):
        assert Client().get(f"/developers/{path}").status_code == 404
    assert Client().get("/problems/nothing.md").status_code == 404
