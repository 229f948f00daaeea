"""Probes: what can be seen of a service from outside, gone and looked at: `request`, `run`, `latest`."""

from whitelist.probes.running import latest, latest_run, open_run, request, run

__all__ = ["latest", "latest_run", "open_run", "request", "run"]
