"""What stands on an operation's page runs: each language sends the very request of the example, and it is taken."""

import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from ca.models import Realm
from portal.api import apis
from portal.developers import reading, snippets
from portal.developers.reading import Operation
from tests.conftest import missing
from tests.portal.api.workspaces import client_of, whole_workspace
from tests.portal.providers.people import make_provider

OPERATIONS = [each for api in apis.every() for each in reading.operations(api)]
HEADERS = ("Authorization", "Content-Type", "Idempotency-Key")


class Recorder(http.server.BaseHTTPRequestHandler):
    """Takes every request and keeps it."""

    heard: list[dict[str, Any]] = []

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        self.heard.append(
            {
                "method": self.command,
                "path": self.path,
                "body": json.loads(body) if body else None,
                **{name: self.headers[name] for name in HEADERS if self.headers[name]},
            }
        )
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = answer

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def recorder(settings: Any) -> Iterator[list[dict[str, Any]]]:
    server = http.server.HTTPServer(("127.0.0.1", 0), Recorder)
    settings.PUBLIC_URL = f"http://127.0.0.1:{server.server_port}"
    Recorder.heard = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Recorder.heard
    server.shutdown()
    server.server_close()
    thread.join()


def wanted(each: Operation) -> dict[str, Any]:
    call = each.call
    found: dict[str, Any] = {"method": call.method, "path": urlsplit(call.address).path, "body": call.body}
    if call.token:
        found["Authorization"] = "Bearer the-token"
    return found | call.headers


def run(*command: str, folder: Path) -> None:
    done = subprocess.run(
        command, cwd=folder, env=os.environ | {"TOKEN": "the-token"}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


def tool(name: str) -> str:
    return shutil.which(name) or missing(f"{name} isn't there")


@pytest.mark.parametrize("language", ["curl", "python", "javascript"])
def test_each_snippet_sends_what_the_example_is(language: str, recorder: list[dict[str, Any]], tmp_path: Path) -> None:
    operations = [each for api in apis.every() for each in reading.operations(api)]
    written = [getattr(snippets, language)(each.call) for each in operations]
    if language == "curl":
        (tmp_path / "all.sh").write_text("set -e\n" + "\n".join(written).replace("curl ", "curl --silent --fail "))
        run(tool("bash"), "all.sh", folder=tmp_path)
    elif language == "python":
        # One process for all: each in a namespace of its own.
        (tmp_path / "all.py").write_text(
            f"for code in {written!r}:\n    exec(compile(code, 'snippet', 'exec'), {{}})\n"
        )
        run(sys.executable, "all.py", folder=tmp_path)
    else:
        for number, code in enumerate(written):
            (tmp_path / f"snippet{number}.mjs").write_text(code)
        lines = (f'await import("./snippet{number}.mjs");' for number in range(len(written)))
        (tmp_path / "all.mjs").write_text("\n".join(lines))
        run(tool("node"), "all.mjs", folder=tmp_path)
    assert recorder == [wanted(each) for each in operations]


@pytest.mark.slow
def test_each_snippet_in_java_compiles(tmp_path: Path) -> None:
    files = []
    for number, each in enumerate(OPERATIONS):
        file = tmp_path / f"p{number}" / "Example.java"
        file.parent.mkdir()
        file.write_text(f"package p{number};\n{snippets.java(each.call)}")
        files.append(str(file))
    run(tool("javac"), "-d", "out", *files, folder=tmp_path)
    assert len(list((tmp_path / "out").glob("*/Example.class"))) == len(OPERATIONS)


@pytest.mark.usefixtures("factory")
def test_each_example_is_a_request_that_the_site_takes(realm: Realm, settings: Any) -> None:
    settings.DEFAULT_REALM = realm.slug
    service = client_of(whole_workspace(make_provider(realm)))
    refused = {}
    for each in OPERATIONS:
        call = each.call
        asking = service if call.token else Client()
        answer = asking.generic(
            call.method,
            urlsplit(call.address).path,
            b"" if call.body is None else json.dumps(call.body),
            content_type=call.headers.get("Content-Type", ""),
        )
        # What an example names needn't be there; but it must be understood.
        if answer.status_code in (400, 405, 415) or answer.status_code >= 500:
            refused[f"{each.method} {each.path}"] = answer.content.decode()[:500]
    assert not refused


@pytest.mark.slow
def test_whatever_a_text_holds_it_comes_through(recorder: list[dict[str, Any]], settings: Any, tmp_path: Path) -> None:
    texts = ['"', "'", "\\", "\n", "`$x`", '"""', "\x7f", "é 日本 😀", "${a}", "</script>"]
    call = replace(
        OPERATIONS[0].call, method="POST", address=f"{settings.PUBLIC_URL}/x", body={"texts": [*texts, None]}
    )
    (tmp_path / "a.sh").write_text(snippets.curl(call))
    (tmp_path / "a.py").write_text(snippets.python(call))
    (tmp_path / "a.mjs").write_text(snippets.javascript(call))
    (tmp_path / "Example.java").write_text(snippets.java(call))
    run(tool("bash"), "a.sh", folder=tmp_path)
    run(sys.executable, "a.py", folder=tmp_path)
    run(tool("node"), "a.mjs", folder=tmp_path)
    run(tool("java"), "Example.java", folder=tmp_path)
    assert [each["body"] for each in recorder] == [call.body] * 4
