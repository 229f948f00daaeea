"""What the service provider does on an element in use: suspend, resume, unblock, rotate keys, upgrade, terminate."""

import pytest

from ca import clock
from ca.models import Certificate, Realm
from ca.profiles import Medium
from sandbox import power
from tests.tsm.enrolment.citizen import PHONE_PASSWORD, Citizen, Deliver, card_of, play, torn
from tsm import conversation as conversations
from tsm import enrolment as enrolments
from tsm import jpki, keysets, measures, services, store, sweep
from tsm.errors import LoadFileRefused, ResumeRefused, WrongState
from tsm.globalplatform import commands
from tsm.jpki import Key
from tsm.models import Conversation, Enrolment, Leg, LoadFile, SecureElement, ServiceOrder

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def citizen(realm: Realm, deliver: Deliver) -> Citizen:
    made = Citizen.with_new_phone(realm, deliver)
    made.enrol(card_of(realm))
    return made


def enrolment() -> Enrolment:
    return Enrolment.objects.get()


def statuses() -> set[str]:
    return {one.status for one in Certificate.objects.filter(medium=Medium.PHONE)}


def password_states(citizen: Citizen) -> dict[Key, jpki.PasswordState]:
    with power.element(citizen.row) as chip:
        return dict(jpki.parse_status(play(chip, jpki.select_application(), jpki.status())).passwords)


def key_versions(citizen: Citizen, domain: bytes) -> set[int]:
    with power.element(citizen.row) as chip:
        data = play(chip, commands.select(domain), commands.get_data(commands.TAG_KEY_INFORMATION))
    return {entry.version for entry in commands.parse_key_information(data)}


def test_suspending_holds_at_once_and_locks_the_applet_at_the_next_contact(citizen: Citizen) -> None:
    services.suspend(enrolment(), source="help desk")
    assert statuses() == {"on_hold"}
    citizen.converse()
    with power.element(citizen.row) as chip:
        assert chip.transmit(jpki.select_application().encode()) != b"\x90\x00"
    told = services.state(enrolment())
    assert (told.state, told.suspended, told.orders) == ("active", True, ())

    services.resume(enrolment(), source="help desk")
    assert statuses() == {"on_hold"}, "not before the element has shown it"
    citizen.converse()
    assert statuses() == {"valid"}
    citizen.sign("a text", Key.SIGNATURE)


def test_the_newer_of_two_opposite_orders_counts(citizen: Citizen) -> None:
    services.suspend(enrolment(), source="help desk")
    services.resume(enrolment(), source="help desk")
    citizen.converse()
    assert statuses() == {"valid"}
    assert list(ServiceOrder.objects.values_list("function", "state")) == [("suspend", "dropped"), ("resume", "done")]


@pytest.mark.parametrize("key", list(Key))
def test_unblocking_returns_one_password_to_not_set(citizen: Citizen, key: Key) -> None:
    with power.element(citizen.row) as chip:
        play(chip, jpki.select_application(), jpki.select_file(key.password_file))
        for _ in range(key.tries):
            chip.transmit(jpki.verify(b"WRONG1" if key is Key.SIGNATURE else b"0000").encode())
    assert password_states(citizen)[key] is jpki.PasswordState.BLOCKED
    services.unblock(enrolment(), key, source="card signature")
    citizen.converse()
    states = password_states(citizen)
    assert states.pop(key) is jpki.PasswordState.NOT_SET
    assert set(states.values()) == {jpki.PasswordState.SET}
    with power.element(citizen.row) as chip:
        new = PHONE_PASSWORD if key is Key.SIGNATURE else "2222"
        play(
            chip,
            jpki.select_application(),
            jpki.select_file(key.password_file),
            jpki.change_password(new.encode()),
        )
    citizen.sign("a text", key, new)


def test_a_suspended_service_is_not_unblocked(citizen: Citizen) -> None:
    services.suspend(enrolment(), source="help desk")
    with pytest.raises(WrongState):
        services.unblock(enrolment(), Key.SIGNATURE, source="card signature")


