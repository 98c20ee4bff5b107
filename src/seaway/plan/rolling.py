"""Rolling: instances are replaced some at a time, and the weight follows the share that is new and ready. Called by `build`."""

from __future__ import annotations

import math
from datetime import timedelta

from seaway.errors import PlanRefused
from seaway.model import weight
from seaway.model.environment import Strategy
from seaway.model.plan import Analysis, Scale, SetWeight, Step
from seaway.model.revision import Revision


def steps(strategy: Strategy, candidate: Revision, stable: Revision) -> tuple[Step, ...]:
    """At most replicas + max_surge instances at once, at least replicas - max_unavailable ready, as Argo Rollouts counts.

    The last of the old instances stay until the soak is over, unless max_unavailable makes them go before the last new ones
    come: then those that are ready take everything first. Raises PlanRefused when neither number lets anything move.
    """
    replicas = candidate.service.replicas
    surge, unavailable = limits(strategy, replicas)
    made: list[Step] = []
    new, old = 0, stable.service.replicas
    while new < replicas:
        grown = min(replicas, max(new, replicas + surge - old))
        if grown > new:
            new = grown
            made += [Scale(new, old), SetWeight(weight.share(new, replicas))]
        kept = max(0, min(old, replicas - unavailable - new))
        if kept < old and new < replicas:
            old = kept
            made += [SetWeight(weight.WHOLE, instances=new)] if old == 0 else []
            made.append(Scale(new, old))
    return tuple(made)


def proven(made: tuple[Step, ...], judged: timedelta) -> tuple[Step, ...]:
    """The same steps with a proof by the judge before everything goes to the new side, where a part of it did before."""
    weights = [at for at, step in enumerate(made) if isinstance(step, SetWeight)]
    last = next((at for at in weights if isinstance(step := made[at], SetWeight) and step.weight == weight.WHOLE), 0)
    if not last or weights[0] == last:
        return made
    place = last - 1 if isinstance(made[last - 1], Scale) else last
    return (*made[:place], Analysis(judged), *made[place:])


def limits(strategy: Strategy, replicas: int) -> tuple[int, int]:
    """Instances above and below the wished number: percents of `replicas`, surge rounded up, unavailable down.

    One instance always serves, whatever max_unavailable says.
    """
    surge = _count(strategy.max_surge, replicas, up=True)
    unavailable = min(max(0, replicas - 1), _count(strategy.max_unavailable, replicas, up=False))
    if surge == 0 and unavailable == 0:
        raise PlanRefused(
            f"max_surge {strategy.max_surge} and max_unavailable {strategy.max_unavailable} let none of {replicas} "
            "instances be replaced while at least one serves",
            hint="set `max_surge: 1`",
        )
    return surge, unavailable


def _count(text: str, replicas: int, *, up: bool) -> int:
    try:
        if not text.endswith("%"):
            number = int(text)
        else:
            part = float(text.removesuffix("%")) * replicas / 100
            number = math.ceil(part - 1e-9) if up else math.floor(part + 1e-9)
    except (ValueError, OverflowError):
        raise PlanRefused(
            f"{text!r} is not a number of instances; write 2 or 25%", hint="seaway docs strategy"
        ) from None
    if number < 0:
        raise PlanRefused(f"{text!r} is below zero; write a number of instances such as 2 or 25%")
    return number
