"""SAF-24: draining a node takes pods away as if nobody used them. Run by `assess.examine`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.assess import clusters
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule
from seaway.formats.infrastructure.kubernetes import Object
from seaway.formats.yaml import tree as yaml
from seaway.formats.yaml.tree import Node, get, integer, string
from seaway.model.finding import Impact, Persona, Severity

_SLEEP = re.compile(r"\bsleep\s+(\d{1,5})\b")
_GRACE = 30  # seconds, the default of Kubernetes


def survey(estate: Estate) -> list[Hit] | None:
    """In production, serving workloads of two replicas or more that no PodDisruptionBudget selects; budgets that never let a pod go; a
    `terminationGracePeriodSeconds` not longer than the `preStop` sleep. For an auditor the first also elsewhere, and no `preStop`.
    """
    serving = [one for one in clusters.serving(estate) if one.kind in clusters.REPLICATED]
    budgets = [one for one in estate.all(Object) if one.kind == "PodDisruptionBudget"]
    if not serving and not budgets:
        return None
    found = [hit for one in serving for hit in _workload(estate, one)]
    return found + [hit for one in budgets for hit in _budget(estate, one)]


def _workload(estate: Estate, one: Object) -> Iterator[Hit]:
    count = clusters.replicas(estate, one)
    budgets = clusters.together(estate, one, "PodDisruptionBudget")
    if (
        estate.whole
        and count is not None
        and count > 1
        and not any(clusters.selects(other.get("spec", "selector"), one.pod_labels) for other in budgets)
    ):
        words = f"{one.title}: no PodDisruptionBudget keeps some of its {count} pods while nodes are drained"
        who = clusters.only_production(one)
        yield clusters.hit(estate, one, one.get("metadata", "name"), words, "budget", persona=who)
    grace = integer(get(one.pod, "terminationGracePeriodSeconds"))
    for container in one.containers:
        stop = get(container, "lifecycle", "preStop")
        slept = _slept(stop)
        if slept is not None and slept >= (_GRACE if grace is None else grace):
            words = f"{one.title}: preStop sleeps {slept} s and the pod is killed after {_GRACE if grace is None else grace} s, in the midst of its requests"
            yield clusters.hit(estate, one, stop, words, "grace", severity=Severity.HIGH)
        elif stop is None and clusters.ports(container):
            words = f"{one.title}: {clusters.name_of(container)} has no preStop, so it stops before all routers know that it is gone"
            more = {"severity": Severity.LOW, "confidence": 0.6, "persona": Persona.AUDITOR}
            yield clusters.hit(estate, one, container, words, "preStop", **more)


def _slept(stop: Node | None) -> int | None:
    seconds = integer(get(stop, "sleep", "seconds"))
    match = _SLEEP.search(" ".join(yaml.strings(get(stop, "exec", "command")))[:2_000])
    return seconds if seconds is not None else int(match[1]) if match else None


def _budget(estate: Estate, budget: Object) -> Iterator[Hit]:
    """One that forbids every eviction: nodes cannot be drained, and somebody will force it."""
    away, least = budget.get("spec", "maxUnavailable"), budget.get("spec", "minAvailable")
    never = string(away) in {"0", "0%"} or string(least) == "100%"
    if not never and integer(least) is not None:
        for one in clusters.together(estate, budget, *clusters.REPLICATED):
            count = clusters.replicas(estate, one)
            if (
                budget.get("spec", "selector") is not None
                and count is not None
                and clusters.scaler(estate, one) is None
                and clusters.selects(budget.get("spec", "selector"), one.pod_labels)
            ):
                never = (integer(least) or 0) >= count
                break
    if never:
        words = f"{budget.title} never lets a pod go: nodes cannot be drained until somebody forces it"
        yield clusters.hit(estate, budget, away if away is not None else least, words, "never")


RULE = Rule(
    id="no-disruption-budget",
    number="SAF-24",
    title="Draining a node takes away pods as if nobody used them",
    why="An upgrade of the cluster is then an outage, although each release goes out without one.",
    advice="A PodDisruptionBudget with maxUnavailable 1; a grace period longer than the preStop pause and the longest request.",
    severity=Severity.MEDIUM,
    confidence=0.9,
    impact=Impact("cfr"),
    effort="S",
    refs=("Kubernetes: disruptions, PodDisruptionBudget", "Kubernetes: container lifecycle hooks"),
    kinds=frozenset({Kind.KUBERNETES}),
    survey=survey,
)
