"""What Prometheus is told: the counts of this machine's processes, the measures, and the limits of the findings.

GET /metrics             all of it
GET /metrics/processes   the counts alone: what a machine without the database's address tells
GET /metrics/state       measures and limits alone: one such in a deployment is enough
GET /healthz
"""

import hmac
import logging
import socket
import ssl
import struct
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from ca.connections import connections
from portal.observing import measures
from portal.observing.findings import FINDINGS
from portal.observing.measures import Reading

logger = logging.getLogger(__name__)

LIMIT = "jpki_finding_limit"
FOLDERS = ("processes", "state")


class Processes(Collector):
    """The counts of this machine's processes: each kind has a folder, whose files are added up."""

    def collect(self) -> Iterator[Metric]:
        """Yield each count once, with a label for the process that it comes from."""
        root = Path(settings.METRICS_DIR) if settings.METRICS_DIR else None
        merged: dict[str, Metric] = {}
        for folder in sorted(root.iterdir()) if root is not None and root.is_dir() else ():
            for metric in _counts(folder):
                kept = merged.setdefault(metric.name, Metric(metric.name, metric.documentation, metric.type))
                kept.samples += [_of(folder.name, sample) for sample in metric.samples]
        yield from merged.values()


def _counts(folder: Path) -> Iterable[Metric]:
    if not any(folder.glob("*.db")):
        return ()
    try:
        return list(MultiProcessCollector(None, path=str(folder)).collect())
    except (OSError, ValueError, LookupError, RuntimeError, struct.error) as error:
        # One process's files, broken or not to be read, hide nobody else's counts.
        logger.warning("the counts of %s can't be read: %s", folder.name, type(error).__name__)
        return ()


def _of(process: str, sample: Sample) -> Sample:
    return sample._replace(labels={"process": process, **sample.labels})


class State(Collector):
    """The measures, and of each finding the limit: alerts compare the two, as the doctor does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: tuple[float, list[Reading]] | None = None

    def collect(self) -> Iterator[Metric]:
        """Yield measures as they were read METRICS_KEPT_SECONDS ago at most."""
        for reading in self._readings():
            yield _family(reading)
        limits = GaugeMetricFamily(LIMIT, "Beyond it, a finding strikes.", labels=("finding",))
        for finding in FINDINGS:
            limits.add_metric([finding.id], finding.limit())
        yield limits

    def _readings(self) -> list[Reading]:
        # One at a time: several who scrape don't read the database several times.
        with self._lock:
            if self._kept is None or time.monotonic() - self._kept[0] >= settings.METRICS_KEPT_SECONDS:
                with connections():
                    self._kept = (time.monotonic(), measures.read())
            return self._kept[1]


def _family(reading: Reading) -> Metric:
    measure = reading.measure
    kind = CounterMetricFamily if measure.grows else GaugeMetricFamily
    family = kind(measure.name, measure.help, labels=measure.labels)
    for sample in reading.samples:
        family.add_metric([sample.labels[name] for name in measure.labels], sample.value)
    return family


def registries() -> dict[str, CollectorRegistry]:
    """Return what is told at each address."""
    # Not described ahead: that would read everything at the start.
    told = {"/metrics": CollectorRegistry(), **{f"/metrics/{name}": CollectorRegistry() for name in FOLDERS}}
    processes, state = Processes(), State()
    for path, collectors in {
        "/metrics": (processes, state),
        "/metrics/processes": (processes,),
        "/metrics/state": (state,),
    }.items():
        for collector in collectors:
            told[path].register(collector)
    return told


def _tls(host: str) -> ssl.SSLContext:
    """Return what speaks TLS 1.2 or 1.3 with the host's certificate. Raises SystemExit."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.METRICS_TLS_CERTIFICATE, settings.METRICS_TLS_KEY_FILE)
    except (OSError, ValueError):
        names = "METRICS_TLS_CERTIFICATE and METRICS_TLS_KEY_FILE"
        raise SystemExit(f"{names} don't name a certificate and its key: without TLS no metrics on {host}") from None
    return context


class Exporter(ThreadingHTTPServer):
    """Serves them. Raises SystemExit where it would be open to whoever comes."""

    daemon_threads = True

    def __init__(self, host: str, port: int) -> None:
        token = settings.METRICS_TOKEN
        self.tls: ssl.SSLContext | None = None
        if host not in ("127.0.0.1", "::1", "localhost"):
            if not token:
                raise SystemExit(f"METRICS_TOKEN (or METRICS_TOKEN_FILE) is not set: without it no metrics on {host}")
            self.tls = _tls(host)
        self.token = f"Bearer {token}".encode() if token else b""
        self.told = registries()
        try:
            super().__init__((host, port), Handler)
        except OSError as error:
            raise SystemExit(f"can't listen on {host}:{port}: {error.strerror or error}") from None

    def get_request(self) -> tuple[socket.socket, Any]:
        """Take a connection; over TLS, who comes says hello in its own thread, and keeps nobody else waiting."""
        accepted, address = super().get_request()
        if self.tls is not None:
            accepted = self.tls.wrap_socket(accepted, server_side=True, do_handshake_on_connect=False)
        return accepted, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log in a word who didn't keep to the protocol; what else goes wrong with its trace."""
        error = sys.exception()
        if isinstance(error, ssl.SSLError | OSError):
            logger.warning("a scrape from %s broke off: %s", client_address[0], type(error).__name__)
        else:
            logger.exception("a scrape failed")

    def permits(self, authorization: str) -> bool:
        """Tell whether somebody who says this may read."""
        return not self.token or hmac.compare_digest(authorization.encode("latin-1", "replace"), self.token)


class Handler(BaseHTTPRequestHandler):
    """One scrape."""

    server: Exporter
    server_version = "exporter"
    sys_version = ""
    timeout = 10

    def do_GET(self) -> None:
        """Answer it."""
        path = urlsplit(self.path).path
        if path == "/healthz":
            return self._say(200, b"alive\n")
        if not self.server.permits(self.headers.get("Authorization", "")):
            return self._say(401, b"METRICS_TOKEN\n", ("WWW-Authenticate", "Bearer"))
        registry = self.server.told.get(path)
        if registry is None:
            return self._say(404, b"/metrics\n")
        return self._say(200, generate_latest(registry), ("Content-Type", CONTENT_TYPE_LATEST))

    def _say(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (*headers, ("Content-Length", str(len(body))), ("Cache-Control", "no-store")):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: a scrape every few seconds isn't worth a line."""
