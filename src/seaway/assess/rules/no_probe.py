"""SAF-21: nobody asks a container whether it can serve. Run by `assess.examine`.

A Service sends requests to a pod as soon as its containers run, unless a readiness probe says otherwise; so a roll-out of pods
without one loses requests, and a broken release counts as available. Jobs serve nobody, and a sidecar may stay unasked.
"""

from __future__ import annotations

from seaway.assess import clusters
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule
from seaway.formats.yaml.tree import get
from seaway.model.finding import Impact, Severity


def survey(estate: Estate) -> list[Hit] | None:
    """Workloads that open a port, not only for metrics, and have no readiness probe on any of their containers."""
    serving = clusters.serving(estate)
    found = []
    for one in serving:
        if not any(get(container, "readinessProbe") is not None for container in one.containers):
            container = next(each for each in one.containers if clusters.ports(each))
            words = f"{one.title}: {clusters.name_of(container)} gets requests as soon as it runs, because it has no readinessProbe"
            found.append(clusters.hit(estate, one, container, words, "readiness"))
    return found if serving else None


RULE = Rule(
    id="no-probe",
    number="SAF-21",
    title="Nobody asks a container whether it can serve",
    why="Each release loses the requests that come before the program listens, and one that never works counts as available.",
    advice="A readinessProbe that asks the program itself; a startupProbe where it begins slowly.",
    severity=Severity.HIGH,
    confidence=0.9,
    impact=Impact("cfr"),
    effort="S",
    refs=("Kubernetes: configure liveness, readiness and startup probes", "DORA: continuous delivery"),
    kinds=frozenset({Kind.KUBERNETES}),
    survey=survey,
)
