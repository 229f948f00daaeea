"""The two roles' interface, each message through JSON as between two hosts, and delegated management on an element."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ca.models import Certificate, JournalEntry, Realm
from ca.profiles import Medium
from sandbox import power
from tests.tsm.enrolment.citizen import Citizen, Deliver, card_of, sign_with_card
from tsm import enrolment as enrolments
from tsm import errors, jpki, keysets, sei, store
from tsm.globalplatform import commands, delegation, loadfile
from tsm.globalplatform.apdu import Command, Response
from tsm.globalplatform.commands import Target
from tsm.messaging import functions, roles, wire
from tsm.messaging.functions import SeiTsm, SpTsm
from tsm.messaging.wire import FUNCTIONS
from tsm.models import Enrolment, SecureElement
from tsm.sections import Section, Step

pytestmark = pytest.mark.django_db(transaction=True)


def apart(interface: type, role: object) -> Any:
    """Return the role as it is seen from another host: every message and answer goes through JSON."""

    def send(message: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(json.dumps(wire.serve(interface, role, json.loads(json.dumps(message)))))
        return answer

    return wire.Remote(interface, send)


@pytest.fixture
def issuer() -> SeiTsm:
    found: SeiTsm = apart(SeiTsm, roles.LocalSeiTsm())
    return found


@pytest.fixture
def provider() -> SpTsm:
    found: SpTsm = apart(SpTsm, roles.LocalSpTsm())
    return found


@pytest.fixture
def citizen(realm: Realm, deliver: Deliver) -> Citizen:
    made = Citizen.with_new_phone(realm, deliver)
    made.apply(card_of(realm))
    return made


@pytest.mark.parametrize(
    ("interface", "role"), [(SeiTsm, roles.LocalSeiTsm), (SpTsm, roles.LocalSpTsm)], ids=["sei", "sp"]
)
def test_every_function_of_an_interface_goes_over_the_wire(interface: type, role: type) -> None:
    named = {name for name in vars(interface) if not name.startswith("_")}
    assert named == set(FUNCTIONS[interface])
    assert all(callable(getattr(role, name)) for name in named)


def test_eligibility_names_the_reason(issuer: SeiTsm, citizen: Citizen) -> None:
    number = citizen.phone.element.identifier
    assert issuer.check_global_eligibility(functions.CheckGlobalEligibility(number, "sakura-8")).eligible
    for element, model, reason in (
        (number, "ringo-15", "operating_system"),
        ("00" * 13, "sakura-8", "no_secure_element"),
        ("nonsense", "sakura-8", "no_secure_element"),
    ):
        found = issuer.check_global_eligibility(functions.CheckGlobalEligibility(element, model))
        assert (found.eligible, found.reasons) == (False, (reason,))


def test_a_service_goes_through_its_states(provider: SpTsm, realm: Realm, deliver: Deliver) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    service = citizen.enrol(card_of(realm))
    assert provider.get_service_state(functions.ServiceInstance(service)).state == "active"
    suspended = provider.suspend_or_resume_service(functions.SuspendOrResumeService(service, True, "help desk"))
    assert (suspended.suspended, suspended.orders) == (True, ("suspend",))
    citizen.converse()
    provider.suspend_or_resume_service(functions.SuspendOrResumeService(service, False, "help desk"))
    citizen.converse()
    assert not provider.get_service_state(functions.ServiceInstance(service)).suspended
    unblocked = provider.unblock_service(functions.UnblockService(service, "signature", "help desk"))
    assert unblocked.orders == ("unblock_signature",)
    citizen.converse()
    ended = provider.handle_se_status_change_notification(
        functions.HandleSEStatusChangeNotification(service, "disposal_reported", "help desk")
    )
    assert ended.state == "ended"
    with pytest.raises(errors.WrongState):
        provider.terminate_service(functions.ServiceInstance(service, "help desk"))
    assert {one.status for one in Certificate.objects.filter(medium=Medium.PHONE)} == {"revoked"}


def test_an_application_asks_the_issuer_wherever_it_is(realm: Realm, deliver: Deliver, settings: Any) -> None:
    settings.TSM_SEI = "tests.tsm.test_messaging.issuer_elsewhere"
    ELSEWHERE.clear()
    citizen = Citizen.with_new_phone(realm, deliver)
    assert citizen.apply(card_of(realm)).status_code == 201
    refused = Citizen.with_new_phone(realm, deliver, "ringo-15").apply(card_of(realm, "taro")).json()
    assert (refused["code"], refused["reason"]) == ("phone_not_supported", "operating_system")
    assert [message["function"] for message in ELSEWHERE] == ["check_global_eligibility"] * 2


ELSEWHERE: list[dict[str, Any]] = []


def issuer_elsewhere() -> Any:
    """Return the issuer's role as on another host; what it is asked is kept."""

    def send(message: dict[str, Any]) -> dict[str, Any]:
        ELSEWHERE.append(json.loads(json.dumps(message)))
        answer: dict[str, Any] = json.loads(json.dumps(wire.serve(SeiTsm, roles.LocalSeiTsm(), ELSEWHERE[-1])))
        return answer

    return wire.Remote(SeiTsm, send)


