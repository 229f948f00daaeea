"""One patient, one file: whichever certificate they come with, and whatever becomes of it.

A person has up to two user authentication certificates, on the card and in the phone, and both change in time: the
phone's at each device change, both when the card is renewed; and the phone's ends alone when its use does. Each new one
has a new number. What belongs together only the authorities know, and they tell it number by number:

    came        the number leads to a file already
    counterpart the number's counterpart does: the phone's for the card's, the card's for the phone's (article 37)
    renewal     a card of ours has ended. From its number, and only from there, one gets to the card that followed it:
                to the signature certificate that its holder has now, and from that to its user authentication
                certificate (article 18(5), told to who verifies both)

So the card's number is always kept, also for who has only ever come with the phone: it is the bridge to the next phone.
And cards that ended are followed before anybody is taken for a new patient.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from jpki_client import CARD, LIVENESS_CHECK, PHONE, SIGNATURE, USER_AUTHENTICATION, Counterpart, Standing

from sandbox.relying_parties.clinic.store import Patient, Store

# As many as the API takes in one question.
MOST = 500
# While a certificate is good or on hold, its holder may come with it (again).
LIVING = frozenset({"good", "on_hold", "not_yet_valid"})


class Records(Protocol):
    """What is asked of the authorities' records: `jpki_client.Client`."""

    def statuses(self, purpose: str, *, check_purpose: str, serial_numbers: Sequence[str]) -> list[Standing]: ...

    def counterparts(
        self, purpose: str, serial_numbers: Sequence[str], *, counterpart: str, check_purpose: str
    ) -> list[Counterpart]: ...


@dataclass(frozen=True)
class Found:
    """Whose file it is, how it was found (came, counterpart, renewal), and whether one person seems to have two."""

    patient: Patient
    how: str
    double: bool = False


class Accounts:
    """The clinic's files, with the authorities' records to ask."""

    def __init__(self, store: Store, records: Records) -> None:
        self.store = store
        self._records = records

    def find(self, number: str, medium: str, now: str) -> Found | None:
        """Return the file of who came with this verified certificate; None for a new patient."""
        other = self._counterparts(USER_AUTHENTICATION, [number], "medium").get(number)
        found = self._known(number, other)
        if found is None and self.follow(now):
            found = self._known(number, other)
            found = found and Found(found.patient, "renewal")
        if found is None:
            return None
        double = not self._link(found.patient, number, medium, other, "counterpart", now)
        return Found(found.patient, found.how, double)

    def create(self, number: str, medium: str, *, name: str, birth_date: str, insured: str, now: str) -> Patient:
        """Open a file, for this certificate and for the one that belongs to it."""
        patient = self.store.create(
            name=name, birth_date=birth_date, insured=insured, number=number, medium=medium, now=now
        )
        other = self._counterparts(USER_AUTHENTICATION, [number], "medium").get(number)
        self._link(patient, number, medium, other, "counterpart", now)
        return patient

    def follow(self, now: str) -> int:
        """Find the cards that followed those that ended, for all files; return how many were found.

        Once a night is often enough for a service with many files: it asks about all of them, 500 at a time.
        """
        found = 0
        for batch in _batches(self.store.cards()):
            owners = {card.number: card.patient for card in batch}
            ended = [number for number, status in self._statuses(list(owners)).items() if status not in LIVING]
            # From the ended card to the signature certificate of today, and back to the card that it is on.
            signatures = self._counterparts(USER_AUTHENTICATION, ended, "purpose")
            cards = self._counterparts(SIGNATURE, list(signatures.values()), "purpose")
            for number in ended:
                follower = cards.get(signatures.get(number, ""))
                if follower is None:
                    continue  # no new card yet, or one without a signature certificate: it is asked about again
                self.store.end(number, now)
                if follower != number:
                    found += self.store.link(self.store.patient(owners[number]), follower, CARD, how="renewal", now=now)
        return found

    def standings(self, patient: Patient) -> dict[str, str]:
        """Return how each of the patient's certificates stands now, by number."""
        return self._statuses([one.number for one in self.store.linked(patient)])

    def _known(self, number: str, other: str | None) -> Found | None:
        patient = self.store.by_number(number)
        if patient is not None:
            return Found(patient, "came")
        patient = self.store.by_number(other) if other else None
        return None if patient is None else Found(patient, "counterpart")

    def _link(self, patient: Patient, number: str, medium: str, other: str | None, how: str, now: str) -> bool:
        """Let both numbers lead to the patient; return False where one leads to another's file.

        Files are never merged by themselves: a mistake there can't be undone, and somebody's medicine hangs on it.
        """
        linked = self.store.link(patient, number, medium, how=how, now=now)
        if other is None:
            return linked
        return self.store.link(patient, other, CARD if medium == PHONE else PHONE, how=how, now=now) and linked

    def _statuses(self, numbers: list[str]) -> dict[str, str]:
        if not numbers:
            return {}
        told = self._records.statuses(USER_AUTHENTICATION, check_purpose=LIVENESS_CHECK, serial_numbers=numbers)
        return {one.serial_number: one.status for one in told if one.serial_number}

    def _counterparts(self, purpose: str, numbers: list[str], counterpart: str) -> dict[str, str]:
        """Return the numbers that belong to others, where there are some."""
        if not numbers:
            return {}
        told = self._records.counterparts(purpose, numbers, counterpart=counterpart, check_purpose=LIVENESS_CHECK)
        return {one.serial_number: one.counterpart for one in told if one.counterpart}


def _batches(all_of_them: Sequence[object]) -> Iterator[list]:
    rest = iter(all_of_them)
    while batch := list(islice(rest, MOST)):
        yield batch
