"""The engine with a person's words around it: what the API offers and what a reader of a rollout sees. Called by `web.api`.

Everything here is quick and blocking; `web` calls it in threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from seaway import __version__
from seaway.app.hands import Composition
from seaway.config.home import Home
from seaway.engine.engine import Engine
from seaway.errors import Conflict, NotFound, NotReachable, PlanRefused
from seaway.model import codec
from seaway.model.environment import Environment
from seaway.model.placement import Placement
from seaway.model.plan import Plan, Soak
from seaway.model.rollout import Rollout
from seaway.plan import identity, undo
from seaway.rollout import document, messages, people, why

Json = dict[str, Any]


class ControlPlane:
    """One engine of a state folder, from `start` to `stop`."""

    def __init__(self, home: Home, *, take_over: bool = False, on_lost: Callable[[str], None] = lambda _: None) -> None:
        self._hands = Composition(home)
        self._engine = Engine(home, self._hands, take_over=take_over, on_lost=on_lost)

    def start(self) -> None:
        """Take the lock and run. Raises Conflict when another engine holds it."""
        self._engine.start()

    def stop(self) -> None:
        """End the engine; what it manages runs on."""
        self._engine.stop()
        self._hands.close()

    # ------------------------------------------------------------ what is

    def health(self) -> Json:
        """Version and process, and the engine's signs of life and of trouble."""
        return {"format": "seaway.health/v1", "version": __version__, "pid": os.getpid(), **self._engine.health()}

    def documents(self, service: str = "", environment: str = "", *, active: bool | None = None) -> list[Json]:
        """Rollouts as `seaway.rollout/v1`, newest first."""
        found = self._engine.rollouts(service=service, environment=environment, active=active)
        return [document.render(each) for each in found]

    def document(self, rollout: str) -> Json:
        """One rollout. Raises NotFound."""
        return document.render(self._rollout(rollout))

    def why(self, rollout: str) -> Json:
        """The chain of what is waited for: by whom, until when, and what happens then."""
        return {
            "format": "seaway.why/v1",
            "id": rollout,
            "chain": list(why.why(self._rollout(rollout), datetime.now(UTC))),
        }

    def newest(self) -> int:
        """Sequence number of the newest event."""
        return self._engine.last_sequence()

    def events(self, after: int, rollout: str, limit: int) -> list[tuple[int, Json]]:
        """Events behind a sequence number, of one rollout or ("") of all."""
        return list(self._engine.events_after(after, rollout=rollout, limit=limit))

    def placements(self) -> list[Json]:
        """What every service runs in every environment."""
        return [codec.encode(each) for each in self._engine.placements()]

    def placement(self, environment: str, service: str) -> Json:
        """What one service runs in one environment. Raises NotFound."""
        encoded: Json = codec.encode(self._placed(environment, service))
        return encoded

    # ------------------------------------------------------------ what people say

    def submit(self, plan: Plan, *, actor: str, origin: str, key: str) -> str:
        """Start a rollout; the same key gives the same one.

        Raises PlanRefused for a stale plan, Conflict for a held place, Refused where its numbers could never be evidence.
        """
        self._check_numbers(plan)
        return self._engine.submit(plan, identity.plan_hash(plan), actor=actor, origin=origin, key=key)

    def promote(self, rollout: str, *, actor: str, key: str, full: bool) -> Json:
        """End the current pause or hold."""
        return self._tell(rollout, messages.PromoteNow(actor, full=full), key)

    def pause(self, rollout: str, *, actor: str, key: str) -> Json:
        """Hold where it is."""
        return self._tell(rollout, messages.PauseNow(actor), key)

    def resume(self, rollout: str, *, actor: str, key: str) -> Json:
        """Leave a hold; of a rollout that has ended: lift the hold that its abort left on the place."""
        found = self._rollout(rollout)
        if found.state.terminal:
            return self._lift(found)
        return self._tell(rollout, messages.Resume(actor), key)

    def abort(self, rollout: str, *, actor: str, key: str, reason: str) -> Json:
        """Bring the traffic back and end."""
        return self._tell(rollout, messages.Abort(actor, reason), key)

    def approve(self, rollout: str, *, actor: str, key: str, plan_hash: str, approved: bool, comment: str) -> Json:
        """Decide a gate, about exactly this plan."""
        event = messages.Approve(actor, plan_hash or self._rollout(rollout).plan_hash, approved, comment)
        return self._tell(rollout, event, key)

    def retry(self, rollout: str, *, actor: str, key: str) -> Json:
        """A new rollout of the same candidate, against what is stable now. Raises Conflict while it runs."""
        found = self._rollout(rollout)
        if not found.state.terminal:
            raise Conflict(
                f"{rollout} has not ended: it is {found.state.value}", hint=f"seaway rollout watch {rollout}"
            )
        return {"id": self.submit(self._fresh(found.plan), actor=actor, origin="person", key=key)}

    def undo(self, rollout: str, *, actor: str, key: str, to: str) -> Json:
        """Back to the revision before. While it runs or soaks: this rollout turns round; afterwards: a new one."""
        found = self._rollout(rollout)
        if not found.state.terminal:
            if to and to != found.plan.basis:
                words = f"{rollout} has not ended; it can only return to {found.plan.basis or 'nothing'}"
                raise Conflict(words, hint=f"seaway rollout abort {rollout}")
            return self._tell(rollout, messages.Abort(actor, "undo"), key)
        plan = found.plan
        placement = self._placed(plan.environment, plan.service)
        made = undo.undo(place_of(plan), placement, to=to, now=datetime.now(UTC), site=plan.site)
        return {"id": self.submit(made, actor=actor, origin="person", key=key)}

    # ------------------------------------------------------------

    def _check_numbers(self, plan: Plan) -> None:
        """Ask the source of metrics before anything moves, on the way forward only. One that is away now may come back."""
        source = self._hands.metrics(plan) if (plan.guards or plan.judging) and not plan.undo else None
        if source is not None:
            with suppress(NotReachable):
                source.check(plan.service)

    def _rollout(self, name: str) -> Rollout:
        found = self._engine.rollout(name)
        if found is None:
            raise NotFound(f"there is no rollout {name!r}", hint="seaway rollout list")
        return found

    def _placed(self, environment: str, service: str) -> Placement:
        found = self._engine.placement(environment, service)
        if found is None:
            raise NotFound(f"{service} was never released to {environment}", hint=f"seaway deploy {environment}")
        return found

    def _tell(self, rollout: str, event: messages.Event, key: str) -> Json:
        if words := people.refusal(self._rollout(rollout), event):
            raise Conflict(words, hint=f"seaway rollout why {rollout}")
        self._engine.tell(rollout, event, key)
        return {"id": rollout, "accepted": True}

    def _lift(self, rollout: Rollout) -> Json:
        plan = rollout.plan
        if not self._placed(plan.environment, plan.service).held:
            raise Conflict(f"{rollout.id} is over: {rollout.state.value}", hint=f"seaway rollout retry {rollout.id}")
        self._engine.lift(plan.environment, plan.service)
        return {"id": rollout.id, "accepted": True}

    def _fresh(self, plan: Plan) -> Plan:
        placement = self._engine.placement(plan.environment, plan.service)
        stable = placement.stable if placement else None
        if stable is not None and stable.id == plan.candidate.id:
            raise PlanRefused(f"nothing to do: {stable.id} is stable in {plan.environment}")
        if (stable is None) != (plan.stable is None):
            words = "what is stable here has changed since, so the steps do not fit any more"
            raise PlanRefused(words, hint=f"seaway deploy {plan.environment}")
        if stable is not None and placement is not None:
            stable = replace(stable, service=replace(stable.service, replicas=placement.replicas))
        return replace(plan, stable=stable)


def place_of(plan: Plan) -> Environment:
    """The environment as a plan knows it: enough for the way back, whose steps come from nowhere else."""
    soak = next(
        (step.duration for step in plan.steps if isinstance(step, Soak)), timedelta()
    )  # a soak of 0s is no step
    defaults = Environment(plan.environment)
    return replace(
        defaults,
        target=plan.target,
        router=plan.router or defaults.router,
        metrics=plan.metrics or defaults.metrics,
        metrics_source=plan.metrics_source,
        listen=plan.gateway.listen if plan.gateway else defaults.listen,
        tls=plan.gateway.tls if plan.gateway else None,
        objectives=plan.guards,
        soak=soak,
        concurrency=plan.concurrency,
        on_unobservable=plan.on_unobservable,
        if_engine_lost=plan.if_engine_lost,
        tick=plan.tick,
    )
