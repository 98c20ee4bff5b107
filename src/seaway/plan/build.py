"""A plan from a service, an environment and what runs there now. Called by `app.plan`; pure, so a plan can be tried out freely.

Every strategy has its own file and makes only the middle part: how instances and weights move. Gates, the `before` command
and the take-over of a port come first, promotion and soak last, the same for all.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from seaway.errors import PlanRefused, UnknownName
from seaway.model import weight
from seaway.model.analysis import Judging, Underpowered
from seaway.model.environment import Environment
from seaway.model.metrics import MetricsSource
from seaway.model.placement import Placement
from seaway.model.plan import (
    Analysis,
    Hold,
    Pause,
    Plan,
    Promote,
    Ramp,
    RunBefore,
    Scale,
    SetWeight,
    Soak,
    Step,
    TakeOver,
)
from seaway.model.revision import Revision
from seaway.model.routing import Gateway, PortOwner
from seaway.model.service import Service
from seaway.model.verdict import Guard
from seaway.plan import blue_green, canary, check, gates, rolling, warn

_STRATEGIES = {"rolling": rolling.steps, "blue-green": blue_green.steps, "canary": canary.steps}
Power = Callable[[Plan], tuple[tuple[str, ...], bool]]  # what a canary can find, in sentences; and: is that too little?
_SHIFTS = 1000  # batches that end early, because the weight changes
_START_MARGIN = timedelta(seconds=30)  # beyond the service's own start timeout


def build(service: Service, environment: Environment, candidate: Revision, placement: Placement, *,
          now: datetime, owner: PortOwner | None = None, site: str = "", power: Power | None = None) -> Plan:  # fmt: skip
    """`owner`: a foreign process on the gateway's port, whose place is taken. `power`: what a judged canary can find, from the
    traffic that was seen. Raises PlanRefused with the reason and a hint.
    """
    stable = _stable(placement)
    middle, strategy = _middle(service, environment, stable, candidate)
    begin = gates.steps(environment, now)
    if service.before and not _only_scale(stable, candidate):
        begin += (RunBefore(service.before),)
    made = assembled(service, environment, candidate, stable, owner=owner, site=site, strategy=strategy,
                      steps=(*begin, *_with_take_over(middle, owner), *end(environment)))  # fmt: skip
    return _with_power(made, power) if power and made.judging and made.strategy == "canary" else made


def _with_power(made: Plan, power: Power) -> Plan:
    """An underpowered canary never slides through: it is held or extended at its end, or refused here, as declared."""
    sentences, few = power(made)
    if few and made.judging and made.judging.underpowered is Underpowered.REFUSE:
        raise PlanRefused(
            f"the canary is underpowered: {' '.join(sentences)}",
            hint="give it more weight or time, or change `underpowered` (seaway docs analysis)",
        )
    return replace(made, power=sentences, underpowered=few)


def end(environment: Environment) -> tuple[Step, ...]:
    """Promotion, and the soak where one is wished."""
    return (Promote(), Soak(environment.soak)) if environment.soak else (Promote(),)


def assembled(service: Service, environment: Environment, candidate: Revision, stable: Revision | None, *,
              owner: PortOwner | None, site: str, strategy: str, steps: tuple[Step, ...], undo: bool = False) -> Plan:  # fmt: skip
    """The plan around its steps, checked."""
    worker = service.worker
    made = Plan(
        service=service.name,
        environment=environment.name,
        strategy=strategy,
        candidate=candidate,
        stable=stable,
        gateway=None if worker else Gateway(environment.name, environment.listen, environment.tls),
        target=environment.target,
        router="" if worker else environment.router,
        metrics="" if worker else environment.metrics,
        metrics_source=MetricsSource() if worker else environment.metrics_source,
        steps=steps,
        guards=_guards(service, environment),
        judging=None if undo else _judging(environment, candidate, stable, steps),
        tick=environment.tick,
        concurrency=environment.concurrency,
        on_unobservable=environment.on_unobservable,
        if_engine_lost=environment.if_engine_lost,
        drain=max((route.drain for route in service.routes), default=timedelta()),
        prepare_timeout=service.start_timeout + _START_MARGIN,
        undo=undo,
        site=site,
    )
    check.check(made)
    return replace(made, warnings=warn.warnings(made, environment, owner))


def _stable(placement: Placement) -> Revision | None:
    """What serves now, with the number of instances it has now: what a rollback restores."""
    if placement.stable is None:
        return None
    return replace(placement.stable, service=replace(placement.stable.service, replicas=placement.replicas))


def _only_scale(stable: Revision | None, candidate: Revision) -> bool:
    return stable is not None and stable.id == candidate.id


def _middle(service: Service, environment: Environment, stable: Revision | None,
            candidate: Revision) -> tuple[tuple[Step, ...], str]:  # fmt: skip
    """How instances and weights move, and the name of the strategy that is really used."""
    kind = environment.strategy.kind
    if kind not in _STRATEGIES:
        raise UnknownName("strategy", kind, list(_STRATEGIES))
    replicas = candidate.service.replicas
    if stable is None or _only_scale(stable, candidate):
        if stable and stable.service.replicas == replicas:
            raise PlanRefused(
                f"nothing to do: {candidate.id} is already stable in {environment.name} with {replicas} instances",
                hint="change the code or the configuration first; `seaway rollout list` shows what runs",
            )
        steps: tuple[Step, ...] = (Scale(replicas, 0), SetWeight(weight.WHOLE))
        return _without_traffic(steps, service), "first" if stable is None else "scale"
    used = "rolling" if service.worker else kind
    if used == "canary":
        return _canary(environment, candidate, stable), used
    made = _without_traffic(_STRATEGIES[used](environment.strategy, candidate, stable), service)
    judged = environment.judging.deadline if environment.judging and used == "rolling" and not service.worker else None
    return (rolling.proven(made, judged) if judged else made), used


def _canary(environment: Environment, candidate: Revision, stable: Revision) -> tuple[Step, ...]:
    strategy, judging = environment.strategy, environment.judging
    if strategy.ramp is None:
        return canary.steps(strategy, candidate, stable, judging.deadline if judging else None)
    if judging is None:
        raise PlanRefused(
            "a ramp follows the judge's evidence, and no `analysis` is declared", hint="seaway docs analysis"
        )
    source = environment.metrics_source
    age = max(environment.tick, source.scrape_interval) if source.url else environment.tick
    return canary.ramp(strategy.ramp, candidate, stable, age)


def _without_traffic(steps: tuple[Step, ...], service: Service) -> tuple[Step, ...]:
    """A worker has no traffic to divide: only its instances are replaced."""
    return tuple(step for step in steps if not (service.worker and isinstance(step, SetWeight)))


def _with_take_over(steps: tuple[Step, ...], owner: PortOwner | None) -> tuple[Step, ...]:
    """The foreign process goes as late as can be: right before the first traffic, when the candidate is ready."""
    if owner is None:
        return steps
    first = next((index for index, step in enumerate(steps) if isinstance(step, SetWeight)), len(steps))
    return (*steps[:first], TakeOver(owner), *steps[first:])


def _guards(service: Service, environment: Environment) -> tuple[Guard, ...]:
    return () if service.worker else environment.objectives


def _judging(
    environment: Environment, candidate: Revision, stable: Revision | None, steps: tuple[Step, ...]
) -> Judging | None:
    """The judge, with batches for all the time that the steps may take. It compares: without another revision, or without traffic,
    it has nothing to say.
    """
    judging, worker = environment.judging, candidate.service.worker
    if judging is None or worker or stable is None or stable.id == candidate.id:
        return None
    planned = judging.extend_max + sum((_longest(step) for step in steps), timedelta())
    batches = math.ceil(planned / environment.tick) + _SHIFTS + judging.spec.warmup_batches
    return replace(judging, spec=replace(judging.spec, deadline_batches=max(batches, judging.spec.deadline_batches)))


def _longest(step: Step) -> timedelta:
    match step:
        case Analysis() | Soak():
            return step.duration
        case Pause():
            return step.duration or step.deadline
        case Ramp() | Hold():
            return step.deadline
        case _:
            return timedelta()
