"""The hypothesis state machine over `decide`: any order of looks, faults, people and clocks, in the simulated world."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from rollout import given
from rollout.world import World
from seaway.model.environment import CanaryStep, Gate, OnUnobservable, Strategy
from seaway.model.instance import InstanceState, JobState
from seaway.model.rollout import State
from seaway.model.service import Before, RollbackClass
from seaway.model.verdict import Outcome
from seaway.rollout import messages

_CLOSE = (  # one instance is enough for all these weights, so none is asked for in between
    CanaryStep(set_weight=50_000),
    CanaryStep(analysis=timedelta(seconds=2)),
    *(
        step
        for ppm in (100_000, 150_000, 200_000, 250_000, 300_000)
        for step in (CanaryStep(pause=timedelta(seconds=4)), CanaryStep(set_weight=ppm))
    ),
)
PLANS = {
    "take-over": lambda: given.plan(first=True, owner=given.OWNER),
    "canary": given.plan,
    "close": lambda: given.plan(strategy=given.canary(*_CLOSE)),
    "judged": lambda: given.plan(judging=given.JUDGING),
    "ramp": lambda: given.plan(strategy=given.ramp(), judging=given.JUDGING, objectives=()),
    "blue-green": lambda: given.plan(strategy=Strategy("blue-green", preview_host="next.example"), objectives=()),
    "rolling": lambda: given.plan(strategy=Strategy("rolling")),
    "rolling-down": lambda: given.plan(strategy=Strategy("rolling", max_surge="0", max_unavailable="1")),
    "first": lambda: given.plan(first=True),
    "scale-up": lambda: _scale(5),
    "scale-down": lambda: _scale(1),
    "worker": lambda: given.plan(of=given.service(worker=True, routes=())),
    "gated": lambda: given.plan(gates=(Gate("approval"),), strategy=given.canary(CanaryStep(set_weight=200_000), CanaryStep(hold="look"))),
    "revert": lambda: _before(RollbackClass.REVERT),
    "forward-only": lambda: _before(RollbackClass.FORWARD_ONLY),
    "freeze": lambda: _before(RollbackClass.FREEZE),
    "picky": lambda: given.plan(on_unobservable=OnUnobservable.HOLD, strategy=given.canary(CanaryStep(set_weight=50_000), CanaryStep(pause_until_promoted=True))),
}  # fmt: skip
_PLACES = (
    State.PREPARING,
    State.SHIFTING,
    State.VERIFYING_ROUTE,
    State.OBSERVING,
    State.OBSERVING,
    State.SOAKING,
    State.DRAINING,
)
ABORT_WITHIN = 240.0  # seconds: prepare timeout, two verify timeouts, observation, drain, removal, stop


def _before(kind: RollbackClass):  # type: ignore[no-untyped-def]
    return given.plan(of=given.service(before=Before(("./migrate",), kind)))


def _scale(replicas: int):  # type: ignore[no-untyped-def]
    from seaway.plan.build import build

    made = given.service(replicas=replicas)
    return build(
        made, given.environment(), given.revision("a", made), given.placement(given.revision("a")), now=given.NOW
    )


class Anything(RuleBasedStateMachine):
    """Every rule is something that can happen to a rollout at any time."""

    @initialize(
        pick=st.integers(0, 999),
        rate=st.sampled_from([0.0, 40.0, 400.0]),
        verdict=st.sampled_from([Outcome.PASS, Outcome.PASS, Outcome.NO_DATA, None]),
        where=st.sampled_from([*_PLACES, None]),
        further=st.integers(0, 2),
        open_now=st.sampled_from([0, 2]),
    )
    def begin(
        self, *, pick: int, rate: float, verdict: Outcome | None, where: State | None, further: int, open_now: int
    ) -> None:
        """Start somewhere on the way, so that no state is too far to be reached."""
        name = sorted(PLANS)[pick % len(PLANS)]
        self.world = World(PLANS[name](), rate=rate)
        self.world.verdict = verdict
        self.world.router.active = {"web-aaaaaaaaaaaa": open_now, "web-bbbbbbbbbbbb": open_now}
        if name == "gated" and where:
            self.world.feed(messages.Approve("grace", self.world.rollout.plan_hash))
        for _ in range(250 if where else 0):
            if self.world.rollout.state is where or self.world.rollout.state.terminal:
                break
            self.world.beat()
        for _ in range(further):
            self.world.beat()

    @rule(count=st.integers(5, 25))
    def looks(self, count: int) -> None:
        for _ in range(count):
            self.world.beat()

    @rule(count=st.integers(1, 6))
    def some_looks(self, count: int) -> None:
        self.looks(count)

    @rule(seconds=st.sampled_from([1.0, 30.0, 4000.0, -20.0]))
    def the_clock_jumps(self, seconds: float) -> None:
        self.world.now += timedelta(seconds=seconds)

    @rule(happens=st.sampled_from(["ok", "ok", "frozen", "reject", "liar", "restart", 0, 500_000]))
    def the_router(self, happens: str | int) -> None:
        """Works or not, dies and comes back, or has its weights changed by somebody else."""
        router, names = self.world.router, list(self.world.weights())
        if happens == "restart":
            router.proxy, router.started, router.rejected = router.proxy + "+", {}, 0
        elif isinstance(happens, str):
            router.mode = happens
        elif len(names) == 2:
            router.overruled = {names[0]: happens, names[1]: 1_000_000 - happens}

    @rule(
        side=st.sampled_from(["candidate", "candidate", "stable"]),
        state=st.sampled_from(["unready", "unready", "unready", "ready", "ready", "failed"]),
        every=st.booleans(),
    )
    def instances_become(self, side: str, state: str, every: bool) -> None:
        revision = getattr(self.world.plan, side)
        running = self.world.instances.get(revision.id, []) if revision else []
        for one in running if every else running[:1]:
            if one.gone_at is None:
                one.state = InstanceState(state)

    @rule(outcome=st.sampled_from([*Outcome, None]))
    def the_guards_say(self, outcome: Outcome | None) -> None:
        self.world.verdict = outcome

    @rule(rate=st.sampled_from([0.0, 40.0, 400.0]), open_now=st.integers(0, 3), answer=st.booleans())
    def users_change(self, rate: float, open_now: int, answer: bool) -> None:
        self.world.rate, self.world.probes_answer = rate, answer
        for name in self.world.instances:  # streams end anywhere, and begin only where traffic goes
            before = self.world.router.active.get(name, 0)
            self.world.router.active[name] = open_now if self.world.weights().get(name) else min(before, open_now)

    @rule(stuck=st.booleans(), migration=st.sampled_from([JobState.SUCCEEDED, JobState.FAILED, JobState.RUNNING]))
    def the_candidate_starts_badly(self, stuck: bool, migration: JobState) -> None:
        self.world.never_ready, self.world.job_result = stuck, migration

    @rule(
        command=st.sampled_from(
            ["converge_instances", "converge_routing", "run_job", "send_probes", "record_placement"]
        ),
        how=st.sampled_from(
            [("full", True), ("not_reachable", True), ("conflict", False), ("refused", False), ("fenced", False)]
        ),
    )
    def the_next_command_fails(self, command: str, how: tuple[str, bool]) -> None:
        self.world.fail_next[command] = how

    @rule(
        event=st.sampled_from(
            [
                messages.PromoteNow("ada"),
                messages.PromoteNow("ada", full=True),
                messages.PauseNow("ada"),
                messages.Resume("ada"),
                messages.Resume("ada"),
                messages.Approve("ada", "another plan"),
                messages.Approve("grace", "this plan"),
                messages.Approve("grace", "this plan", approved=False),
                messages.Admit(),
                messages.Abort("ada", "no"),
                messages.Supersede("ro-newer", "ada"),
                messages.DeadlinePassed(given.NOW - timedelta(days=1)),
            ]
        )
    )
    def somebody_says(self, event: messages.Event) -> None:
        before = self.world.rollout
        if isinstance(event, messages.Approve) and event.plan_hash == "this plan":
            event = replace(event, plan_hash=before.plan_hash)
        self.world.feed(event)
        late = isinstance(event, (messages.DeadlinePassed, messages.Admit))
        assert not late or self.world.rollout == before, "a late message changed something"

    def teardown(self) -> None:
        if hasattr(self, "world"):
            world = self.world
            ended = world.rollout.state.terminal
            world.settle(within=ABORT_WITHIN)
            if not ended and world.rollout.state is not State.SUCCEEDED:
                self._everything_is_back()

    def _everything_is_back(self) -> None:
        """After an abort: stable has all the traffic, and nothing of the candidate runs."""
        world, plan = self.world, self.world.plan
        for _ in range(20):
            world.beat(0.1)
        if plan.stable is None or plan.stable.id == plan.candidate.id:
            return
        assert not world.weights().get(plan.candidate.id), f"the candidate still has weight: {world.weights()}"
        assert world.placement.stable == plan.stable
        assert not [one for one in world.instances.get(plan.candidate.id, []) if one.gone_at is None], (
            "the candidate still runs"
        )
