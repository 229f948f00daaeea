"""The trace: what happened in a workspace, on one time line, for whoever learns how smartphone JPKI goes.

notes       what is written down, masked and bounded: `trace.note(...)` from wherever something worth seeing happens
reading     what is read of it: filters, newer, older
api         GET /sandbox/api/v1/trace
"""

from sandbox.models import TraceEvent
from sandbox.trace.notes import Noted, note, note_all

Lane = TraceEvent.Lane

__all__ = ["Lane", "Noted", "note", "note_all"]
