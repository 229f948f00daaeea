"""The responder as a process: alive, ready, counted, traced, and with the request's id in what it logs."""

import json
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from django.db import connection
from prometheus_client.multiprocess import MultiProcessCollector

from ca.models import Realm, ResponderKey
from tests.ca import responders
from tests.portal.observing.collector import listening

pytestmark = pytest.mark.django_db(transaction=True)


def get(address: str, path: str) -> tuple[int, bytes]:
    request = urllib.request.Request(f"http://{address}{path}", headers={"X-Request-ID": "0123456789abcdef"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_a_responder_tells_how_it_is_and_what_it_did(realm: Realm, tmp_path: Path) -> None:
    folder, counts = tmp_path / "responder", tmp_path / "counts"
    folder.mkdir()
    with listening() as collector:
        environment = {
            "DEFAULT_REALM": realm.slug,
            "PROCESS_NAME": "responder",
            "LOG_FORMAT": "json",
            "METRICS_DIR": str(counts),
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint,
        }
        with responders.started(folder, **environment) as (address,):
            assert get(address, "/healthz") == (200, b"alive\n")
            assert get(address, "/readyz") == (200, b"ready\n")
            assert get(address, f"/authority/{realm.slug}/signature.cer")[0] == 200
            ResponderKey.objects.all().delete()
            collector.until(lambda _: get(address, "/readyz") == (503, b"responder certificate\n"), seconds=30)
            with connection.cursor() as cursor:
                cursor.execute("ALTER TABLE ca_partition RENAME TO elsewhere")
            try:
                assert get(address, f"/arl/{realm.slug}/signature.crl") == (500, b"failed\n")
            finally:
                with connection.cursor() as cursor:
                    cursor.execute("ALTER TABLE elsewhere RENAME TO ca_partition")
            spans = collector.until(lambda spans: any(span.name == "responder arl" for span in spans))
        (log,) = folder.glob("*.log")
        lines = [json.loads(line) for line in log.read_text().splitlines()]
    (failed,) = (line for line in lines if line["level"] == "ERROR")
    assert (failed["process"], failed["request_id"]) == ("responder", "0123456789abcdef")
    assert "Traceback" in failed["exc_info"]
    assert {span.service for span in spans} == {"responder"}
    samples = {
        (sample.name, sample.labels.get("kind"), sample.labels.get("status")): sample.value
        for metric in MultiProcessCollector(None, path=str(counts / "responder")).collect()
        for sample in metric.samples
    }
    assert samples["jpki_responder_answers_total", "arl", "500"] == 1
    assert samples["jpki_responder_answers_total", "authority", "200"] == 1
    assert samples["jpki_responder_answers_total", "readyz", "503"] >= 1
    assert samples["jpki_responder_answer_seconds_count", "authority", None] == 1
