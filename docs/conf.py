"""How the documentation's site is built: `make docs`. English; the guides for citizens and providers in Japanese."""

import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

project = "Smartphone JPKI"
copyright = "the project's authors, Apache-2.0"
extensions = ["myst_parser"]
exclude_patterns = ["_build"]
myst_heading_anchors = 4
html_theme = "furo"
html_title = project
html_copy_source = False
html_show_sphinx = False
# `[issuing.py](../ca/issuance/issuing.py)` leads to the file where the repository is read; the site has its name.
# A line's end between two Japanese letters would be a gap on the page.
GAP = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef])\n(?=[\u3041-\u9fff])")
BESIDE = re.compile(r"(?<!!)\[([^\]]+)\]\(\.\./[^)\s]+\)")


def readable(_: Any, name: str, source: list[str]) -> None:
    """Leave of a link to a file outside docs/ what it says, and let Japanese lines go on where the next begins."""
    if name.startswith("ja/"):
        source[0] = GAP.sub("", source[0])
    else:
        source[0] = BESIDE.sub(r"\1", source[0])


def draw(_: Any) -> None:
    """Draw the diagrams of architecture.md from the code as it stands."""
    import diagrams

    diagrams.write(HERE / "_build" / "diagrams")


def setup(app: Any) -> None:
    app.connect("builder-inited", draw)
    app.connect("source-read", readable)
