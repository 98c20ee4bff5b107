"""SAF-33: the scheduler does not know what a pod needs. Run by `assess.examine`."""

from __future__ import annotations

from collections.abc import Iterator

from seaway.assess import clusters
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule
from seaway.formats.infrastructure.kubernetes import Object
from seaway.formats.yaml.tree import Node, get, integer
from seaway.model.finding import Impact, Persona, Severity

_LEAST = 2


def survey(estate: Estate) -> list[Hit] | None:
    """Workloads that run for long with a container that requests no memory or no CPU (a limit counts as a request) where no LimitRange says it for all;
    in production, a HorizontalPodAutoscaler with fewer than two replicas. For an auditor: no limit of memory, and charts whose own values leave it open.
    """
    running = clusters.workloads(estate, clusters.LONG_RUNNING)
    scalers = [one for one in estate.all(Object) if one.kind == "HorizontalPodAutoscaler"]
    if not running and not scalers:
        return None
    found = [hit for one in running for hit in _workload(estate, one)]
    for one in scalers:
        least = one.get("spec", "minReplicas")
        if (1 if least is None else integer(least) or _LEAST) < _LEAST:
            words = f"{one.title} may go down to one replica: when its node goes, nobody answers"
            node = least if least is not None else one.get("spec")
            who = clusters.only_production(one)
            found.append(clusters.hit(estate, one, node, words, "least", severity=Severity.LOW, persona=who))
    return found


def _workload(estate: Estate, one: Object) -> Iterator[Hit]:
    if any(clusters.together(estate, one, "LimitRange")) or get(one.pod, "resources") is not None:
        return
    who = Persona.AUDITOR if clusters.by_default(estate, one) else clusters.persona(one)
    for container in one.containers:
        lacking = [what for what in ("cpu", "memory") if not _asks(container, what)]
        if lacking:
            words = f"{one.title}: {clusters.name_of(container)} requests no {' and no '.join(lacking)}, so it is put where there may be none"
            yield clusters.hit(estate, one, container, words, clusters.name_of(container), persona=who)
            return  # once per workload: the others are seen at the same time
        if get(container, "resources", "limits", "memory") is None:
            words = f"{one.title}: {clusters.name_of(container)} has no limit of memory, so a leak takes its neighbours down"
            more = {"severity": Severity.LOW, "persona": Persona.AUDITOR}
            yield clusters.hit(estate, one, container, words, f"{clusters.name_of(container)} limit", **more)


def _asks(container: Node, what: str) -> bool:
    return any(get(container, "resources", kind, what) is not None for kind in ("requests", "limits"))


RULE = Rule(
    id="no-resource-requests",
    number="SAF-33",
    title="The scheduler does not know what a pod needs",
    why="A release is put on nodes that are full already; there it is slow or killed first, and takes others with it.",
    advice="requests for CPU and memory from what it used last month; a limit for memory.",
    severity=Severity.MEDIUM,
    confidence=0.9,
    impact=Impact("cfr"),
    effort="S",
    refs=("Kubernetes: resource management for pods and containers", "Kubernetes: pod quality of service classes"),
    kinds=frozenset({Kind.KUBERNETES}),
    survey=survey,
)
