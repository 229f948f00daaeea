"""Whatever the responder was asked and said stands on the trace, also what a library can't read in one go."""

import pytest

from ca import der, ocsp
from ca.models import Holder, Realm
from ca.profiles import Medium, Purpose
from ca.reply import OCSP, Reply
from sandbox.trace import responder
from tests.ca.fixtures import *  # noqa: F403
from tests.ca.fixtures import issue_card
from tests.ca.test_ocsp import question, several

SHA1, UNKNOWN = bytes.fromhex("06052b0e03021a"), bytes.fromhex("06032a0304")
NONCE = der.tlv(der.SEQUENCE, bytes.fromhex("06092b0601050507300102"), der.tlv(4, der.tlv(4, b"nonce")))


def asked(digest: bytes, *extensions: bytes) -> bytes:
    """Return a question with that digest's OBJECT IDENTIFIER, and these extensions."""
    named = der.tlv(der.SEQUENCE, digest), der.tlv(4, bytes(20)), der.tlv(4, bytes(20)), der.integer(5)
    listed = der.tlv(der.SEQUENCE, der.tlv(der.SEQUENCE, der.tlv(der.SEQUENCE, *named)))
    more = der.context(2, der.tlv(der.SEQUENCE, *extensions)) if extensions else b""
    return der.tlv(der.SEQUENCE, der.tlv(der.SEQUENCE, listed, more))


@pytest.mark.parametrize(
    "data", [asked(UNKNOWN), asked(SHA1, NONCE, NONCE), b"", b"\x30\x80"], ids=["digest", "twice", "none", "cut"]
)
def test_a_question_that_is_none_is_told_with_its_trouble(data: bytes) -> None:
    assert responder._asked(data)["trouble"]
    assert "trouble" not in responder._asked(asked(SHA1, NONCE))


def test_several_questions_in_one_are_told_as_so_many_answers(realm: Realm, holder: Holder) -> None:
    cards = [issue_card(holder), issue_card(holder, Purpose.SIGNATURE, key=1)]
    answer = ocsp.answer(realm, Purpose.SIGNATURE, Medium.CARD, several(*map(question, cards)))
    told = responder._answered(Reply("200 OK", OCSP, answer))
    assert (told["response_status"], told["answers"], told["title"][1]) == ("successful", 2, "2 answers")
    alone = ocsp.answer(realm, Purpose.SIGNATURE, Medium.CARD, question(cards[0]))
    assert responder._answered(Reply("200 OK", OCSP, alone))["serial_number"] == cards[0].serial_number
