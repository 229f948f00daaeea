"""The trace: what happened in a workspace, on one time line, for whoever learns how smartphone JPKI goes.

notes       what is written down, masked and bounded: `trace.note(...)` from wherever something worth seeing happens
context     what the notes of one piece of work are about: `with trace.about(hand_off=…): …`
masking     what never stands in it
dialogue    APDUs in words, with those of vocabulary; sessions: a chip's session becomes one event
ways        between which lanes; lessons: what can be learned
reading     what is read of it: filters, newer, older
api         GET /sandbox/api/v1/trace
"""

from sandbox.models import TraceEvent
from sandbox.trace.context import about
from sandbox.trace.notes import Noted, note, note_all

Lane = TraceEvent.Lane

__all__ = ["Lane", "Noted", "about", "note", "note_all"]