def test_a_service_is_deployed_activated_and_upgraded(provider: SpTsm, realm: Realm, deliver: Deliver) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    text = enrolments.application_text(citizen.phone)
    certificate, signature = sign_with_card(card_of(realm), text)
    asked = functions.DeployService(str(citizen.phone.reference), text, certificate.hex(), signature.hex())
    service = provider.deploy_service(asked).service
    citizen.converse()
    citizen.set_passwords()
    text = enrolments.activation_text(Enrolment.objects.get())
    signatures = [citizen.sign(text, key).hex() for key in (jpki.Key.SIGNATURE, jpki.Key.AUTHENTICATION)]
    with pytest.raises(errors.ActivationRefused):
        provider.activate_service(functions.ActivateService(service, *reversed(signatures)))
    assert provider.activate_service(functions.ActivateService(service, *signatures)).state == "active"
    store.add(store.example((1, 1)))
    assert provider.upgrade_service(functions.ServiceInstance(service)).upgrade_available
    assert Enrolment.objects.get().steps.filter(step="upgrade_available").count() == 1
    with pytest.raises(errors.MessageMalformed):
        provider.deploy_service(replace(asked, signature="no hex"))
    with pytest.raises(errors.PhoneUnknown):
        provider.deploy_service(replace(asked, phone="0f96af97-f879-45a2-a011-ee7439df3804"))


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"function": "no_such", "request": {}}, "message_malformed"),
        ({"function": "serve", "request": {}}, "message_malformed"),
        ({"function": "get_service_state"}, "message_malformed"),
        ({"function": "get_service_state", "request": {"service": 1}}, "message_malformed"),
        ({"function": "get_service_state", "request": {"service": "x", "more": 1}}, "message_malformed"),
        ({"function": "get_service_state", "request": {"service": "x"}}, "enrolment_unknown"),
    ],
)
def test_a_malformed_message_is_answered_with_a_code(message: dict[str, Any], code: str) -> None:
    answer = wire.serve(SpTsm, roles.LocalSpTsm(), message)
    assert (answer["status"], answer["code"]) == ("FAILED", code)


# --- delegated management, on an element


def play(citizen: Citizen, section: Section) -> dict[str, Response]:
    with power.element(citizen.row) as chip:
        return section.read(iter([chip.transmit(apdu) for apdu in section.render()]))


@pytest.fixture
def delegated(citizen: Citizen) -> Callable[[int], Any]:
    """Return what gives the provider's channel on an element whose issuer has delegated the management to it."""
    number = bytes.fromhex(citizen.phone.element.identifier)
    via = sei.channel(number, 0, 1, bytes(8))
    steps = (
        Step("domain", commands.install_ssd(sei.PROVIDER_DOMAIN, privileges=bytes.fromhex("A00000"))),
        Step("token_key", delegation.put_token_key(keysets.token_key().public_key())),
        Step("receipt_key", delegation.put_receipt_key(keysets.receipt_key(number), via.keys.dek)),
    )
    play(citizen, Section("delegate", sei.ISSUER_DOMAIN, steps, via))
    via = sei.channel(number, 0, 2, bytes(8))
    own = keysets.domain(number)
    play(
        citizen,
        Section(
            "take",
            sei.PROVIDER_DOMAIN,
            (
                Step("put_key", commands.put_key(own, dek=via.keys.dek)),
                Step("own", commands.set_status(Target.APPLICATION, 0x0F, sei.PROVIDER_DOMAIN)),
            ),
            via,
        ),
    )
    from tsm import sp

    return lambda counter: sp.channel(number, 0, counter, bytes(8))


def hexed(*orders: Command) -> tuple[str, ...]:
    return tuple(order.encode().hex().upper() for order in orders)


