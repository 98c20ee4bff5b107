"""Reads batches from JSON lines: one line, one batch. Called by `seaway judge` with files and pipes of foreign text.

A line that is not a batch is an error that names the line; nothing is guessed, rounded or filled in.
"""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from seaway.model.analysis import Kind
from seaway.model.batch import Batch, Side
from seaway.model.weight import WHOLE

MAX_LINE = 1_000_000
MAX_EDGES = 4096
MOST = 2**53  # counts above this are not exact in a float
MAX_NAME = 200


class Malformed(ValueError):
    """A line that is not a batch: says the line (1-based) and why."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}")
        self.line, self.why = line, why


class _Misfit(ValueError):
    pass


def _refuse(word: str) -> float:
    raise _Misfit(f"{word} is not a number that can be counted with")


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def parse(text: str | bytes, *, history: bool = False, kinds: Mapping[str, Kind] | None = None) -> tuple[str, Batch]:
    """One line -> (canary, batch). Raises ValueError with the reason.

    `history`: only stable is looked at and the canary may be missing. `kinds`: a metric that is known to be an objective needs no stable side.
    """
    try:
        data = _DECODER.decode(text if isinstance(text, str) else text.decode("utf-8"))
    except RecursionError:
        raise _Misfit("nested too deeply") from None
    except UnicodeDecodeError:
        raise _Misfit("not UTF-8") from None
    except json.JSONDecodeError as error:
        raise _Misfit(f"not JSON: {error.msg} at column {error.colno}") from None
    if not isinstance(data, dict):
        raise _Misfit("not a JSON object")
    metric = _name(data, "metric")
    canary = "" if history and "canary" not in data else _name(data, "canary")
    t = _time(data.get("t"))
    if isinstance(data.get("error"), str):
        return canary, Batch(metric, t, None, None, unreadable=data["error"][:MAX_NAME] or "no reason given")
    edges = _edges(data["edges"]) if "edges" in data else ()
    alone = kinds is not None and kinds.get(metric) is Kind.OBJECTIVE
    stable = None if alone and "stable" not in data else _side(data, "stable", edges)
    candidate = None if history else _side(data, "candidate", edges)
    instance = _name(data, "instance") if "instance" in data else ""
    return canary, Batch(metric, t, stable, candidate, _weight(data.get("weight")), edges, instance)


def _name(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    if type(value) is not str or not 0 < len(value) <= MAX_NAME:
        raise _Misfit(f"{key} must be a text of 1 to {MAX_NAME} characters")
    return value


def _time(value: Any) -> float:
    if type(value) not in (int, float) or not -1e15 < value < 1e15:
        raise _Misfit("t must be a number of seconds")
    return float(value)


def _weight(value: Any) -> int | None:
    if value is None:
        return None
    if type(value) not in (int, float) or not 0 <= value <= WHOLE or value != int(value):
        raise _Misfit(f"weight must be a whole number of ppm from 0 to {WHOLE}")
    return int(value)


def _whole(value: Any, what: str) -> int:
    if type(value) is int and 0 <= value <= MOST:
        return value
    if type(value) is float and 0 <= value <= MOST and value == int(value):
        return int(value)
    raise _Misfit(f"{what} must be a whole number from 0 to 2^53")


def _side(data: dict[str, Any], key: str, edges: tuple[float, ...]) -> Side | None:
    if key not in data:
        raise _Misfit(f"{key} is missing; write null when there are no numbers")
    side = data[key]
    if side is None:
        return None
    if not isinstance(side, dict):
        raise _Misfit(f"{key} must be an object")
    if edges:
        return _latency_side(side, key, len(edges))
    n = _whole(side.get("n"), f"{key}.n")
    events = _whole(side.get("events"), f"{key}.events")
    if events > n:
        raise _Misfit(f"{key} has {events} events in {n}")
    return Side(n, events)


def _latency_side(side: dict[str, Any], key: str, edges: int) -> Side:
    counts = side.get("counts")
    if not isinstance(counts, list) or len(counts) != edges + 1:
        raise _Misfit(f"{key}.counts must be a list of {edges + 1}: one more than edges")
    values = tuple(_whole(value, f"{key}.counts") for value in counts)
    total = sum(values)
    if total > MOST or ("n" in side and side["n"] != total):
        raise _Misfit(f"{key}.n is not the sum of its counts")
    return Side(total, 0, values)


def _edges(value: Any) -> tuple[float, ...]:
    # The same edges come with every line: texts that read the same are checked once.
    return _checked_edges(tuple(value)) if isinstance(value, list) and _hashable(value) else _checked_edges(())


def _hashable(value: list[Any]) -> bool:
    return all(type(edge) in {int, float} for edge in value)


@functools.lru_cache(maxsize=64)
def _checked_edges(value: tuple[float, ...]) -> tuple[float, ...]:
    if not 1 <= len(value) <= MAX_EDGES:
        raise _Misfit(f"edges must be a list of 1 to {MAX_EDGES} numbers")
    if not all(-1e15 < edge < 1e15 for edge in value):
        raise _Misfit("edges must be finite numbers (milliseconds)")
    edges = tuple(float(edge) for edge in value)
    if edges[0] <= 0 or any(b <= a for a, b in itertools.pairwise(edges)):
        raise _Misfit("edges must be above zero and ascending")
    return edges


class Reader:
    """Lines in, (line number, canary, batch) out. With `skip_bad`, lines that are no batch are counted in `bad` instead of raised."""

    def __init__(
        self, *, skip_bad: bool = False, history: bool = False, kinds: Mapping[str, Kind] | None = None
    ) -> None:
        self.skip_bad, self.history, self.kinds = skip_bad, history, kinds
        self.line = 0
        self.bad = 0
        self.first_bad = ""

    def read(self, lines: Iterable[str | bytes]) -> Iterator[tuple[int, str, Batch]]:
        """Raises Malformed at the first line that is not a batch, unless they are skipped. Blank lines are let be."""
        for text in lines:
            self.line += 1
            if not text.strip():
                continue
            try:
                if len(text) > MAX_LINE:
                    raise _Misfit(f"longer than {MAX_LINE} characters")
                canary, batch = parse(text, history=self.history, kinds=self.kinds)
            except ValueError as error:
                self.reject(self.line, str(error) if isinstance(error, _Misfit) else "a number is too long")
                continue
            yield self.line, canary, batch

    def reject(self, line: int, why: str) -> None:
        """A line that reads well but contradicts others is refused, or counted, like one that does not read."""
        if not self.skip_bad:
            raise Malformed(line, why)
        self.bad += 1
        self.first_bad = self.first_bad or f"line {line}: {why}"


def render(canary: str, batch: Batch) -> str:
    """A batch as one line; `parse(render(x)) == x`."""
    data: dict[str, Any] = {"canary": canary, "metric": batch.metric, "t": batch.t}
    if batch.unreadable:
        return json.dumps({**data, "error": batch.unreadable})
    if batch.edges:
        data["edges"] = list(batch.edges)
    for key, side in (("stable", batch.stable), ("candidate", batch.candidate)):
        if side is not None and batch.edges:
            data[key] = {"counts": list(side.counts)}
        else:
            data[key] = None if side is None else {"n": side.n, "events": side.events}
    if batch.weight is not None:
        data["weight"] = batch.weight
    if batch.instance:
        data["instance"] = batch.instance
    return json.dumps(data)
