"""Answers of the Prometheus HTTP API -> series of whole counts, or the reason why they are no evidence.

Called by `adapters.metrics.prometheus`. Nothing is guessed: NaN, infinity, a negative or a broken count is no number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SERIES = 20_000  # of one answer; more is a query that is too wide
_AGAIN = frozenset({"timeout", "canceled", "unavailable"})  # kinds of errors that may go away


class Malformed(ValueError):
    """An answer that is no evidence."""


class Said(ValueError):
    """The API's own error: its kind and its words. `again`: it may go away."""

    def __init__(self, kind: str, words: str) -> None:
        super().__init__(f"{kind}: {words}")
        self.again = kind in _AGAIN


@dataclass(frozen=True, slots=True)
class Series:
    """Labels, and points (seconds since 1970, value) in the order of time."""

    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]


def read(document: Any) -> list[Series]:
    """The series of an instant (vector) or range (matrix) query. Raises Said, and Malformed for anything else.

    A warning is an incomplete answer (a remote part did not answer) and so no evidence.
    """
    if not isinstance(document, dict):
        raise Malformed("the answer is no document of the Prometheus API")
    if document.get("status") == "error":
        raise Said(str(document.get("errorType", "error")), str(document.get("error", "")))
    if document.get("warnings"):
        raise Malformed(f"the answer is incomplete: {document['warnings']!s:.200}")
    try:
        kind, result = document["data"]["resultType"], document["data"]["result"]
        _check_shape(document["status"], kind, len(result))
        return [_series(entry, kind) for entry in result]
    except Malformed:
        raise
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Malformed(f"the answer cannot be read: {error!r:.200}") from error


def _check_shape(status: Any, kind: Any, series: int) -> None:
    if status != "success" or kind not in ("vector", "matrix"):
        raise Malformed(f"the answer is no vector and no matrix: {kind!r:.40}")
    if series > SERIES:
        raise Malformed(f"the answer has {series} series, more than {SERIES}: narrow the selector with labels")


def _series(entry: Any, kind: str) -> Series:
    if "histogram" in entry or "histograms" in entry:
        raise Malformed("the answer has native histograms: name the classic buckets (..._bucket)")
    labels = entry["metric"]
    if not all(isinstance(word, str) for word in (*labels, *labels.values())):
        raise Malformed("a label is no text")
    points = [entry["value"]] if kind == "vector" else entry["values"]
    return Series(labels, tuple((_number(at, labels), _number(value, labels)) for at, value in points))


def _number(value: Any, labels: Mapping[str, str]) -> float:
    number = math.nan if isinstance(value, bool) else float(value)
    if not math.isfinite(number):
        raise Malformed(f"a value is {value!r:.40}, which is no number{_of(labels)}")
    return number


def count(value: float, labels: Mapping[str, str]) -> int:
    """A counter's value. Raises Malformed for what cannot be a count."""
    if value < 0 or not value.is_integer():
        raise Malformed(f"a counter is {value:g}, which is no count{_of(labels)}")
    return int(value)


def edge(labels: Mapping[str, str]) -> float:
    """The upper edge of a bucket in the histogram's unit, infinity for the last one. Raises Malformed."""
    try:
        found = float(labels["le"])
    except (KeyError, ValueError):
        raise Malformed(f"a latency bucket has no edge (label le){_of(labels)}") from None
    if math.isnan(found):
        raise Malformed(f"a latency bucket ends at NaN{_of(labels)}")
    return found


def _of(labels: Mapping[str, str]) -> str:
    words = ", ".join(f"{name}={value}" for name, value in sorted(labels.items()))
    return f" ({words:.120})" if words else ""
