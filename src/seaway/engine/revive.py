"""Brings back what a running rollout needs and what no longer runs: after a reboot, a `down`, or a proxy that nobody restarts.

Called by `standing`, before an engine goes on with what an earlier one left and every 2 s, and by `looks` when no proxy answers.
It asks for nothing new: as many instances as the rollout wanted last, and its last wish about routes. What has more instances than wanted is
giving them up, in an order of its own, and is left as it is.
"""

from __future__ import annotations

from collections import Counter

import structlog

from seaway.engine import hands
from seaway.engine.hands import Hands
from seaway.errors import Fenced, PortError
from seaway.model.instance import InstanceState
from seaway.model.rollout import Rollout
from seaway.rollout import routes
from seaway.rollout.messages import ConvergeRouting
from seaway.rollout.turn import Turn

_log = structlog.get_logger(__name__)


def instances(rollout: Rollout, ports: Hands, epoch: int) -> None:
    """Make the target look after the rollout's instances again, as this epoch's. Raises Fenced; other failures are said."""
    plan = rollout.plan
    if rollout.state.terminal or not rollout.memory.get("started"):
        return
    try:
        target = ports.target(plan)
        running = Counter(each.revision for each in target.look(plan.service) if each.state != InstanceState.STOPPING)
        for revision in filter(None, (plan.stable, plan.candidate)):
            replicas = max(rollout.wanted.get(revision.id, 0), running[revision.id])
            if replicas:
                target.converge(revision, replicas, hands.fence(plan, epoch))
    except Fenced:
        raise
    except PortError as error:
        _log.warning("instances could not be brought back", rollout=rollout.id, reason=error.message)


def routing(rollout: Rollout, ports: Hands, epoch: int) -> None:
    """Ask the router for the rollout's last wish again; the same generation, so nothing is new to one that has it."""
    router = ports.traffic(rollout.plan)
    for command in routes.command(Turn(rollout, rollout.created)):
        if router is not None and isinstance(command, ConvergeRouting):
            router.converge(command.routing, hands.fence(rollout.plan, epoch))
