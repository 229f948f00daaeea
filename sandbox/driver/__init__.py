"""The phone by API: a phone of a workspace opens a hand-off's link and answers it, step by step or at once.

links       where an address leads: our doors, or the service that sends one there
visit       one phone at one hand-off, and what is on its screen; acts are what the citizen does
screens     what stands on each screen, as data, in both languages
browser     cookies, our pages, the services' addresses; network is the safe one
signing     the citizen's yes: chip and site, as answer.js; chip is jpki.js
screen_lock the gesture in place of the PIN, with the phone's authenticator
callback    the way back, really called
sessions    visits kept between two calls, and the whole visit in one
"""

from sandbox.driver.sessions import Outcome, act, answer, find, phone_of, start

__all__ = ["Outcome", "act", "answer", "find", "phone_of", "start"]
