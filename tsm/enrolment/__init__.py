"""An enrolment's life: applied, verified, prepared, keyed, certified, installed, active; and its end."""

from tsm.enrolment.activation import activate
from tsm.enrolment.application import application_text, apply, is_holders
from tsm.enrolment.ending import abandon, end, finish
from tsm.enrolment.life import (
    GIVEN_UP,
    LEAVING,
    LIFE,
    REQUEST_KEY,
    UNDER_WAY,
    WORKING,
    Noted,
    State,
    current,
    find,
    move,
    note,
    note_all,
    request_key,
    send_advance,
    wake,
    walk,
)
from tsm.enrolment.proofs import activation_text, end_text, resume_text, unblock_text

__all__ = [
    "GIVEN_UP",
    "LEAVING",
    "LIFE",
    "REQUEST_KEY",
    "UNDER_WAY",
    "WORKING",
    "Noted",
    "State",
    "abandon",
    "activate",
    "activation_text",
    "application_text",
    "apply",
    "current",
    "end",
    "end_text",
    "find",
    "finish",
    "is_holders",
    "move",
    "note",
    "note_all",
    "request_key",
    "resume_text",
    "send_advance",
    "unblock_text",
    "wake",
    "walk",
]
