"""Blocks of docs/operating.md, as data: on which hosts each is run, and its lines."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "operating.md"
FENCE = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEAD = re.compile(r"^# on ([a-z0-9. ]+?)(?:, (.+))?\n")


@dataclass(frozen=True)
class Block:
    """One block of the page: hosts in the order in which they are named, what its head adds, and its lines."""

    hosts: tuple[str, ...]
    remark: str
    lines: str


def blocks(text: str | None = None) -> list[Block]:
    """Return the page's blocks that name a host, in order; what is run elsewhere names none."""
    found = []
    for match in FENCE.finditer(PAGE.read_text() if text is None else text):
        head = HEAD.match(match[1])
        if head:
            found.append(Block(tuple(head[1].split()), head[2] or "", match[1][head.end() :]))
    return found
