"""Reads the YAML of an analysis into a Spec. Called by `seaway judge` and by whatever reads `seaway.yaml`'s analysis section.

Every mistake is reported at once, with file:line:column. Aliases are refused, sizes limited: the text is foreign.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml

from seaway.errors import ConfigError, Problem
from seaway.model.analysis import Direction, Judge, Kind, Metric, Mismatch, Spec, Stop

MAX_BYTES = 262_144
MAX_DEPTH = 8
MAX_METRICS = 64
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


class _Misfit(ValueError):
    """A value that does not fit; caught where the position is known."""


@dataclass(slots=True)
class _Report:
    path: str
    problems: list[Problem] = field(default_factory=list)

    def add(self, node: yaml.Node, message: str, suggestion: str = "") -> None:
        mark = node.start_mark
        self.problems.append(Problem(self.path, mark.line + 1, mark.column + 1, message, suggestion))


def parse(text: str, path: str = "spec") -> Spec:
    """YAML text -> Spec. Raises ConfigError with all the mistakes; `path` is what they are reported under."""
    report = _Report(path)
    root = _compose(text, report)
    spec = _spec(root, report) if root is not None and not report.problems else None
    if report.problems or spec is None:
        raise ConfigError(report.problems, hint="see docs/reference/judge.md for the fields of a spec")
    return spec


def _compose(text: str, report: _Report) -> yaml.Node | None:
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        report.problems.append(Problem(report.path, 1, 1, f"larger than {MAX_BYTES // 1024} KiB"))
        return None
    try:
        # Tokens first: they are flat, so depth and aliases are known before anything recursive runs.
        depth = 0
        for token in yaml.scan(text, Loader=yaml.CSafeLoader):
            opens = isinstance(
                token,
                (
                    yaml.BlockMappingStartToken,
                    yaml.BlockSequenceStartToken,
                    yaml.FlowMappingStartToken,
                    yaml.FlowSequenceStartToken,
                ),
            )
            closes = isinstance(token, (yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken))
            depth += int(opens) - int(closes)
            if depth > MAX_DEPTH or isinstance(token, (yaml.AliasToken, yaml.AnchorToken)):
                what = "aliases are not used here" if depth <= MAX_DEPTH else f"nested deeper than {MAX_DEPTH}"
                report.problems.append(
                    Problem(report.path, token.start_mark.line + 1, token.start_mark.column + 1, what)
                )
                return None
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, UnicodeError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        report.problems.append(
            Problem(report.path, line, column, f"not YAML: {getattr(error, 'problem', None) or error}")
        )
        return None
    if root is None:
        report.problems.append(Problem(report.path, 1, 1, "empty; write at least one metric"))
    return root


def _number(node: yaml.Node) -> float:
    if isinstance(node, yaml.ScalarNode) and not node.style and _NUMBER.fullmatch(node.value):
        value = float(node.value)
        if math.isfinite(value):
            return value
    raise _Misfit("is not a number")


def _within(low: float, high: float, what: str) -> Callable[[yaml.Node], float]:
    def read(node: yaml.Node) -> float:
        value = _number(node)
        if not low < value < high:
            raise _Misfit(f"must be {what}")
        return value

    return read


def _count(low: int, high: int) -> Callable[[yaml.Node], int]:
    def read(node: yaml.Node) -> int:
        value = _number(node)
        if value != int(value) or not low <= value <= high:
            raise _Misfit(f"must be a whole number from {low} to {high}")
        return int(value)

    return read


def _word(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode) or not 0 < len(node.value) <= 200 or not node.value.isprintable():
        raise _Misfit("must be a short word")
    return str(node.value)


def _one_of(kind: type[Any]) -> Callable[[yaml.Node], Any]:
    def read(node: yaml.Node) -> Any:
        word = _word(node)
        known = [str(item.value) for item in kind]
        if word not in known:
            raise _Misfit(f"{word!r} is none of {', '.join(known)}")
        return kind(word)

    return read


def _many(read: Callable[[yaml.Node], Any]) -> Callable[[yaml.Node], tuple[Any, ...]]:
    def read_all(node: yaml.Node) -> tuple[Any, ...]:
        if not isinstance(node, yaml.SequenceNode) or not 1 <= len(node.value) <= MAX_METRICS:
            raise _Misfit(f"must be a list of 1 to {MAX_METRICS}")
        return tuple(read(item) for item in node.value)

    return read_all


_alpha = _within(0, 0.5, "above 0 and below 0.5")
_METRIC: dict[str, Callable[[yaml.Node], Any]] = {
    "name": _word,
    "kind": _one_of(Kind),
    "direction": _one_of(Direction),
    "margin": _within(0, 100, "above 0 and below 100"),
    "weight": _within(0, math.inf, "above 0"),
    "quantiles": _many(_within(0, 1, "between 0 and 1")),
    "at_most": _within(0, 1, "between 0 and 1"),
    "tolerance": _within(-1e-12, 10, "from 0 to below 10"),
    "of": _word,
    "enough": _within(0, 1e9, "above 0"),
}
_SPEC: dict[str, Callable[[yaml.Node], Any]] = {
    "alpha": _alpha,
    "alpha_promote": _alpha,
    "tolerance": _within(-1e-12, 10, "from 0 to below 10"),
    "deadline_batches": _count(1, 10_000_000),
    "min_samples": _count(1, 1_000_000_000),
    "warmup_batches": _count(0, 10_000_000),
    "must_have": _many(_word),
    "stop": _one_of(Stop),
    "restarts": _count(1, 100),
    "points": _count(16, 4096),
    "stale_batches": _count(1, 10_000_000),
    "on_mismatch": _one_of(Mismatch),
    "judge": _one_of(Judge),
    "pass_score": _within(0, 100.0001, "above 0 and at most 100"),
    "marginal_score": _within(0, 100.0001, "above 0 and at most 100"),
}
_ONLY = {
    "margin": "rate and latency",
    "direction": "rate",
    "quantiles": "latency",
    "at_most": "objective",
    "of": "objective",
    "enough": "rate and latency",
}


def _fields(node: yaml.Node, table: dict[str, Callable[[yaml.Node], Any]], report: _Report) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if not isinstance(node, yaml.MappingNode):
        report.add(node, "must be a mapping of names to values")
        return values
    for key_node, value_node in node.value:
        key = str(key_node.value)
        if key not in table:
            near = difflib.get_close_matches(key, table, 1)
            report.add(
                key_node,
                f"unknown field {key!r:.60}; known: {', '.join(table)}",
                f"did you mean {near[0]}?" if near else "",
            )
        elif key in values:
            report.add(key_node, f"{key} is given twice")
        else:
            try:
                values[key] = table[key](value_node)
            except _Misfit as misfit:
                report.add(value_node, f"{key} {misfit}")
    return values


def _metric(node: yaml.Node, report: _Report) -> Metric | None:
    before = len(report.problems)
    values = _fields(node, _METRIC, report)
    for key in ("name", "kind"):
        if key not in values and len(report.problems) == before:
            report.add(node, f"a metric needs a {key}")
    if len(report.problems) > before:
        return None
    for key, kinds in _ONLY.items():
        if key in values and values["kind"].value not in kinds:
            report.add(node, f"{key} belongs to metrics of kind {kinds}, not {values['kind'].value}")
    if values["kind"] is Kind.OBJECTIVE and "at_most" not in values:
        report.add(node, "an objective needs at_most, the largest allowed share of events, for example 0.005")
    _enough(node, values, report)
    if values["kind"] is Kind.RATE and values.get("margin", 2.0) <= 1.0:
        report.add(node, "the margin of a rate must be above 1: 2.0 means that a pass proves `not twice as bad`")
    return Metric(**values) if len(report.problems) == before else None


def _enough(node: yaml.Node, values: dict[str, Any], report: _Report) -> None:
    if "enough" not in values:
        return
    if values["kind"] is Kind.RATE and values["enough"] >= 1.0:
        report.add(node, "enough of a rate is a share below 1: 0.01 means that less than 1 % of errors is good enough")
    if "margin" not in values:
        report.add(node, "enough needs a margin: it is another way to prove what the margin asks")
    if values.get("direction", Direction.INCREASE) is not Direction.INCREASE:
        report.add(node, "enough belongs to rates whose increase is the harm")


def _spec(root: yaml.Node, report: _Report) -> Spec | None:
    metrics: list[Metric] = []

    def read_metrics(node: yaml.Node) -> tuple[Metric, ...]:
        if not isinstance(node, yaml.SequenceNode) or not 1 <= len(node.value) <= MAX_METRICS:
            raise _Misfit(f"must be a list of 1 to {MAX_METRICS} metrics")
        for item in node.value:
            metric = _metric(item, report)
            if metric is not None and any(metric.name == known.name for known in metrics):
                report.add(item, f"two metrics are called {metric.name!r}")
            elif metric is not None:
                metrics.append(metric)
        return tuple(metrics)

    values = _fields(root, {"metrics": read_metrics, **_SPEC}, report)
    if "metrics" not in values and not report.problems:
        report.add(root, "a spec needs metrics")
    if not report.problems:
        _across(root, values, report)
    return Spec(**values) if not report.problems else None


def _across(root: yaml.Node, values: dict[str, Any], report: _Report) -> None:
    """Rules that look at several fields."""
    metrics = {metric.name: metric for metric in values["metrics"]}
    for name in values.get("must_have", ()):
        metric = metrics.get(name)
        if metric is None:
            report.add(root, f"must_have names {name!r}, which is no metric; known: {', '.join(metrics)}")
        elif metric.margin is None and metric.kind is not Kind.OBJECTIVE:
            report.add(root, f"must_have names {name!r}, which has no margin: nothing could be proven for it")
    for metric in metrics.values():
        if metric.of and (metric.of not in metrics or metrics[metric.of].kind is not Kind.RATE):
            report.add(root, f"{metric.name}: of names {metric.of!r}, which is no metric of kind rate")
    weights = [metric.weight for metric in metrics.values() if metric.weight is not None]
    if len(weights) < len(metrics) and sum(weights) >= 1:
        report.add(root, "the weights sum to 1 or more and leave nothing for the metrics without one")
    if values.get("warmup_batches", 0) >= values.get("deadline_batches", 600):
        report.add(root, "warmup_batches must be below deadline_batches: else nothing is judged")


def weights(spec: Spec) -> dict[str, float]:
    """Each metric's part of alpha: the given ones, the rest shared equally by the others; all given: scaled to sum to 1."""
    given = {m.name: m.weight for m in spec.metrics if m.weight is not None}
    others = [m.name for m in spec.metrics if m.weight is None]
    if not others:
        return {name: weight / sum(given.values()) for name, weight in given.items()}
    return {**given, **dict.fromkeys(others, (1.0 - sum(given.values())) / len(others))}
