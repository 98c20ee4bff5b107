"""OBS-67: a service whose numbers nobody collects. Run by `assess.examine`."""

from __future__ import annotations

from collections.abc import Mapping

from seaway.assess import clusters
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Answer, Hit, Rule, Unclear
from seaway.formats.infrastructure.kubernetes import Object
from seaway.formats.monitoring.prometheus.files import Configuration
from seaway.formats.yaml.tree import get
from seaway.model.finding import Impact, Severity

_ANNOTATION = "prometheus.io/scrape"
_MONITORS = ("ServiceMonitor", "PodMonitor")


def survey(estate: Estate) -> Answer:
    """Where others are scraped (by ServiceMonitors, PodMonitors or annotations), workloads that serve and that none of those selects. Nothing is
    judged where nothing here says how Prometheus finds its targets.
    """
    serving = clusters.serving(estate)
    monitors = [one for one in estate.all(Object) if one.kind in _MONITORS]
    annotated = [one for one in estate.all(Object) if one.kind == "Service" and _said(one.annotations)]
    marked = {id(one) for one in serving if _said(one.pod_annotations)}
    if not serving or not estate.whole or not (monitors or annotated or marked):
        return None
    if any(get(job, "kubernetes_sd_configs") is not None for each in estate.all(Configuration) for job in each.jobs):
        return Unclear("Prometheus finds targets in the cluster by rules of its own configuration")
    found: list[Hit] = []
    for one in serving:
        if id(one) in marked or any(_monitored(estate, monitor, one) for monitor in monitors):
            continue
        if any(clusters.selects(service.get("spec", "selector"), one.pod_labels) for service in annotated):
            continue
        words = f"{one.title} is scraped by nobody, although others here are: its errors and its latency are not known"
        found.append(clusters.hit(estate, one, one.get("metadata", "name"), words, "scrape"))
    return found


def _said(annotations: Mapping[str, str]) -> bool:
    return annotations.get(_ANNOTATION) == "true"


def _monitored(estate: Estate, monitor: Object, one: Object) -> bool:
    selector = monitor.get("spec", "selector")
    if monitor.kind == "PodMonitor":
        return clusters.selects(selector, one.pod_labels)
    services = (other for other in estate.all(Object) if other.kind == "Service")
    return any(clusters.selects(selector, service.labels) and clusters.chooses(service, one) for service in services)


RULE = Rule(
    id="not-scraped",
    number="OBS-67",
    title="A service whose numbers nobody collects",
    why="No canary can be judged, no alert can fire and no objective can be kept for what is not measured.",
    advice="A ServiceMonitor or PodMonitor that selects it, or the annotation that the others have.",
    severity=Severity.MEDIUM,
    confidence=0.8,
    impact=Impact("recovery"),
    effort="S",
    refs=("Prometheus operator: ServiceMonitor and PodMonitor", "DORA: monitoring and observability"),
    kinds=frozenset({Kind.KUBERNETES}),
    survey=survey,
)
