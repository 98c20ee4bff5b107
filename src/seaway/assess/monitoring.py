"""What rules ask of a repository's monitoring: its alerts and recordings wherever they stand, and how often is measured."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import TypeVar

from seaway.assess import promql
from seaway.assess.aside import aside
from seaway.assess.estate import Estate
from seaway.assess.rule import place as within
from seaway.errors import ConfigError
from seaway.formats.infrastructure import detect
from seaway.formats.infrastructure.kubernetes import Object
from seaway.formats.monitoring import alertmanager, grafana
from seaway.formats.monitoring.alertmanager import Routing
from seaway.formats.monitoring.grafana import Dashboard
from seaway.formats.monitoring.prometheus import files
from seaway.formats.monitoring.prometheus.files import Configuration, MonitoringRule, rules_of
from seaway.formats.yaml.document import Document
from seaway.formats.yaml.nested import Nested, nested
from seaway.formats.yaml.tree import Node, get, items, sequence, string
from seaway.model.span import Span

T = TypeVar("T", bound=Document)

_READERS: Mapping[str, Callable[[str, str], Sequence[Document]]] = {
    "prometheus": files.parse,
    "alertmanager": alertmanager.parse,
    "grafana": grafana.parse,
}
_LEAST = 30  # characters that any of them has
_RECORDED = re.compile(r"[A-Za-z_]\w*(?::\w+)+")  # a dashboard's variable in a name leaves something else
_ENDS = {"ServiceMonitor": "endpoints", "PodMonitor": "podMetricsEndpoints"}
_DEFAULT_SCRAPE = timedelta(minutes=1)


def things(estate: Estate, cls: type[T], *, every: bool = False) -> list[T]:
    """What stands in files of its own and in configuration maps of Kubernetes; `every`: also in examples and tests."""
    found = [one for one in estate.all(cls) if every or not aside(one.path)]
    for one in estate.all(Object):
        if one.kind == "ConfigMap" and one.source is None and (every or not aside(one.path)):
            for _, _, value in items(one.get("data")):
                found += [made for made in _held(one, value) if isinstance(made, cls)]
    return found


def _held(one: Object, value: Node) -> Iterator[Document]:
    """What a value of a configuration map holds, with its places in the file."""
    inside = nested(one.tree, value)
    if inside is None or len(inside.text) < _LEAST:
        return
    for made in _read(inside.text, one.path):

        def source(node: Node | None, made: Document = made, inside: Nested = inside) -> Span:
            return inside.outside(made.tree.span(node if node is not None else made.node))

        if isinstance(made, Dashboard):
            made = replace(made, panels=tuple(replace(panel, source=source) for panel in made.panels))  # noqa: PLW2901
        yield replace(made, source=source)


@lru_cache(maxsize=256)
def _read(text: str, path: str) -> tuple[Document, ...]:
    """The things of a text; what cannot be read is none: what reads it in the cluster is not known."""
    reader = _READERS.get(detect.by_text(text))
    try:
        return tuple(reader(text, path)) if reader is not None else ()
    except ConfigError:
        return ()


def rules(estate: Estate, *, every: bool = False) -> list[MonitoringRule]:
    """All rules of Prometheus: in files, in configuration maps, in objects of its operator; `every`: also in examples and tests."""
    found = things(estate, MonitoringRule, every=every)
    for one in estate.all(Object):
        if one.kind == "PrometheusRule" and (every or not aside(one.path)):
            found += rules_of(one.tree, one.get("spec"), one.at)
    return found


def unrecorded(estate: Estate) -> frozenset[str]:
    """Series with the name of a recorded one (`level:metric:operations`) that rules or dashboards ask for and no rule makes.

    None, unless the repository records most of what is asked for: else the recording rules live elsewhere.
    """
    known = rules(estate)
    texts = [one.expression for one in known]
    texts += [query.expression for one in things(estate, Dashboard) for panel in one.panels for query in panel.queries]
    made = {one.name for one in known if not one.alert}
    asked = {part.name for text in texts if ":" in text for part in promql.parse(text).parts if ":" in part.name}
    asked = {name for name in asked if _RECORDED.fullmatch(name)}
    missing = asked - made
    return frozenset(missing) if 2 * len(missing) < len(asked) else frozenset()


def configurations(estate: Estate) -> list[Configuration]:
    """The servers' configurations; without examples and tests."""
    return things(estate, Configuration)


def routings(estate: Estate) -> list[Routing]:
    """The configurations of Alertmanager, and what objects of the operator add to one; without examples and tests."""
    added = [one for one in estate.all(Object) if one.kind == "AlertmanagerConfig" and not aside(one.path)]
    made = [Routing(one.path, one.tree, one.get("spec"), source=one.at) for one in added if one.get("spec", "route")]
    return things(estate, Routing) + made


def scrape_interval(estate: Estate) -> timedelta | None:
    """The shortest time between two measurements that any file says, None where none does: no window can be too short by it."""
    return min(_intervals(estate), default=None)


def _intervals(estate: Estate) -> Iterator[timedelta]:
    for one in configurations(estate):
        if one.jobs:
            given = promql.duration(one.string("global", "scrape_interval"))
            yield given if given is not None else _DEFAULT_SCRAPE
        for job in one.jobs:
            own = promql.duration(string(get(job, "scrape_interval")))
            if own is not None:
                yield own
    for thing in estate.all(Object):
        nodes = [get(one, "interval") for one in sequence(thing.get("spec", _ENDS.get(thing.kind, "-")))]
        if thing.kind == "Prometheus":
            nodes.append(thing.get("spec", "scrapeInterval"))
        yield from (own for node in nodes if (own := promql.duration(string(node))) is not None)


def place(estate: Estate, one: Document | Object, node: Node, words: str = "") -> Span:
    """Where words stand inside a scalar, else its first line with text; the line of a block scalar's sign says nothing."""
    outer = one.at(node)
    text = estate.texts.get(outer.path, "")
    if text[outer.start : outer.start + 1] in {"|", ">"}:
        at = text.find("\n", outer.start, outer.end)
        while 0 <= at + 1 < outer.end and text[at + 1] in " \t\r\n":
            at += 1
        outer = within(text, outer.path, at + 1, outer.end)
    return estate.within(outer, words)
