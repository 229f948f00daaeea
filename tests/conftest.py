"""What every test may use: the whole system, a browser, PostgreSQL, and the broker's messages delivered by hand.

Where something that a test needs is missing on this machine, the test is skipped with a line; with CI=true it fails.
"""

import gc
import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import hypothesis
import pytest
from django.contrib.contenttypes.management import create_contenttypes
from django.db.models.signals import post_migrate

from portal.supervision import system as systems
from portal.supervision.system import System
from tests import key_pool, postgresql, rabbitmq, under_roles

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parent.parent
ARTIFACTS = ROOT / "test-artifacts"
# Each process of the system that tests share under its own role and user: `make test-roles`.
UNDER_ROLES = os.environ.get("UNDER_ROLES") == "1"
ON_POSTGRESQL = os.environ.get("TEST_DATABASE") == "postgresql"
# How long an example takes says how busy the machine is, and nothing of the code.
hypothesis.settings.register_profile("house", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("house")
key_pool.open_()
# Who starts the tests in the background of a shell has them ignore Ctrl-C, and all that they start, which ends by it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# Whose tests hold what one database may do otherwise than another: they get the mark `databases`.
DATABASES_FOLDERS = {"ca", "tsm", "whitelist", "upgrade", "rights", "backups", "observing", "everyone"}
# Thousands of tests stand in memory until the end: looked through less often, and those that there are, never again.
gc.set_threshold(50_000, 20, 50)
# What runs in real time: its tests get the mark `running`.
RUNNING_FOLDERS = {"browser", "journeys", "pcsc"}
RUNNING_FIXTURES = {"system", "supervised", "browser", "broker"}


def missing(what: str) -> NoReturn:
    """Skip the test because this machine lacks something, or fail it in CI, where nothing may be lacking."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}; CI must have it", pytrace=False)
    pytest.skip(what)


def pytest_collection_finish() -> None:
    """Leave what was collected to itself."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark tests by where they stand and what they use; on PostgreSQL, keep those for which it matters."""
    for item in items:
        folders, fixtures = set(item.path.relative_to(ROOT).parts), set(getattr(item, "fixturenames", ()))
        if RUNNING_FOLDERS & folders or RUNNING_FIXTURES & fixtures:
            item.add_marker(pytest.mark.running)
        if DATABASES_FOLDERS & folders or "postgres" in fixtures:
            item.add_marker(pytest.mark.databases)
        if item.get_closest_marker("postgres") and not ON_POSTGRESQL:
            item.add_marker(pytest.mark.skip(reason="needs Django on PostgreSQL: make test-postgres"))
    for item in _first_cases(items):
        if not _takes_time(item):
            item.add_marker(pytest.mark.quick)
    if ON_POSTGRESQL:
        kept = set(_for_postgresql(items))
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = [item for item in items if item in kept]


def _for_postgresql(items: list[pytest.Item]) -> Iterator[pytest.Item]:
    """Yield each case of what is marked `postgres` or `databases(each=True)`, and the first of what is `databases`."""
    first = set(_first_cases(items))
    for item in items:
        each = any(mark.kwargs.get("each") for mark in item.iter_markers("databases"))
        one = item in first and item.get_closest_marker("databases") and _touches_database(item)
        if item.get_closest_marker("postgres") or each or one:
            yield item


def _first_cases(items: list[pytest.Item]) -> list[pytest.Item]:
    """Return the first case of each test; of a test with one case, that."""
    first: dict[str, pytest.Item] = {}
    for item in items:
        first.setdefault(item.nodeid.partition("[")[0], item)
    return list(first.values())


def _takes_time(item: pytest.Item) -> bool:
    """Say whether a test starts something, opens every page, or commits: then it goes a whole way, most often."""
    fixtures = {"transactional_db", "live_server", "responder_address", "everybody"} & set(
        getattr(item, "fixturenames", ())
    )
    commits = any(mark.kwargs.get("transaction") for mark in item.iter_markers("django_db"))
    return bool(fixtures) or commits or any(item.get_closest_marker(name) for name in ("running", "slow", "postgres"))


def _touches_database(item: pytest.Item) -> bool:
    used = {"db", "transactional_db", "django_db_setup", "system", "postgres"} & set(getattr(item, "fixturenames", ()))
    return bool(used) or item.get_closest_marker("django_db") is not None


@pytest.fixture(autouse=True)
def _keys() -> Iterator[None]:
    with key_pool.test():
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Let the flush after each transactional test empty tables and no more.

    It tells post_migrate, whose receivers would look whether each model has its permissions and content type: of the
    35 ms of such a flush they took 33. Nothing here uses either.
    """
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    post_migrate.disconnect(create_contenttypes)
    if ON_POSTGRESQL:
        with django_db_blocker.unblock():
            postgresql.flush_by_rows()


@pytest.fixture(scope="session")
def postgres() -> postgresql.Server:
    """Return a PostgreSQL server: `.create("name")` makes an empty database and returns its DATABASE_URL."""
    try:
        return postgresql.server()
    except postgresql.Missing as error:
        missing(str(error))


@pytest.fixture(scope="session")
def broker() -> rabbitmq.Broker:
    """Return a RabbitMQ: `.create("name")` makes an empty virtual host and returns its BROKER_URL."""
    try:
        return rabbitmq.broker()
    except rabbitmq.Missing as error:
        missing(str(error))


@pytest.fixture(scope="session")
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Start the whole system once for all tests, on free ports and a data folder of its own, as `make run` does."""
    var = tmp_path_factory.mktemp("system")
    environment = {"TSM_SWEEP_SECONDS": "2", "LINKAGE_SWEEP_SECONDS": "2"}
    # As a deployment observes it.
    environment |= {"LOG_FORMAT": "json", "METRICS_DIR": str(var / "metrics")}
    if UNDER_ROLES:
        postgres, broker = request.getfixturevalue("postgres"), request.getfixturevalue("broker")
        with under_roles.separated(var, "system", postgres, broker, environment) as running:
            yield running
            assert under_roles.refusals(running, "system", broker) == {}
        return
    if ON_POSTGRESQL:
        environment["DATABASE_URL"] = request.getfixturevalue("postgres").create("system")
    with systems.started(var, environment) as running:
        yield running


@pytest.fixture(scope="session")
def launch() -> "Iterator[Callable[..., Browser]]":
    """Give `launch(*programs)`: start the first of these browsers that is there, without a window."""
    from playwright.sync_api import sync_playwright

    # Without a graphics card it would be played by the processor.
    quiet = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"]
    quiet += ["--disable-sync", "--disable-gpu", *(["--no-sandbox"] if os.getuid() == 0 else [])]

    def start(*programs: str) -> "Browser":
        program = next(filter(None, map(shutil.which, programs)), None)
        if program is None:
            missing("Chromium is not installed (Debian: apt-get install chromium)")
        return playwright.chromium.launch(executable_path=program, args=quiet)

    with sync_playwright() as playwright:
        yield start


@pytest.fixture(scope="session")
def browser(launch: "Callable[..., Browser]") -> "Iterator[Browser]":
    """Start Debian's Chromium: where it is there, the one that has no windows and takes a third of the work."""
    with launch("chromium-headless-shell", "chromium") as started:
        yield started


@pytest.fixture(scope="session")
def whole_browser(launch: "Callable[..., Browser]") -> "Iterator[Browser]":
    """Start the whole Chromium, for what the one without windows doesn't have: notifications."""
    with launch("chromium") as started:
        yield started


@pytest.fixture
def page(system: System, request: pytest.FixtureRequest) -> "Iterator[Page]":
    """Open a page as a citizen's phone shows it, Japanese, with `system.web` as its base address.

    It is opened in `browser`, or where a test has that mark in `whole_browser`.
    A script error or a refusal by the content security policy fails the test; a failed test leaves its picture in
    test-artifacts/.
    """
    name = "whole_browser" if request.node.get_closest_marker("whole_browser") else "browser"
    browser: Browser = request.getfixturevalue(name)
    context = browser.new_context(base_url=system.web, locale="ja-JP", timezone_id="Asia/Tokyo")
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
    failures = request.session.testsfailed
    yield opened
    if request.session.testsfailed > failures or wrong:
        ARTIFACTS.mkdir(exist_ok=True)
        opened.screenshot(
            path=ARTIFACTS / f"{re.sub(r'[^0-9a-z]+', '-', request.node.name.lower())}.png", full_page=True
        )
    context.close()
    assert not wrong, wrong


@pytest.fixture
def deliver() -> Callable[..., list[str]]:
    """Give `deliver(*queues)`: run every task that waits in the in-memory broker, and those that they send, in turn.

    It plays the workers of these queues (all, when none is named), in this process and in order, whatever their
    countdown; an exception of a task comes out of it. It returns the names of the tasks that ran.
    """
    from celery import current_app

    from portal.celery import app

    assert current_app == app, "an earlier test made another app the current one, to which messages go now"

    def waiting(queues: tuple[str, ...]) -> Iterator[Any]:
        with app.connection_for_read() as connection:
            while True:
                found = None
                for queue in queues:
                    with connection.SimpleQueue(queue) as simple:
                        try:
                            found = simple.get(block=False)
                        except simple.Empty:
                            continue
                        found.ack()
                    break
                if found is None:
                    return
                yield found

    def run(*queues: str, limit: int = 1000) -> list[str]:
        ran: list[str] = []
        for message in waiting(queues or QUEUES):
            name = message.headers["task"]
            arguments, named, _ = message.payload
            app.tasks[name].apply(args=arguments, kwargs=named, throw=True)
            ran.append(name)
            assert len(ran) < limit, f"more than {limit} tasks: {ran[-10:]}"
        return ran

    app.loader.import_default_modules()
    for _ in waiting(QUEUES):
        pass  # what earlier tests left
    return run


QUEUES = ("ca", "tsm", "sweeps", "phones", "factory", "notices", "workspaces", "probes")
