"""What rules ask of a repository's monitoring: its alerts and recordings wherever they stand, and how often is measured."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from seaway.assess import promql
from seaway.assess.aside import aside
from seaway.assess.estate import Estate
from seaway.assess.rule import place as within
from seaway.formats.infrastructure.kubernetes import Object
from seaway.formats.monitoring.prometheus.files import Configuration, MonitoringRule, rules_of
from seaway.formats.yaml.document import Document
from seaway.formats.yaml.tree import Node, get, sequence, string
from seaway.model.span import Span

_ENDS = {"ServiceMonitor": "endpoints", "PodMonitor": "podMetricsEndpoints"}
_DEFAULT_SCRAPE = timedelta(minutes=1)


def rules(estate: Estate) -> list[MonitoringRule]:
    """All rules of Prometheus: in files of their own and in objects of its operator; without examples and tests."""
    found = [one for one in estate.all(MonitoringRule) if not aside(one.path)]
    for one in estate.all(Object):
        if one.kind == "PrometheusRule" and not aside(one.path):
            found += rules_of(one.tree, one.get("spec"), one.at)
    return found


def configurations(estate: Estate) -> list[Configuration]:
    """The servers' configurations; without examples and tests."""
    return [one for one in estate.all(Configuration) if not aside(one.path)]


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
