"""SAF-39: staging is not what production will be. Run by `assess.examine`.

Environments differ in numbers, hosts and secrets, and may. What must not differ is what a release is tested with: which program runs,
under which rights, asked by which probes.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from seaway.assess import clusters
from seaway.assess.estate import Estate, Kind
from seaway.assess.images import named
from seaway.assess.rule import Hit, Rule
from seaway.formats.infrastructure.helm import Values
from seaway.formats.infrastructure.kubernetes import Object
from seaway.formats.yaml import tree as yaml
from seaway.formats.yaml.tree import Node, get, is_mapping, is_sequence, string
from seaway.model.finding import Impact, Severity

_STAGING = re.compile(r"(?:^|[._/-])(?:staging|stage|stg|preprod|pre-prod|uat|acceptance)(?=[._/-]|\Z)", re.IGNORECASE)
_PRODUCTION = re.compile(r"(?:^|[._/-])(?:production|prod|prd|live)(?=[._/-]|\Z)", re.IGNORECASE)
_SAME = frozenset(
    {"repository", "command", "livenessProbe", "readinessProbe", "startupProbe", "securityContext", "podSecurityContext", "lifecycle"}
)  # fmt: skip
_TIMES = frozenset({"initialDelaySeconds", "periodSeconds", "timeoutSeconds", "failureThreshold", "successThreshold"})
_DEPTH = 6
_LONGEST = 500  # nodes of one value
_MOST = 20  # differences that are told of one pair


@dataclass(frozen=True, slots=True)
class _Trait:
    """What must be the same: its way, what it says, and where."""

    way: str
    said: str
    node: Node


def survey(estate: Estate) -> list[Hit] | None:
    """Values files and overlays for staging and production side by side: another image, another program, other probes or security context. Numbers,
    hosts, tags, resources and secrets may differ.
    """
    found: list[Hit] = []
    pairs = list(_files(estate))
    for staging, production in pairs:
        words = f"{posixpath.basename(production.path)} and {posixpath.basename(staging.path)}"
        for key, node in _differences(_of_values(staging.node), _of_values(production.node)):
            span = estate.within(production.tree.span(node), "")
            found.append(Hit(span, f"{words} differ in {key}: what was tested is not what is shipped", (words, key)))
    overlays = list(_overlays(estate))
    for before, after in overlays:
        for key, node in _differences(_of_object(before), _of_object(after)):
            words = f"{after.title} differs between {before.made_by} and {after.made_by} in {key}: what was tested is not what is shipped"
            found.append(clusters.hit(estate, after, node, words, key))
    return found if pairs or overlays else None


def _differences(staging: list[_Trait], production: list[_Trait]) -> Iterator[tuple[str, Node]]:
    """What both say, and differently."""
    known = {one.way: one.said for one in staging}
    differing = [one for one in production if one.way in known and known[one.way] != one.said]
    return ((one.way, one.node) for one in differing[:_MOST])


def _files(estate: Estate) -> Iterator[tuple[Values, Values]]:
    """Values for staging with those for production whose path is otherwise the same."""
    own = estate.all(Values)
    production = {_PRODUCTION.sub("*", one.path): one for one in own if _PRODUCTION.search(one.path)}
    for one in own:
        other = production.get(_STAGING.sub("*", one.path)) if _STAGING.search(one.path) else None
        if other is not None:
            yield one, other


def _overlays(estate: Estate) -> Iterator[tuple[Object, Object]]:
    """Workloads of a staging overlay with the same of the one for production."""
    made = [one for one in clusters.workloads(estate) if one.made_by]
    production = {
        (_PRODUCTION.sub("*", one.made_by), one.path, one.title): one for one in made if _PRODUCTION.search(one.made_by)
    }
    for one in made:
        key = (_STAGING.sub("*", one.made_by), one.path, one.title)
        if _STAGING.search(one.made_by) and key in production:
            yield one, production[key]


def _of_values(root: Node) -> list[_Trait]:
    found: list[_Trait] = []
    waiting: list[tuple[Node, str, int]] = [(root, "", _DEPTH)]
    seen: set[int] = set()  # aliases name a mapping as often as they like
    while waiting:
        node, way, depth = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        for name, _, value in yaml.items(node):
            here = f"{way}.{name}" if way else name
            if name in _SAME:
                found.append(_Trait(here, _told(name, value), value))
            elif depth and is_mapping(value):
                waiting.append((value, here, depth - 1))
    return sorted(found, key=lambda one: int(one.node.start_mark.index))


def _of_object(one: Object) -> list[_Trait]:
    found: list[_Trait] = []
    for container in one.all_containers:
        name = clusters.name_of(container)
        image = named(string(get(container, "image")))
        if image is not None:
            found.append(_Trait(f"the image of {name}", image.base, get(container, "image")))
        for key in sorted(_SAME - {"repository", "podSecurityContext"}):
            value = get(container, key)
            if value is not None:
                found.append(_Trait(f"{key} of {name}", _told(key, value), value))
    return found


def _told(key: str, node: Node) -> str:
    """What must be equal of a value: of an image its last name, as registries may differ, of a command its program."""
    if key == "repository":
        image = named(string(node))
        return image.base if image else ""
    if key == "command":
        return next(iter(yaml.strings(node)), "")
    return _said(node)


def _said(root: Node) -> str:
    """A value as text that is equal for what means the same; times of probes may differ. Cut where it is longer than anybody writes."""
    left = _LONGEST

    def said(node: Node, depth: int) -> str:
        nonlocal left
        left -= 1
        if left < 0 or depth < 0:
            return ""
        if is_mapping(node):
            rows = sorted((name, value) for name, _, value in yaml.items(node) if name not in _TIMES)
            return "{" + ",".join(f"{name}:{said(value, depth - 1)}" for name, value in rows if left >= 0) + "}"
        if is_sequence(node):
            return "[" + ",".join(said(one, depth - 1) for one in yaml.sequence(node)[:_LONGEST] if left >= 0) + "]"
        return string(node)

    return said(root, _DEPTH)


RULE = Rule(
    id="environment-drift",
    number="SAF-39",
    title="Staging is not what production will be",
    why="What worked in staging was another program, or had other rights, or was asked by other probes: the test proved nothing.",
    advice="Keep it in what both share; let environments differ in numbers, hosts and secrets only.",
    severity=Severity.MEDIUM,
    confidence=0.8,
    impact=Impact("cfr"),
    effort="M",
    refs=("DORA: deployment automation", "The Twelve-Factor App: dev/prod parity"),
    kinds=frozenset({Kind.KUBERNETES, Kind.HELM}),
    survey=survey,
)
