"""Rotations rehearsed: an authority's next generation, its responders' next keys, the register's next key.

Each key is made where its store is open: the `workspaces` worker makes the responders', the `ca` worker everything
else and every certificate. What goes from one to the other is a public key in a row, as when a workspace is made.
What the old keys signed stays good: old generations go on with their lists, old keys stay in the register's key set.
"""

import base64
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from ca import ceremony, clock, issuance, journal, messages, seals
from ca.errors import CaError, GenerationOutOfTurn
from ca.models import Generation, Realm, ResponderKey
from ca.profiles import Purpose
from portal.providers.errors import WorkspaceNotReady
from portal.providers.models import Workspace
from sandbox import trace
from sandbox.errors import RotationUnderWay, RotationUnknown, TooManyRotations
from sandbox.models import Rotation
from whitelist.published import statement

State, What = Rotation.State, Rotation.What
DAY = timedelta(days=1)
TASKS = {State.ASKED: "sandbox.make_responder_keys", State.KEYED: "sandbox.sign_rotation"}


def find(realm: Realm, reference: uuid.UUID) -> Rotation:
    """Return the workspace's rotation. Raises RotationUnknown."""
    found = Rotation.objects.filter(realm=realm, reference=reference).first()
    if found is None:
        raise RotationUnknown("the workspace has no such rotation")
    return found


def ask(realm: Realm, what: Rotation.What, purpose: Purpose | None = None, *, by: str) -> Rotation:
    """Have keys rotated; `purpose` says whose, for authorities and responders.

    Raises RotationUnderWay, TooManyRotations, WorkspaceNotReady.
    """
    now = clock.machine()
    if not Workspace.objects.filter(realm=realm, state=Workspace.State.READY).exists():
        raise WorkspaceNotReady("its authorities aren't made yet")
    with transaction.atomic():
        journal.take(realm)
        if Rotation.objects.filter(realm=realm, asked_at__gt=now - DAY).count() >= settings.ROTATIONS_A_DAY:
            raise TooManyRotations("so many rotations in a day", most=settings.ROTATIONS_A_DAY)
        before = ""
        if what == What.AUTHORITY and purpose is not None:
            before = str(issuance.newest_generation(realm, purpose).number)
        elif what == What.REGISTER:
            newest = seals.newest_key(realm)
            before = newest.label if newest is not None else ""
        try:
            with transaction.atomic():
                made = Rotation.objects.create(
                    realm=realm,
                    what=what,
                    purpose=str(purpose or ""),
                    # The register's key is the `ca` worker's alone.
                    state=State.KEYED if what == What.REGISTER else State.ASKED,
                    before=before,
                    asked_by=by,
                    asked_at=now,
                )
        except IntegrityError:
            raise RotationUnderWay("the one that was asked for before isn't done", what=str(what)) from None
        journal.record(
            realm, "rotation.asked", str(made.reference), what=str(what), purpose=made.purpose or None, by=by
        )
        transaction.on_commit(lambda: messages.send(TASKS[State(made.state)], made.pk))
    return made


def sweep() -> int:
    """Wake the workers for whatever isn't done; return how many rotations that are."""
    # Younger ones were told of a moment ago.
    before = clock.machine() - timedelta(seconds=settings.ROTATIONS_SWEEP_SECONDS)
    rows = Rotation.objects.filter(state__in=Rotation.OPEN, asked_at__lt=before).values_list("pk", "state")
    return sum(messages.send(TASKS[State(state)], pk) for pk, state in list(rows))


# --- what workers do ------------------------------------------------------------------------------------
def make_responder_keys(rotation_id: int) -> None:
    """Make the keys of responders that a rotation needs. Needs the responders' key store alone. Safe to run again."""
    found = _open(rotation_id, State.ASKED)
    if found is None:
        return
    purpose = Purpose(found.purpose)
    if found.what == What.AUTHORITY:
        numbers = [int(found.before) + 1]
    else:
        numbers = ceremony.generations_in_time(found.realm, purpose)
    made = {number: ceremony.create_next_responder_key(found.realm, purpose, number) for number in numbers}
    told = {
        str(number): {"label": key.label, "public_key": base64.b64encode(key.public_key).decode()}
        for number, key in made.items()
    }
    # Of two who made keys at once, the second's stay in the store and are nobody's.
    if Rotation.objects.filter(pk=found.pk, state=State.ASKED).update(state=State.KEYED, responder_keys=told):
        messages.send(TASKS[State.KEYED], found.pk)


