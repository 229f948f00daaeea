"""OCSP after RFC 6960, RFC 9654 and the profile of RFC 5019: request, answer, what is kept, and how HTTP carries it.

request    DER to what is asked
view       what the answers of a process are held against: authorities and revisions, read again twice a second
answer     signed by a delegated responder when asked
memory     answers kept in the process, as long as the view says that nothing changed
access     who may ask, and what is noted of it
endpoint   HTTP: method, body, caching headers
"""

from ca.ocsp.answer import VALIDITY, Answer, ResponseStatus, answer, refusal
from ca.ocsp.request import MAX_QUESTIONS, MAX_REQUEST, Malformed, Question, Request, parse

__all__ = [
    "MAX_QUESTIONS",
    "MAX_REQUEST",
    "VALIDITY",
    "Answer",
    "Malformed",
    "Question",
    "Request",
    "ResponseStatus",
    "answer",
    "parse",
    "refusal",
]
