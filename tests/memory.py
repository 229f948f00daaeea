"""What lies in a process's memory: the one place where a process can't hide what it was given."""

from collections.abc import Iterator, Mapping
from pathlib import Path


def held(number: int, words: Mapping[str, str]) -> set[str]:
    """Return the names of those words that lie in the memory of a process or of its children (man 5 proc, `mem`)."""
    found: set[str] = set()
    for part in _written(number):  # once: to read it takes longer than to look through it
        found |= {name for name, word in words.items() if name not in found and word.encode() in part}
    return found.union(*(held(child, words) for child in children(number)))


def children(number: int) -> list[int]:
    """Return the numbers of a process's children."""
    return [
        int(child) for told in Path(f"/proc/{number}/task").glob("*/children") for child in told.read_text().split()
    ]


def _written(number: int) -> Iterator[bytes]:
    """Yield the parts of memory that a process may write."""
    with Path(f"/proc/{number}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{number}/maps").read_text().splitlines():
            span, rights, *_ = line.split()
            if not rights.startswith("rw"):
                continue
            begin, end = (int(one, 16) for one in span.split("-"))
            memory.seek(begin)
            try:
                yield memory.read(end - begin)
            except OSError:
                continue  # what a device lends
