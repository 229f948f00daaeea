"""What no line of this project does: feed an interpreter with text, unpickle, or write markup from a script."""

import ast
import functools
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("ca", "tsm", "whitelist", "portal", "sandbox")
# Interpreters and formats that can't be fed safely, and those that nobody needs here: LDAP, XPath, LaTeX, YAML objects.
NEVER_IMPORTED = {"pickle", "marshal", "shelve", "dill", "ldap", "ldap3", "lxml", "pylatex", "imp", "telnetlib"}
NEVER_CALLED = {"eval", "exec", "compile", "__import__", "execfile"}
# A template made of text would run what stands in it: files alone are templates. YAML is written here and never read.
NEVER_MADE = {"from_string", "unsafe_load", "full_load"}
TEMPLATES = {"django.template", "django.template.base", "jinja2", "string"}
# Files whose markup is the server's own, whole, and escaped there.
MARKUP_BY_SCRIPT = {"portal/static/onboarding/draft.js": 1}
NUMBERS_AND_CONSTANTS = r"_?[A-Z][A-Z0-9_]*|len\(.*\)|field\.(least|most)"
UNSAFE_IN_SCRIPTS = re.compile(
    r"\.(?:innerHTML|outerHTML)\s*[+]?=[^=]|insertAdjacentHTML|document\.write|\beval\(|new Function\(|__proto__"
    r"|\.prototype\b|addEventListener\(\s*[\"']message[\"']|setTimeout\(\s*[\"']"
)


@functools.cache
def modules() -> list[tuple[str, list[ast.AST]]]:
    """Return every module's nodes that say something here."""
    kinds = (ast.Import, ast.ImportFrom, ast.Call)
    files = [file for app in APPS for file in sorted((ROOT / app).rglob("*.py"))]
    return [
        (str(file.relative_to(ROOT)), [one for one in ast.walk(ast.parse(file.read_text())) if isinstance(one, kinds)])
        for file in files
    ]


def called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def test_no_interpreter_is_fed_with_text_and_nothing_is_unpickled() -> None:
    wrong = []
    for file, nodes in modules():
        for node in nodes:
            if isinstance(node, ast.Import):
                wrong += [f"{file}: {one.name}" for one in node.names if one.name.split(".")[0] in NEVER_IMPORTED]
            elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in NEVER_IMPORTED:
                wrong.append(f"{file}: {node.module}")
            elif isinstance(node, ast.ImportFrom) and node.module in TEMPLATES:
                wrong += [f"{file}: {one.name}" for one in node.names if one.name == "Template"]
            elif isinstance(node, ast.Call):
                bare = isinstance(node.func, ast.Name)
                if (bare and called(node) in NEVER_CALLED) or called(node) in NEVER_MADE:
                    wrong.append(f"{file}:{node.lineno}: {called(node)}")
                if any(one.arg == "shell" and getattr(one.value, "value", False) for one in node.keywords):
                    wrong.append(f"{file}:{node.lineno}: shell=True")
    assert not wrong, wrong


def test_no_pattern_is_made_of_what_a_stranger_wrote() -> None:
    """A regular expression is a constant of ours, or its parts are escaped."""
    wrong = []
    for file, nodes in modules():
        for node in nodes:
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "re"):
                continue
            pattern = node.args[0]
            if called(node) == "escape" or not isinstance(pattern, ast.JoinedStr):
                continue
            for part in pattern.values:
                inside = ast.unparse(part.value) if isinstance(part, ast.FormattedValue) else ""
                if inside and "re.escape" not in inside and not re.fullmatch(NUMBERS_AND_CONSTANTS, inside):
                    wrong.append(f"{file}:{node.lineno}: {inside}")
    assert not wrong, wrong


def test_scripts_write_text_and_no_markup_and_listen_to_no_other_window() -> None:
    found: dict[str, int] = {}
    for app in APPS:
        for file in sorted((ROOT / app).rglob("*.js")):
            count = len(UNSAFE_IN_SCRIPTS.findall(file.read_text()))
            if count:
                found[str(file.relative_to(ROOT))] = count
    assert found == MARKUP_BY_SCRIPT


