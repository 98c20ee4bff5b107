"""Blue-green: the whole candidate beside stable, an optional preview, one switch. Called by `build`."""

from __future__ import annotations

from datetime import timedelta

from seaway.model import weight
from seaway.model.environment import Strategy
from seaway.model.plan import Pause, Preview, Scale, SetWeight, Step
from seaway.model.revision import Revision


def steps(strategy: Strategy, candidate: Revision, stable: Revision) -> tuple[Step, ...]:
    """The old side keeps all its instances through the soak, so the way back is one shift."""
    made: list[Step] = [Scale(candidate.service.replicas, stable.service.replicas)]
    if strategy.preview_host:
        made.append(Preview(strategy.preview_host))
    if not strategy.auto_promotion:
        made.append(Pause(None, strategy.deadline))
    elif strategy.auto_promotion_after > timedelta():
        made.append(Pause(strategy.auto_promotion_after))
    made.append(SetWeight(weight.WHOLE))
    return tuple(made)
