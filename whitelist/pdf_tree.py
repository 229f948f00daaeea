"""The dictionaries of a PDF: all that can be reached from its trailer, bounded, for whoever looks through a file."""

from collections.abc import Iterator
from typing import Any

# Indirect objects of a file; and values in all, twenty times as many.
MOST_OBJECTS = 50_000


class TooManyObjects(Exception):
    """A file has more objects than are looked at."""


def dictionaries(reader: Any) -> Iterator[Any]:
    """Yield every dictionary that can be reached from the trailer of pyHanko's reader, each once.

    Raises TooManyObjects, and whatever pyHanko raises at a file that can't be read.
    """
    from pyhanko.pdf_utils import generic

    seen: set[tuple[int, int]] = set()
    waiting: list[Any] = [reader.trailer.raw_get("/Root")]
    count = 0
    while waiting:
        value = waiting.pop()
        if isinstance(value, generic.IndirectObject):
            if (value.idnum, value.generation) in seen:
                continue
            seen.add((value.idnum, value.generation))
            value = reader.get_object(value)
        count += 1
        if count > MOST_OBJECTS * 20 or len(seen) > MOST_OBJECTS:
            raise TooManyObjects
        if isinstance(value, generic.DictionaryObject):
            yield value
            waiting += [value.raw_get(key) for key in value]
        elif isinstance(value, generic.ArrayObject):
            waiting += [value.raw_get(index) for index in range(len(value))]
