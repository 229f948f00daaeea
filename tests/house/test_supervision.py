"""The supervisor with small processes of the tests' own: start, watch, restart, stop, and secrets kept apart."""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portal.supervision import folder
from portal.supervision.processes import SECRETS, house
from portal.supervision.supervisor import Supervisor
from portal.supervision.warm import LIBRARIES

ROOT = Path(__file__).resolve().parents[2]
IDLE = "import sys, time; print('up and well', flush=True); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + IDLE
PARENT = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {IDLE!r}]).wait()"

Start = Callable[..., "Run"]


class Run:
    """A supervisor in a process of its own, over rows `name=(python code, more fields)`."""

    def __init__(self, var: Path, environment: dict[str, str], rows: str, steps: str = "()") -> None:
        self.var = var
        program = textwrap.dedent(f"""
            import signal, sys
            from pathlib import Path
            signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may have been started by nohup
            from portal.supervision.processes import House, Process
            from portal.supervision.supervisor import Supervisor
            def row(name, code, **more):
                file = Path({str(var)!r} + f".{{name}}.py")
                file.write_text(code)
                return Process(name, (sys.executable, str(file)), **more)
            addresses = dict(PUBLIC_URL="http://localhost:1", RESPONDER_URL="http://localhost:2", SAMPLES_URL="http://localhost:3")
            sys.exit(Supervisor(House(Path({str(var)!r}), addresses, {{}}, {steps}, {rows})).run())
        """)
        self.said = var.with_suffix(".said")
        with self.said.open("wb") as said:
            self.popen = subprocess.Popen(
                [sys.executable, "-c", program], cwd=ROOT, env=os.environ | environment, stdout=said, stderr=said
            )

    def state(self) -> dict[str, object]:
        state: dict[str, object] = json.loads(folder.state_file(self.var).read_text())
        return state

    def pid(self, name: str) -> int:
        return int(self.state()["processes"][name])  # type: ignore[index]

    def ready(self) -> "Run":
        until(lambda: folder.state_file(self.var).exists() and bool(self.state()["ready"]), self.output)
        return self

    def output(self) -> str:
        return self.said.read_text()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.popen.send_signal(number)
        return self.popen.wait(15)


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Start]:
    runs: list[Run] = []

    def begin(rows: str, environment: dict[str, str] | None = None, **more: str) -> Run:
        runs.append(Run(tmp_path / "var", environment or {}, rows, **more))
        return runs[-1]

    yield begin
    for run in runs:
        if run.popen.poll() is None:
            run.stop()


