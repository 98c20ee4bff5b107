"""The engine's hands: what carries out a command of `rollout.decide` through the ports. Composed by `app`, called by `transition`.

Commands that only touch the database (Emit, RecordPlacement) are part of the transaction that saves the rollout; they never
come here.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol, cast

from seaway.errors import Conflict, Fenced, NotFound, NotReachable, PortError
from seaway.model import weight
from seaway.model.environment import EngineLost
from seaway.model.instance import Fence, JobState
from seaway.model.plan import Plan
from seaway.model.revision import Revision
from seaway.model.rollout import Loss, Rollout
from seaway.model.routing import Losses, Routing
from seaway.ports.events import Events
from seaway.ports.metrics import Metrics
from seaway.ports.target import Target
from seaway.ports.traffic import DeadMan, Portholder, Traffic
from seaway.rollout import messages

_PAUSES = (0.2, 1.0, 3.0)  # seconds
_DEAD_MAN = 10**12  # beyond every generation that an engine uses


class Hands(Protocol):
    """Name -> port. Each call is quick and gives the same object for the same place."""

    # What runs the instances of the plan's environment.
    def target(self, plan: Plan) -> Target: ...

    # What divides the traffic of the plan's gateway; None for workers.
    def traffic(self, plan: Plan) -> Traffic | None: ...

    # Where the numbers about the plan's revisions come from; None for workers.
    def metrics(self, plan: Plan) -> Metrics | None: ...

    # Where events go besides the database, by name.
    def receivers(self) -> Mapping[str, Events]: ...


def fence(plan: Plan, epoch: int) -> Fence:
    """The fence that goes with every call for this plan's service."""
    return Fence(f"{plan.environment}/{plan.service}", epoch)


def place(plan: Plan, command: messages.Command) -> str:
    """Which foreign system a command speaks to: slow ones are kept apart by this name."""
    if isinstance(command, (messages.ConvergeInstances, messages.RunJob)) or plan.gateway is None:
        return f"{plan.target} {plan.environment}"
    return f"{plan.router} {plan.gateway.listen}"


def carry_out(command: messages.Command, rollout: Rollout, hands: Hands, epoch: int) -> tuple[messages.Event, ...]:
    """Do one external command; what comes of it are events. Never raises for a port's trouble but Fenced, which ends the engine."""
    try:
        return _carry_out(command, rollout, hands, fence(rollout.plan, epoch))
    except Fenced:
        raise
    except PortError as error:
        return (messages.CommandFailed(command.kind, error.kind, _words(error), error.retry),)
    except Exception as error:  # noqa: BLE001 - an adapter's mistake must not stop the engine; it is on record, and held
        words = f"{type(error).__name__}: {error}"
        return (messages.CommandFailed(command.kind, "error", words, retry=False),)


def _carry_out(command: messages.Command, rollout: Rollout, hands: Hands, owner: Fence) -> tuple[messages.Event, ...]:
    plan = rollout.plan
    match command:
        case messages.ConvergeInstances():
            revision = side(plan, command.side)
            hands.target(plan).converge(revision, command.replicas, owner, command.keep)
        case messages.RunJob():
            job = hands.target(plan).run(command.key, plan.candidate, command.command, owner)
            return (messages.JobsSeen(job),) if job.state is not JobState.RUNNING else ()
        case messages.ConvergeRouting():
            _route(traffic(hands, plan), rollout, command.routing, owner)
        case messages.StopForeign():
            return _take_over(command, hands, plan, owner)
        case messages.SendProbes():
            return (messages.ProbeSeen(traffic(hands, plan).probe(plan.service, command.count)),)
        case messages.CountLosses():
            return (messages.LossSeen(total(_losses(command, traffic(hands, plan), plan), command.cut)),)
        case _:
            pass
    return ()


def _route(router: Traffic, rollout: Rollout, routing: Routing, owner: Fence) -> None:
    """Converge, with the dead man's switch (`if_engine_lost: stable`) never set to what this routing takes away."""
    if rollout.plan.if_engine_lost.action is not EngineLost.STABLE or not hasattr(router, "arm"):
        router.converge(routing, owner)
        return
    switch = cast("DeadMan", router)
    home = home_routing(rollout, routing)
    if home is None:
        switch.disarm(routing.service, owner)
        router.converge(routing, owner)
    else:
        router.converge(routing, owner)
        switch.arm(home, rollout.plan.if_engine_lost.after, owner)


def home_routing(rollout: Rollout, routing: Routing) -> Routing | None:
    """The same routing with all traffic on stable; None when stable is not (or not any more) where traffic should go."""
    stable = rollout.plan.stable
    here = stable is not None and any(each.revision == stable.id and each.addresses for each in routing.backends)
    if stable is None or not here or rollout.memory.get("promoted"):
        return None
    backends = tuple(
        replace(each, weight=weight.WHOLE if each.revision == stable.id else 0) for each in routing.backends
    )
    return replace(routing, generation=_DEAD_MAN + routing.generation, backends=backends)


def side(plan: Plan, name: str) -> Revision:
    """The plan's revision of this side. Raises NotFound: a first release has no stable one."""
    revision = plan.candidate if name == "candidate" else plan.stable
    if revision is None:
        raise NotFound(f"the plan of {plan.service} has no {name} revision")
    return revision


def traffic(hands: Hands, plan: Plan) -> Traffic:
    """The plan's router. Raises NotFound: a worker has none."""
    found = hands.traffic(plan)
    if found is None:
        raise NotFound(f"{plan.service} has no router in {plan.environment}")
    return found


def total(found: Losses, cut: int) -> Loss:
    """The ledger's sums over the sides."""
    sides = found.sides.values()
    return Loss(
        served=sum(each.served for each in sides),
        failed=sum(each.failed for each in sides),
        retried=sum(each.retried for each in sides),
        cut=cut,
        unseen_s=found.unseen.total_seconds(),
        sides=found.sides,
    )


def _losses(command: messages.CountLosses, router: Traffic, plan: Plan) -> Losses:
    """Nobody asks for the ledger again, so a proxy that does not answer at once is asked a few times."""
    for pause in _PAUSES:
        try:
            return router.losses(plan.service, command.since, command.until)
        except NotReachable:
            time.sleep(pause)
    return router.losses(plan.service, command.since, command.until)


def _take_over(command: messages.StopForeign, hands: Hands, plan: Plan, owner: Fence) -> tuple[messages.Event, ...]:
    """Idempotent: once nobody foreign holds the port, there is nothing left to stop."""
    router = traffic(hands, plan)
    if not hasattr(router, "take_over"):
        raise NotFound(f"the router of {plan.environment} cannot take a port over")
    holder = cast("Portholder", router)
    found = holder.owner()
    if found is None:
        return ()
    if (found.pid, found.started) != (command.step.owner.pid, command.step.owner.started):
        raise Conflict(
            f"another process holds the port than the plan says: {found.pid}, not {command.step.owner.pid}",
            hint=f"seaway plan {plan.environment}",
        )
    holder.take_over(found, owner)
    return ()


def _words(error: PortError) -> str:
    return f"{error.message} ({error.hint})" if error.hint else error.message
