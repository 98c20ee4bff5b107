"""Progressive delivery as objects of Argo Rollouts and Flagger say it: who shifts traffic, and what is measured meanwhile. Asked by rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from seaway.assess.estate import Estate
from seaway.formats.infrastructure.kubernetes import Object
from seaway.formats.yaml.tree import Node, get, is_mapping, sequence, string

TEMPLATES = frozenset({"AnalysisTemplate", "ClusterAnalysisTemplate", "MetricTemplate"})


@dataclass(frozen=True, slots=True)
class Measure:
    """One metric of a template. `query`: its node, None where it asks with none (a job, a web page)."""

    template: Object
    name: str
    node: Node
    query: Node | None

    @property
    def text(self) -> str:
        """The query."""
        return string(self.query)


@dataclass(frozen=True, slots=True)
class Reference:
    """A template that a release names. `arguments`: argument -> its node in the release."""

    release: Object
    name: str
    node: Node
    arguments: dict[str, Node]


def rollouts(estate: Estate) -> list[Object]:
    """Objects of Argo Rollouts that shift traffic step by step."""
    return [one for one in _all(estate, "Rollout", "argoproj.io") if sequence(steps_node(one))]


def canaries(estate: Estate) -> list[Object]:
    """Objects of Flagger with an analysis."""
    return [one for one in _all(estate, "Canary", "flagger.app") if analysis(one) is not None]


def steps_node(one: Object) -> Node | None:
    """The steps of a Rollout's canary."""
    return one.get("spec", "strategy", "canary", "steps")


def analysis(one: Object) -> Node | None:
    """What a Canary of Flagger has for its analysis, under the name of today or of once."""
    return one.get("spec", "analysis") or one.get("spec", "canaryAnalysis")


def templates(estate: Estate) -> list[Object]:
    """What others name to be measured."""
    return [one for one in estate.all(Object) if one.kind in TEMPLATES]


def measures(estate: Estate) -> list[Measure]:
    """All metrics of all templates."""
    return [made for one in templates(estate) for made in _measures(one)]


def _measures(one: Object) -> Iterator[Measure]:
    if one.kind == "MetricTemplate":
        spec = one.get("spec")
        if is_mapping(spec):
            yield Measure(one, one.name, spec, get(spec, "query"))
        return
    for metric in sequence(one.get("spec", "metrics")):
        provider = get(metric, "provider")
        query = get(provider, "prometheus", "query") or get(provider, "datadog", "query")
        yield Measure(one, string(get(metric, "name")), metric, query)


def references(estate: Estate) -> list[Reference]:
    """The templates that releases name."""
    found = [made for one in rollouts(estate) for made in _of_rollout(one)]
    return found + [made for one in canaries(estate) for made in _of_canary(one)]


def _of_rollout(one: Object) -> Iterator[Reference]:
    canary = one.get("spec", "strategy", "canary")
    for node in (get(canary, "analysis"), *(get(step, "analysis") for step in sequence(steps_node(one)))):
        given = {string(get(each, "name")): each for each in sequence(get(node, "args"))}
        for named in (*sequence(get(node, "templates")), *([node] if get(node, "templateName") is not None else [])):
            name = get(named, "templateName")
            if string(name) and "{{" not in string(name):
                yield Reference(one, string(name), name, given)


def _of_canary(one: Object) -> Iterator[Reference]:
    for metric in sequence(get(analysis(one), "metrics")):
        name = get(metric, "templateRef", "name")
        if string(name) and "{{" not in string(name):
            yield Reference(one, string(name), name, {})


def _all(estate: Estate, kind: str, group: str) -> Iterator[Object]:
    return (one for one in estate.all(Object) if one.kind == kind and one.api.startswith(group))
