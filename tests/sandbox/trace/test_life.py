"""Whatever happens in a workspace stands on one time line, by itself: enrolment, hand-off, OCSP, revocation."""

import asyncio
import base64
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from ca import clock, revocation
from ca.causes import Cause
from ca.ocsp import endpoint
from ca.profiles import Medium, Purpose
from ca.reply import Reply, Request
from portal.handoff import asking, delivery
from portal.providers.models import Workspace
from sandbox import phones
from sandbox.models import TraceEvent
from sandbox.trace import seram
from sandbox.trace.responder import Said, WatchedDesk, written
from tests.ca.test_ocsp import path_of, question
from tests.tsm.enrolment.citizen import PHONE_PIN, Citizen, card_of
from tests.whitelist.relying_parties import CALLBACK, make_bank, make_credential
from tsm import agent, jpki
from tsm.jpki import Key
from tsm.models import Conversation, Enrolment

pytestmark = pytest.mark.django_db(transaction=True)
Deliver = Callable[..., list[str]]
PIN, PASSWORD = "7391", "HANAKO7391"


@pytest.fixture
def citizen(whole: Workspace, deliver: Deliver) -> Citizen:
    """Return who has an active pair, whose phone spoke with the TSM as its app does."""
    made = Citizen.with_new_phone(whole.realm, deliver)
    response = made.apply(card_of(whole.realm))
    assert response.status_code == 201, response.content
    reference = str(response.json()["id"])
    deliver("tsm", "ca", "sweeps")
    session = str(Conversation.objects.get(element__phone=made.phone, closed_at__isnull=True).reference)
    headers = {"authorization": f"Bearer {phones.bearer(made.row)}"}

    def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        url = f"/gp/seram{path}?sessionId={session}"
        answer = made.client.post(url, body, content_type="application/json", headers=headers)
        if answer.status_code == 404:
            return {"ramCommands": [{"ramCommandType": "stopCommand"}]}
        assert answer.status_code == 200, answer.content
        deliver("tsm", "ca", "sweeps")
        value: dict[str, Any] = answer.json()
        return value

    agent.converse(
        seram.traced(post, made.row, session),
        lambda: phones.played(made.row, session),
        identifier=made.phone.element.identifier,
        sleep=lambda _: None,
    )
    made.set_passwords()
    assert made.activate(reference).status_code == 200
    return made


def events(workspace: Workspace, **only: Any) -> list[TraceEvent]:
    return list(TraceEvent.objects.filter(realm=workspace.realm, **only).order_by("pk"))


def whats(workspace: Workspace, **only: Any) -> list[str]:
    return [event.what for event in events(workspace, **only)]


def test_an_enrolment_is_told_whole_from_the_cards_signature_to_the_certificates_that_are_valid(
    whole: Workspace, citizen: Citizen
) -> None:
    enrolment = Enrolment.objects.get(phone=citizen.phone)
    told = whats(whole, enrolment=enrolment.reference)
    milestones = [
        "enrolment.verified",
        "phone.woken",
        "seram.handshake",
        "seram.order",
        "apdus.phone",
        "seram.report",
        "enrolment.keyed",
        "issuance.intended",
        "certificate.issued",
        "enrolment.certified",
        "enrolment.installed",
        "enrolment.active",
        "certificate.activated",
    ]
    assert [told.index(each) for each in milestones] == sorted(told.index(each) for each in milestones)
    scripts = events(whole, what="apdus.phone", data__by="tsm")
    sections = [one["section"] for event in scripts for one in event.data["commands"] if "section" in one]
    assert {"create_domain", "install_application", "make_keys", "write_certificates"} <= set(sections)
    protected = [one for one in scripts[1].data["commands"] if one.get("protected")]
    assert all(one["says"]["ja"] and one["says"]["en"] for one in protected)
    assert any("JPKI package" in one.get("detail", "") for event in scripts for one in event.data["commands"])
    orders = events(whole, what="seram.order", phone=citizen.phone.reference)
    ordered = [one for order in orders for one in order.data["order"]["ramCommands"]]
    assert "make_keys" in [one.get("section") for one in ordered]


def test_no_password_of_card_or_phone_is_anywhere_in_it_and_signatures_are_told_in_words(
    whole: Workspace, citizen: Citizen
) -> None:
    text = str(list(TraceEvent.objects.values()))
    for secret in (PIN, PASSWORD, PHONE_PIN, "PHONE82KX4"):
        assert secret.encode().hex().upper() not in text
        assert f" {len(secret):02X} {secret.encode().hex()[:4]}" not in text.lower()
    card = events(whole, what="apdus.card")[-1]
    assert (card.title_ja, card.title_en) == (
        "カード：署名用の秘密鍵で署名した",
        "Card: signed with the signature private key",
    )
    verify = next(one for one in card.data["commands"] if one["name"] == "VERIFY")
    assert verify["command"] == "00200080 •• ••"
    assert "署名用パスワード" in verify["says"]["ja"]
    signed = next(one for one in card.data["commands"] if one["name"] == "PERFORM SECURITY OPERATION")
    assert "SHA-256" in signed["says"]["en"]
    assert signed["means"]["ja"] == "成功：署名（256バイト）"


