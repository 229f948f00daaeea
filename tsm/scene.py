"""The scene of a worker's step: an element, its open conversation and its open leg, as they stand."""

from dataclasses import dataclass

from tsm import conversation as conversations
from tsm.models import Conversation, Enrolment, Leg, SecureElement


@dataclass
class Scene:
    """What is known of an element while its lease is ours: read once, then kept in step with what we write.

    What others write meanwhile (the phone's report, the end of an enrolment) is found where an arrow is claimed.
    """

    element: SecureElement
    conversation: Conversation | None
    leg: Leg | None  # that is open

    @classmethod
    def read(cls, element_id: int) -> "Scene":
        element = SecureElement.objects.select_related("phone__realm", "occupant").get(pk=element_id)
        return cls(element, *conversations.standing(element))

    def known(self, enrolment: Enrolment) -> Enrolment:
        """Return the enrolment in hand where it is the occupant, with what it names set to what is in hand."""
        occupant = self.element.occupant
        found = occupant if occupant is not None and occupant.pk == enrolment.pk else enrolment
        found.element, found.phone, found.realm = self.element, self.element.phone, self.element.phone.realm
        return found