def test_secrets_come_from_the_systems_own_randomness() -> None:
    """`random` is no source of secrets: who imports it is named here."""
    users = {
        file
        for file, nodes in modules()
        for node in nodes
        if (isinstance(node, ast.Import) and any(one.name == "random" for one in node.names))
        or (isinstance(node, ast.ImportFrom) and node.module == "random")
    }
    assert users == {"sandbox/webhooks/outbox.py"}, "when the next attempt of a webhook comes"


def test_no_row_is_made_of_whatever_was_sent() -> None:
    """Nobody fills a row from a form's or a body's own names: each member is named where it is taken."""
    wrong = []
    for file, nodes in modules():
        for node in nodes:
            if isinstance(node, ast.ImportFrom):
                wrong += [f"{file}: {one.name}" for one in node.names if one.name in ("ModelForm", "ModelSerializer")]
            if isinstance(node, ast.Call) and called(node) in ("create", "update", "setattr", "update_or_create"):
                sent = [ast.unparse(one.value) for one in node.keywords if one.arg is None]
                wrong += [f"{file}:{node.lineno}: **{one}" for one in sent if re.search(r"POST|GET|\.data\b", one)]
    assert not wrong, wrong


def test_scripts_hinder_no_pasting() -> None:
    pattern = re.compile(r"addEventListener\(\s*[\"'](?:paste|copy|cut)[\"']|\bonpaste\b")
    files = [file for app in APPS for ending in ("*.js", "*.html") for file in (ROOT / app).rglob(ending)]
    assert not [str(file) for file in files if pattern.search(file.read_text())]


# Who can open a connection, and to whom, beside Django's own database, mail and broker: docs/safeguards.md.
GOES_OUT = {
    "ca/serving/connection.py": "nobody: it listens",
    "ca/serving/workers.py": "nobody: it listens",
    "portal/accounts/telling.py": "EMAIL_HOST",
    "portal/notices/mail.py": "EMAIL_HOST",
    "portal/observing/exporter.py": "nobody: it listens",
    "portal/observing/outside.py": "the site's own names, and nobody, when an operator asks for it",
    "portal/review/telling.py": "EMAIL_HOST",
    "portal/settings/workers.py": "nobody: how the broker's certificate is looked at",
    "portal/supervision/child.py": "processes that it started, on the loopback",
    "portal/supervision/processes.py": "nobody: the host's name",
    "portal/supervision/supervisor.py": "processes that it started, on the loopback",
    "portal/supervision/system.py": "nobody: free ports",
    "portal/supervision/warm.py": "the process that it copies, by a pair of sockets",
    "tsm/agent.py": "the TSM, from a phone's end",
    "tsm/instructions.py": "nobody: the kind of an error",
    "tsm/local_agent/command.py": "the site, from a citizen's machine",
    "tsm/local_agent/errand.py": "the site, from a citizen's machine",
    "whitelist/cases/clamav.py": "CLAMD_ADDRESS",
    "whitelist/probes/fetching.py": "what a case or an entry of the register names",
    "whitelist/probes/findings.py": "nobody: kinds of errors",
    "whitelist/probes/network.py": "what a case or an entry of the register names",
    "whitelist/probes/urls.py": "nobody: how an address is read",
}
CLIENTS = {
    "socket", "ssl", "httpx", "httpcore", "requests", "aiohttp", "urllib3", "urllib.request", "http.client", "smtplib",
    "ftplib", "poplib", "imaplib", "xmlrpc.client", "redis", "pika", "paramiko", "dns",
}  # fmt: skip


def test_only_these_modules_can_open_a_connection() -> None:
    found = set()
    for name, nodes in modules():
        named = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        named |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
        if named & CLIENTS and not name.startswith("sandbox/"):
            found.add(name)
    assert found == set(GOES_OUT)
