"""The sandbox's tasks: Celery looks for them here. Those of people and phones live with their subject."""

from celery import shared_task

from sandbox import clock, rotations
from sandbox.cards import write_card_certificates
from sandbox.conformance.tasks import drive_conformance, sign_conformance, sweep_conformance
from sandbox.furnishing import furnish_past_task, furnish_task
from sandbox.furnishing import sweep_task as sweep_furnishing
from sandbox.issuing import go_on_task
from sandbox.issuing import sweep_task as sweep_issuing
from sandbox.phones import make_task, talk_task
from sandbox.specimens import settle_task
from sandbox.webhooks import events, expiry, outbox, sending, telling

__all__ = [
    "drive_conformance",
    "follow_clock",
    "furnish_past_task",
    "furnish_task",
    "go_on_task",
    "make_responder_keys",
    "make_task",
    "send_webhook",
    "settle_task",
    "sign_anew",
    "sign_conformance",
    "sign_rotation",
    "sign_webhook",
    "sweep_conformance",
    "sweep_expired",
    "sweep_furnishing",
    "sweep_issuing",
    "sweep_rotations",
    "sweep_webhooks",
    "talk_task",
    "tell_webhooks",
    "write_card_certificates",
]


@shared_task(name="sandbox.sweep_webhooks")
def sweep_webhooks() -> int:
    """Make events of what the workspaces' journals say, and sign what is due. Queue `phones`: it needs the seal key."""
    events.read_all()
    return outbox.sweep()


@shared_task(name="sandbox.sweep_expired")
def sweep_expired() -> int:
    """Write into the workspaces' journals which certificates have ended. It needs no key."""
    return expiry.note_all()


@shared_task(name="sandbox.sign_webhook")
def sign_webhook(webhook_id: int) -> None:
    """Sign a webhook's next delivery. Queue `phones`: it needs the seal key."""
    outbox.sign_next(webhook_id)


@shared_task(name="sandbox.send_webhook")
def send_webhook(attempt_id: int) -> None:
    """Send what is signed. Queue `probes`: it goes to an address that a stranger named, and has no secret."""
    sending.send(attempt_id)


@shared_task(name="sandbox.tell_webhooks")
def tell_webhooks() -> int:
    """Tell organisations of webhooks that were disabled; forget old events. Queue `notices`: it sends mail."""
    events.forget()
    return telling.tell_waiting()


@shared_task(name="sandbox.follow_clock")
def follow_clock(realm_id: int) -> None:
    """Do what a clock that was moved makes due in its realm. It needs no key."""
    clock.follow_up(realm_id)


@shared_task(name="sandbox.sign_anew")
def sign_anew(realm_id: int) -> None:
    """Sign what a clock that was moved makes due in its realm. Queue `ca`: it needs the authorities' keys."""
    clock.sign_anew(realm_id)


@shared_task(name="sandbox.make_responder_keys")
def make_responder_keys(rotation_id: int) -> None:
    """Make the keys of responders. Queue `workspaces`."""
    rotations.make_responder_keys(rotation_id)


@shared_task(name="sandbox.sign_rotation")
def sign_rotation(rotation_id: int) -> None:
    """Certify them, or make the key that is asked for. Queue `ca`."""
    rotations.sign(rotation_id)


@shared_task(name="sandbox.sweep_rotations")
def sweep_rotations() -> int:
    """Wake both for what isn't done. It needs no key."""
    return rotations.sweep()