def test_terminating_drops_what_was_ordered_and_empties_the_element(citizen: Citizen) -> None:
    services.unblock(enrolment(), Key.SIGNATURE, source="card signature")
    services.terminate(enrolment(), source="help desk")
    citizen.converse()
    assert enrolment().state == "deleted"
    assert ServiceOrder.objects.get().state == "dropped"
    with pytest.raises(WrongState):
        services.suspend(enrolment(), source="help desk")


# --- rotation of keys

DOMAINS = {"issuer": commands.ISSUER_SECURITY_DOMAIN_AID, "provider": bytes.fromhex("D392F00026010000FF")}


@pytest.mark.parametrize("role", ["issuer", "provider"])
def test_the_next_keys_take_the_place_of_the_present_ones(citizen: Citizen, role: str) -> None:
    version_of = keysets.issuer_version if role == "issuer" else keysets.domain_version
    for generation in (1, 2):
        services.rotate(enrolment(), role, source="operator")
        citizen.converse()
        element = SecureElement.objects.get()
        found = (element.isd_generation, element.isd_pending, element.domain_generation, element.domain_pending)
        assert found == ((generation, None, 0, None) if role == "issuer" else (0, None, generation, None))
        assert key_versions(citizen, DOMAINS[role]) == {version_of(generation)}
    # And what comes after is done with them.
    services.unblock(enrolment(), Key.SIGNATURE, source="card signature")
    services.suspend(enrolment(), source="help desk")
    citizen.converse()
    assert set(ServiceOrder.objects.values_list("state", flat=True)) == {"done"}


