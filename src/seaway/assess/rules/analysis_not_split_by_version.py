"""SAF-27: a canary is judged by numbers of the whole service. Run by `assess.examine`.

At 5 % of the traffic a version that fails half of its requests raises the whole service's error ratio by 2.5 points.
"""

from __future__ import annotations

import re

from seaway.assess import canaries, monitoring
from seaway.assess.aside import quietly
from seaway.assess.canaries import Measure, Reference
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule
from seaway.formats.yaml.tree import get, is_mapping, sequence, string
from seaway.model.finding import Impact, Severity

_SPLIT = re.compile(
    r"canary|primary|version|hash|revision|track(?!er|ing)|pod|subset|preview|release|commit|sha\b|image|workload|colou?r|replica_?set|upstream|backend|instance|cluster_name",
    re.IGNORECASE,
)
_VALUE = re.compile(r"""(?<=[=~])\s*(["'])(?P<value>[^"'\n]{0,300})\1""")
_SAYS = re.compile(r"(?<![a-z])(?:canary|primary|stable|preview|baseline|blue|green|new|v\d)(?![a-z])", re.IGNORECASE)
_ARGUMENT = re.compile(r"\{\{-?\s*args\.([\w-]+)\s*-?\}\}")
_OF_FLAGGER = re.compile(r"\{\{-?\s*(?:target|variables\.)")


def survey(estate: Estate) -> list[Hit] | None:
    """Queries of analyses that a release uses and that no label, no argument and no placeholder binds to the new version."""
    named = canaries.references(estate)
    used: dict[str, list[Reference]] = {}
    for each in named:
        used.setdefault(each.name, []).append(each)
    asked = [one for one in canaries.measures(estate) if one.query is not None and one.template.name in used]
    found = []
    for one in asked:
        if not all(_is_split(one, reference) for reference in used[one.template.name]):
            words = f"{one.template.name}: {one.name} measures old and new version together: nothing in its query tells them apart"
            found.append(Hit(monitoring.place(estate, one.template, one.query), words, (one.template.name, one.name)))
    return quietly(found) if asked else None


def _is_split(one: Measure, by: Reference) -> bool:
    text = one.text
    if _SPLIT.search(_VALUE.sub(_told, _ARGUMENT.sub("", text))) or _OF_FLAGGER.search(text):
        return True
    return any(_tells(one, by, name) for name in _ARGUMENT.findall(text))


def _told(value: re.Match[str]) -> str:
    """What a label must be, where it may be a version; a service called `tracker` or `image-store` is none."""
    return f'"version {value["value"]}"' if _SAYS.search(value["value"]) else '""'


def _tells(one: Measure, by: Reference, name: str) -> bool:
    """The argument is the new version's, or may be."""
    if _SPLIT.search(name):
        return True
    given = by.arguments.get(name)
    if given is None:
        given = next(
            (each for each in sequence(one.template.get("spec", "args")) if string(get(each, "name")) == name), None
        )
    if is_mapping(get(given, "valueFrom")) or get(given, "value") is None:
        return True
    value = string(get(given, "value"))
    canary = string(by.release.get("spec", "strategy", "canary", "canaryService"))
    return "{{" in value or _SPLIT.search(value) is not None or (canary != "" and canary in value)


RULE = Rule(
    id="analysis-not-split-by-version",
    number="SAF-27",
    title="A canary is judged by the numbers of the whole service",
    why="The old version's good requests hide the new one's failures until the canary has most of the traffic.",
    advice="A label of the version in the query: the pod template's hash (`rollouts-pod-template-hash`), `{{ target }}` of Flagger, or the canary's own service.",
    severity=Severity.HIGH,
    confidence=0.8,
    impact=Impact("cfr"),
    effort="S",
    refs=("Argo Rollouts: analysis arguments", "Flagger: custom metrics", "Google SRE workbook: canarying releases"),
    kinds=frozenset({Kind.KUBERNETES}),
    survey=survey,
)
