"""The deployment that the trial's tests share: the page is run once."""

from collections.abc import Iterator

import pytest

from tests.conftest import missing
from tests.trial import hosts as trials
from tests.trial.people import People
from tests.trial.walking import RELEASE, Deployment, walk


@pytest.fixture(scope="session")
def deployment() -> Iterator[Deployment]:
    """Run the page."""
    if not list(RELEASE.glob("jpki-*.tar.gz")):
        missing("there is no release in dist/: make release")
    try:
        with trials.hosts() as trial:
            yield Deployment(trial, list(walk(trial)))
    except trials.Missing as error:
        missing(str(error))


@pytest.fixture(scope="session")
def people(deployment: Deployment) -> People:
    """Return the host of citizens' cards and phones."""
    return People(deployment)
