"""The sandbox's tasks: Celery looks for them here; each lives with its subject."""

from sandbox.cards import write_card_certificates
from sandbox.conformance.tasks import drive_conformance, sign_conformance, sweep_conformance
from sandbox.furnishing import furnish_past_task, furnish_task
from sandbox.furnishing import sweep_task as sweep_furnishing
from sandbox.issuing import go_on_task
from sandbox.issuing import sweep_task as sweep_issuing
from sandbox.phones import make_task, talk_task
from sandbox.specimens import settle_task

__all__ = [
    "drive_conformance",
    "furnish_past_task",
    "furnish_task",
    "go_on_task",
    "make_task",
    "settle_task",
    "sign_conformance",
    "sweep_conformance",
    "sweep_furnishing",
    "sweep_issuing",
    "talk_task",
    "write_card_certificates",
]