@pytest.mark.slow
@pytest.mark.parametrize("role", ["issuer", "provider"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("apdu", range(1, 10))
def test_a_rotation_torn_at_any_command_ends_with_one_set_that_is_known(
    citizen: Citizen, role: str, apdu: int, after: bool
) -> None:
    services.rotate(enrolment(), role, source="operator")
    citizen.converse(torn(citizen, [apdu], after=after))
    for _ in range(5):
        sweep.run()
        citizen.converse()
    element = SecureElement.objects.get()
    assert (element.isd_pending, element.domain_pending) == (None, None)
    version_of = keysets.issuer_version if role == "issuer" else keysets.domain_version
    generation = element.isd_generation if role == "issuer" else element.domain_generation
    assert generation == 1
    assert key_versions(citizen, DOMAINS[role]) == {version_of(1)}
    services.terminate(enrolment(), source="operator")
    citizen.converse()
    assert enrolment().state == "deleted"


# --- load files and the upgrade of the applet


def test_the_store_holds_versions_and_refuses_what_is_not_the_applets(realm: Realm) -> None:
    assert store.to_load().version == "1.0"
    newer = store.add(store.example((1, 1)))
    assert store.to_load() == newer
    assert store.add(store.example((1, 1))) == newer, "the same again changes nothing"
    store.withdraw("1.1")
    assert store.to_load().version == "1.0"
    for wrong in (b"", b"\x01\x00", store.example((1, 1))[:-1]):
        with pytest.raises(LoadFileRefused):
            store.add(wrong)
    other = bytearray(store.example((1, 0)))
    other[-1] ^= 1
    with pytest.raises(LoadFileRefused, match="another content"):
        store.add(bytes(other))


def test_a_load_file_that_was_changed_in_the_store_is_not_loaded(realm: Realm) -> None:
    store.to_load()
    LoadFile.objects.update(content=store.example((9, 9)))
    with pytest.raises(LoadFileRefused, match="signed"):
        store.content("1.0")


def test_an_upgrade_is_an_application_on_the_same_phone(realm: Realm, deliver: Deliver) -> None:
    card = card_of(realm)
    citizen = Citizen.with_new_phone(realm, deliver)
    citizen.enrol(card)
    assert citizen.apply(card).json()["code"] == "phone_in_use"
    store.add(store.example((1, 1)))
    assert services.upgrade(realm) == 1
    assert services.upgrade(realm) == 0, "told once"
    assert services.state(Enrolment.objects.get()).upgrade_available
    citizen.enrol(card)
    assert list(Enrolment.objects.order_by("pk").values_list("state", flat=True)) == ["deleted", "active"]
    assert SecureElement.objects.get().applet_version == "1.1"
    assert not services.state(Enrolment.objects.latest("pk")).upgrade_available


def test_an_applet_that_became_old_while_it_came_is_replaced(realm: Realm, deliver: Deliver) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    citizen.apply(card_of(realm))
    deliver("tsm")
    # Everything is loaded and made, and the report is lost.
    conversation = Conversation.objects.get()
    conversations.begin(conversation)
    order = conversations.next_order(conversation, wait=0)
    with power.element(citizen.row) as chip:
        for part in order["ramCommands"][1:]:
            for apdu in part["listOfCAPDU"]:
                chip.transmit(bytes.fromhex(apdu))
    store.add(store.example((1, 1)))
    citizen.converse()
    assert Enrolment.objects.get().state == "installed"
    assert SecureElement.objects.get().applet_version == "1.1"
    with power.element(citizen.row) as chip:
        assert jpki.parse_status(play(chip, jpki.select_application(), jpki.status())).keys == set(Key)


# --- smaller legs


def test_a_disturbed_counter_leads_to_one_channel_a_leg_and_the_trace_says_so(realm: Realm, deliver: Deliver) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    citizen.apply(card_of(realm))
    deliver("tsm")
    with power.element(citizen.row) as chip:
        chip.transmit(commands.select().encode())
        chip.transmit(bytes.fromhex("8050000008") + bytes(8) + b"\x00")
    for _ in range(3):
        citizen.converse()
    found = Enrolment.objects.get()
    assert found.state == "installed"
    kinds = list(Leg.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["prepare", "survey", "registry", "part", "part", "part", "prepare", "install"]
    steps = list(found.steps.values_list("step", flat=True))
    assert "leg_failed" in steps
    assert steps.count("smaller_leg") == 3


def test_holding_by_a_measure_is_undone_by_the_holders_signature(citizen: Citizen) -> None:
    found = enrolment()
    measures.report(found, measures.Signal.FACTORY_RESET, source="test", since=clock.now(found.realm))
    assert statuses() == {"on_hold"}
    text = enrolments.resume_text(found)
    with pytest.raises(ResumeRefused):
        services.resume_by_holder(found, text=text, signature=citizen.sign(text, Key.AUTHENTICATION))
    services.resume_by_holder(found, text=text, signature=citizen.sign(text, Key.SIGNATURE))
    assert statuses() == {"valid"}
    assert not found.incidents.filter(closed_at=None).exists()


def test_a_request_to_resume_that_somebody_kept_releases_no_later_hold(citizen: Citizen) -> None:
    found = enrolment()
    measures.report(found, measures.Signal.FACTORY_RESET, source="test", since=clock.now(found.realm))
    text = enrolments.resume_text(found)
    kept = citizen.sign(text, Key.SIGNATURE)
    services.resume_by_holder(found, text=text, signature=kept)
    measures.report(found, measures.Signal.FACTORY_RESET, source="test", since=clock.now(found.realm))
    assert statuses() == {"on_hold"}
    with pytest.raises(ResumeRefused):
        services.resume_by_holder(found, text=text, signature=kept)
    assert statuses() == {"on_hold"}


def test_a_suspension_that_the_element_has_carried_out_is_not_the_holders_to_end(citizen: Citizen) -> None:
    found = enrolment()
    measures.report(found, measures.Signal.FACTORY_RESET, source="test", since=clock.now(found.realm))
    text = enrolments.resume_text(found)
    signed = citizen.sign(text, Key.SIGNATURE)
    services.suspend(found, source="help desk")
    citizen.converse()
    assert list(found.orders.values_list("function", "state")) == [("suspend", "done")]
    with pytest.raises(WrongState):
        services.resume_by_holder(found, text=text, signature=signed)
    assert statuses() == {"on_hold"}
