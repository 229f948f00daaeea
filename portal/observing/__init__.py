"""What is told of the running system, to operators and their machines: logs, metrics, traces, findings.

correlation   (in `ca`) the id of a request, from the web through the queues into workers and responder
measures      figures about how things stand, each cheap however many certificates there are
findings      the one table of what can be wrong; doctor, alerts and the console's page read it
counting      what processes count as they work; `exporter` tells it, with the measures, to Prometheus
tracing       OpenTelemetry, off until a collector is named
"""
