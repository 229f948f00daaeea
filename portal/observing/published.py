"""What is given to Prometheus and Grafana: alert rules and a dashboard, from the tables of findings and measures.

`manage.py observing` writes both to deploy/observing/; a test holds the files to the tables.
"""

import json
from typing import Any

from django.utils import translation

from portal.observing.counting import COUNTED
from portal.observing.exporter import LIMIT
from portal.observing.findings import FINDINGS, Finding
from portal.observing.looking import anchor
from portal.observing.measures import FAILED, MEASURES, Measure

RULES, DASHBOARD = "alerts.yml", "dashboard.json"
_HEAD = """\
# Prometheus' alert rules, written by `manage.py observing` from portal/observing/findings.py: change that, not this.
# A figure is held against the limit that the exporter tells beside it, so that a setting which moves the limit moves
# the alert too, and the doctor says the same. What to do for each: docs/alerts.md.
groups:
  - name: jpki
    rules:
"""
_EXPORTERS = """\
      - alert: jpki_exporter_away
        expr: absent(jpki_finding_limit)
        for: 5m
        labels:
          severity: page
          finding: exporter.away
        annotations:
          summary: "Nobody tells how things stand."
          description: "Start manage.py exporter, and see that Prometheus reaches it."
          runbook: "docs/alerts.md#exporteraway"
"""


def expression(finding: Finding) -> str:
    """Return when a finding strikes, in PromQL."""
    which = ",".join(f'{name}=~"{"|".join(values)}"' for name, values in (finding.where or {}).items())
    figure = f"{finding.measure}{{{which}}}" if which else finding.measure
    # Several exporters may tell the same: one figure of each, and one limit.
    both, sign = ("min", "<") if finding.below else ("max", ">")
    limit = f'max ({LIMIT}{{finding="{finding.id}"}})'
    # What belongs to a machine is told by the machine alone.
    if finding.measure not in _OF_MACHINES:
        figure = f"{both} without (instance, job) ({figure})"
    return f"{figure} {sign} on () group_left () {limit}"


_OF_MACHINES = {"jpki_worker_silent_seconds", "jpki_disk_free_ratio", "jpki_database_clock_skew_seconds"}


def rules() -> str:
    """Return the alert rules, YAML."""
    with translation.override("en"):
        return _HEAD + "".join(_rule(finding) for finding in FINDINGS) + _EXPORTERS


def _rule(finding: Finding) -> str:
    lasting = f"        for: {finding.lasting}s\n" if finding.lasting else ""
    about = " ".join(f"{name} {{{{ $labels.{name} }}}}" for name in _labels(finding))
    return (
        f"      - alert: jpki_{finding.id.replace('.', '_')}\n"
        f"        expr: {json.dumps(expression(finding), ensure_ascii=False)}\n"
        f"{lasting}"
        "        labels:\n"
        f"          severity: {finding.severity}\n"
        f"          finding: {finding.id}\n"
        "        annotations:\n"
        f"          summary: {json.dumps(f'{finding.title} {about}'.rstrip(), ensure_ascii=False)}\n"
        f"          description: {json.dumps(str(finding.remedy), ensure_ascii=False)}\n"
        f'          runbook: "{anchor(finding)}"\n'
    )


def _labels(finding: Finding) -> tuple[str, ...]:
    return next(one.labels for one in (*MEASURES, FAILED) if one.name == finding.measure)


