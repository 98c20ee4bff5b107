"""One look at the world for one rollout: what `rollout.wants` asks for, as events. Called by `watch` in a lane of its own.

A look that fails is left out: the next one comes soon, and every wait has a deadline.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from seaway.engine import hands
from seaway.engine.hands import Hands
from seaway.errors import Fenced, PortError
from seaway.model.environment import EngineLost
from seaway.model.plan import RunBefore
from seaway.model.rollout import Rollout
from seaway.rollout import messages
from seaway.rollout.messages import Event, Wanted

_log = structlog.get_logger(__name__)

Lost = Callable[[str], None]


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
        _ask(seen, rollout.id, lambda: messages.RouteSeen(router.look(plan.service)))
        if plan.if_engine_lost.action is EngineLost.STABLE and hasattr(router, "touch"):
            router.touch()
    return tuple(seen)


def _ask(seen: list[Event], rollout: str, question: Callable[[], Event]) -> None:
    try:
        seen.append(question())
    except Fenced:
        raise
    except PortError as error:
        _log.debug("a look failed", rollout=rollout, error=error.message)
    except Exception:  # noqa: BLE001 - an adapter's mistake must not stop the looks of everybody else
        _log.exception("a look failed", rollout=rollout)