def until(holds: Callable[[], bool], told: Callable[[], str] = str, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, told()
        time.sleep(0.02)


def alive(number: int) -> bool:
    stat = Path(f"/proc/{number}/stat")
    return stat.exists() and stat.read_text().rpartition(") ")[2][0] != "Z"


def children(number: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{number}/task/{number}/children").read_text().split()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_starts_all_says_so_and_stops_all_with_their_children(supervised: Start, number: signal.Signals) -> None:
    run = supervised(f"(row('one', {IDLE!r}, up='says:up and well'), row('two', {PARENT!r}))").ready()
    one, two = run.pid("one"), run.pid("two")
    until(lambda: bool(children(two)))
    grandchild = children(two)[0]
    assert "http://localhost:1/" in run.output()
    assert run.stop(number) == 0
    assert not any(map(alive, (one, two, grandchild)))
    assert not folder.state_file(run.var).exists()


def test_a_process_that_will_not_end_is_ended(supervised: Start) -> None:
    run = supervised(f"(row('stubborn', {STUBBORN!r}, up='says:up and well'),)").ready()
    number, began = run.pid("stubborn"), time.monotonic()
    assert run.stop() == 0
    assert not alive(number)
    assert time.monotonic() - began < 8


def test_a_killed_process_is_started_again_and_its_children_go_with_it(supervised: Start) -> None:
    run = supervised(f"(row('one', {PARENT!r}), row('two', {IDLE!r}))").ready()
    one, two = run.pid("one"), run.pid("two")
    until(lambda: bool(children(one)))
    grandchild = children(one)[0]
    os.kill(one, signal.SIGKILL)
    until(lambda: run.pid("one") != one, run.output)
    assert not alive(grandchild)
    until(lambda: grandchild not in children(run.popen.pid))  # nor does it stay as one that nobody waited for
    assert run.pid("two") == two
    assert "one was ended by SIGKILL; starting it again" in run.output()


def test_a_process_that_keeps_ending_is_started_later_and_later(supervised: Start) -> None:
    once = "import sys; sys.exit('no luck')"
    run = supervised(f"(row('calm', {IDLE!r}), row('unlucky', {once!r}))").ready()
    until(lambda: "again in 2 s" in run.output(), run.output)
    assert "no luck" in run.output()
    assert (
        run.output().index("again in 0.5 s") < run.output().index("again in 1 s") < run.output().index("again in 2 s")
    )


def test_a_process_that_can_not_start_ends_the_start_with_its_last_words(supervised: Start) -> None:
    run = supervised(f"(row('calm', {IDLE!r}), row('broken', 'import nothing_of_that_name', up='says:up and well'))")
    assert run.popen.wait(20) == 1
    assert "broken does not start" in run.output()
    assert "nothing_of_that_name" in run.output()


def test_a_step_that_fails_ends_the_start_with_its_last_words_and_nothing_is_left(supervised: Start) -> None:
    first = f"row('store', {IDLE!r}, first=True, up='says:up and well')"
    run = supervised(f"({first}, row('calm', {IDLE!r}))", steps="""(row('setup', 'raise SystemExit("no key")'),)""")
    assert run.popen.wait(20) == 1
    assert "setup failed" in run.output()
    assert "no key" in run.output()
    assert not (run.var / "log" / "calm.log").exists()
    assert not folder.state_file(run.var).exists()


def test_what_is_first_is_up_before_the_steps_run(supervised: Start, tmp_path: Path) -> None:
    late = f"import time; time.sleep(0.5); open('{tmp_path}/up', 'w'); print('up', flush=True); time.sleep(600)"
    step = f"open('{tmp_path}/up')"
    supervised(f"(row('store', {late!r}, first=True, up='says:up'),)", steps=f"(row('step', {step!r}),)").ready()


def test_the_end_of_the_supervisor_itself_ends_its_processes(supervised: Start) -> None:
    run = supervised(f"(row('one', {IDLE!r}),)").ready()
    one = run.pid("one")
    run.popen.kill()
    run.popen.wait()
    until(lambda: not alive(one))


def test_a_process_is_as_if_it_had_begun_by_itself(supervised: Start) -> None:
    show = """
import json, os, signal, sys, threading, time
shown = {"name": __name__, "arguments": sys.argv[1:], "session": os.getsid(0) == os.getpid(), "zone": time.tzname[0]}
shown |= {"threads": threading.active_count(), "interrupted": signal.getsignal(2) is signal.default_int_handler}
shown |= {"called": open("/proc/self/comm").read().strip(), "seen": sorted(os.environ)}
shown |= {"files": os.listdir("/proc/self/fd")}
print(json.dumps(shown), flush=True)
time.sleep(600)
"""
    given = {"TZ": "Asia/Tokyo", "SECRET_KEY": "given", "DATABASE_URL_TSM": "given, too"}
    run = supervised(f"(row('one', {show!r}, up='says:}}', environment=dict(EXTRA='1')),)", given).ready()
    shown = json.loads((run.var / "log" / "one.log").read_text())
    seen, files = shown.pop("seen"), shown.pop("files")
    assert shown == {
        "name": "__main__",
        "arguments": [],
        "session": True,
        "zone": "JST",
        "threads": 1,
        "interrupted": True,
        "called": "one",
    }
    assert {"EXTRA", "PROCESS_NAME"} <= set(seen)
    assert not {"SECRET_KEY", "DATABASE_URL_TSM"} & set(seen)
    assert len(files) <= 4, "what the process that is copied has open is not its copies'"
    # What the kernel shows of it is what the process that is copied began with: no secret.
    began = Path(f"/proc/{run.pid('one')}/environ").read_bytes()
    assert b"TZ=Asia/Tokyo" in began
    assert b"given" not in began


def test_processes_start_without_the_one_that_is_copied(supervised: Start) -> None:
    run = supervised(f"(row('one', {IDLE!r}, up='says:up and well'), row('two', {IDLE!r}))").ready()
    one, two = run.pid("one"), run.pid("two")
    stock = [number for number in children(run.popen.pid) if number not in (one, two)]
    assert len(stock) == 1
    os.kill(stock[0], signal.SIGKILL)
    os.kill(one, signal.SIGKILL)
    until(lambda: run.pid("one") != one and alive(run.pid("one")), run.output)
    assert run.pid("two") == two
    assert run.stop() == 0
    assert not any(map(alive, (one, two)))


def test_what_is_imported_for_all_reads_no_setting_and_starts_no_thread() -> None:
    program = f"""
import importlib, sys, threading
for name in {LIBRARIES!r}:
    importlib.import_module(name)
from django.conf import settings
assert not settings.configured
assert threading.active_count() == 1, threading.enumerate()
assert not [name for name in sys.modules if name.split(".")[0] in {{"portal", "ca", "tsm", "whitelist", "sandbox"}}]
"""
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, check=True)


def test_a_second_one_on_the_same_data_is_refused_and_so_is_a_reset(supervised: Start) -> None:
    first = supervised(f"(row('one', {IDLE!r}),)").ready()
    second = subprocess.run(
        [sys.executable, "-m", "portal.supervision"],
        cwd=ROOT,
        env=os.environ | {"VAR_DIR": str(first.var)},
        capture_output=True,
        text=True,
    )
    assert second.returncode == 1
    assert "already running" in second.stdout
    assert folder.reset(first.var) == 1
    assert alive(first.pid("one"))
    first.stop()
    assert folder.reset(first.var) == 0
    assert not first.var.exists()


def test_a_reset_leaves_a_folder_that_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert folder.reset(tmp_path) == 1
    assert (tmp_path / "thesis.txt").exists()


def test_a_taken_port_is_named(supervised: Start) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        run = supervised(f"(row('web', {IDLE!r}, up='http://127.0.0.1:{port}/'),)")
        assert run.popen.wait(15) == 1
    assert f"port {port} is in use, and web needs it" in run.output()


def test_a_port_that_is_no_number_is_named() -> None:
    with pytest.raises(SystemExit, match="RESPONDER_PORT must be a port number, not 'http'"):
        house({"RESPONDER_PORT": "http"})


SHOW = f"""
import json, os, time
print(json.dumps({{k: v for k, v in os.environ.items() if k.removesuffix("_FILE") in {SECRETS!r}}}), flush=True)
time.sleep(600)
"""


def test_a_process_sees_its_own_secrets_and_no_others(supervised: Start) -> None:
    given = {"SANDBOX_SEAL_KEY": "given by the operator", "CA_KEYS_PASSPHRASE": "given too"}
    rows = f"""(row('none', {SHOW!r}, up='says:}}'), row('tsm', {SHOW!r}, up='says:}}', secrets=('TSM_MASTER_KEY',)),
               row('web', {SHOW!r}, up='says:}}', secrets=('SANDBOX_SEAL_KEY',)))"""
    run = supervised(rows, given).ready()
    seen = {name: json.loads((run.var / "log" / f"{name}.log").read_text()) for name in ("none", "tsm", "web")}
    assert seen["none"] == {}
    assert seen["tsm"] == {"TSM_MASTER_KEY_FILE": str(run.var / "secrets" / "tsm_master_key")}
    assert seen["web"] == {"SANDBOX_SEAL_KEY": "given by the operator"}


def test_a_secret_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = folder.secret(tmp_path, "CA_KEYS_PASSPHRASE")
    first = path.read_text()
    assert len(bytes.fromhex(first)) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert folder.secret(tmp_path, "CA_KEYS_PASSPHRASE").read_text() == first
    assert folder.secret(tmp_path, "TSM_MASTER_KEY").read_text() != first


def test_of_the_whole_house_the_ca_worker_alone_can_open_signing_keys(tmp_path: Path) -> None:
    plan = house({"VAR_DIR": str(tmp_path)})
    sees = {process.name: Supervisor(plan, {}).environment(process) for process in (*plan.processes, *plan.steps)}
    for secret, holders in {
        "CA_KEYS_PASSPHRASE": {"ca", "setup"},
        "RESPONDER_KEYS_PASSPHRASE": {"responder", "workspaces", "setup"},
        "SECRET_KEY": {"web", "setup"},
    }.items():
        assert {name for name, environment in sees.items() if f"{secret}_FILE" in environment} == holders
    assert not [
        name for name in ("redis", "beat", "samples", "migrate") if any(f"{s}_FILE" in sees[name] for s in SECRETS)
    ]


def test_without_a_sandbox_nothing_of_it_starts(tmp_path: Path) -> None:
    plan = house({"VAR_DIR": str(tmp_path), "SANDBOX": "0"})
    assert not [process.name for process in plan.processes if "sandbox." in " ".join(process.command)]
    assert "phones" not in {process.name for process in plan.processes}
    assert "SANDBOX_SEAL_KEY" not in {secret for process in plan.processes for secret in process.secrets}
    assert "SAMPLES_URL" not in plan.addresses
    assert [step.name for step in plan.steps] == ["migrate", "missing"]
    assert house({"VAR_DIR": str(tmp_path), "PRODUCTION": "1"}) == plan, (
        "in earnest there is no sandbox unless asked for"
    )


def test_what_a_told_step_writes_is_told_each_time_and_of_others_nothing(supervised: Start) -> None:
    steps = (
        "(row('quiet', \"print('for the log')\"), row('missing', \"print('no authorities')\", told=True), "
        "row('content', '', told=True))"
    )
    for _ in range(2):
        run = supervised(f"(row('one', {IDLE!r}),)", steps=steps).ready()
        assert run.output().count("no authorities") == 1
        assert "for the log" not in run.output()
        run.stop()


def test_a_deep_data_folder_still_has_room_for_the_brokers_socket(tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 20) / ("deeper" * 10)
    redis = house({"VAR_DIR": str(deep)}).processes[0]
    assert len(redis.up.removeprefix("unix:")) < 107
    assert house({"VAR_DIR": str(deep)}).environment["BROKER_URL"] == f"redis+socket://{redis.up.removeprefix('unix:')}"


def test_a_process_has_its_own_address_and_nobody_elses(tmp_path: Path) -> None:
    outer = {
        "VAR_DIR": str(tmp_path),
        "DATABASE_URL_FILE": "shared",
        "DATABASE_URL_WEB": "postgresql://web",
        "DATABASE_URL_SWEEPS": "postgresql://sweeps",
        "BROKER_URL_CA": "amqp://ca",
    }
    supervisor = Supervisor(house(outer), outer)
    seen = {process.name: supervisor.environment(process) for process in supervisor.plan.processes}
    assert {name: each["DATABASE_URL"] for name, each in seen.items() if "DATABASE_URL" in each} == {
        "web": "postgresql://web",
        "sweeps": "postgresql://sweeps",
    }
    assert seen["ca"]["BROKER_URL"] == "amqp://ca"
    # What is everybody's stays so, and the queues `tsm` and `sweeps` have a worker each where one comes as itself.
    assert {each["DATABASE_URL_FILE"] for each in seen.values()} == {"shared"}
    assert not [
        name for each in seen.values() for name in each if name in outer and name.endswith(("WEB", "SWEEPS", "CA"))
    ]