def test_the_provider_loads_installs_and_deletes_with_the_issuers_tokens(
    issuer: SeiTsm, citizen: Citizen, delegated: Callable[[int], Any]
) -> None:
    element, service = citizen.phone.element.identifier, str(Enrolment.objects.get().reference)
    block = store.example()
    orders = (
        commands.install_for_load(jpki.PACKAGE_AID, domain=sei.PROVIDER_DOMAIN, block_hash=loadfile.digest(block)),
        commands.install_for_install_and_make_selectable(jpki.PACKAGE_AID, jpki.AID, jpki.AID),
        commands.delete(jpki.PACKAGE_AID, related=True),
    )
    signed = issuer.generate_dm_token(functions.GenerateDMToken(element, service, hexed(*orders))).commands
    load, install, delete = (Command.parse(bytes.fromhex(text)) for text in signed)
    blocks = [Step(f"load_{number}", command) for number, command in enumerate(commands.load_blocks(block))]
    steps = (Step("for_load", load), *blocks, Step("install", install), Step("delete", delete))
    answers = play(citizen, Section("delegated", sei.PROVIDER_DOMAIN, steps, delegated(1)))
    receipts = tuple(answers[label].data.hex() for label in (blocks[-1].label, "install", "delete"))

    asked = functions.VerifyDMReceipt(element, service, signed, receipts)
    with pytest.raises(errors.ReceiptWrong):
        issuer.verify_dm_receipt(replace(asked, commands=(signed[1], signed[0], signed[2])))
    assert issuer.verify_dm_receipt(asked).counter == 3
    with pytest.raises(errors.ReceiptWrong, match="before"):
        issuer.verify_dm_receipt(asked)
    assert JournalEntry.objects.filter(kind="token.generated").count() == 3
    assert SecureElement.objects.get().token_counter == 3


def test_a_token_is_good_for_its_order_and_its_element_only(
    issuer: SeiTsm, citizen: Citizen, delegated: Callable[[int], Any]
) -> None:
    element, service = citizen.phone.element.identifier, str(Enrolment.objects.get().reference)
    order = commands.install_for_load(
        jpki.PACKAGE_AID, domain=sei.PROVIDER_DOMAIN, block_hash=loadfile.digest(store.example())
    )
    (text,) = issuer.generate_dm_token(functions.GenerateDMToken(element, service, hexed(order))).commands
    signed = Command.parse(bytes.fromhex(text))
    altered = replace(signed, data=signed.data.replace(jpki.PACKAGE_AID, jpki.PACKAGE_AID[:-1] + b"\x01"))
    other = delegation.bound(order, iin=bytes(5), cin=bytes(8), number=1)
    other = delegation.with_token(other, delegation.sign(keysets.token_key(), delegation.signed_text(other)))
    for counter, wrong in enumerate((order, altered, other), 1):
        with pytest.raises(errors.LegFailed):
            play(citizen, Section("wrong", sei.PROVIDER_DOMAIN, (Step("load", wrong),), delegated(counter)))
    play(citizen, Section("right", sei.PROVIDER_DOMAIN, (Step("load", signed),), delegated(4)))


@pytest.mark.parametrize(
    "order",
    [
        commands.delete(commands.ISSUER_SECURITY_DOMAIN_AID),
        commands.install_ssd(bytes.fromhex("D392F00026010000FE")),
        commands.get_data(0x42),
        Command(0x80, 0xE6, 0x02, 0x00, b"\x05\x01"),
    ],
)
def test_no_token_is_given_for_what_is_not_the_providers(issuer: SeiTsm, citizen: Citizen, order: Command) -> None:
    service = str(Enrolment.objects.get().reference)
    with pytest.raises(errors.TokenRefused):
        issuer.generate_dm_token(functions.GenerateDMToken(citizen.phone.element.identifier, service, hexed(order)))


def test_no_token_is_given_without_a_service_on_that_element(issuer: SeiTsm, citizen: Citizen, realm: Realm) -> None:
    other = Citizen.with_new_phone(realm, citizen.deliver)
    service = str(Enrolment.objects.get().reference)
    with pytest.raises(errors.TokenRefused):
        issuer.generate_dm_token(functions.GenerateDMToken(other.phone.element.identifier, service, ()))
    with pytest.raises(errors.PhoneUnknown):
        issuer.generate_dm_token(functions.GenerateDMToken("00", service, ()))
