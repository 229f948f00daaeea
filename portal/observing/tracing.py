"""Traces by OpenTelemetry: off until OTEL_EXPORTER_OTLP_ENDPOINT names a collector.

The spans are our own and few: a request of the site, a task, an answer of the responder. A library's instruments would
also write down addresses, headers, statements and errors' texts, among them links that are good for who reads them.
What a span says is what Prometheus' labels say: routes, tasks, statuses, and the request's id.
"""

import os
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings

from ca.reply import Reply, Request
from ca.serving import Connection, Desk, Trouble
from portal.observing.responder import kind

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

FLUSH_MILLISECONDS = 1000
# What a trace is carried by, in requests and messages: W3C Trace Context.
CARRIED = ("traceparent", "tracestate")
_tracer: "tuple[int, Tracer] | None" = None


def is_on() -> bool:
    """Tell whether there is a collector to tell."""
    return bool(settings.OTEL_EXPORTER_OTLP_ENDPOINT)


def tracer() -> "Tracer":
    """Return this process's tracer, with an exporter of its own: a thread doesn't outlive a fork. Raises SystemExit."""
    global _tracer
    if _tracer is not None and _tracer[0] == os.getpid():
        return _tracer[1]
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise SystemExit("OTEL_EXPORTER_OTLP_ENDPOINT is set, and the extra `tracing` isn't installed") from None
    resource = Resource.create({"service.name": settings.PROCESS_NAME, "service.namespace": "jpki"})
    provider = TracerProvider(resource=resource)
    exporter = OTLPSpanExporter(endpoint=f"{settings.OTEL_EXPORTER_OTLP_ENDPOINT.rstrip('/')}/v1/traces", timeout=5)
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=FLUSH_MILLISECONDS))
    _tracer = (os.getpid(), provider.get_tracer("jpki"))
    return _tracer[1]


@contextmanager
def span(name: str, kind_: str, carrier: Mapping[str, str] | None = None) -> "Iterator[Span | None]":
    """Give a span, or None: `kind_` is server or consumer, `carrier` what the trace came with."""
    if not is_on():
        yield None
        return
    from opentelemetry import propagate, trace

    context = propagate.extract(dict(carrier)) if carrier else None
    kinds = {"server": trace.SpanKind.SERVER, "consumer": trace.SpanKind.CONSUMER}
    # An error's text may say anything: that there was one is for the status that the caller sets.
    with tracer().start_as_current_span(
        name, context, kinds[kind_], record_exception=False, set_status_on_exception=False
    ) as begun:
        yield begun


def carry(headers: MutableMapping[str, Any]) -> None:
    """Put the present trace into a message's headers, where there is one."""
    if is_on():
        from opentelemetry import propagate

        propagate.inject(headers)


def traceparent() -> str:
    """Return the present span as W3C Trace Context writes it; empty where there is none."""
    carrier: dict[str, str] = {}
    carry(carrier)
    return carrier.get("traceparent", "")


def fail(begun: "Span | None") -> None:
    """Say that what a span tells of went wrong on our side."""
    if begun is not None:
        from opentelemetry.trace import StatusCode

        begun.set_status(StatusCode.ERROR)


class TracedDesk:
    """Stands before the responder's desk (RESPONDER_DESKS): a span for each question."""

    def __init__(self, inner: Desk) -> None:
        self._inner = inner
        tracer()

    def take(self, request: Request, connection: Connection) -> None:
        """Hand the request on; its span ends when it is replied to."""
        from opentelemetry import propagate, trace

        came = {name: request.header(name.encode()) for name in CARRIED}
        begun = tracer().start_span(
            f"responder {kind(request.target)}", propagate.extract(came), trace.SpanKind.SERVER, record_exception=False
        )
        self._inner.take(request, cast(Connection, _Traced(begun, connection)))

    def refusal(self, trouble: Trouble, target: bytes) -> Reply:
        """Return what the responder's desk says."""
        return self._inner.refusal(trouble, target)

    async def close(self) -> None:
        """Let the responder end."""
        await self._inner.close()


class _Traced:
    """A connection to which the desk replies; the reply goes out first."""

    __slots__ = ("_begun", "_connection")

    def __init__(self, begun: "Span", connection: Connection) -> None:
        self._begun, self._connection = begun, connection

    def reply(self, reply: Reply) -> None:
        self._connection.reply(reply)
        self._begun.set_attribute("http.response.status_code", int(reply.status[:3]))
        self._begun.end()
