"""OBS-77: nobody looks at the service from outside. Run by `assess.examine`.

Only a Prometheus that alerts is judged: one without Alertmanager serves a laptop or a test.
"""

from __future__ import annotations

from seaway.assess import monitoring, promql
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule
from seaway.formats.infrastructure.kubernetes import Object
from seaway.formats.monitoring.prometheus.files import Configuration
from seaway.formats.yaml.tree import get, sequence, string
from seaway.model.finding import Impact, Severity

_SIGNS = ("blackbox", "probe", "synthetic", "uptime", "healthcheck")


def survey(estate: Estate) -> list[Hit] | None:
    """The configuration of a Prometheus that alerts, with no job, object or rule that asks a service from outside (blackbox exporter, `Probe`, `probe_success`)."""
    servers = [
        one
        for one in monitoring.configurations(estate)
        if one.jobs and sequence(one.get("alerting", "alertmanagers")) and one.get("scrape_config_files") is None
    ]
    if not servers:
        return None
    if _is_probed(estate, servers):
        return []
    words = (
        "Prometheus only measures what the services say of themselves: no job asks one from outside, as a user would"
    )
    return [Hit(one.key("scrape_configs"), words, ("no probe",)) for one in servers]


def _is_probed(estate: Estate, servers: list[Configuration]) -> bool:
    jobs = (job for one in servers for job in one.jobs)
    if any(
        sign in f"{string(get(job, 'job_name'))} {string(get(job, 'metrics_path'))}".lower()
        for job in jobs
        for sign in _SIGNS
    ):
        return True
    if any(one.kind == "Probe" for one in estate.all(Object)):
        return True
    asked = (part for rule in monitoring.rules(estate) for part in promql.parse(rule.expression).parts)
    return any(part.name.startswith("probe_") for part in asked)


RULE = Rule(
    id="no-synthetic-probe",
    number="OBS-77",
    title="Nobody looks at the service from outside",
    why="A broken certificate, name or route leaves every measurement from inside healthy, and no request arrives that could fail.",
    advice="The blackbox exporter on each public address, with an alert on `probe_success`.",
    severity=Severity.LOW,
    confidence=0.7,
    impact=Impact("recovery"),
    effort="S",
    refs=("Prometheus: blackbox exporter", "Google SRE book: monitoring distributed systems"),
    kinds=frozenset({Kind.PROMETHEUS, Kind.KUBERNETES}),
    survey=survey,
)
