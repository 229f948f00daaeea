"""The books: what must be true of all rows at once, whatever broke on the way.

Each check is one question to the database about every row, and answers with what it finds: nothing, when the books are
right. They are read when a system has come to rest; what is younger than a grace is left out, for it may be on its
way. The rooms above have books of their own (`tsm.books`, `portal.books`).
"""

from ca.books.checking import Check, Finding, Reading, told
from ca.books.checks import CHECKS

__all__ = ["CHECKS", "Check", "Finding", "Reading", "told"]
