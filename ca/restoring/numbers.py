"""Numbers: serial numbers and CRL numbers go on above all that may have been given."""

from django.db.models import Max

from ca.errors import RestoreRefused
from ca.models import (
    Authority,
    Crl,
    Issuance,
    Realm,
)
from ca.restoring.lost import Effects
from ca.restoring.published import Published
from ca.restoring.report import Report

# Nine digits: what of a serial number stands in a certificate's name (facts 1.2).
_LAST_SERIAL = 10**9 - 1
_CRL_AHEAD = 1 << 20


def count_on(realm: Realm, found: Effects, published: Published, ahead: int, report: Report) -> None:
    """Let the counters go on above all that may have been given."""
    for authority in Authority.objects.select_for_update().filter(realm=realm).order_by("pk"):
        purpose = authority.purpose
        taken = [found.serial_numbers.get(purpose, 0), published.serial_numbers.get(purpose, 0)]
        following = max(authority.next_serial, *(number + 1 for number in taken)) + ahead
        newest = Crl.objects.filter(partition__generation__authority=authority).aggregate(number=Max("number"))[
            "number"
        ]
        lists = [found.crl_numbers.get(purpose, 0), published.crl_numbers.get(purpose, 0)]
        floor = max(authority.crl_floor, *lists, (newest or 0) + _CRL_AHEAD if ahead else 0)
        if following > _LAST_SERIAL:
            raise RestoreRefused(f"{authority}: after {following - 1} there is no serial number any more")
        report.numbers[purpose] = {"before": authority.next_serial, "next_serial": following, "crl_floor": floor}
        Authority.objects.filter(pk=authority.pk).update(next_serial=following, crl_floor=floor)


def ask_anew(realm: Realm, report: Report) -> None:
    """Give requests that hold a number, and aren't recorded to be signed, another one: it may have been signed under.

    What is recorded is signed as it was recorded: the same octets, the same certificate.
    """
    report.asked_anew = Issuance.objects.filter(realm=realm, state=Issuance.State.RESERVED).update(
        state=Issuance.State.REQUESTED, serial_number="", lease_until=None
    )
