"""What docs/security.md and docs/threat-model.md claim: every requirement has its row, every file and test is there.

And the tools that assurance stands on: what bandit, the audit and the bill of materials say, and when they fail.
"""

import functools
import importlib.util
import re
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
# OWASP ASVS 5.0.0: the level of each requirement, by section, in order.
LEVELS = {
    "1.1": "22", "1.2": "1111122223", "1.3": "112222222223", "1.4": "222", "1.5": "123",
    "2.1": "122", "2.2": "112", "2.3": "12223", "2.4": "23",
    "3.1": "3", "3.2": "113", "3.3": "12223", "3.4": "11222233", "3.5": "11122333", "3.6": "3", "3.7": "22333",
    "4.1": "12233", "4.2": "23333", "4.3": "22", "4.4": "1222",
    "5.1": "2", "5.2": "112333", "5.3": "113", "5.4": "222",
    "6.1": "122", "6.2": "111111112222", "6.3": "11223333", "6.4": "112233", "6.5": "22222333", "6.6": "2223",
    "6.7": "33", "6.8": "2222",
    "7.1": "222", "7.2": "1111", "7.3": "22", "7.4": "11222", "7.5": "223", "7.6": "22",
    "8.1": "1233", "8.2": "1123", "8.3": "133", "8.4": "23",
    "9.1": "111", "9.2": "1222",
    "10.1": "22", "10.2": "223", "10.3": "22223", "10.4": "1111122222233333", "10.5": "22222", "10.6": "22",
    "10.7": "222",
    "11.1": "2233", "11.2": "22233", "11.3": "11233", "11.4": "1222", "11.5": "23", "11.6": "23", "11.7": "33",
    "12.1": "12233", "12.2": "11", "12.3": "22223",
    "13.1": "2333", "13.2": "222223", "13.3": "2233", "13.4": "1222233",
    "14.1": "22", "14.2": "12223333", "14.3": "122",
    "15.1": "12233", "15.2": "12233", "15.3": "1222222", "15.4": "3333",
    "16.1": "2", "16.2": "22222", "16.3": "2222", "16.4": "222", "16.5": "2223",
    "17.1": "23", "17.2": "22223333", "17.3": "22",
}  # fmt: skip
# Sections that ask for something written: the page is the evidence.
WRITTEN = {"2.1", "5.1", "6.1", "7.1", "8.1", "11.1", "13.1", "14.1", "15.1", "16.1"}
STATES = ("met", "partly", "not met", "n/a")
PATH = re.compile(
    r"[\w.-]+(/[\w.-]+)+\.(py|md|js|html|conf|env|service|sh|sql|yml|txt)"
    r"|(ca|tsm|whitelist|portal|sandbox|tests|docs|scripts|deploy)/[\w./-]*"
)
PAGES = ("docs/security.md", "docs/threat-model.md", "docs/safeguards.md")


class Row(NamedTuple):
    """One requirement as the page answers it."""

    number: str
    level: str
    asked: str
    state: str
    where: str
    tests: str


@functools.cache
def rows() -> list[Row]:
    found = []
    for line in (ROOT / "docs" / "security.md").read_text().splitlines():
        if re.match(r"\| \d+\.\d+\.\d+ \|", line):
            found.append(Row(*(cell.strip() for cell in line.strip("|").split("|"))))
    return found


def standard() -> dict[str, str]:
    return {f"{section}.{at}": level for section, levels in LEVELS.items() for at, level in enumerate(levels, 1)}


def test_the_standard_is_counted_right() -> None:
    assert Counter(standard().values()) == {"1": 70, "2": 183, "3": 92}


def test_every_requirement_of_levels_1_and_2_has_its_row_and_its_level() -> None:
    answered = {row.number: row.level for row in rows()}
    assert len(answered) == len(rows()), "one twice"
    assert {number: level for number, level in standard().items() if level in "12"}.items() <= answered.items()
    assert answered.items() <= standard().items()
    assert [row.number for row in rows()] == sorted(answered, key=lambda one: [int(part) for part in one.split(".")])


def test_what_is_met_names_file_and_test_and_what_is_not_says_why() -> None:
    wrong = []
    for row in rows():
        if row.state not in STATES or not row.asked or not row.where:
            wrong.append(f"{row.number}: {row.state!r}, {row.where!r}")
        if row.state == "met" and not row.tests and row.number.rsplit(".", 1)[0] not in WRITTEN:
            wrong.append(f"{row.number}: no test")
        if row.state in ("not met", "n/a") and row.tests:
            wrong.append(f"{row.number}: a test of what isn't there")
    assert not wrong, wrong