def sign(rotation_id: int) -> None:
    """Make and certify what a rotation asks for. Needs the authorities' key store alone. Safe to run again."""
    found = _open(rotation_id, State.KEYED)
    if found is None:
        return
    try:
        made = _MAKE[What(found.what)](found)
    except CaError as error:
        if error.code == "keys_unavailable":
            raise  # not the rotation's fault: it waits for the sweep
        _finish(found, State.FAILED, trouble=error.code)
        return
    _finish(found, State.DONE, made=made)


def _authority(rotation: Rotation) -> dict[str, Any]:
    realm, purpose, number = rotation.realm, Purpose(rotation.purpose), int(rotation.before) + 1
    try:
        made = ceremony.next_generation_for(realm, purpose, number, _keys(rotation)[number])
    except GenerationOutOfTurn:
        # Another delivery of this rotation made it: then its responder has our key. Else another ceremony did.
        rows = Generation.objects.filter(authority__realm=realm, authority__purpose=purpose, number=number)
        ours = rows.filter(responder_keys__key_label=_keys(rotation)[number].label).first()
        if ours is None:
            raise
        made = ours
    statement.sign(realm)
    return {
        "generation": made.number,
        "serial_number": made.serial_number,
        "subject_key_identifier": made.subject_key_identifier,
    }


def _responder(rotation: Rotation) -> dict[str, Any]:
    made = ceremony.certify_responder_keys(rotation.realm, Purpose(rotation.purpose), _keys(rotation))
    return {"responders": [_told(key) for key in made]}


def _register(rotation: Rotation) -> dict[str, Any]:
    realm = rotation.realm
    before = rotation.before
    if not before:
        seals.signer(realm)  # makes the first
    else:
        seals.next_key(realm, after=before)
    statement.sign(realm)
    newest = seals.newest_key(realm)
    assert newest is not None  # noqa: S101  (just made)
    signed = statement.newest(realm)
    return {"spki_sha256": newest.fingerprint, "kid": signed.row.key_id if signed is not None else None}


_MAKE: dict[Rotation.What, Callable[[Rotation], dict[str, Any]]] = {
    What.AUTHORITY: _authority,
    What.RESPONDER: _responder,
    What.REGISTER: _register,
}


def _told(key: ResponderKey) -> dict[str, Any]:
    return {
        "generation": key.generation.number,
        "serial_number": key.serial_number,
        "not_after": key.not_after.isoformat(),
    }


def _open(rotation_id: int, state: Rotation.State) -> Rotation | None:
    return Rotation.objects.select_related("realm").filter(pk=rotation_id, state=state).first()


def _keys(rotation: Rotation) -> dict[int, ceremony.MadeKey]:
    return {
        int(number): ceremony.MadeKey(told["label"], base64.b64decode(told["public_key"]))
        for number, told in rotation.responder_keys.items()
    }


def _finish(
    rotation: Rotation, state: Rotation.State, *, made: dict[str, Any] | None = None, trouble: str = ""
) -> None:
    said = {"what": rotation.what, "purpose": rotation.purpose or None}
    with transaction.atomic():
        journal.take(rotation.realm)
        ours = Rotation.objects.filter(pk=rotation.pk, state=State.KEYED)
        if not ours.update(state=state, made=made or {}, trouble=trouble, done_at=clock.machine()):
            return
        if state == State.DONE:
            journal.record(rotation.realm, "rotation.done", str(rotation.reference), made=made or {}, **said)
        else:
            journal.record(rotation.realm, "rotation.failed", str(rotation.reference), trouble=trouble, **said)
        trace.note(
            rotation.realm_id,
            trace.Lane.CA,
            f"rotation.{state}",
            title=("鍵の世代交代", "A rotation of keys"),
            data=said | {"made": made or {}, "trouble": trouble},
            failed=state == State.FAILED,
        )
