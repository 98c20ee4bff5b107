"""SAF-25: production gets each release for everybody at once. Run by `assess.examine`."""

from __future__ import annotations

import re

from seaway.assess import clusters
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule
from seaway.formats.infrastructure.kubernetes import Object
from seaway.formats.yaml import tree as yaml
from seaway.formats.yaml.tree import get
from seaway.model.finding import Impact, Severity

_PROGRESSIVE = frozenset({"Rollout", "Canary", "TrafficSplit", "AnalysisTemplate", "ClusterAnalysisTemplate"})
_ROUTES = frozenset({"HTTPRoute", "GRPCRoute", "VirtualService"})
_TOOLS = re.compile(r"\bargo rollouts\b|\bseaway (?:deploy|rollout)\b|\bflagger\b|blue.?green|canary", re.IGNORECASE)
_TWO = 2


def survey(estate: Estate) -> list[Hit] | None:
    """A Deployment of production that serves, where nothing in the repository is a Rollout, a Canary, a route with weights, or a pipeline that says
    canary or blue-green. Once per repository.
    """
    serving = [one for one in clusters.serving(estate) if clusters.production(one) and not clusters.is_aside(one)]
    if not serving or not estate.whole:
        return None
    if _progressive(estate):
        return []
    one = next((one for one in serving if one.kind == "Deployment"), None)
    if one is None:
        return []
    words = f"{one.title} and all else here replace production for everybody at once: no canary, no blue-green, no share of traffic"
    return [clusters.hit(estate, one, one.get("kind"), words, "progressive")]


def _progressive(estate: Estate) -> bool:
    if "seaway.yaml" in {path.rpartition("/")[2] for path in estate.files}:
        return True
    for one in estate.all(Object):
        if one.kind in _PROGRESSIVE or (one.kind in _ROUTES and _weighted(one)):
            return True
    return any(_TOOLS.search(script.text) for _, script in estate.scripts)


def _weighted(one: Object) -> bool:
    rules = [*yaml.sequence(one.get("spec", "rules")), *yaml.sequence(one.get("spec", "http"))]
    for rule in rules:
        targets = [*yaml.sequence(get(rule, "backendRefs")), *yaml.sequence(get(rule, "route"))]
        if sum(get(target, "weight") is not None for target in targets) >= _TWO:
            return True
    return False


RULE = Rule(
    id="no-progressive-delivery",
    number="SAF-25",
    title="Production gets each release for everybody at once",
    why="What a test did not find, all users find at the same time, and the way back is another release.",
    advice="Give a release a small share first and let evidence decide: seaway deploy, Argo Rollouts, Flagger, or a flag.",
    severity=Severity.MEDIUM,
    confidence=0.8,
    impact=Impact("cfr"),
    effort="M",
    refs=("DORA: working in small batches", "DORA: deployment automation"),
    kinds=frozenset({Kind.KUBERNETES}),
    survey=survey,
)
