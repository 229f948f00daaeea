"""Restoring: how a halted realm goes on, from a database that is older than what was signed.

What is lost is read from the transcript (`ca.transcript`), and from lists that were published, where they are at hand;
nothing is believed that isn't signed or doesn't follow from the chain. Then no number is given twice, what was revoked
is revoked, and the journal goes on from where others saw it last.
"""

from ca.restoring.going_on import go_on
from ca.restoring.lost import Effects, Lost, effects, find
from ca.restoring.published import Published, read
from ca.restoring.report import Report, counted

__all__ = ["Effects", "Lost", "Published", "Report", "counted", "effects", "find", "go_on", "read"]
