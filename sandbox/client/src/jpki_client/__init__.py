"""A client of a smartphone JPKI site, for services that ask citizens' phones.

    client = Client("https://jpki.example", "mirai-bank", Path("key.pem"), pinned=[…])
    asked = client.ask("user_authentication", return_url="https://bank.example/return", media=["phone"])
    session["pending"] = asked.pending.kept()            # and send the citizen to asked.link

    pending = Pending.read(session.pop("pending"))       # the citizen is back
    hand_off = client.come_back(pending, request.GET)
    verdict = client.verify(hand_off, pending)
    if verdict.accepted: ...

`verification`: what is checked, without HTTP · `webhooks` · `screens`: the code on a screen of one's own · `problems`:
what can go wrong · `conformance`: the sandbox's suite in a service's own tests, and its signed report.
"""

from jpki_client.client import LIVENESS_CHECK, SIGNATURE_VERIFICATION, Client, Counterpart, Standing
from jpki_client.documents import Original
from jpki_client.handoffs import Asked, HandOff, Pending
from jpki_client.holder import Holder, holder
from jpki_client.problems import JpkiError, NotOurs, Problem, Unreachable
from jpki_client.status import by_ocsp
from jpki_client.trust import CARD, PHONE, SIGNATURE, USER_AUTHENTICATION, Trust
from jpki_client.verdict import Check, Line, Outcome, Verdict
from jpki_client.verification import CADES, PADES, RAW, Expected, authentication_text, verify

__version__ = "0.1.0"
__all__ = [
    "CADES",
    "CARD",
    "LIVENESS_CHECK",
    "PADES",
    "PHONE",
    "RAW",
    "SIGNATURE",
    "SIGNATURE_VERIFICATION",
    "USER_AUTHENTICATION",
    "Asked",
    "Check",
    "Client",
    "Counterpart",
    "Expected",
    "HandOff",
    "Holder",
    "JpkiError",
    "Line",
    "NotOurs",
    "Original",
    "Outcome",
    "Pending",
    "Problem",
    "Standing",
    "Trust",
    "Unreachable",
    "Verdict",
    "authentication_text",
    "by_ocsp",
    "holder",
    "verify",
]
