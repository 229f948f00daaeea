"""Rows of the TSMs: phones, elements, enrolments, conversations."""

from tsm.models.conversation import Conversation, Leg
from tsm.models.element import SecureElement
from tsm.models.enrolment import Enrolment, EnrolmentStep
from tsm.models.phone import Phone

__all__ = ["Conversation", "Enrolment", "EnrolmentStep", "Leg", "Phone", "SecureElement"]
