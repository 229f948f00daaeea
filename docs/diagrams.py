"""The diagrams of architecture.md, made from the code: who imports whom, who does which work, how things move.

    python docs/diagrams.py FOLDER

Each is a graph in Graphviz's language, which its program `dot` draws as SVG.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
APPS = ("sandbox", "portal", "tsm", "whitelist", "ca")
LOOK = (
    'graph [fontname="sans-serif", bgcolor="transparent", nodesep=0.35, ranksep=0.6]; '
    'node [fontname="sans-serif", fontsize=11, shape=box, style="rounded,filled"]; '
    'node [fillcolor="#e8f1fe", color="#0017c1"]; '
    'edge [fontname="sans-serif", fontsize=9, color="#626264"];'
)
END = 'fillcolor="#f2f2f2", color="#626264"'


def graph(lines: Iterable[str], *, direction: str = "LR") -> str:
    """Return a directed graph of these lines."""
    return "\n".join(["digraph {", f"rankdir={direction}; {LOOK}", *lines, "}"])


def edge(origin: str, to: str, label: str = "", more: str = "") -> str:
    return f'"{origin}" -> "{to}" [label="{label}"{", " + more if more else ""}];'


def imports() -> str:
    """Draw how often each app's modules import another's."""
    import grimp

    found = grimp.build_graph(*APPS, cache_dir=None)
    counted: Counter[tuple[str, str]] = Counter()
    for module in found.modules:
        for imported in found.find_modules_directly_imported_by(module):
            pair = module.split(".")[0], imported.split(".")[0]
            counted[pair] += pair[0] != pair[1]
    lines = ["{rank=same; tsm; whitelist;}"]
    lines += [edge(*pair, str(count)) for pair, count in sorted(counted.items()) if count]
    return graph(lines, direction="TB")


def processes() -> str:
    """Draw every process of the whole system: the queues that it works through, and the secrets that it gets."""
    from portal.supervision.processes import house

    lines = ['node [shape=box]; "broker" [shape=cylinder]; "database" [shape=cylinder];']
    for process in house({}).processes:
        if process.name == "redis":
            continue
        secrets = "".join(f"\\n{name}" for name in process.secrets)
        lines.append(f'"{process.name}" [label="{process.name}{secrets}"];')
        lines.append(edge(process.name, "database", more="dir=both, arrowsize=0.5"))
        queues = [word.split("=", 1)[1] for word in process.command if word.startswith("--queues=")]
        lines += [edge("broker", process.name, queue) for names in queues for queue in names.split(",")]
        if process.name in ("web", "beat"):
            lines.append(edge(process.name, "broker", "wakes"))
    return graph(lines)


def tasks() -> str:
    """Draw what beat sends, to which queue."""
    from django.conf import settings

    def queue(task: str) -> str:
        return next(route["queue"] for like, route in settings.CELERY_TASK_ROUTES.items() if fnmatch(task, like))

    lines = [
        f'"{queue(found["task"])}" [shape=cylinder];\n' + edge(found["task"], queue(found["task"]))
        for _, found in sorted(settings.CELERY_BEAT_SCHEDULE.items())
    ]
    return graph(lines)


def states(arrows: Iterable[tuple[str, str, str]]) -> str:
    """Draw a life: (from, to, what happens); where nothing follows it ends."""
    arrows = list(arrows)
    origins = {origin for origin, _, _ in arrows}
    ends = sorted({to for _, to, _ in arrows} - origins)
    return graph([*(f'"{end}" [{END}];' for end in ends), *(edge(*arrow) for arrow in arrows)])


def lives() -> Iterator[tuple[str, str]]:
    """Yield each table of states that decides something, by its name."""
    from portal.handoff import states as hand_off
    from portal.notices import outbox
    from tsm import legs
    from tsm.enrolment import life
    from whitelist.cases import states as cases

    yield "life-of-an-enrolment", states((str(a), str(b), "") for a, many in life.LIFE.items() for b in sorted(many))
    yield "life-of-a-leg", states((str(a), str(b), "") for a, many in legs.LIFE.items() for b in sorted(many))
    yield "life-of-a-hand-off", states((str(a), str(b), str(event)) for (a, event), b in hand_off.LIFE.items())
    yield "life-of-a-notice", states((str(a), str(b), str(event)) for (a, event), b in outbox.LIFE.items())
    yield "life-of-a-case", states(_verbs(cases.CASE_ARROWS))
    yield "life-of-an-entry", states(_verbs(cases.ENTRY_ARROWS))


def _verbs(arrows: Mapping[str, tuple[frozenset[Any], Any]]) -> Iterator[tuple[str, str, str]]:
    for verb, (origins, to) in arrows.items():
        yield from ((str(origin), str(to), verb) for origin in sorted(origins))


def models(app: str) -> str:
    """Draw an app's tables and which leads to which."""
    from django.apps import apps

    lines = []
    for model in apps.get_app_config(app).get_models():
        name = model.__name__
        lines.append(f'"{name}";')
        for field in model._meta.get_fields():
            to = field.related_model if getattr(field, "concrete", False) else None
            if to is None or isinstance(to, str):
                continue
            label = to._meta.app_label
            outside = label != app
            other = f"{label}.{to.__name__}" if outside else to.__name__
            if outside:
                lines.append(f'"{other}" [{END}];')
            lines.append(edge(name, other, field.name))
    return graph(lines)


def all_of_them() -> dict[str, str]:
    """Return every diagram, by the name of its file."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    import django

    django.setup()
    drawn = {"imports": imports(), "processes": processes(), "tasks": tasks(), **dict(lives())}
    return drawn | {f"tables-of-{app}": models(app) for app in reversed(APPS)}


def write(folder: Path) -> None:
    """Write each diagram as SVG. Raises SystemExit where `dot` is missing."""
    program = shutil.which("dot")
    if program is None:
        raise SystemExit("the diagrams need Graphviz (Debian: apt-get install graphviz)")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in all_of_them().items():
        drawn = subprocess.run([program, "-Tsvg"], input=text, capture_output=True, text=True, check=True)  # noqa: S603
        (folder / f"{name}.svg").write_text(drawn.stdout)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    write(Path(sys.argv[1]))
