"""OCSP after RFC 6960, RFC 9654 and the profile of RFC 5019: request, answer, what is kept, and how HTTP carries it.

request     DER to what is asked
house       the realms, authorities and responders that a process knows, read again every second
standing    what the database says of a certificate now, and the marks by which one sees that it still says so
answer      signed by a delegated responder when asked
memory      answers kept in the process
gathering   questions that wait for one reading of the database, together; readers are the connections for it
signing     what nothing kept answers: looked up together, signed in threads beside the event loop
uses        how often which key signed, on its way into the journal
access      who may ask, and what is noted of it
endpoint    HTTP: method, body, caching headers
desk        which of these a request goes to, in the responder's event loop
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
