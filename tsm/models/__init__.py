"""Rows of the TSMs: phones, elements, enrolments, conversations, orders, incidents, load files, conformance."""

from tsm.models.conformance import ConformanceResult
from tsm.models.conversation import Conversation, Leg
from tsm.models.element import SecureElement
from tsm.models.enrolment import Enrolment, EnrolmentStep
from tsm.models.incident import Incident
from tsm.models.load_file import LoadFile
from tsm.models.phone import Phone
from tsm.models.service_order import ServiceOrder
from tsm.models.sweep_mark import SweepMark

__all__ = [
    "ConformanceResult",
    "Conversation",
    "Enrolment",
    "EnrolmentStep",
    "Incident",
    "Leg",
    "LoadFile",
    "Phone",
    "SecureElement",
    "ServiceOrder",
    "SweepMark",
]