# The dashboard: rows of panels, each a title, what is drawn and in which unit.
_ROWS: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        "Services",
        (
            ("Requests a second", "sum by (status) (rate(jpki_http_requests_total[5m]))", "reqps"),
            (
                "Slowest of 100 requests",
                "histogram_quantile(0.99, sum by (le, route) (rate(jpki_http_request_seconds_bucket[5m])))",
                "s",
            ),
            ("Answers of the responder", "sum by (kind, status) (rate(jpki_responder_answers_total[5m]))", "reqps"),
            (
                "Slowest of 100 answers",
                "histogram_quantile(0.99, sum by (le, kind) (rate(jpki_responder_answer_seconds_bucket[5m])))",
                "s",
            ),
        ),
    ),
    (
        "Workers",
        (
            ("Tasks a second", "sum by (task, outcome) (rate(jpki_tasks_total[5m]))", "ops"),
            (
                "Slowest of 100 tasks",
                "histogram_quantile(0.99, sum by (le, task) (rate(jpki_task_seconds_bucket[5m])))",
                "s",
            ),
            (
                "Wait in the queue, 1 of 100",
                "histogram_quantile(0.99, sum by (le, queue) (rate(jpki_task_wait_seconds_bucket[5m])))",
                "s",
            ),
            ("Messages that wait", "max by (queue) (jpki_queue_messages)", "short"),
            ("Periodic tasks that are late", "max by (task) (jpki_periodic_late_seconds)", "s"),
        ),
    ),
    (
        "Authorities",
        (
            ("Serial numbers taken a second", "max by (realm, purpose) (rate(jpki_serial_numbers_total[5m]))", "ops"),
            ("Entries of the journal a second", "max by (realm) (rate(jpki_journal_entries_total[5m]))", "ops"),
            ("Age of the oldest CRL", "max by (realm) (jpki_crl_oldest_seconds)", "s"),
            ("CRLs to be published", "max by (realm) (jpki_crl_due)", "short"),
            ("Linkage: oldest that waits", "max by (realm) (jpki_linkage_waiting_seconds)", "s"),
            ("Linkage: how many wait", "max by (realm) (jpki_linkage_open)", "short"),
            ("Issuing: oldest unfinished", "max (jpki_issuance_oldest_seconds)", "s"),
            ("Issuing: how many are unfinished", "max (jpki_issuances_unfinished)", "short"),
            (
                "Responder's certificate holds for",
                "min by (realm, purpose, generation) (jpki_responder_certificate_left_seconds)",
                "s",
            ),
            ("Journal without a seal", "max by (realm) (jpki_journal_unsealed_seconds)", "s"),
        ),
    ),
    (
        "Phones and notices",
        (
            ("Applications a second", "max (rate(jpki_applications_total[5m]))", "ops"),
            ("Enrolments under way", "max by (realm) (jpki_enrolments_under_way)", "short"),
            ("Standing still, by what they wait for", "max by (realm, waits_for) (jpki_enrolments_still)", "short"),
            ("Orders to elements", "max (jpki_orders_open)", "short"),
            ("Signs that a phone left its holder", "max (jpki_incidents_open)", "short"),
            ("Notices that wait", "max by (channel) (jpki_notices_waiting)", "short"),
            ("Oldest notice", "max by (channel) (jpki_notice_oldest_seconds)", "s"),
        ),
    ),
)


def dashboard() -> str:
    """Return Grafana's dashboard, JSON: what is wrong on top, then each room of the house."""
    panels: list[dict[str, Any]] = [
        {
            "type": "table",
            "title": "What is wrong (docs/alerts.md)",
            "gridPos": {"x": 0, "y": 0, "w": 24, "h": 6},
            "targets": [{"expr": 'ALERTS{finding!=""}', "format": "table", "instant": True, "refId": "A"}],
        }
    ]
    top = 6
    for title, drawn in _ROWS:
        panels.append({"type": "row", "title": title, "gridPos": {"x": 0, "y": top, "w": 24, "h": 1}, "panels": []})
        top += 1
        for number, (name, expr, unit) in enumerate(drawn):
            panels.append(
                {
                    "type": "timeseries",
                    "title": name,
                    "gridPos": {"x": number % 3 * 8, "y": top + number // 3 * 7, "w": 8, "h": 7},
                    "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
                    "targets": [{"expr": expr, "refId": "A"}],
                }
            )
        top += (len(drawn) + 2) // 3 * 7
    for number, panel in enumerate(panels, 1):
        panel["id"] = number
        panel["datasource"] = {"type": "prometheus", "uid": "${source}"}
    board = {
        "title": "Smartphone JPKI",
        "uid": "smartphone-jpki",
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [{"name": "source", "type": "datasource", "query": "prometheus", "label": "Source"}]},
        "panels": panels,
    }
    return json.dumps(board, ensure_ascii=False, indent=1) + "\n"


def names() -> set[str]:
    """Return the names of all series that the exporter may tell."""
    told = {LIMIT, FAILED.name} | {_name(measure) for measure in MEASURES}
    for name in COUNTED:
        told |= {name} if name.endswith("_total") else {f"{name}_{end}" for end in ("bucket", "sum", "count")}
    return told


def _name(measure: Measure) -> str:
    return f"{measure.name}_total" if measure.grows else measure.name
