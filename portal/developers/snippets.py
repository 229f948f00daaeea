"""A call in the languages that integrators write: with what these bring along, and nothing to install.

Each is a whole program: the token is in the environment variable TOKEN, what comes is printed. Tests run them.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from portal.developers.calls import Call

Written = Callable[[Call], str]


def curl(call: Call) -> str:
    """Return a line for a shell."""
    parts = [f"curl {_quoted(call.address)}"]
    if call.method not in ("GET", "POST") or (call.method == "POST" and call.body is None):
        parts[0] = f"curl -X {call.method} {_quoted(call.address)}"
    if call.token:
        parts.append('-H "Authorization: Bearer $TOKEN"')
    parts += [f"-H {_quoted(f'{name}: {value}')}" for name, value in call.headers.items()]
    if call.body is not None:
        parts.append(f"-d {_quoted(call.written)}")
    return " \\\n  ".join(parts) + "\n"


def python(call: Call) -> str:
    """Return a program for Python 3."""
    lines = ["import json"] if call.json or call.body is not None else []
    lines += ["import os"] if call.token else []
    lines += ["import urllib.request", "", "request = urllib.request.Request("]
    lines += [f"    {json.dumps(call.address)},", f"    method={json.dumps(call.method)},"]
    if headers := _headers(call, '"Authorization": "Bearer " + os.environ["TOKEN"]'):
        lines += ["    headers={", *(f"        {line}," for line in headers), "    },"]
    if call.body is not None:
        lines.append(f"    data=json.dumps({_indented(_python(call.body), 4)}).encode(),")
    lines += [")", "with urllib.request.urlopen(request) as response:"]
    lines.append(f"    print(response.status, {'json.load(response)' if call.json else 'response.read()'})")
    return "\n".join(lines) + "\n"


def javascript(call: Call) -> str:
    """Return a module for Node.js (or, with the token put in, for a browser)."""
    lines = [f"const response = await fetch({_text(call.address)}, {{", f"  method: {_text(call.method)},"]
    if headers := _headers(call, '"Authorization": `Bearer ${process.env.TOKEN}`'):
        lines += ["  headers: {", *(f"    {line}," for line in headers), "  },"]
    if call.body is not None:
        lines.append(f"  body: JSON.stringify({_indented(call.written, 2)}),")
    lines += ["});", f"console.log(response.status, await response.{'json' if call.json else 'text'}());"]
    return "\n".join(lines) + "\n"


def java(call: Call) -> str:
    """Return a class for Java 17."""
    lines = [
        "import java.net.URI;",
        "import java.net.http.HttpClient;",
        "import java.net.http.HttpRequest;",
        "import java.net.http.HttpResponse;",
        "",
        "public class Example {",
        "    public static void main(String[] arguments) throws Exception {",
    ]
    publisher = "HttpRequest.BodyPublishers.noBody()"
    if call.body is not None:
        block = call.written.replace("\\", "\\\\").replace('"""', '\\"""')
        lines += ['        String body = """', *(f"            {line}" for line in block.split("\n"))]
        lines[-1] += '""";'
        publisher = "HttpRequest.BodyPublishers.ofString(body)"
    lines.append(f"        HttpRequest request = HttpRequest.newBuilder(URI.create({_text(call.address)}))")
    if call.token:
        lines.append('            .header("Authorization", "Bearer " + System.getenv("TOKEN"))')
    lines += [f"            .header({_text(name)}, {_text(value)})" for name, value in call.headers.items()]
    lines += [
        f"            .method({_text(call.method)}, {publisher})",
        "            .build();",
        "        HttpResponse<String> response = HttpClient.newHttpClient()",
        "            .send(request, HttpResponse.BodyHandlers.ofString());",
        '        System.out.println(response.statusCode() + " " + response.body());',
        "    }",
        "}",
    ]
    return "\n".join(lines) + "\n"


LANGUAGES: tuple[tuple[str, str, Written], ...] = (
    ("curl", "sh", curl),
    ("Python", "python", python),
    ("JavaScript", "javascript", javascript),
    ("Java", "java", java),
)


def _headers(call: Call, token: str) -> list[str]:
    return ([token] if call.token else []) + [f"{_text(name)}: {_text(value)}" for name, value in call.headers.items()]


def _text(value: str) -> str:
    """Return a text between quotation marks, as Python, JavaScript and Java read it alike."""
    return json.dumps(value, ensure_ascii=False)


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "'\\''") + "'"


def _indented(block: str, by: int) -> str:
    return block.replace("\n", "\n" + " " * by)


def _python(value: Any, depth: int = 0) -> str:
    """Return JSON as Python writes it."""
    inside, outside = "    " * (depth + 1), "    " * depth
    if isinstance(value, dict) and value:
        rows = [f"{inside}{_text(name)}: {_python(each, depth + 1)},\n" for name, each in value.items()]
        return "{\n" + "".join(rows) + outside + "}"
    if isinstance(value, list) and value:
        return "[\n" + "".join(f"{inside}{_python(each, depth + 1)},\n" for each in value) + outside + "]"
    if isinstance(value, bool) or value is None:
        return str(value)
    # A surrogate pair of JSON would be two characters there; none is written as such.
    return re.sub(r"\x7f", r"\\x7f", json.dumps(value, ensure_ascii=False))
