"""One look at the world for one rollout: what `rollout.wants` asks for, as events. Called by `watch` in a lane of its own.

A look that fails is left out: the next one comes soon, and every wait has a deadline.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from seaway.engine import hands, revive
from seaway.engine.hands import Hands
from seaway.errors import Fenced, NotReachable, PortError
from seaway.model.environment import EngineLost
from seaway.model.instance import InstanceState
from seaway.model.plan import RunBefore
from seaway.model.rollout import Rollout
from seaway.model.routing import RoutingSeen
from seaway.ports.traffic import Traffic
from seaway.rollout import messages
from seaway.rollout.messages import Event, Wanted

_log = structlog.get_logger(__name__)

Lost = Callable[[str], None]
GRACE = 3.0  # seconds after a start in which instances that are not ready yet say nothing
_UNPROBED = frozenset({InstanceState.STARTING, InstanceState.UNREADY})


def look(rollout: Rollout, wanted: Wanted, ports: Hands, epoch: int) -> tuple[Event, ...]:
    """What is seen now. Raises Fenced."""
    plan = rollout.plan
    seen: list[Event] = []
    if wanted.instances:
        _ask(seen, rollout.id, lambda: messages.InstancesSeen(ports.target(plan).look(plan.service)))
    if wanted.job:
        command = next((step.before.command for step in plan.steps if isinstance(step, RunBefore)), ())
        owner = hands.fence(plan, epoch)
        _ask(
            seen,
            rollout.id,
            lambda: messages.JobsSeen(ports.target(plan).run(wanted.job, plan.candidate, command, owner)),
        )
    router = ports.traffic(plan) if wanted.route else None
    if router is not None:
        _ask(seen, rollout.id, lambda: messages.RouteSeen(_route(rollout, router, ports, epoch)))
        if plan.if_engine_lost.action is EngineLost.STABLE and hasattr(router, "touch"):
            router.touch()
    return tuple(seen)


def _route(rollout: Rollout, router: Traffic, ports: Hands, epoch: int) -> RoutingSeen:
    """What the proxy reports; where none runs it is started again with what it had. Raises PortError."""
    try:
        return router.look(rollout.plan.service)
    except NotReachable:
        revive.routing(rollout, ports, epoch)
        return router.look(rollout.plan.service)


def is_settling(rollout: Rollout, seen: tuple[Event, ...]) -> bool:
    """True when instances that were ready are there and not ready: right after a start of the engine this says only that
    nobody has probed them yet.
    """
    plan = rollout.plan
    sides = (plan.candidate, plan.stable) if plan.stable else (plan.candidate,)
    known = {name for side in sides for name in str(rollout.memory.get(f"ready.{side.id}") or "").split()}
    return any(
        one.state in _UNPROBED and known & {one.address, one.id}
        for event in seen
        if isinstance(event, messages.InstancesSeen)
        for one in event.instances
    )


def _ask(seen: list[Event], rollout: str, question: Callable[[], Event]) -> None:
    try:
        seen.append(question())
    except Fenced:
        raise
    except PortError as error:
        _log.debug("a look failed", rollout=rollout, error=error.message)
    except Exception:  # noqa: BLE001 - an adapter's mistake must not stop the looks of everybody else
        _log.exception("a look failed", rollout=rollout)
