"""Can one instance stand for another? Before a canary each instance of stable plays the canary against the rest. Called by `stream`.

If more than alpha of these placebos are found harmful, instances differ by themselves (hosts, zones, users that stick), and a
canary of one or two instances would be rolled back for where it runs. Then the tolerance of the metric is widened to the least at
which no more than alpha of them fire. Computed from stable's history alone and fixed before the start, so evidence stays valid.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from seaway.judge import lanes
from seaway.judge.history import Past
from seaway.judge.trial import Trial
from seaway.model.analysis import Kind, Metric, Spec
from seaway.model.batch import Batch, Side

FEWEST = 3  # instances below which one of two is the odd one, and nobody can say which
STEPS = (0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0)  # tolerances that are tried


@dataclass(frozen=True, slots=True)
class Placebo:
    """`fired`: numbers of the instances (in the order of their names) that were found harmful at the asked tolerance.

    `tolerance`: what the metric is judged with; the asked one while instances are exchangeable.
    """

    instances: int
    fired: tuple[int, ...]
    tolerance: float

    @property
    def exchangeable(self) -> bool:
        """No more of them fired than chance allows."""
        return not self.fired


def test(metric: Metric, spec: Spec, past: Past | None) -> Placebo | None:
    """What the placebos of one metric say; None where instances are not told apart, or are too few, or nothing is compared."""
    if metric.kind is Kind.OBJECTIVE or past is None or past.instances.shape[1] < FEWEST:
        return None
    asked = lanes.tolerance(metric, spec)
    count = past.instances.shape[1]
    fired = _fired(metric, spec, past, asked)
    if len(fired) <= spec.alpha * count:
        return Placebo(count, (), asked)
    wider = (step for step in STEPS if step > asked)
    enough = (step for step in wider if len(_fired(metric, spec, past, step)) <= spec.alpha * count)
    return Placebo(count, fired, next(enough, max(asked, STEPS[-1])))


def words(name: str, found: Placebo) -> str:
    """What a person is told where instances differ by themselves."""
    return (
        f"{len(found.fired)} of {found.instances} instances of stable differ in {name} from the others as a bad release would: "
        f"it is judged with a tolerance of {found.tolerance:.0%}"
    )


def _fired(metric: Metric, spec: Spec, past: Past, tolerance: float) -> tuple[int, ...]:
    judged = replace(metric, tolerance=tolerance)
    return tuple(number for number in range(past.instances.shape[1]) if _harmful(judged, spec, past, number))


def _harmful(metric: Metric, spec: Spec, past: Past, number: int) -> bool:
    """Whether the evidence that this instance is worse than the rest ever reaches the threshold."""
    trial = Trial(metric, spec, past, 1)
    ticks = list(_batches(metric, past, number))
    if not ticks or trial.misfit(ticks[0]):
        return False
    harm = trial.look([*ticks], 1).harm
    return bool(len(harm)) and float(np.max(harm)) >= math.log(1 / spec.alpha)


def _batches(metric: Metric, past: Past, number: int) -> list[Batch]:
    """One batch per window: the instance as candidate, all others as stable."""
    own, rest = past.instances[:, number], past.instances.sum(axis=1) - past.instances[:, number]
    own_n, rest_n = past.exposure[:, number], past.exposure.sum(axis=1) - past.exposure[:, number]
    both = np.flatnonzero((own_n > 0) & (rest_n > 0))
    return [
        Batch(
            metric.name,
            float(window),
            _side(rest_n[window], rest[window], past.edges),
            _side(own_n[window], own[window], past.edges),
            None,
            past.edges,
        )
        for window in both
    ]


def _side(n: float, above: np.ndarray, edges: tuple[float, ...]) -> Side:
    if not edges:
        return Side(int(n), int(above[0]))
    passed = np.concatenate([[n], above])
    counts = np.append(passed[:-1] - passed[1:], passed[-1])
    return Side(int(n), 0, tuple(int(count) for count in counts))
