#!/usr/bin/env python3
"""Write the software bill of materials: CycloneDX 1.6, JSON, of what a production host has installed and nothing else.

cyclonedx-py reads what is installed in .venv. Left in are the components that the project's own dependencies lead to;
`required` is what always runs, `optional` what an extra asks for (traces, card readers). Each has the SHA-256 of the
lock, so that a host can hold what it has against it. The tools of developers and tests are left out.

    scripts/sbom.py [file]      (default: var/sbom.json)
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-pcsc.lock")
# What isn't a Python package and is part of the site: see the stylesheet's head and portal/styles/.
OTHERS = [
    {
        "bom-ref": "design-tokens",
        "type": "library",
        "name": "@digital-go-jp/design-tokens",
        "version": "1.1.9",
        "purl": "pkg:npm/%40digital-go-jp/design-tokens@1.1.9",
        "licenses": [{"license": {"id": "MIT"}}],
        "scope": "required",
    }
]


def plain(name: str) -> str:
    """Return a package's name as locks write it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def hashes() -> dict[tuple[str, str], list[str]]:
    """Return the SHA-256s that the locks allow for a package, by name and version."""
    found: dict[tuple[str, str], list[str]] = {}
    for lock in LOCKS:
        for stanza in re.findall(r"^[a-z0-9-]+==.*(?:\n {4}.*)*", (ROOT / lock).read_text(), re.MULTILINE):
            name, _, version = stanza.split(" ", 1)[0].partition("==")
            found[name, version] = re.findall(r"sha256:([0-9a-f]{64})", stanza)
    return found


def reached(edges: dict[str, list[str]], begin: list[str]) -> set[str]:
    """Return everything that the edges lead to from where one begins."""
    seen: set[str] = set()
    waiting = list(begin)
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            waiting += edges.get(one, [])
    return seen


def pruned(told: dict[str, Any], required: set[str]) -> dict[str, Any]:
    """Return the report with what production has alone; `required` are the names of the project's own dependencies."""
    edges = {one["ref"]: one.get("dependsOn", []) for one in told["dependencies"]}
    root = told["metadata"]["component"]["bom-ref"]
    names = {one["bom-ref"]: plain(one["name"]) for one in told["components"]}
    everything = reached(edges, edges[root])
    always = reached(edges, [ref for ref in edges[root] if names[ref] in required])
    locked, components = hashes(), []
    for one in told["components"]:
        if one["bom-ref"] not in everything:
            continue
        allowed = locked.get((plain(one["name"]), one["version"]), [])
        evidence = [{"alg": "SHA-256", "content": digest} for digest in allowed]
        where = [{"type": "distribution", "url": one["purl"], "hashes": evidence}] if evidence else []
        one.pop("externalReferences", None)  # pages of projects, which say nothing of what is installed
        scope = "required" if one["bom-ref"] in always else "optional"
        components.append(one | {"scope": scope} | ({"externalReferences": where} if where else {}))
    kept = everything | {root}
    dependencies = [one for one in told["dependencies"] if one["ref"] in kept]
    return told | {"components": components + OTHERS, "dependencies": dependencies}


def main(arguments: list[str]) -> int:
    """Write the file and say what is in it."""
    target = Path(arguments[0]) if arguments else ROOT / "var" / "sbom.json"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    required = {plain(re.match(r"[A-Za-z0-9._-]+", line)[0]) for line in project["dependencies"]}  # type: ignore[index]
    command = [sys.executable, "-m", "cyclonedx_py", "environment", sys.executable, "--pyproject", "pyproject.toml"]
    command += ["--output-reproducible", "--spec-version", "1.6", "--output-format", "JSON", "--output-file", "-"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)  # noqa: S603  (fixed words)
    if done.returncode:
        sys.stderr.write(done.stderr)
        return done.returncode
    told = pruned(json.loads(done.stdout), required)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(told, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    always = sum(one["scope"] == "required" for one in told["components"])
    sys.stdout.write(f"{target}: {len(told['components'])} components, {always} of them always there\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
