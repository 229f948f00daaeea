"""What Prometheus is told: figures by name, counts of several processes added up, and nothing that is anybody's."""

import json
import os
import re
import socket
import ssl
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from ca.models import Holder, Realm
from portal.observing import exporter, measures, published
from portal.observing.counting import COUNTED, tidy
from portal.observing.findings import FINDINGS
from portal.observing.measures import MEASURES
from tests.portal.helpdesk.callers import enrolled
from tsm.models import Enrolment

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy" / "observing"


def told(path: str = "/metrics/state") -> str:
    return generate_latest(exporter.registries()[path]).decode()


@pytest.mark.django_db
def test_every_figure_and_every_limit_is_told(well: Realm) -> None:
    text = told()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    for measure in MEASURES:
        assert f"# TYPE {measure.name}{'_total' if measure.grows else ''} " in text, measure.name
        for sample in families[measure.name].samples if measure.name in families else ():
            assert set(sample.labels) == set(measure.labels), measure.name
    assert {sample.labels["finding"] for sample in families["jpki_finding_limit"].samples} == {
        finding.id for finding in FINDINGS
    }


@pytest.mark.django_db
def test_no_label_is_a_persons_or_a_phones(well: Realm, holder: Holder) -> None:
    for state in (Enrolment.State.ACTIVE,):
        made = enrolled(holder, state=state)
    text = told()
    labels = {name for measure in MEASURES for name in measure.labels} | {"finding"}
    labels |= {name for names in COUNTED.values() for name in names}
    # What may be told of, as a list: a new label is thought about here.
    assert labels == {
        "channel", "finding", "generation", "kind", "method", "outcome", "process", "purpose", "queue",
        "realm", "route", "status", "task", "waits_for", "what",
    }  # fmt: skip
    for secret in (holder.name, holder.address, str(made.reference), str(made.phone.reference), made.phone.name):
        assert secret not in text


@pytest.mark.django_db
def test_no_figure_counts_a_table_that_grows_with_the_population(well: Realm, holder: Holder) -> None:
    enrolled(holder)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        measures.read()
    grows = ("ca_certificate", "ca_holder", "ca_issuance", "tsm_enrolment", "tsm_phone", "tsm_leg", "ca_journalentry",
             "portal_notice", "ca_cardrevocation", "ca_recheck", "portal_happening", "tsm_serviceorder")  # fmt: skip
    for query in captured.captured_queries:
        sql = query["sql"]
        if re.search(r"COUNT\(", sql) and re.search(rf'FROM "(?:{"|".join(grows)})"', sql):
            assert re.search(r"LIMIT \d+\) ?(AS )?\"?subquery", sql) or " LIMIT 10000" in sql, sql


@pytest.mark.django_db
def test_who_scrapes_often_reads_the_database_once(well: Realm, settings: Any) -> None:
    registry = exporter.registries()["/metrics/state"]
    generate_latest(registry)
    with CaptureQueriesContext(connection) as captured:
        generate_latest(registry)
    assert not captured.captured_queries
    settings.METRICS_KEPT_SECONDS = 0
    with CaptureQueriesContext(connection) as captured:
        generate_latest(registry)
    assert captured.captured_queries


# As a worker begins: Celery's application first, and the settings when it is configured.
COUNTING = """
    from portal.celery import app
    app.conf.task_always_eager
    from portal.observing import counting
    counting.TASKS.labels("ca.issue", "success").inc({count})
    counting.ANSWER_SECONDS.labels("ocsp").add([0, {count}] + [0] * 10, {count} * 0.001)
"""


def test_counts_of_several_processes_are_added_up_and_stay_apart_by_kind(tmp_path: Path, settings: Any) -> None:
    for kind, count in (("ca", 2), ("ca", 3), ("tsm", 7)):
        folder = tmp_path / kind
        folder.mkdir(exist_ok=True)
        program = textwrap.dedent(COUNTING.format(count=count))
        environment = {
            "PATH": os.environ["PATH"],
            "VAR_DIR": str(tmp_path / "var"),
            "METRICS_DIR": str(tmp_path),
            "PROCESS_NAME": kind,
        }
        subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, check=True)
        # Both of one kind run at once in earnest: the second would find the first one's process gone, and tidy up.
        for file in [file for file in folder.glob("*.db") if "kept" not in file.name]:
            file.rename(folder / file.name.replace(".db", f"-kept{count}.db"))
    # What one process leaves behind broken hides nobody else's.
    (tmp_path / "notices").mkdir()
    (tmp_path / "notices" / "counter_1.db").write_bytes(b"\xff" * 100)
    settings.METRICS_DIR = str(tmp_path)
    found = {
        (sample.name, sample.labels["process"], sample.labels.get("le", "")): sample.value
        for family in text_string_to_metric_families(told("/metrics/processes"))
        for sample in family.samples
    }
    assert found["jpki_tasks_total", "ca", ""] == 5
    assert found["jpki_tasks_total", "tsm", ""] == 7
    assert found["jpki_responder_answer_seconds_bucket", "ca", "0.0005"] == 0
    assert found["jpki_responder_answer_seconds_bucket", "ca", "0.001"] == 5
    assert found["jpki_responder_answer_seconds_count", "ca", ""] == 5


