"""Furnishing: what a workspace has from its first moment, in an order in which each worker needs its own keys alone.

1. The factory (seal key) makes what was issued long ago: the persona with an expired card, and the expired specimens.
2. The `ca` worker makes the authorities with the realm's clock at that time, issues those, and sets the clock right.
   From here on the workspace is ready to be used.
3. The factory makes the other personas with their cards; the `ca` worker certifies them; the factory writes the cards.

Rows are the truth, messages only wake. `portal.providers.workspaces` calls `open` and `settle` by a settings string.
"""

from datetime import datetime, timedelta

from celery import shared_task
from django.db.models import Exists, OuterRef, QuerySet

from ca import clock, messages
from ca.models import Generation, Issuance, Realm
from ca.tasks import issue
from portal.providers.models import Workspace
from sandbox import cards, citizens, personas, specimens
from sandbox.models import Furnishing, VirtualCard
from sandbox.personas import Card

State = Furnishing.State
AGE = personas.EXPIRED_ISSUED_AGO
AGAIN = timedelta(seconds=30)  # younger work was told of a moment ago


def open(realm: Realm) -> None:
    """Put the clock of a realm without authorities back to when the oldest of what it will have was issued."""
    # In one statement: whoever comes late must not take a workspace that is ready back with it.
    made = Generation.objects.filter(authority__realm=OuterRef("pk"))
    Realm.objects.filter(~Exists(made), pk=realm.pk).update(clock_offset=-AGE)
    realm.refresh_from_db(fields=["clock_offset"])


def settle(realm: Realm) -> bool:
    """Issue what was issued long ago and set the clock right; tell whether the realm can be used.

    When the factory isn't done yet it can't: the factory wakes whoever made the workspace. Needs the authorities' keys.
    """
    row, _ = Furnishing.objects.get_or_create(realm=realm)
    if row.state == State.ASKED:
        messages.send("factory.furnish_past", realm.pk)
        return False
    if row.state != State.PAST:
        return True
    # As the index of what is unfinished has it: by the realm and the state, all requests that ever were would be read.
    unfinished = Issuance.objects.filter(realm=realm, certificate=None, error_code="")
    open_requests = unfinished.exclude(state__in=Issuance.FINAL)
    # First the cards', then the phones' that stand on them. What another worker holds, that one finishes, and the rest.
    for _ in range(2):
        issue(list(open_requests.values_list("pk", flat=True)))
        if open_requests.exists():
            return False
        specimens.follow_expired(realm)
    # The clock and what it is right for, in one statement each: whoever dies in between does both again.
    Realm.objects.filter(pk=realm.pk, clock_offset=-AGE).update(clock_offset=timedelta())
    Furnishing.objects.filter(pk=row.pk, state=State.PAST).update(state=State.PRESENT)
    messages.send("factory.furnish", realm.pk)
    return True


def furnish_past(realm: Realm) -> None:
    """Make the keys of what was issued long ago, and ask for the certificates. Safe to run again; the seal key."""
    row, _ = Furnishing.objects.get_or_create(realm=realm)
    if row.state != State.ASKED:
        return
    for persona in personas.PERSONAS:
        if persona.card is Card.EXPIRED:
            cards.create(realm, persona)
    specimens.make_expired(realm)
    Furnishing.objects.filter(pk=row.pk, state=State.ASKED).update(state=State.PAST)
    workspace = Workspace.objects.filter(realm=realm, state=Workspace.State.KEYED).values_list("pk", flat=True).first()
    if workspace is not None:
        messages.send("portal.make_workspace", workspace)


def furnish(realm: Realm) -> None:
    """Make the other personas with their cards, each sent on as it is made. Safe to run again. Needs the seal key."""
    row, _ = Furnishing.objects.get_or_create(realm=realm, defaults={"state": State.PRESENT})
    if row.state not in (State.PRESENT, State.DONE):
        return
    for persona in personas.PERSONAS:
        card, asked = cards.make(citizens.settle(realm, persona))
        if not card.ready:
            messages.send("ca.issue", [one.pk for one in asked])
    Furnishing.objects.filter(pk=row.pk, state=State.PRESENT).update(state=State.DONE)


def is_furnished(realm: Realm) -> bool:
    """Tell whether every persona's card is made, certified and as its persona stands for."""
    ready = VirtualCard.objects.filter(realm=realm, ready=True, persona__in=[one.code for one in personas.PERSONAS])
    return ready.count() == len(personas.PERSONAS)


def sweep() -> int:
    """Wake the factory for what was left on the way, and for workspaces from before there was a world in them."""
    before = clock.machine() - AGAIN
    left = Furnishing.objects.filter(state__in=(State.ASKED, State.PRESENT), realm__in=_workspaces(before))
    tasks = {State.ASKED: "factory.furnish_past", State.PRESENT: "factory.furnish"}
    sent = sum(messages.send(tasks[State(state)], realm) for realm, state in left.values_list("realm", "state"))
    ready = Workspace.objects.filter(state=Workspace.State.READY)
    bare = _workspaces(before).filter(furnishing=None, pk__in=ready.values("realm"))
    return sent + sum(messages.send("factory.furnish", realm) for realm in bare.values_list("pk", flat=True))


def _workspaces(before: datetime) -> QuerySet[Realm]:
    return Realm.objects.filter(pk__in=Workspace.objects.filter(asked_at__lt=before).values("realm"))


@shared_task(name="factory.furnish_past")
def furnish_past_task(realm_id: int) -> None:
    furnish_past(Realm.objects.get(pk=realm_id))


@shared_task(name="factory.furnish")
def furnish_task(realm_id: int) -> None:
    furnish(Realm.objects.get(pk=realm_id))


@shared_task(name="sandbox.sweep_furnishing")
def sweep_task() -> int:
    return sweep()
