"""SAF-21: nobody asks a container whether it can serve. Run by `assess.examine`.

A Service sends requests to a pod as soon as its containers run, unless a readiness probe says otherwise; so a roll-out of pods
without one loses requests, and a broken release counts as available. Jobs serve nobody, and a sidecar may stay unasked.
"""

from __future__ import annotations

from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule
from seaway.formats.infrastructure.kubernetes import Object
from seaway.formats.yaml.tree import get, string
from seaway.model.finding import Impact, Severity

_SERVING = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Rollout"})


def survey(estate: Estate) -> list[Hit] | None:
    """Workloads that open a port and have no readiness probe on any of their containers."""
    serving = [one for one in estate.all(Object) if one.kind in _SERVING and _opens_a_port(one)]
    found = []
    for one in serving:
        if not any(get(container, "readinessProbe") is not None for container in one.containers):
            container = next(each for each in one.containers if get(each, "ports") is not None)
            name = string(get(container, "name")) or "its container"
            words = f"{one.kind} {one.name}: {name} gets requests as soon as it runs, because it has no readinessProbe"
            found.append(Hit(estate.within(one.at(container), ""), words, (one.kind, one.name)))
    return found if serving else None


def _opens_a_port(one: Object) -> bool:
    return any(get(container, "ports") is not None for container in one.containers)


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