def test_the_summary_is_the_rows() -> None:
    text = (ROOT / "docs" / "security.md").read_text()
    for level in "123":
        count = Counter(row.state for row in rows() if row.level == level)
        cells = [str(count[state]) for state in STATES] + [str(sum(count.values()))]
        assert f"| {level} | {' | '.join(cells)} |" in text
    (told,) = re.findall(r"What is not wholly met at levels 1 and 2, in one place: ([\d., ]+)\.\n", text)
    open_ones = [row.number for row in rows() if row.level in "12" and row.state in ("partly", "not met")]
    assert told.split(", ") == open_ones


@pytest.mark.parametrize("page", PAGES)
def test_every_file_and_test_that_is_named_is_there(page: str) -> None:
    wrong = []
    for named in re.findall(r"`([^`\s]+)`", (ROOT / page).read_text()):
        path, _, test = named.partition("::")
        if test:
            file = ROOT / ("" if path.startswith("tests/") else "tests") / path
            if not file.is_file() or not re.search(
                rf"^(async )?def {re.escape(test)}\(", file.read_text(), re.MULTILINE
            ):
                wrong.append(named)
        elif PATH.fullmatch(path) and not (ROOT / path).exists():
            wrong.append(named)
    assert not wrong, wrong


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    wrong = []
    for target in re.findall(r"\]\(([^)\s]+)\)", (ROOT / page).read_text()):
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        if not file.exists() or (anchor and anchor not in _anchors(file.read_text())):
            wrong.append(target)
    assert not wrong, wrong


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name.replace("-", "_"), ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def audited(name: str, *vulnerabilities: str) -> dict[str, Any]:
    found = [{"id": one, "aliases": [f"CVE-{one}"], "fix_versions": ["2.0"]} for one in vulnerabilities]
    return {"name": name, "version": "1.0", "vulns": found}


def test_what_could_not_be_audited_is_said_and_fails_where_it_is_required() -> None:
    judge = script("audit").judge
    skipped = {"name": "unknown", "skip_reason": "not found"}
    report = {"dependencies": [audited("known"), skipped], "failed": ""}
    lines, status = judge(report, required=False)
    assert status == 0
    assert "AUDIT INCOMPLETE: the advisories of 1 of 2 packages could not be had here." in lines[0]
    assert judge(report, required=True)[1] == 3
    assert judge({"dependencies": [], "failed": "pip-audit could not ask"}, required=True)[1] == 3
    lines, status = judge({"dependencies": [audited("known")], "failed": ""}, required=True)
    assert (status, lines) == (0, ["audit: 1 packages looked at, 0 not, 0 open vulnerabilities"])


def test_a_vulnerability_fails_until_somebody_has_judged_it() -> None:
    audit = script("audit")
    report = {"dependencies": [audited("known", "PYSEC-1")], "failed": ""}
    lines, status = audit.judge(report, required=False)
    assert status == 1
    assert "NOT JUDGED" in lines[0]
    audit.JUDGED["CVE-PYSEC-1"] = "we don't call it"
    lines, status = audit.judge(report, required=False)
    assert status == 0
    assert lines[0].endswith("we don't call it")


def test_bandit_finds_what_bears_no_mark_and_takes_ruffs_mark(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    analysis = script("static-analysis")
    analysis.ROOT = tmp_path
    (tmp_path / "marked.py").write_text("import os\nos.system(name)  # noqa: S605  (a reason)\n")
    assert analysis.main(["marked.py"]) == 0
    (tmp_path / "bare.py").write_text("import os\nos.system(name)\n")
    assert analysis.main(["bare.py"]) == 1
    assert "bare.py:2: B605" in capsys.readouterr().out


def test_the_bill_has_what_production_installs_and_no_tool() -> None:
    sbom = script("sbom")
    names = ("ours", "django", "sqlparse", "tracing", "pytest")
    components = [{"bom-ref": one, "name": one, "version": "1", "purl": f"pkg:pypi/{one}@1"} for one in names[1:]]
    edges = {"ours": ["django", "tracing"], "django": ["sqlparse"], "pytest": ["sqlparse"]}
    told = {
        "metadata": {"component": {"bom-ref": "ours"}},
        "components": components,
        "dependencies": [{"ref": ref, "dependsOn": on} for ref, on in edges.items()],
    }
    found = sbom.pruned(told, {"django"})
    scopes = {one["name"]: one["scope"] for one in found["components"]}
    assert scopes == {
        "django": "required",
        "sqlparse": "required",
        "tracing": "optional",
        "@digital-go-jp/design-tokens": "required",
    }
    assert [one["ref"] for one in found["dependencies"]] == ["ours", "django"]
    assert sbom.hashes()["django", re.findall(r"^django==(\S+)", (ROOT / "requirements.lock").read_text(), re.M)[0]]


def test_workers_take_json_and_nothing_else() -> None:
    from portal.celery import app

    assert set(app.conf.accept_content) == {"json"}
    assert app.conf.task_serializer == "json"
