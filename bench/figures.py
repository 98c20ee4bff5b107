"""What a row of measurements prints: figure, limit, n, seed, duration, interval, and what its control showed."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `met` None: it has no limit. `control`: what happened where the figure was broken or known."""

    row: str
    what: str
    value: str
    limit: str
    met: bool | None
    n: str
    interval: str
    control: str

    def lines(self, seed: int, seconds: float) -> list[str]:
        verdict = {True: "met", False: "MISSED", None: "no limit"}[self.met]
        return [
            f"{self.row}: {self.what}",
            f"    {self.value}   (must reach: {self.limit})   {verdict}",
            f"    n {self.n}   interval {self.interval}   seed {seed}   took {seconds:.0f} s",
            f"    control: {self.control}",
        ]


@dataclass(frozen=True, slots=True)
class Settings:
    """How much to measure. `quick`: enough to see that a row works, too little for its claim."""

    quick: bool
    seed: int

    def pick(self, quick: int, full: int) -> int:
        return quick if self.quick else full


def quantile(values: Sequence[float], share: float) -> float:
    """Nearest rank. Raises ValueError without values."""
    if not values:
        raise ValueError("no values were measured")
    return sorted(values)[min(len(values), max(1, math.ceil(share * len(values)))) - 1]


def interval(
    values: Sequence[float], of: Callable[[Sequence[float]], float], seed: int, rounds: int = 2000
) -> tuple[float, float]:
    """95 % percentile bootstrap interval of a statistic (Efron 1979)."""
    dice = random.Random(seed)
    drawn = sorted(of(dice.choices(values, k=len(values))) for _ in range(rounds))
    return drawn[round(0.025 * rounds)], drawn[round(0.975 * rounds) - 1]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def p95(values: Sequence[float]) -> float:
    return quantile(values, 0.95)


def none_of(n: int) -> float:
    """Upper 95 % bound of a probability when 0 of n trials showed it (Clopper and Pearson 1934; about 3/n)."""
    return 1 - 0.05 ** (1 / n) if n else 1.0


def written(bounds: tuple[float, float], digits: int = 3) -> str:
    return f"[{bounds[0]:.{digits}f}, {bounds[1]:.{digits}f}] 95 %"