def test_files_of_processes_that_are_gone_are_removed(tmp_path: Path) -> None:
    gone = subprocess.run(["true"])  # noqa: F841
    child = subprocess.Popen(["true"])
    child.wait()
    for number in (child.pid, 1):
        (tmp_path / f"counter_{number}.db").touch()
    assert tidy(tmp_path) == 1
    assert (tmp_path / "counter_1.db").exists()


@pytest.fixture
def served(settings: Any) -> Iterator[Callable[..., tuple[int, bytes]]]:
    settings.METRICS_TOKEN = "a token of the scraper's"
    settings.METRICS_DIR = ""
    server = exporter.Exporter("127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()

    def get(path: str, token: str = "") -> tuple[int, bytes]:
        request = Request(
            f"http://127.0.0.1:{server.server_address[1]}{path}",
            headers={"Authorization": f"Bearer {token}"} if token else {},
        )
        try:
            with urlopen(request) as answer:
                return answer.status, answer.read()
        except HTTPError as error:
            return error.code, error.read()

    yield get
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_exporter_asks_for_its_token(served: Callable[..., tuple[int, bytes]]) -> None:
    assert served("/healthz")[0] == 200
    assert served("/metrics/processes")[0] == 401
    assert served("/metrics/processes", "another token")[0] == 401
    assert served("/metrics/processes", "a token of the scraper's")[0] == 200
    assert served("/elsewhere", "a token of the scraper's")[0] == 404


def test_without_a_token_it_is_this_machines_alone(settings: Any) -> None:
    settings.METRICS_TOKEN = None
    with pytest.raises(SystemExit, match="METRICS_TOKEN"):
        exporter.Exporter("0.0.0.0", 0)  # noqa: S104


def test_beyond_this_machine_it_speaks_tls_alone(settings: Any, tmp_path: Path) -> None:
    settings.METRICS_TOKEN, settings.METRICS_DIR = "a token of the scraper's", ""
    with pytest.raises(SystemExit, match="METRICS_TLS_CERTIFICATE"):
        exporter.Exporter("0.0.0.0", 0)  # noqa: S104
    subprocess.run([ROOT / "deploy/internal-certificates.sh", tmp_path, "localhost"], check=True, capture_output=True)
    settings.METRICS_TLS_CERTIFICATE = str(tmp_path / "localhost.pem")
    settings.METRICS_TLS_KEY_FILE = str(tmp_path / "localhost.key")
    with exporter.Exporter("0.0.0.0", 0) as server:  # noqa: S104
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        where = f"localhost:{server.server_address[1]}/metrics/processes"
        # Whoever says nothing keeps nobody waiting.
        with socket.create_connection(("127.0.0.1", server.server_address[1])):
            believing = ssl.create_default_context(cafile=str(tmp_path / "internal-ca.pem"))
            request = Request(f"https://{where}", headers={"Authorization": "Bearer a token of the scraper's"})
            with urlopen(request, context=believing, timeout=10) as answer:
                assert answer.status == 200
        with pytest.raises((OSError, HTTPException)):
            urlopen(Request(f"http://{where}"), timeout=10)
        server.shutdown()
        thread.join()


# --- What is given to Prometheus and Grafana
def test_the_files_are_written_from_the_tables() -> None:
    told = "run manage.py observing"
    assert (DEPLOY / published.RULES).read_text() == published.rules(), told
    assert (DEPLOY / published.DASHBOARD).read_text() == published.dashboard(), told


def test_every_series_that_they_name_is_told() -> None:
    panels = json.loads(published.dashboard())["panels"]
    drawn = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    alerts = [published.expression(finding) for finding in FINDINGS]
    named = {name for text in (*drawn, *alerts) for name in re.findall(r"\bjpki_[a-z_]+", text)}
    assert named <= published.names()
    # And what is measured is looked at, by an alert or by somebody.
    idle = {name for name in published.names() if not any(name in text for text in (*drawn, *alerts))}
    assert not {name for name in idle if not name.endswith(("_sum", "_count"))}


def test_prometheus_takes_the_rules(tmp_path: Path) -> None:
    import shutil

    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")
    done = subprocess.run([program, "check", "rules", DEPLOY / published.RULES], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(FINDINGS) + 1} rules found" in done.stdout
