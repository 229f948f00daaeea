"""What a worker does next for an element: have a report checked, decide, have the next leg laid ready (`tsm.works`).

One element, one worker, one open conversation. Every step ends in the database; a worker that dies between two of them
leaves a state from which the next one goes on.
"""

from django.conf import settings
from django.db import transaction

from tsm import conversation as conversations
from tsm import enrolment as enrolments
from tsm import lease, reports, rows, services, works
from tsm.enrolment import State
from tsm.models import Conversation, Enrolment, Leg
from tsm.scene import Scene
from tsm.works import Job


def advance(element_id: int) -> bool:
    """Do all that can be done now for this element. False when another worker is at it."""
    with lease.held(element_id, seconds=settings.TSM_LEASE_SECONDS) as mine:
        if not mine:
            return False
        scene = Scene.read(element_id)
        while _step(scene):
            pass
    # Outside the lease: the phone may answer before the push returns.
    if scene.leg is not None and scene.conversation is not None:
        conversations.wake_phone(scene.conversation)
    return True


def _step(scene: Scene) -> bool:
    """Do one thing; True when there may be another."""
    if scene.leg is not None and scene.leg.state == Leg.State.REPORTED:
        _settle(scene, scene.leg)
        return True
    if scene.leg is not None:
        return False
    job = _job(scene)
    if job is None:
        if scene.conversation is not None:
            conversations.close(scene.conversation)
        return False
    if scene.conversation is not None and scene.conversation.failures >= settings.TSM_FAILURES:
        _stand_still(scene.conversation, job.enrolment)
        return False
    return job.work(scene, job)


def _settle(scene: Scene, leg: Leg) -> None:
    occupant = scene.element.occupant
    leg.enrolment = scene.known(occupant if occupant is not None and occupant.pk == leg.enrolment_id else leg.enrolment)
    if reports.settle(scene.element, leg):
        scene.leg = None
    else:
        again = Scene.read(scene.element.pk)
        scene.element, scene.conversation, scene.leg = again.element, again.conversation, again.leg


def _job(scene: Scene) -> Job | None:
    """Return what is next: keys that are on their way, what must leave the element, what comes, what is ordered."""
    element = scene.element
    occupant = scene.known(element.occupant) if element.occupant is not None else None
    leaving = occupant is not None and occupant.state in enrolments.LEAVING
    turning = services.turning(element, leaving=leaving)
    newest = Enrolment.objects.filter(element=element).last() if turning else None
    if newest is not None:
        return Job(newest, works.ROTATIONS[turning], services.standing(element, services.ROTATES[turning]))
    if occupant is not None and leaving:
        return Job(occupant, works.delete)
    working = _working(scene, occupant)
    if working is not None:
        return Job(working, works.BY_STATE[State(working.state)])
    if occupant is not None and occupant.state in enrolments.UNDER_WAY:
        # What is ordered is for what is in use, and this phone has nothing in use yet.
        return None
    order = services.next_order(element)
    return Job(order.enrolment, works.BY_ORDER[order.function], order) if order is not None else None


def _working(scene: Scene, occupant: Enrolment | None) -> Enrolment | None:
    """Return the enrolment that workers are at. A phone has one that is under way or in use (a constraint)."""
    if occupant is not None and occupant.state in (*enrolments.UNDER_WAY, State.ACTIVE):
        return occupant if occupant.state in enrolments.WORKING else None
    found = rows.only(Enrolment.objects.filter(element=scene.element, state__in=enrolments.WORKING))
    return scene.known(found) if found is not None else None


def _stand_still(conversation: Conversation, enrolment: Enrolment) -> None:
    """Stop trying for now: the sweep begins a new conversation later, and the policy's time gives up."""
    with transaction.atomic():
        conversations.close(conversation)
        Enrolment.objects.filter(pk=enrolment.pk, state__in=enrolments.WORKING).update(trouble=reports.ANSWERS_WRONG)
        enrolments.note(enrolment, "trouble", code=reports.ANSWERS_WRONG)
