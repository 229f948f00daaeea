"""Reader pulled, card changed, wrong card, two readers, no pcscd, blocked password: a sentence, a clean state."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from sandbox.virtual.card import MyNumberCard
from sandbox.virtual.element import Element
from sandbox.virtual.vpcd import Slot
from tests.pcsc.conftest import Reader, daemon, free_pair_of_ports, inserted
from tests.pcsc.page import ROOT, SECOND_READER, SITE, Agent, agent, look
from tests.sandbox.virtual_card.element import personalised
from tsm import agent as seram
from tsm import jpki
from tsm.local_agent import readers
from tsm.local_agent.troubles import CardRemoved, ElementWrong

BLOCK = (jpki.select_application(), jpki.select_file(jpki.File.SIGNATURE_PASSWORD), jpki.verify(b"WRONG0"))


@pytest.fixture
def card(issued_card: bytes) -> MyNumberCard:
    return MyNumberCard.restore(issued_card)


@pytest.fixture(scope="module")
def element() -> Element:
    return personalised()


@pytest.fixture
def running(reader: Reader, tmp_path: Path) -> Iterator[Agent]:
    with agent("--site", SITE, "--card-reader", reader.name, "--yes", folder=tmp_path) as running:
        yield running


def assert_told(running: Agent, response: httpx.Response, code: str, sentence: str) -> None:
    """The page gets a problem with a sentence in both languages, the terminal the same."""
    problem = response.json()
    assert (response.headers["content-type"], problem["code"]) == ("application/problem+json", code)
    assert problem["citizen"]["ja"].endswith("。")
    assert sentence in problem["citizen"]["en"]
    assert sentence in running.said


def test_nothing_on_the_reader(running: Agent) -> None:
    response = running.ask("card", *look())
    assert response.status_code == 409
    assert_told(running, response, "card_not_present", "put it on the reader")


def test_a_phones_element_is_no_card_and_gets_no_command(running: Agent, reader: Reader, element: Element) -> None:
    before = element.snapshot()
    with inserted(reader, element):
        response = running.ask("card", *BLOCK)
    assert_told(running, response, "card_wrong", "This is no My Number Card")
    assert element.snapshot() == before, "no try was spent on the wrong card"


def test_another_card_than_the_one_allowed(running: Agent, reader: Reader, issued_card: bytes) -> None:
    with inserted(reader, MyNumberCard.restore(issued_card)):
        running.play("card", *look())
    second = MyNumberCard.restore(issued_card)
    with inserted(reader, second):
        response = running.ask("card", *BLOCK)
        assert_told(running, response, "card_changed", "another card than the one that was allowed")
        assert second.snapshot() == issued_card, "nothing was sent to it"
        running.play("card", *look())  # asked anew, and allowed


class TakenOut:
    """A card that is taken out of its slot when it has answered so many commands."""

    def __init__(self, card: MyNumberCard, answers: int) -> None:
        self._card, self._left = card, answers
        self.slot: Slot | None = None

    def power_on(self) -> bytes:
        return self._card.power_on()

    def transmit(self, apdu: bytes) -> bytes:
        if self._left == 0 and self.slot is not None:
            # From another thread: the slot waits for the command under way.
            threading.Thread(target=self.slot.remove).start()
            time.sleep(0.5)
        self._left -= 1
        return self._card.transmit(apdu)


@pytest.mark.parametrize("answers", [4, 5, 6])
def test_a_card_taken_out_in_the_middle(running: Agent, reader: Reader, issued_card: bytes, answers: int) -> None:
    torn = TakenOut(MyNumberCard.restore(issued_card), answers)
    with inserted(reader, torn) as slot:
        torn.slot = slot
        response = running.ask("card", *look(), *look())
    assert_told(running, response, "card_removed", "start over")
    with inserted(reader, MyNumberCard.restore(issued_card)):
        assert running.ask("card", *look()).json().get("code") in (None, "card_changed")
        running.play("card", *look())


def test_a_blocked_password_is_said_at_the_terminal_and_ends_the_session(
    running: Agent, reader: Reader, card: MyNumberCard
) -> None:
    with inserted(reader, card):
        answers = [running.ask("card", *BLOCK).json()["answers"][-1] for _ in range(6)]
        assert answers == ["63C4", "63C3", "63C2", "63C1", "63C0", "6984"]
        further = running.ask("card", *BLOCK, jpki.select_file(jpki.File.SIGNATURE_CERTIFICATE)).json()["answers"]
    assert len(further) == 3, "nothing is sent after the refusal"
    assert "The password is blocked: the town hall unblocks a card's" in running.said


def test_a_page_of_another_site_or_with_other_commands_is_refused(
    running: Agent, reader: Reader, card: MyNumberCard
) -> None:
    with inserted(reader, card):
        assert_told(
            running, running.ask("card", *look(), site="https://evil.example"), "origin_refused", "This site may not"
        )
        unnamed = httpx.post(f"{running.url}/card/session", json={"commands": []}, trust_env=False)
        assert unnamed.json()["code"] == "origin_refused"
        rebound = {"Origin": SITE, "Host": "evil.example"}
        assert httpx.post(f"{running.url}/card/session", json={}, headers=rebound).json()["code"] == "origin_refused"
        assert_told(running, running.ask("card", jpki.sign(b"0" * 51)), "command_refused", "No page may send")
    preflight = httpx.options(f"{running.url}/card/session", headers={"Origin": SITE})
    assert preflight.headers["access-control-allow-origin"] == SITE
    assert (
        "access-control-allow-origin"
        not in httpx.options(f"{running.url}/card/session", headers={"Origin": "https://evil.example"}).headers
    )


@pytest.mark.parametrize(("answer", "status"), [("n\n", 403), ("\n", 403), ("y\n", 200)])
def test_the_card_is_reached_when_the_user_said_yes(
    reader: Reader, card: MyNumberCard, tmp_path: Path, answer: str, status: int
) -> None:
    arguments = ("--site", SITE, "--card-reader", reader.name)
    with inserted(reader, card), agent(*arguments, folder=tmp_path, answer=answer) as running:
        response = running.ask("card", *look())
        assert response.status_code == status
        assert f"{SITE} wants to use the card: read a certificate. Allow it? [y/N]" in running.said
        if status == 403:
            assert_told(running, response, "not_confirmed", "answer its question with y")
        else:
            running.play("card", *look())
            assert running.said.count("[y/N]") == 1, "the same again needs no second yes"


def start(*arguments: str, **environment: str) -> str:
    """Start the agent where it can't start; return what it said."""
    command = [sys.executable, "-m", "tsm.local_agent", "--port", "0", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_with_two_readers_one_must_be_named(reader: Reader) -> None:
    said = start("--site", SITE)
    assert "Say which reader: --card-reader NAME for the card" in said
    assert reader.name in said
    assert SECOND_READER in said
    assert "plug it in" in start("--site", SITE, "--card-reader", "Nobody's")


def test_without_pcscd_it_says_what_to_start(tmp_path: Path) -> None:
    said = start("--site", SITE, PCSCLITE_CSOCK_NAME=str(tmp_path / "nobody"))
    assert "install and start pcscd" in said


def test_readers_that_go_away(tmp_path: Path, card: MyNumberCard) -> None:
    port = free_pair_of_ports()
    with ExitStack() as service:
        at = service.enter_context(daemon(tmp_path, "/dev/null", port))
        with agent("--site", SITE, "--card-reader", at.name, "--yes", folder=tmp_path) as running:
            with inserted(at, card):
                running.play("card", *look())
            service.close()
            gone = running.ask("card", *look())
            assert gone.status_code == 503
            assert_told(running, gone, "pcsc_unavailable", "install and start pcscd")
            assert running.process.poll() is None, "it goes on, and waits for the readers"


def test_the_wrong_element_is_reported_to_the_tsm_and_gets_none_of_its_commands(
    reader: Reader, element: Element
) -> None:
    order = {
        "ramCommands": [{"ramCommandType": "seRamCommand", "listOfCAPDU": ["00A4040000", "8050300008" + "00" * 9]}]
    }
    stop = {"ramCommands": [{"ramCommandType": "stopCommand"}]}
    orders = iter([order, stop])
    reports = []

    def post(path: str, body: dict[str, object]) -> dict[str, object]:
        reports.append(body)
        return next(orders)

    before = element.snapshot()
    with inserted(reader, element):
        other = lambda: readers.element(reader.name, b"\x01" * 16)  # noqa: E731
        seram.converse(post, other, identifier="01" * 16, shaken=True, sleep=lambda _: None)
        with readers.element(reader.name, b"\x42" * 8 + b"\x01" * 10) as right:
            assert right.transmit(bytes.fromhex("00A4040000"))[-2:] == b"\x90\x00"
    assert reports[1]["localAgentStatus"] == {
        "localAgentStatusEnum": "UNAVAILABLE_SE",
        "executedSeRamCommands": 0,
        "executedRamCommands": 0,
        "errorMsg": ElementWrong.__name__,
    }
    assert element.snapshot() == before


def test_an_element_taken_out_in_a_leg_is_reported_with_what_was_done(reader: Reader, issued_card: bytes) -> None:
    torn = TakenOut(MyNumberCard.restore(issued_card), 4)
    with inserted(reader, torn) as slot:
        torn.slot = slot
        with readers.card(reader.name) as chip:
            chip.transmit(jpki.select_application().encode())
            with pytest.raises(CardRemoved):
                chip.transmit(jpki.select_application().encode())


def test_the_agent_needs_no_django() -> None:
    script = "import sys, tsm.local_agent.command; raise SystemExit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT).returncode == 0
