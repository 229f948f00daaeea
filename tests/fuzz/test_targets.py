"""Every target for a moment: its real bytes, what was found before, and some hundred changes of them by hypothesis.

The minutes are `make fuzz`. What that finds is put into findings/<target>/, and is tried here for ever.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies as st

from tests.fuzz import world
from tests.fuzz.families import FAMILIES, targets
from tests.fuzz.target import Target, fed

ROOT = Path(__file__).resolve().parents[2]
FINDINGS = Path(__file__).parent / "findings"
SHORT = hypothesis.settings(
    max_examples=25,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
)
# What the longest input holds of its own: beside it everything stays as in the seed.
PIECE = st.one_of(st.binary(max_size=8), st.sampled_from([b"\0", b"\xff", b"\xff\xff", b"\x30\x80", b"9" * 30]))
# Where (of 10,000 parts of the length), how many octets go, and what comes in their place.
CHANGE = st.tuples(st.integers(0, 10_000), st.integers(0, 6), PIECE)


def changed(seed: bytes, changes: list[tuple[int, int, bytes]], longest: int) -> bytes:
    """Return a seed after changes."""
    for place, gone, piece in changes:
        at = place * len(seed) // 10_000
        seed = seed[:at] + piece + seed[at + gone :]
    return seed[:longest]


def try_out(target: Target) -> None:
    once, seeds = fed(target), target.seeds()
    for known in [*seeds, *found(target.name)]:
        once(known)

    @SHORT
    @hypothesis.given(seed=st.sampled_from(seeds), changes=st.lists(CHANGE, min_size=1, max_size=4))
    def search(seed: bytes, changes: list[tuple[int, int, bytes]]) -> None:
        once(changed(seed, changes, target.longest))

    @SHORT
    @hypothesis.given(data=st.binary(max_size=min(target.longest, 300)))
    def anything(data: bytes) -> None:
        once(data)

    search()
    anything()


def found(name: str) -> list[bytes]:
    """Return the inputs that a run found, in the order of their names."""
    folder = FINDINGS / name
    return [one.read_bytes() for one in sorted(folder.iterdir())] if folder.is_dir() else []


ALONE = [(family, name) for family in FAMILIES for name, one in targets(family).items() if not one.database]


@pytest.mark.parametrize(("family", "name"), ALONE, ids=[name for _, name in ALONE])
def test_any_bytes_are_answered(family: str, name: str) -> None:
    assert targets(family)[name].prepare is None
    try_out(targets(family)[name])


@pytest.mark.django_db
@pytest.mark.parametrize("family", [family for family in FAMILIES if family != "chip"])
def test_any_bytes_are_answered_that_are_looked_up(family: str) -> None:
    world.make()
    for target in targets(family).values():
        if target.database:
            assert target.prepare is world.make
            try_out(target)


def test_each_finding_is_of_a_target_that_there_is() -> None:
    known = {name for family in FAMILIES for name in targets(family)}
    assert {one.name for one in FINDINGS.iterdir()} <= known if FINDINGS.is_dir() else True


@pytest.mark.slow
def test_a_run_ends_by_itself_and_says_what_it_took(tmp_path: Path) -> None:
    report = _run(tmp_path, "tlv")
    assert '"executions": 0' not in report
    assert '"finding": ""' in report


def _run(folder: Path, *names: str) -> str:
    command = [sys.executable, "-m", "tests.fuzz", "--seconds", "1", *names]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "FUZZ_DIR": str(folder)}, check=True, timeout=300)
    return (folder / "report.json").read_text()


def test_a_target_that_raises_is_a_finding() -> None:
    """The net has no hole: what a parser raises comes through."""

    def feed(data: bytes) -> None:
        if b"\xff" in data:
            raise LookupError

    seeds: Callable[[], list[bytes]] = lambda: [b"\0\0"]  # noqa: E731
    with pytest.raises(LookupError):
        try_out(Target("tlv", feed, seeds))
