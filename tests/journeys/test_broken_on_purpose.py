"""A short run of chaos in the tests of every day: two beats, and workers killed under load (the rest: `make chaos`)."""

import random

from portal.supervision.system import System
from tests.chaos import faults
from tests.chaos.world import Load, World


def test_two_beats_and_killed_workers_leave_the_books_right(system: System) -> None:
    world = World(system)
    load = Load(world, citizens=3, seconds=6, seed=1, tears=0.1)
    beat = (*faults.CELERY, "beat", f"--schedule={system.var}/second-beat", "--pidfile=", "--loglevel=INFO")
    load.go()
    with world.beside("second-beat", beat):
        assert faults.workers_killed(world, load, random.Random(1)) > 0
        told = load.result()
    assert told["wrong"] == []
    assert told["counted"]["promised active"] >= 3
    # Other tests have broken what they like in their own realms.
    assert world.settled_books(realm=told["realm"]) == []
