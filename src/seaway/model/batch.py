"""A batch: what both sides of a release did in one closed interval of time. Read by `judge`, made from samples or files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Side:
    """One side's numbers: `events` out of `n`, or for latency one count per bucket (`n` is then their sum)."""

    n: int
    events: int = 0
    counts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """One metric in one interval that ends at `t` (seconds since the canary started).

    `edges`: upper bucket edges in milliseconds, ascending; `counts` has one more. `weight`: the candidate's configured share
    (ppm) in force when the requests were routed, None when it is not known or changed inside the interval.
    `unreadable`: why the source gave no numbers; such a batch is no evidence. `candidate` is None in history.
    """

    metric: str
    t: float
    stable: Side | None
    candidate: Side | None
    weight: int | None = None
    edges: tuple[float, ...] = ()
    instance: str = ""
    unreadable: str = ""
