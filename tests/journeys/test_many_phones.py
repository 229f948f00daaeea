"""Phones that come in the same moment: each gets its pair, none two. `make bench-tsm` does it with 200."""

from benchmarks import tsm_phones
from portal.supervision.system import System

PHONES = 12


def test_phones_that_come_at_once_are_all_provisioned(system: System) -> None:
    found = tsm_phones.provision(system, PHONES)
    assert found["valid pairs"] == PHONES
    assert found["certificates issued beyond two a phone"] == 0
