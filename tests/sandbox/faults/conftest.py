"""A workspace whose service has a result, and how a careful service judges what it is told."""

from collections.abc import Callable
from typing import Any

import pytest
from jpki_client import Expected, Original, Trust, Verdict, by_ocsp, verify

from ca import clock
from ca.models import Realm
from ca.profiles import Medium, Purpose
from ca.reply import Request
from ca.responder import respond
from portal.handoff import api, asking, delivery, hand_offs, trust
from portal.handoff.asking import Asked
from portal.handoff.models import HandOff
from portal.providers.models import Workspace
from sandbox.faults import responder as faulty
from tests.ca.fixtures import *  # noqa: F403
from tests.ca.fixtures import issue_all_four, make_holder, make_realm
from tests.portal.handoff.citizens import Citizen
from tests.portal.handoff.pdfs import plain
from tests.whitelist.relying_parties import CALLBACK, make_bank, make_credential
from whitelist.models import Credential, Organisation

Answered = Callable[..., HandOff]
Told = Callable[[HandOff], dict[str, Any]]
Judge = Callable[[HandOff, dict[str, Any] | None], Verdict]
TEXT = "契約書\r\n第1条\n"


def make_workspace(realm: Realm) -> Workspace:
    """Return the workspace that a realm is."""
    now = clock.machine()
    organisation = Organisation.objects.create(realm=realm, name_ja="試験会社", name_en="Test", created_at=now)
    return Workspace.objects.create(
        organisation=organisation, realm=realm, asked_by="test", asked_at=now, state=Workspace.State.READY
    )


@pytest.fixture
def workspace(realm: Realm) -> Workspace:
    return make_workspace(realm)


@pytest.fixture
def credential(workspace: Workspace) -> Credential:
    return make_credential(make_bank(workspace.realm))


@pytest.fixture
def citizen(workspace: Workspace) -> Citizen:
    return citizen_in(workspace.realm)


def citizen_in(realm: Realm) -> Citizen:
    """Return somebody of a realm with all four certificates."""
    certificates = {(Purpose(one.purpose), Medium(one.medium)): one for one in issue_all_four(make_holder(realm))}
    return Citizen(certificates)


@pytest.fixture
def answered(credential: Credential, citizen: Citizen) -> Answered:
    """Give `answered(purpose, …)`: a hand-off that the citizen has answered, and whose code was redeemed."""

    def make(purpose: Purpose = Purpose.USER_AUTHENTICATION, *, redeem: bool = True, **changes: Any) -> HandOff:
        return answer(credential, citizen, purpose, redeem=redeem, **changes)

    return make


def answer(
    credential: Credential,
    citizen: Citizen,
    purpose: Purpose = Purpose.USER_AUTHENTICATION,
    *,
    redeem: bool = True,
    **changes: Any,
) -> HandOff:
    """Return a hand-off that was answered, and redeemed unless told otherwise."""
    values: dict[str, Any] = {"purpose": purpose, "return_url": CALLBACK, "media": [Medium.PHONE], "state": "s1"}
    if purpose == Purpose.SIGNATURE:
        values |= {"document_name": "契約書"} | ({} if "pdf" in changes else {"document": TEXT})
    asked: Asked = asking.ask(credential, **(values | changes))
    hand_off = hand_offs.show(asked.hand_off, "b" * 64)
    hand_offs.answer(hand_off, **citizen.answer(hand_off))
    hand_off = hand_offs.found(pk=hand_off.pk)
    if redeem:
        code = delivery.leave(hand_off, "b" * 64).partition("code=")[2].partition("&")[0]
        hand_off = delivery.redeem(credential, reference=hand_off.pk, code=code)
    return hand_off


def told(hand_off: HandOff) -> dict[str, Any]:
    """Return what the API tells of a hand-off."""
    return api._shape(hand_offs.found(pk=hand_off.pk))


def ask_responder(target: str, body: bytes = b"", method: str = "POST") -> bytes:
    """Return what the responder says, faults and all."""
    request = Request(method, target.encode(), [(b"content-type", b"application/ocsp-request")], body)
    said = faulty.told_to(request)
    reply = said.reply if said is not None and said.reply is not None else respond(request)
    return reply.body


def judge(hand_off: HandOff, result: dict[str, Any] | None) -> Verdict:
    """Return what a careful service makes of a result, by the client's own checks."""
    trusted = Trust.read(trust.trust_list(hand_off.realm.slug))
    original = Original.of(plain() if hand_off.format == "pades" else hand_off.signed_text)
    return verify(
        result or {},
        Expected(hand_off.purpose, original, format=hand_off.format),
        trust=trusted,
        now=trusted.time,
        status=by_ocsp(lambda url, request: ask_responder("/" + url.split("/", 3)[3], request)),
    )


@pytest.fixture
def other_realm(realm: Realm) -> Realm:
    """Return another workspace's realm."""
    found = make_realm("other")
    make_workspace(found)
    return found
