"""A guided tour of the workspace that ends with the reader's own request verified.

Each step checks itself by the workspace's rows: nothing is ticked because a button was pressed. The request that is
followed is the one that came furthest; of several, the newest.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Case, Exists, OuterRef, Value, When

from portal.handoff.models import HandOff
from portal.handoff.states import State
from portal.providers import workspaces
from portal.providers.models import Workspace
from sandbox.models import TraceEvent
from whitelist.models import AccessToken, Credential, RelyingParty, VerificationLog


class Step(StrEnum):
    """What is to be done, in its order."""

    KEY = "key"
    TOKEN = "token"  # noqa: S105  (the name of a step)
    PHONE = "phone"
    ASKED = "asked"
    ANSWERED = "answered"
    REDEEMED = "redeemed"
    VERIFIED = "verified"


@dataclass(frozen=True)
class Stage:
    """One step: done, the one that is due, or later; `evidence` is what says that it is done."""

    step: Step
    state: str  # done, now, later
    evidence: str = ""


@dataclass(frozen=True)
class Tour:
    """How far the workspace is, and the request that is followed."""

    stages: tuple[Stage, ...]
    hand_off: HandOff | None
    credential: Credential | None

    @property
    def done(self) -> int:
        return sum(stage.state == "done" for stage in self.stages)

    @property
    def over(self) -> bool:
        return self.done == len(self.stages)

    @property
    def mark(self) -> str:
        """Return what changes when something is done."""
        return "".join(stage.state[0] for stage in self.stages)


def of(workspace: Workspace) -> Tour:
    """Return how far the workspace is on the tour."""
    entry = workspaces.relying_party(workspace)
    credential = Credential.objects.filter(relying_party=entry, disabled_at__isnull=True).order_by("-pk").first()
    hand_off = _furthest(entry)
    evidence = {
        Step.KEY: credential.key_id if credential else "",
        Step.TOKEN: _token(entry, hand_off),
        Step.PHONE: _phone(workspace),
        Step.ASKED: str(hand_off.pk) if hand_off else "",
        Step.ANSWERED: _answered(hand_off),
        Step.REDEEMED: f"{hand_off.fetched_at:%Y-%m-%d %H:%M:%S}Z" if hand_off and hand_off.fetched_at else "",
        Step.VERIFIED: _verified(hand_off) if hand_off else "",
    }
    stages, due = [], False
    for step in Step:
        state = "done" if evidence[step] else "later" if due else "now"
        due = due or state == "now"
        stages.append(Stage(step, state, evidence[step]))
    return Tour(tuple(stages), hand_off, credential)


def _furthest(entry: RelyingParty) -> HandOff | None:
    seen = TraceEvent.objects.filter(realm=entry.realm_id, what="ocsp.asked", hand_off=OuterRef("pk"))
    rows = HandOff.objects.filter(relying_party=entry).annotate(
        asked=Exists(seen),
        rank=Case(
            When(asked=True, then=Value(3)),
            When(fetched_at__isnull=False, state=State.ANSWERED, then=Value(2)),
            When(state=State.ANSWERED, then=Value(1)),
            default=Value(0),
        ),
    )
    return rows.select_related("answered_with", "realm").order_by("-rank", "-created_at").first()


def _token(entry: RelyingParty, hand_off: HandOff | None) -> str:
    """Return when a token was given; a hand-off can't have been asked for without one."""
    if AccessToken.objects.filter(credential__relying_party=entry).exists() or hand_off is not None:
        return entry.client_id
    return ""


def _phone(workspace: Workspace) -> str:
    """Return the name of a phone with certificates that can be used."""
    active = workspace.realm.enrolments.filter(state="active").select_related("phone").order_by("-pk").first()
    return active.phone.name if active is not None else ""


def _answered(hand_off: HandOff | None) -> str:
    if hand_off is None or hand_off.state != State.ANSWERED:
        return ""
    certificate = hand_off.answered_with
    return f"{hand_off.medium} {certificate.serial_number if certificate else ''}".strip()


def _verified(hand_off: HandOff) -> str:
    """Return what the service asked about the certificate that answered, after it had the result."""
    if hand_off.fetched_at is None or hand_off.answered_with is None:
        return ""
    seen = TraceEvent.objects.filter(realm=hand_off.realm_id, what="ocsp.asked", hand_off=hand_off.pk).last()
    if seen is not None:
        return f"OCSP {seen.data.get('answer', {}).get('status', '')}".strip()
    # The log goes by the machine's clock, a hand-off by the workspace's.
    asked = VerificationLog.objects.filter(
        relying_party=hand_off.relying_party_id,
        serial_number=hand_off.answered_with.serial_number,
        at__gte=hand_off.fetched_at - hand_off.realm.clock_offset,
    ).first()
    return f"verification/status {asked.request}" if asked is not None else ""