def test_a_wrong_pin_is_told_with_the_tries_left(whole: Workspace, citizen: Citizen) -> None:
    from sandbox import power

    with power.app(citizen.row) as chip:
        for command in (
            jpki.select_application(),
            jpki.select_file(jpki.File.AUTHENTICATION_PIN),
            jpki.status(),
            jpki.verify(b"0000"),
        ):
            chip.transmit(command.encode())
    told = events(whole, what="apdus.phone")[-1]
    assert told.failed
    assert told.title_ja == "スマホのチップ：利用者証明用の暗証番号（数字4桁）を照合した（できなかった：違う。あと2回）"
    status = next(one for one in told.data["commands"] if one["name"] == "GET DATA")
    assert "利用者証明用＝鍵あり・証明書あり・パスワード設定済み（残り3回）" in status["means"]["ja"]


def test_a_hand_off_is_told_from_the_request_to_the_status_that_the_service_asks(
    whole: Workspace, citizen: Citizen
) -> None:
    credential = make_credential(make_bank(whole.realm))
    asked = asking.ask(
        credential, purpose=Purpose.USER_AUTHENTICATION, return_url=CALLBACK, media=[Medium.PHONE], state="s-1"
    )
    browser = Client()
    session = browser.session
    session["phone"] = str(citizen.phone.reference)
    session.save()
    page = f"/handoff/{asked.token}/"
    assert browser.get(page).status_code == 200
    commands = [
        jpki.select_application(),
        jpki.select_file(jpki.File.AUTHENTICATION_PIN),
        jpki.verify(PHONE_PIN.encode()),
    ]
    bridge = f"/sandbox/elements/{citizen.phone.reference}/session"
    body = {"commands": [command.encode().hex() for command in commands]}
    browser.post(bridge, body, content_type="application/json", headers={"referer": f"http://testserver{page}"})
    enrolment = Enrolment.objects.get(phone=citizen.phone)
    certificate = enrolment.authentication_certificate
    assert certificate is not None
    signature = citizen.sign(asked.hand_off.signed_text, Key.AUTHENTICATION)
    answer = {"service": "test-bank", "certificate": _b64(bytes(certificate.der)), "signature": _b64(signature)}
    answered = browser.post(f"{page}answer", answer, content_type="application/json")
    assert answered.status_code == 200, answered.content
    back = browser.get(f"{page}return")["Location"]
    code = back.split("code=")[1].split("&")[0]
    delivery.redeem(credential, reference=asked.hand_off.pk, code=code)
    target, data = path_of(certificate), question(certificate)
    request = Request("POST", target.encode(), [], data)
    written(Said(clock.machine(), request, endpoint.respond(request)))
    told = whats(whole, hand_off=asked.hand_off.pk)
    milestones = [
        "handoff.asked",
        "page.phone.shown",
        "apdus.phone",
        "handoff.answered",
        "callback",
        "handoff.delivered",
        "ocsp.asked",
    ]
    assert [told.index(each) for each in milestones] == sorted(told.index(each) for each in milestones)
    ocsp = events(whole, what="ocsp.asked")[-1]
    assert ocsp.enrolment == enrolment.reference
    assert ocsp.data["answer"]["status"] == "good"
    assert certificate.serial_number in ocsp.title_en
    everything = str(list(TraceEvent.objects.values()))
    assert code not in everything
    assert asked.token not in everything


def test_a_revocation_is_told_with_its_cause(whole: Workspace, citizen: Citizen) -> None:
    certificate = Enrolment.objects.get(phone=citizen.phone).signature_certificate
    assert certificate is not None
    revocation.revoke(certificate, cause=Cause.PHONE_USE_ENDED, now=clock.now(whole.realm))
    told = events(whole, what="certificate.revoked")[-1]
    assert "スマホの利用を終えた" in told.title_ja
    assert told.enrolment == Enrolment.objects.get(phone=citizen.phone).reference


def test_the_responders_desk_is_heard_about_workspaces_alone_and_answers_first(whole: Workspace) -> None:
    order: list[str] = []

    class Inner:
        def take(self, request: Request, connection: Any) -> None:
            connection.reply(Reply("200 OK", "text/plain", b"x"))

        def refusal(self, trouble: Any, target: bytes) -> Reply:
            return Reply("400", "", b"")

        async def close(self) -> None:
            order.append("closed")

    class Line:
        def reply(self, reply: Reply) -> None:
            order.append(reply.status)

    heard: list[Said] = []
    desk = WatchedDesk(Inner())
    desk.write = heard.append  # type: ignore[method-assign]
    for target in (b"/ocsp/test/signature/card", b"/ocsp/ws-whole/signature/card", b"/nothing"):
        desk.take(Request("POST", target, [], b""), Line())  # type: ignore[arg-type]
    asyncio.run(desk.close())
    assert order == ["200 OK"] * 3 + ["closed"]
    for _ in range(200):
        if heard:
            break
        time.sleep(0.01)
    assert [said.request.target for said in heard] == [b"/ocsp/ws-whole/signature/card"]


def _b64(value: bytes) -> str:
    return base64.b64encode(value).decode()
