"""A small simulated world for `decide`: instances, a router that may lag, reject or lie, traffic, guards and a clock.

It checks the invariants of the design at the moment each command takes effect, from its own knowledge, never from what the
rollout says about itself.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from seaway.model import codec, weight
from seaway.model.instance import InstanceSeen, InstanceState, JobSeen, JobState
from seaway.model.placement import Placement
from seaway.model.plan import Analysis, Approval, Plan, Ramp, SetWeight, Step
from seaway.model.rollout import Loss, Rollout, State, StepRecord
from seaway.model.routing import Backend, Counts, Probed, Routing, RoutingSeen
from seaway.model.verdict import Outcome, Verdict
from seaway.plan.identity import plan_hash
from seaway.rollout import messages
from seaway.rollout.begin import begin
from seaway.rollout.decide import decide
from seaway.rollout.judging import voters
from seaway.rollout.wants import wants

START = datetime(2026, 1, 1, tzinfo=UTC)


class Broken(AssertionError):
    """An invariant of the design does not hold."""


@dataclass
class Instance:
    address: str
    ready_at: datetime
    state: InstanceState = InstanceState.STARTING
    gone_at: datetime | None = None


@dataclass
class Router:
    """`mode`: ok | frozen (takes nothing) | reject | liar (says yes, and sends traffic elsewhere)."""

    mode: str = "ok"
    delay: timedelta = timedelta(milliseconds=3)
    proxy: str = "envoy-1"
    applied: Routing | None = None
    pending: list[tuple[datetime, Routing]] = field(default_factory=list)
    rejected: int = 0
    problem: str = ""
    started: dict[str, int] = field(default_factory=dict)
    active: dict[str, int] = field(default_factory=dict)
    overruled: dict[str, int] | None = None  # weights that somebody set behind our back


class World:
    """Drives one rollout. `beat` looks once at everything and lets time pass."""

    def __init__(self, plan: Plan, *, seed: int = 1, rate: float = 200.0, decide=decide) -> None:  # type: ignore[no-untyped-def]
        self.plan, self.rate, self.decide = plan, rate, decide
        self.now = START  # the wall clock, which may jump
        self.time = START  # what really passes
        self.random = random.Random(seed)
        self.router = Router()
        self.instances: dict[str, list[Instance]] = {}
        self.ready_after = timedelta(milliseconds=100)
        self.never_ready = False
        self.job = JobState.MISSING
        self.job_result = JobState.SUCCEEDED
        self.verdict: Outcome | None = Outcome.PASS
        self.probes_answer = True
        self.fail_next: dict[str, tuple[str, bool]] = {}
        self.commands: list[messages.Command] = []
        self.trail: list[State] = []
        self.inbox: list[messages.Event] = []
        self.known_ready: dict[str, set[str]] = {}  # at the last look: nobody can know more
        self.known_weights: dict[str, int] = {}
        self.last_wish: dict[str, int] = {}
        self.told: dict[str, Outcome] = {}
        self.transitions = 0
        self.placement = Placement(plan.service, plan.environment, plan.stable)
        self.ports = 41000
        self.is_new = plan.stable is None or plan.stable.id != plan.candidate.id
        if plan.stable:
            name = plan.stable.id
            self.instances[name] = [self._instance(ready=True) for _ in range(plan.stable.service.replicas)]
            if plan.gateway:
                self._apply(self._routing_before())
        self.rollout: Rollout = begin("ro-test", plan, plan_hash(plan), "ada", self.now, generation=5)
        self.feed(messages.Admit())

    # ------------------------------------------------------------ events in

    def feed(self, event: messages.Event) -> None:
        """One event, and everything that its commands bring at once."""
        self.inbox.append(event)
        while self.inbox:
            self._one(self.inbox.pop(0))

    def _one(self, event: messages.Event) -> None:
        before = self.rollout
        after, commands = self.decide(before, event, self.now)
        honoured = isinstance(event, messages.DeadlinePassed) and event.deadline == before.deadline
        require(
            not honoured or after != before, 8, f"nothing followed from a deadline: {before.state} {before.waiting}"
        )
        if after == before and not commands:
            return
        require(
            (after, commands) == self.decide(before, event, self.now), "deterministic", "two answers to one question"
        )
        self._check_values(event, after, commands)
        self.transitions += 1
        if after.state is not before.state:
            self.trail.append(after.state)
        self.rollout = after
        self._check_rollout(before, after)
        for command in commands:
            self.commands.append(command)
            self._carry_out(command)

    def beat(self, seconds: float | None = None) -> None:
        """Look as the engine would, then let the wished time pass."""
        wanted = wants(self.rollout)
        self._live()
        if wanted.instances:
            self.feed(messages.InstancesSeen(self._looked()))
        if wanted.job and self.job is not JobState.MISSING:
            self.feed(messages.JobsSeen(JobSeen(wanted.job, self.job, 3 if self.job is JobState.FAILED else 0, "oops")))
        if wanted.route:
            seen = self.look_route()
            self.known_weights = dict(seen.weights)
            self.feed(messages.RouteSeen(seen))
        if wants(self.rollout).guards and self.verdict:
            self.told = dict.fromkeys((voter.name for voter in voters(self.plan)), self.verdict)
            self.feed(messages.VerdictSeen(tuple(self._verdict(name) for name in self.told)))
            if isinstance(self._step(), Ramp):
                self.feed(messages.RampDue(self.random.choice([0, 1, 2_500, 100_000, 400_000, 700_000, 1_000_000])))
        if self.rollout.deadline and self.now >= self.rollout.deadline:
            self.feed(messages.DeadlinePassed(self.rollout.deadline))
        step = timedelta(seconds=seconds if seconds is not None else wants(self.rollout).every)
        if self.rollout.deadline and self.rollout.deadline > self.now:
            step = min(step, self.rollout.deadline - self.now) if seconds is None else step
        self._traffic(step)
        self.now += step
        self.time += step

    def settle(self, *, within: float) -> Rollout:
        """A person wants it to end, in a world that works again: how long does that take? (invariant 4)"""
        self.router.mode, self.never_ready, self.verdict, self.router.overruled = "ok", False, Outcome.PASS, None
        self.router.active, self.fail_next = {}, {}
        for running in self.instances.values():
            for one in running:
                one.state = InstanceState.READY if one.gone_at is None else one.state
        self.feed(messages.Abort("ada", "enough"))
        if self.rollout.phase != "back":  # refused once, with the reason
            self.feed(messages.Abort("ada", "enough"))
        heard = self.rollout.state.terminal or self.rollout.phase == "back"
        require(heard, 4, f"an abort was not heard while it was {self.rollout.state}")
        begun = self.now
        while not self.rollout.state.terminal:
            self.beat()
            took = (self.now - begun).total_seconds()
            require(
                took < within,
                4,
                f"an abort has not ended it after {took} s: {self.rollout.state} {self.rollout.waiting}",
            )
        return self.rollout

    def run(self, *, beats: int = 3000, until: State | None = None) -> Rollout:
        """Until the rollout ends, is held, or reaches a state."""
        for _ in range(beats):
            if self.rollout.state is until or self.rollout.state.terminal:
                return self.rollout
            if until is None and self.rollout.state is State.HELD:
                return self.rollout
            self.beat()
        raise AssertionError(f"no end after {beats} beats: {self.rollout.state} {self.rollout.waiting}")

    # ------------------------------------------------------------ the world

    def _instance(self, *, ready: bool = False) -> Instance:
        self.ports += 1
        state = InstanceState.READY if ready else InstanceState.STARTING
        return Instance(f"127.0.0.1:{self.ports}", self.time + (timedelta() if ready else self.ready_after), state)

    def _live(self) -> None:
        for revision, running in self.instances.items():
            for one in running:
                stuck = self.never_ready and revision == self.plan.candidate.id
                if one.state is InstanceState.STARTING and self.time >= one.ready_at and not stuck:
                    one.state = InstanceState.READY
            self.instances[revision] = [one for one in running if one.gone_at is None or one.gone_at > self.time]
        while self.router.pending and self.router.pending[0][0] <= self.time:
            self._apply(self.router.pending.pop(0)[1])

    def _apply(self, routing: Routing) -> None:
        for backend in routing.backends:
            if backend.weight and not backend.addresses and backend.revision == self.plan.candidate.id:
                raise Broken(f"backend with weight and no address: {backend}")
        self.router.applied = routing
        self.router.overruled = None

    def _routing_before(self) -> Routing:
        stable = self.plan.stable
        assert stable is not None
        addresses = tuple(one.address for one in self.instances[stable.id])
        backend = Backend(stable.id, weight.WHOLE, addresses)
        return Routing(self.plan.service, 5, (backend,), (), stable.service.readiness)

    def weights(self) -> dict[str, int]:
        """What the router really does."""
        if self.router.overruled is not None:
            return self.router.overruled
        if self.router.applied is None:
            return {}
        return {backend.revision: backend.weight for backend in self.router.applied.backends}

    def may_hold_weight(self, revision: str) -> bool:
        """Could any worker still send requests there, for all that anybody can know since the last look?"""
        waiting = any(
            b.revision == revision and b.weight for _, routing in self.router.pending for b in routing.backends
        )
        return bool(self.known_weights.get(revision)) or waiting

    def _traffic(self, step: timedelta) -> None:
        shares = self.weights()
        if self.router.mode == "liar" and len(shares) > 1:
            names = list(shares)
            shares = {names[0]: shares[names[1]], names[1]: shares[names[0]]}
        if not sum(shares.values()):
            return
        total = int(self.rate * step.total_seconds() + self.random.random())
        for chosen in self.random.choices(list(shares), list(shares.values()), k=min(total, 400)):
            self.router.started[chosen] = self.router.started.get(chosen, 0) + 1

    def _looked(self) -> tuple[InstanceSeen, ...]:
        seen = self.look_instances()
        self.known_ready = {}
        for one in seen:
            if one.state is InstanceState.READY:
                self.known_ready.setdefault(one.revision, set()).add(one.address)
        return seen

    def look_instances(self) -> tuple[InstanceSeen, ...]:
        return tuple(
            InstanceSeen(
                one.address, revision, one.state, one.address, detail="" if one.state == "ready" else "no answer"
            )
            for revision, running in self.instances.items()
            for one in running
        )

    def look_route(self) -> RoutingSeen:
        router = self.router
        counts = {
            name: Counts(router.started.get(name, 0), router.active.get(name, 0))
            for name in (*router.started, *self.weights())
        }
        generation = router.applied.generation if router.applied else 0
        return RoutingSeen(self.now, router.proxy, (generation, generation), router.rejected, dict(self.weights()), counts,
                           router.problem)  # fmt: skip

    def _verdict(self, guard: str) -> Verdict:
        assert self.verdict is not None
        return Verdict(guard, self.verdict, self.now, f"simulated {self.verdict}")

    # ------------------------------------------------------------ commands out

    def _carry_out(self, command: messages.Command) -> None:
        if command.kind in self.fail_next:
            error, retry = self.fail_next.pop(command.kind)
            self.inbox.append(messages.CommandFailed(command.kind, error, f"simulated {error}", retry))
            if error != "fenced":  # a newer owner has done it
                return
        match command:
            case messages.ConvergeInstances():
                self._scale(command)
            case messages.ConvergeRouting():
                self._route(command.routing)
            case messages.RunJob():
                self.job = self.job_result
            case messages.SendProbes():
                self.inbox.append(messages.ProbeSeen(self._probe(command.count)))
            case messages.RecordPlacement():
                self._place(command)
            case messages.CountLosses():
                self.inbox.append(messages.LossSeen(Loss(cut=command.cut)))
            case _:
                pass

    def _scale(self, command: messages.ConvergeInstances) -> None:
        side = self.plan.candidate if command.side == "candidate" else self.plan.stable
        assert side is not None
        running = [one for one in self.instances.get(side.id, []) if one.gone_at is None]
        if command.replicas == 0:
            require(
                not self.may_hold_weight(side.id),
                1,
                f"instances of {side.id} stopped while the router has weight for it",
            )
        while len(running) < command.replicas:
            running.append(self._instance())
        running.sort(key=lambda one: (one.address not in command.keep, one.address))
        for one in running[command.replicas :]:
            routed = {
                address
                for b in (self.router.applied.backends if self.router.applied else ())
                for address in b.addresses
            }
            require(
                one.address not in routed or not self.plan.gateway, 1, f"{one.address} stopped while it is routed to"
            )
            one.state, one.gone_at = InstanceState.STOPPING, self.time + timedelta(milliseconds=200)
        self.instances[side.id] = running

    def _route(self, routing: Routing) -> None:
        self._check_routing(routing)
        if self.router.mode == "frozen":
            return
        if self.router.mode == "reject":
            self.router.rejected += 1
            self.router.problem = "no cluster of that name"
            return
        self.router.pending.append((self.time + self.router.delay, routing))

    def _probe(self, count: int) -> Probed:
        shares = {name: ppm for name, ppm in self.weights().items() if ppm}
        if not self.probes_answer or not shares:
            return Probed({}, count)
        answered: dict[str, int] = {}
        for _ in range(count):
            chosen = self.random.choices(list(shares), list(shares.values()))[0]
            answered[chosen] = answered.get(chosen, 0) + 1
        return Probed(answered, 0)

    def _place(self, command: messages.RecordPlacement) -> None:
        stable = self.plan.candidate if command.stable == "candidate" else self.plan.stable
        if command.stable == "candidate" and self.plan.gateway and self.placement.stable != stable:
            require(
                self.weights().get(self.plan.candidate.id) == weight.WHOLE,
                "promote",
                "promoted without all the traffic",
            )
        self.placement = replace(self.placement, stable=stable, warm=command.warm, held=command.held)

    # ------------------------------------------------------------ invariants

    def _check_routing(self, routing: Routing) -> None:
        if not routing.backends:
            return
        names = [backend.revision for backend in routing.backends]
        require(sum(backend.weight for backend in routing.backends) == weight.WHOLE, "weights", "weights do not sum up")
        require(
            names == sorted(names, key=lambda name: name != self.plan.candidate.id), "order", "candidate comes first"
        )
        for name in self.weights():
            gone = name not in names
            require(
                not gone or not self.may_hold_weight(name),
                1,
                f"backend {name} removed while the router has weight for it",
            )
            if gone:
                left = self.router.active.get(name, 0)
                require(
                    not left or self._drain_is_over(),
                    9,
                    f"{name} removed with {left} open requests before the drain time",
                )
        for backend in routing.backends:
            if backend.weight > self.last_wish.get(
                backend.revision, 0 if self.last_wish else self.weights().get(backend.revision, 0)
            ):
                self._check_capacity(backend.revision, backend.weight, backend.addresses)
        self.last_wish = {backend.revision: backend.weight for backend in routing.backends}

    def _check_capacity(self, revision: str, ppm: int, addresses: tuple[str, ...]) -> None:
        ready = self.known_ready.get(revision, set())
        require(bool(ready & set(addresses)), 2, f"{revision} gets {ppm} and has no ready instance")
        if revision != self.plan.candidate.id and self._degraded_is_allowed():
            return
        service = self.plan.candidate.service if revision == self.plan.candidate.id else self.plan.stable.service  # type: ignore[union-attr]
        needed = weight.replicas_for(ppm, service.replicas)
        step = self.plan.steps[min(self.rollout.step, len(self.plan.steps) - 1)]
        if isinstance(step, SetWeight) and step.instances and step.weight == ppm:
            needed = step.instances
        require(
            len(ready & set(addresses)) >= needed, 2, f"{revision} gets {ppm} with {len(ready)} of {needed} instances"
        )

    def _degraded_is_allowed(self) -> bool:
        """After the prepare timeout a degraded stable takes the traffic, and the rollout says so."""
        return "all the same" in self.rollout.reason or self.rollout.state is State.INDETERMINATE

    def _drain_is_over(self) -> bool:
        since = self.rollout.memory.get("drain_over")
        return bool(since)

    def _check_rollout(self, before: Rollout, after: Rollout) -> None:
        require(not before.state.terminal or after.state is before.state, 4, f"{before.state} became {after.state}")
        if not after.state.terminal and after.state not in {State.ADMITTED, State.READY}:
            require(
                after.waiting is not None and after.deadline is not None, 8, f"{after.state} waits without a deadline"
            )
        if after.waiting is not None:
            waiting = after.waiting
            require(bool(waiting.what and waiting.owner and waiting.then), 8, f"incomplete wait {waiting}")
            require(waiting.until == after.deadline, 8, f"{waiting.until} is not the deadline {after.deadline}")
        if after.state.terminal:
            require(after.deadline is None and after.ended is not None, 8, "an ended rollout waits")
        if after.step > before.step:
            self._check_step(before, after)
        drains = [one.state is State.DRAINING and one.memory.get("stage") == "drain" for one in (before, after)]
        if drains == [False, True] and before.phase == "back" and self.is_new:
            require(not self.may_hold_weight(self.plan.candidate.id), 9, "drains while the router sends traffic there")
        forward = after.phase == "" and before.phase == "" and not after.state.terminal
        candidate = self.plan.candidate.id
        ramps = before.step < len(self.plan.steps) and isinstance(self.plan.steps[before.step], Ramp)
        if ramps and forward:
            require(after.weights[candidate].set < weight.WHOLE or after.step > before.step, 6, "a ramp went to 100 %")
        elif forward and before.weights[candidate].set and self.plan.stable:
            require(
                after.weights[candidate].set >= before.weights[candidate].set,
                "monotone",
                "the weight fell on the way forward",
            )
        if after.weights[candidate].verified is not None and after.weights[candidate] != before.weights[candidate]:
            real = self.weights().get(candidate, 0)
            known = after.weights[candidate].verified == before.weights[candidate].verified
            require(known or real == after.weights[candidate].verified, 9, "verified what the router does not do")

    def _check_step(self, before: Rollout, after: Rollout) -> None:
        for index in range(before.step, after.step):
            self._check_one_step(self.plan.steps[index], after.steps[index], after)

    def _step(self) -> Step | None:
        return self.plan.steps[self.rollout.step] if self.rollout.step < len(self.plan.steps) else None

    def _check_one_step(self, step: Step, record: StepRecord, after: Rollout) -> None:
        if isinstance(step, (Analysis, Ramp)) and record.outcome == "done":
            passed = [self.told.get(voter.name) is Outcome.PASS for voter in voters(self.plan)]
            require(all(passed), 6, f"an analysis ended well with {self.told}")
        if isinstance(step, Approval):
            require(any(vote.decision == "approved" for vote in after.approvals), "gate", "nobody approved")

    def _check_values(self, event: messages.Event, after: Rollout, commands: tuple[messages.Command, ...]) -> None:
        before = self.rollout
        if (after.state, after.phase, after.step) != (before.state, before.phase, before.step):
            text = json.loads(json.dumps(codec.encode(after)))
            require(codec.decode(Rollout, text) == after, "codec", "the rollout does not read back")
        for value in (event, *commands):
            read = codec.decode(type(value), json.loads(json.dumps(codec.encode(value))))
            require(read == value, "codec", f"{value} does not read back")


def require(holds: bool, invariant: int | str, words: str) -> None:
    """An invariant of the design, by its number or name."""
    if not holds:
        raise Broken(f"invariant {invariant}: {words}")
