"""The rate-ratio e-process: "events out of exposure", candidate against stable, valid however often it is looked at.

The one primitive behind errors, rare latency thresholds, the sample-ratio check and the ramp. Called by `evidence` (one
canary) and directly by programs that hold very many streams. For each ratio r of a grid it keeps the logarithm of
a bet that candidate's rate is r times stable's; Ville's inequality bounds the chance that the mixture of bets ever
reaches 1/alpha by alpha. r = 1 and every boundary have their own exact columns: interpolating between grid points
would inflate the evidence, by a factor of 172 after 100,000 events.
"""

from __future__ import annotations

import math

import numpy as np

from seaway.judge import logspace
from seaway.judge.logspace import Floats

LOW, HIGH, POINTS = 0.02, 1024.0, 257
HARM_FROM = 1.15  # alternatives of harm begin at 1.15 times the boundary
LIKELY = (3.0, 100.0)  # ratios that regressions mostly have
PROMOTE_FROM, PROMOTE_TO = 0.25, 0.9  # of non-inferiority: 0.25 .. 0.9 times the margin
REALISED_FROM = 200  # requests in a batch from which the realised share is used instead of the configured one


def shares(candidate: Floats, stable: Floats, configured: Floats) -> Floats:
    """The candidate's share per batch: realised from 200 requests on, else the configured probability of routing.

    `configured` holds fractions, NaN where the weight is not known. A configured 0 or 1 that a request contradicts
    was not in force when it was routed: then too the realised share is used, which says nothing and harms nobody.
    """
    total = candidate + stable
    realised = candidate / np.maximum(total, 1.0)
    usable = (total < REALISED_FROM) & (configured > 0.0) & (configured < 1.0)
    return np.where(usable, configured, realised)


class Ratio:
    """The grid with its exact columns. Arrays of evidence have this grid as their last axis and start at zero."""

    def __init__(self, boundaries: tuple[float, ...] = (), points: int = POINTS) -> None:
        self.points = points
        self.exact = tuple(sorted({1.0, *boundaries}))
        grid = np.exp(np.linspace(math.log(LOW), math.log(HIGH), points))
        self.ratios: Floats = np.concatenate([grid, np.array(self.exact)])
        self.logs: Floats = np.log(self.ratios)
        self.excess: Floats = self.ratios - 1.0
        self.width = len(self.ratios)

    def column(self, ratio: float) -> int:
        """The exact column of a boundary. ValueError for one that was not announced: it is never interpolated."""
        return self.points + self.exact.index(ratio)

    def increments(self, events: Floats, all_events: Floats, share: Floats) -> Floats:
        """What a batch adds: shape of the inputs plus the grid. `events` are the candidate's, `all_events` both sides'."""
        bets = np.log1p(share[..., None] * self.excess)
        bets *= -all_events[..., None]
        bets += events[..., None] * self.logs
        return bets

    def harm(self, ell: Floats, boundary: float = 1.0, most: float = HIGH) -> Floats:
        """Ln E against "candidate's rate <= boundary times stable's"; the prior reaches from the boundary up to `most`.

        Against 1 the prior is uniform on ln r. A tolerance costs power; betting twice as much on ratios of 3 to 100, where regressions lie, and
        half as much beyond, wins it back. `most` is known before the start: a rate of a tenth cannot rise twentyfold, so nothing is bet on it.
        """
        first, last = self._harmful(boundary, most)
        if boundary == 1.0:
            return logspace.mean(ell[..., first:last]) - ell[..., self.column(boundary)]
        return logspace.mix(ell[..., first:last], self._prior(first, last)) - ell[..., self.column(boundary)]

    def _prior(self, first: int, last: int) -> Floats:
        """Log weights of the alternatives of harm beyond a tolerance; they sum to 1."""
        ratios = self.ratios[first:last]
        weights = np.where(ratios < LIKELY[0], 1.0, np.where(ratios < LIKELY[1], 2.0, 0.5))
        return np.asarray(np.log(weights / weights.sum()))

    def _harmful(self, boundary: float, most: float) -> tuple[int, int]:
        """Where the alternatives of harm begin and end in the grid: at least one."""
        grid = self.ratios[: self.points]
        first = min(int(np.searchsorted(grid, HARM_FROM * boundary)), self.points - 1)
        return first, max(first + 1, int(np.searchsorted(grid, most * (1 + 1e-9), side="right")))

    def ceiling(self, ell: Floats, boundary: float = 1.0) -> Floats:
        """An upper bound of `harm` without a single exp: a stream whose bound is below the threshold has not crossed."""
        first, _ = self._harmful(boundary, HIGH)
        return np.asarray(ell[..., first : self.points].max(axis=-1) - ell[..., self.column(boundary)])

    def crossed(
        self, ell: Floats, boundary: float, log_threshold: float
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """Which streams of shape (M, grid) have reached the threshold; exp is taken only where it can matter."""
        reached = self.ceiling(ell, boundary) >= log_threshold
        near = np.flatnonzero(reached)
        if len(near):
            reached[near] = self.harm(ell[near], boundary) >= log_threshold
        return reached

    def promote(self, ell: Floats, margin: float) -> Floats:
        """Ln E against "candidate's rate >= margin times stable's": half the prior on r = 1 when the margin is above 1."""
        grid = self.ratios[: self.points]
        first = int(np.searchsorted(grid, PROMOTE_FROM))
        last = int(np.searchsorted(grid, PROMOTE_TO * margin, side="right"))
        spread = logspace.mean(ell[..., first:last])
        if margin > 1.0:
            spread = np.logaddexp(spread, ell[..., self.column(1.0)]) - math.log(2.0)
        return spread - ell[..., self.column(margin)]

    def band(self, ell: Floats, alpha: float = 0.05) -> tuple[float | None, float | None]:
        """The interval of ratios that holds the true one at all times with probability 1 - alpha; None = no bound.

        `ell` is one stream. One grid step is added on each side, so that the grid never cuts the interval short.
        """
        inside = np.flatnonzero(logspace.mean(ell[: self.points]) - ell[: self.points] < math.log(1 / alpha))
        low, high = int(inside[0]) - 1, int(inside[-1]) + 1
        return (
            float(self.ratios[low]) if low >= 0 else None,
            float(self.ratios[high]) if high < self.points else None,
        )

    def likeliest(self, ell: Floats) -> float:
        """The grid ratio with the largest likelihood in one stream."""
        return float(self.ratios[int(ell[: self.points].argmax())])
