"""One call of an operation, as its first example has it: what snippets write down and the form begins with."""

import json
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

JSON = "application/json"


@dataclass(frozen=True)
class Call:
    """A request. `body` is JSON, None for none; with `token` the caller's bearer token goes with it."""

    method: str
    address: str
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    token: bool = True
    # Whether the answer is JSON; otherwise octets or text, or nothing.
    json: bool = True

    @property
    def written(self) -> str:
        """Return the body as JSON that a person reads."""
        return json.dumps(self.body, ensure_ascii=False, indent=2)


def of(path: str, method: str, operation: dict[str, Any]) -> Call:
    """Return the call that an operation's first examples make."""
    headers: dict[str, str] = {}
    body: Any = None
    content = operation.get("requestBody", {}).get("content", {}).get(JSON)
    if content:
        headers["Content-Type"] = JSON
        body = next((each["value"] for each in content.get("examples", {}).values()), {})
    if operation.get("x-creates"):
        headers["Idempotency-Key"] = f"{operation['operationId'].replace('_', '-')}-1"
    good = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
    return Call(
        method=method.upper(),
        address=settings.PUBLIC_URL + _filled(path, operation),
        headers=headers,
        body=body,
        token=bool(operation.get("security")),
        json=JSON in good.get("content", {}),
    )


def _filled(path: str, operation: dict[str, Any]) -> str:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", example_of(parameter))
    return path


def example_of(parameter: dict[str, Any]) -> str:
    """Return an example of a parameter of the address."""
    schema = parameter["schema"]
    if "example" in parameter:
        return str(parameter["example"])
    if schema.get("format") == "uuid":
        return "6f1c6a0e-3f0a-4b60-9a0f-1c9f6f3d2a11"
    if schema.get("enum"):
        return str(schema["enum"][0])
    return "1" if schema.get("type") == "integer" else {"code": "token_invalid"}.get(parameter["name"], "name")
