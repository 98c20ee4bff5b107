"""OBS-71: an expression of Prometheus that does not work, or never says what it was meant to. Run by `assess.examine`.

Whether a metric exists, and whether it is a counter, no file says; so only names that leave no doubt are judged. Expressions with
variables or in another language (logs, MetricsQL) are judged only where they can be read as Prometheus' own.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from seaway.assess import monitoring, promql
from seaway.assess.aside import quietly
from seaway.assess.estate import Estate, Kind
from seaway.assess.promql import COUNTS, Is, Part
from seaway.assess.rule import Edits, Hit, Rule
from seaway.formats.monitoring.grafana import Dashboard
from seaway.formats.yaml.document import Document
from seaway.formats.yaml.patch import Edit, Unfit
from seaway.formats.yaml.tree import Node, get
from seaway.model import duration
from seaway.model.finding import Impact, Persona, Severity

_GAUGE = re.compile(
    r"(?:_ratio|_percent(?:age)?|_celsius|_info|_timestamp_seconds|_in_use|_in_flight|_in_progress|_available|_free|_capacity|_replicas"
    r"|_temperature|_utili[sz]ation|_usage_bytes|_working_set_bytes|_resident_memory_bytes|_goroutines|_open_fds|_queue_length|_load1|_load5|_load15"
    r"|_(?:free|avail|available|used|size)_bytes)$|^node_memory_\w+_bytes$|^up$"
)
_COUNTER = re.compile(r"_total$")
_FUNCTIONS = [
    "rate",
    "irate",
    "increase",
    "delta",
    "idelta",
    "deriv",
    "resets",
    "changes",
    "histogram_quantile",
    "predict_linear",
    "absent",
    "absent_over_time",
    "avg_over_time",
    "min_over_time",
    "max_over_time",
    "sum_over_time",
    "count_over_time",
    "quantile_over_time",
    "stddev_over_time",
    "last_over_time",
    "label_replace",
    "label_join",
    "clamp_max",
    "clamp_min",
    "clamp",
    "floor",
    "ceil",
    "round",
    "abs",
    "sqrt",
    "exp",
    "ln",
    "log2",
    "log10",
    "sort",
    "sort_desc",
    "time",
    "timestamp",
    "vector",
    "scalar",
    "hour",
    "minute",
    "day_of_week",
    "day_of_month",
    "month",
    "year",
]
_BY = re.compile(r"\bby\s*\(\s*")
_SUM = re.compile(r"\b(sum|avg|min|max|count|group|stddev|stdvar|topk|bottomk|quantile)\b\s*(?=\(|by\b|without\b)")
_CHANGES = frozenset({"delta", "idelta"})  # some gauges are called `_total`
_UNKNOWN = re.compile(r"unknown function with name '(\w+)'")


def survey(estate: Estate) -> list[Hit] | None:
    """Rules of Prometheus, and panels of dashboards that ask Prometheus: expressions that cannot be parsed, `rate()` over what goes up and
    down by its name, windows that hold fewer than four measurements, quantiles of buckets summed without
    `le`, recorded series (`a:b:c`) that no rule makes in a repository which records most of them.
    """
    interval = monitoring.scrape_interval(estate)
    asked = [_Asked(one, one.get("expr"), one.name, one.expression) for one in monitoring.rules(estate, every=True)]
    shown = [one for board in monitoring.things(estate, Dashboard, every=True) for one in _queries(board)]
    broken = [one for one in (*asked, *shown) if one.sure and promql.parse(one.text).problem]
    found = [_broken(estate, one) for one in broken] if broken and not _other_language(estate) else []
    found += [hit for one in asked for hit in _meant(estate, one, interval)]
    found += [hit for one in shown for hit in _meant(estate, one, None)]
    missing = monitoring.unrecorded(estate)
    found += [hit for one in asked for hit in _unmade(estate, one, missing)] if missing else []
    return quietly(found) if asked or shown else None


@dataclass(frozen=True, slots=True)
class _Asked:
    """An expression, where it stands, and what it is for. `sure`: it is surely for Prometheus."""

    document: Document
    node: Node
    name: str
    text: str
    sure: bool = True


def _queries(board: Dashboard) -> Iterator[_Asked]:
    for panel in board.panels:
        for query in panel.queries:
            if query.expression and (not query.source or "prom" in query.source):
                node = get(query.node, "expr") or get(query.node, "spec", "expr")
                yield _Asked(panel, node, panel.title, query.expression, "prom" in query.source)


def _broken(estate: Estate, one: _Asked) -> Hit:
    said, persona = promql.parse(one.text).problem, Persona.REGULAR
    unknown = _UNKNOWN.search(said)
    if unknown is not None:
        near = difflib.get_close_matches(unknown[1], _FUNCTIONS, 1, 0.75)
        said = f"there is no function {unknown[1]}" + (f"; {near[0]} was meant" if near else "")
        persona = Persona.REGULAR if near else Persona.AUDITOR  # a newer Prometheus may have it
    elif "inside brackets" in said:
        persona = Persona.AUDITOR  # newer versions compute durations
    words = f"{one.name}: Prometheus cannot read this expression: {said}"
    span = monitoring.place(estate, one.document, one.node)
    return Hit(span, words, (one.name, "broken"), Severity.HIGH, 0.95, persona)


def _other_language(estate: Estate) -> bool:
    return any("vmalert" in text or "victoria-metrics" in text or "VMRule" in text for text in estate.texts.values())


def _meant(estate: Estate, one: _Asked, interval: timedelta | None) -> Iterator[Hit]:
    parsed = promql.parse(one.text)
    for part in parsed.parts:
        if part.kind is Is.CALL:
            for words, about, severity in _doubts(part, interval if not parsed.guessed else None):
                span = monitoring.place(estate, one.document, one.node, about)
                fix = partial(_with_le, estate, one, about) if part.name == "histogram_quantile" else None
                persona = Persona.AUDITOR if part.name in _CHANGES else Persona.REGULAR
                key = (one.name, part.name, about)
                yield Hit(span, f"{one.name}: {words}", key, severity, persona=persona, fix=fix)


def _unmade(estate: Estate, one: _Asked, missing: frozenset[str]) -> Iterator[Hit]:
    for name in dict.fromkeys(part.name for part in promql.parse(one.text).parts if part.name in missing):
        words = f"{one.name} asks for {name}, which no recording rule makes: the answer is empty"
        yield Hit(monitoring.place(estate, one.document, one.node, name), words, (one.name, name), confidence=0.8)


def _with_le(estate: Estate, one: _Asked, buckets: str) -> Edits:
    """`le` among the labels of the one aggregation of an expression, as the file has it."""
    span = one.document.at(one.node)
    text = estate.texts[span.path]
    if buckets not in text[span.start : span.end]:
        raise Unfit("the expression is not in this file as it is asked")
    named = list(_BY.finditer(text, span.start, span.end))
    bare = list(_SUM.finditer(text, span.start, span.end))
    if len(bare) != 1 or len(named) > 1 or "without" in text[span.start : span.end]:
        raise Unfit("there are several aggregations")
    if named:
        end = named[0].end()
        return [Edit(end, end, "le" if text[end : end + 1] == ")" else "le, ")]
    return [Edit(bare[0].start(1), bare[0].end(1), f"{bare[0][1]} by (le) ")]


def _doubts(call: Part, interval: timedelta | None) -> Iterator[tuple[str, str, Severity | None]]:
    """What is wrong with a call: words, the series it is about, how bad it is."""
    series = call.inner[0] if call.inner and call.inner[0].kind is Is.SERIES else None
    if call.name == "histogram_quantile" and len(call.inner) > 1:
        buckets = _without_le(call.inner[1])
        if buckets:
            yield f"histogram_quantile() gets {buckets} summed without `le`, and answers nothing", buckets, None
    if series is None:
        return
    if call.name in COUNTS and _GAUGE.search(series.name):
        yield (
            f"{call.name}() over {series.name}, which goes up and down by its name: each fall counts as a restart",
            series.name,
            None,
        )
    if call.name in _CHANGES and _COUNTER.search(series.name):
        yield (
            f"{call.name}() over the counter {series.name} falls when a process restarts: increase() does not",
            series.name,
            None,
        )
    if call.name in COUNTS and interval and series.window is not None and series.window < 4 * interval:
        window, every = duration.render(series.window), duration.render(interval)
        never = series.window < 2 * interval
        effect = (
            "holds one measurement, so there is never a value"
            if never
            else "has no value once a measurement or two are missing"
        )
        words = f"{call.name}() over {window} of {series.name}, which is measured every {every}, {effect}"
        yield words, series.name, Severity.HIGH if never else Severity.LOW


def _without_le(part: Part) -> str:
    """The buckets that an aggregation takes together without their bounds, or ""."""
    if part.kind is not Is.AGGREGATE:
        return ""
    names = [one.name for one in part.series]
    keeps = ("le" in part.labels) != part.without if part.labels is not None else False
    return names[0] if not keeps and len(names) == 1 and names[0].endswith("_bucket") else ""


RULE = Rule(
    id="wrong-promql",
    number="OBS-71",
    title="An expression that Prometheus cannot answer as it is meant",
    why="The alert never fires or the panel stays empty, and silence is taken for health.",
    advice="Check rules with `promtool check rules` before they are merged; windows of at least four scrapes; rate() for counters, delta() for the rest.",
    patch="Adds `le` to the labels by which the buckets of a quantile are summed.",
    severity=Severity.MEDIUM,
    confidence=0.9,
    impact=Impact("recovery"),
    effort="S",
    refs=("Prometheus: query functions", "Prometheus: histograms and summaries", "DORA: monitoring and observability"),
    kinds=frozenset({Kind.PROMETHEUS, Kind.KUBERNETES, Kind.GRAFANA}),
    survey=survey,
)
