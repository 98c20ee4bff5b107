"""Simulated teams: two months of runs, deployments, incidents and commits, sound or with one fault. Knows nothing of Seaway's code.

Each team draws its habits (durations, failures, reviews) at random, so what it does scatters as real histories do. A fault changes one habit. Used
by `history_accuracy`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]
BEGIN = 1_769_990_400.0  # 2026-02-02, a Monday
DAY, HOUR, MINUTE = 86_400.0, 3_600.0, 60.0
PEOPLE = ("ann", "bob", "cid", "dee", "eve", "fay")
WORKFLOW = """\
on: push
jobs:
  build: {runs-on: ubuntu-24.04, steps: [{run: make}]}
  lint: {needs: build, runs-on: ubuntu-24.04, steps: [{run: make lint}]}
  test: {needs: build, runs-on: ubuntu-24.04, steps: [{run: make test}]}
"""


@dataclass
class Habits:
    """How a team works. Seconds, and shares of runs or deployments."""

    build: float = 110.0
    lint: float = 60.0
    test: float = 190.0
    shards: int = 1
    scatter: float = 0.15
    queue: float = 7.0
    broken: float = 0.08  # the change is wrong: it fails until the next change
    flaky: float = 0.002
    lost: float = 0.005  # the machine is lost: the run is cancelled and started again
    cache: float = 0.93
    releases: float = 0.5  # a day
    commits: float = 3.0  # per release
    thinking: float = 15 * MINUTE
    own_approval: float = 0.05
    alone: float = 0.0
    unrecorded: float = 0.0
    gate: float = 0.0
    rebuilt: bool = False
    kept: int = 12  # artifacts
    by_hand: float = 0.0
    freeze: float = 0.0  # days
    rollback: float = 240.0
    rollback_fails: float = 0.01
    rollbacks: int = 7
    seen_by_people: float = 0.15
    glass: int = 2
    glass_reviewed: bool = True
    branch: float = 0.8 * DAY
    maintainers: int = 3
    nightly: float = 0.0  # seconds of a run at night
    told: bool = True  # the system tells caches, approvals and digests


@dataclass
class Team:
    """What is known of one team. `faults`: rules that must find something; `unsure`: rules that may."""

    runs: list[Json] = field(default_factory=list)
    deployments: list[Json] = field(default_factory=list)
    incidents: list[Json] = field(default_factory=list)
    changes: list[Json] = field(default_factory=list)  # oldest first
    pipelines: list[Json] = field(default_factory=list)
    faults: frozenset[str] = frozenset()
    unsure: frozenset[str] = frozenset()


Change = Callable[[Habits, random.Random], None]


def _set(**ranges: tuple[float, float]) -> Change:
    def change(habits: Habits, dice: random.Random) -> None:
        for name, (low, high) in ranges.items():
            setattr(habits, name, type(getattr(habits, name))(dice.uniform(low, high)))

    return change


# rule -> (what the team does, the other rules that this breaks as well, those that it may break)
FAULTS: dict[str, tuple[Change, tuple[str, ...], tuple[str, ...]]] = {
    "low-cache-hit-rate": (_set(cache=(0.25, 0.65)), (), ()),
    "dominant-job": (_set(build=(700, 1100), test=(50, 70), lint=(40, 60)), ("slow-pipeline",), ()),
    "long-queue": (_set(queue=(70, 250)), (), ("slow-pipeline", "dominant-job")),
    "unsharded-tests": (_set(test=(800, 1600)), ("slow-pipeline", "dominant-job"), ()),
    "flaky-job": (_set(flaky=(0.06, 0.15)), (), ("manual-rerun",)),
    "slow-pipeline": (_set(build=(430, 560), test=(420, 540)), (), ("dominant-job",)),
    "slow-rollback": (_set(rollback=(1300, 3000)), (), ()),
    "not-built-once": (lambda habits, _: setattr(habits, "rebuilt", True), (), ()),
    "rollback-artifact-missing": (_set(kept=(1, 2)), (), ()),
    "alerts-per-deployment": (_set(seen_by_people=(0.8, 0.98)), (), ()),
    "manual-job": (_set(gate=(3 * HOUR, 12 * HOUR)), (), ()),
    "rubber-stamp-approval": (_set(thinking=(4, 20)), (), ()),
    "manual-production-change": (_set(by_hand=(0.1, 0.3)), (), ()),
    "human-change-freeze": (_set(freeze=(15, 22), releases=(1.2, 2.0), commits=(1.5, 2.5)), (), ()),
    "incomplete-audit-trail": (_set(unrecorded=(0.12, 0.3)), (), ("separation-of-duties",)),
    "separation-of-duties": (_set(alone=(0.12, 0.3)), (), ("rubber-stamp-approval",)),
    "manual-rerun": (_set(lost=(0.12, 0.25)), (), ()),
    "unreviewed-break-glass": (lambda habits, _: setattr(habits, "glass_reviewed", False), (), ()),
    "long-lived-branch": (_set(branch=(5 * DAY, 10 * DAY)), (), ()),
    "large-batch": (_set(commits=(17, 30), releases=(0.35, 0.5)), (), ()),
    "single-maintainer": (lambda habits, _: setattr(habits, "maintainers", 1), (), ()),
}  # fmt: skip

# What looks like a fault and is none.
DECOYS: dict[str, Change] = {
    "nothing": lambda _habits, _dice: None,
    "nightly tests of hours": _set(nightly=(3000, 9000)),
    "code that often fails": _set(broken=(0.25, 0.4)),
    "sharded tests": lambda habits, _: (setattr(habits, "shards", 4), setattr(habits, "test", 170.0))[0],
    "a gate that opens soon": _set(gate=(5 * MINUTE, 20 * MINUTE)),
    "a system that tells little": lambda habits, _: setattr(habits, "told", False),
    "a quiet team": _set(releases=(0.15, 0.25)),
    "scattered times": _set(scatter=(0.3, 0.4), build=(90, 110), test=(150, 170)),
}


def team(seed: int, fault: str = "", decoy: str = "nothing") -> Team:
    """Two months of one team."""
    dice = random.Random(f"{seed} {fault} {decoy}")
    habits = Habits()
    for name in ("build", "lint", "test", "queue", "thinking", "rollback"):
        setattr(habits, name, getattr(habits, name) * dice.uniform(0.8, 1.2))
    DECOYS[decoy](habits, dice)
    made = Team()
    if fault:
        change, also, unsure = FAULTS[fault]
        change(habits, dice)
        made.faults, made.unsure = frozenset((fault, *also)), frozenset(unsure)
    _Life(habits, dice, made).live()
    return made


class _Life:
    """The team's days, one after another."""

    def __init__(self, habits: Habits, dice: random.Random, made: Team) -> None:
        self.habits, self.dice, self.made = habits, dice, made
        self.number = 0
        self.sha = ""
        self.digests: list[str] = []
        self.shipped: list[str] = []
        self.failed = 0  # rollbacks

    def live(self) -> None:
        habits, dice = self.habits, self.dice
        frozen = (25.0, 25.0 + habits.freeze)
        for day in range(60):
            now = BEGIN + day * DAY + 8 * HOUR
            for _ in range(_some(dice, habits.releases * habits.commits)):
                now += dice.uniform(5, 50) * MINUTE
                self._commit(now)
                self._checked(now)
            if habits.nightly:
                self._nightly(BEGIN + day * DAY + 2 * HOUR)
            for _ in range(_some(dice, habits.releases)):
                now += dice.uniform(20, 60) * MINUTE
                if self.sha and not frozen[0] <= day < frozen[1]:
                    self._released(now)
        for at in range(habits.rollbacks if self.shipped else 0):
            self._rolled_back(BEGIN + (8 * at + 5) * DAY + 20 * HOUR)
        for at in range(habits.glass):
            self._glass(BEGIN + (20 + 9 * at) * DAY + 22 * HOUR)
        self.made.runs.sort(key=lambda run: (run["queued"], run["id"], run["attempt"]))
        self.made.changes.sort(key=lambda change: change["committed"])

    def _commit(self, now: float) -> None:
        """A branch of one or two commits, and its merge."""
        who = self.dice.choice(PEOPLE)
        begun = now - self.dice.lognormvariate(0, 0.4) * self.habits.branch
        parent, tip = self.sha, self.sha
        for part in range(self.dice.choice((1, 1, 2))):
            sha = self._hash()
            self.made.changes.append(_change(sha, [tip] if tip else [], who, begun + part * MINUTE))
            tip = sha
        self.sha = self._hash()
        self.made.changes.append(_change(self.sha, [one for one in (parent, tip) if one], who, now))
        if self.dice.random() < 0.25:
            keeper = PEOPLE[self.dice.randrange(self.habits.maintainers)]
            self.made.pipelines.append(_change(self._hash(), [], keeper, now))

    def _checked(self, now: float) -> None:
        """A run of the pipeline, again when its machine was lost or a test failed for no reason."""
        dice, habits = self.dice, self.habits
        broken = dice.random() < habits.broken
        for attempt in range(1, 4):
            lost, flaked = dice.random() < habits.lost, dice.random() < habits.flaky
            end = "cancelled" if lost else "failure" if broken or flaked else "success"
            self._run("ci.yml", now + (attempt - 1) * HOUR, self._jobs(end), end, attempt=attempt, id=f"c{self.number}")
            if end == "success" or (end == "failure" and broken):
                break
        self.number += 1

    def _jobs(self, end: str) -> list[Json]:
        habits = self.habits
        build = self._job("build", 0, habits.build, "success" if end != "cancelled" else end)
        ready = build["finished"]
        lint = self._job("lint", ready, habits.lint, "success", ["build"])
        tests = [f"test ({number})" for number in range(habits.shards)] if habits.shards > 1 else ["test"]
        if end == "cancelled":
            return [build]
        if habits.told:
            build["cache"] = "hit" if self.dice.random() < habits.cache else "miss"
        return [build, lint, *(self._job(name, ready, habits.test, end, ["build"]) for name in tests)]

    def _job(self, name: str, ready: float, work: float, end: str, needs: list[str] | None = None, **more: Any) -> Json:
        waited = self.dice.expovariate(1 / self.habits.queue)
        took = work * self.dice.lognormvariate(0, self.habits.scatter)
        times = {"queued": ready, "started": ready + waited, "finished": ready + waited + took}
        return {"name": name, "needs": needs or [], "conclusion": end, "runner": "ubuntu-24.04", **times, **more}

    def _released(self, now: float) -> None:
        dice, habits = self.dice, self.habits
        built, other = f"sha256:{self._hash()}", f"sha256:{self._hash()}"
        digest = other if habits.rebuilt else built
        author = dice.choice(PEOPLE)
        told = habits.told
        staging = self._job(
            "deploy staging", 0, 60, "success", environment="staging", **({"artifact": built} if told else {})
        )
        gate = {"manual": True} if habits.gate else {}
        production = self._job(
            "deploy production",
            staging["finished"],
            90,
            "success",
            ["deploy staging"],
            environment="production",
            **gate,
        )
        if habits.gate:
            waited = habits.gate * dice.lognormvariate(0, 0.3)
            production["started"] += waited
            production["finished"] += waited
        alone = dice.random() < habits.alone
        unrecorded = dice.random() < habits.unrecorded
        if told:
            production["artifact"] = digest
            by = (
                author
                if alone or dice.random() < habits.own_approval
                else dice.choice([one for one in PEOPLE if one != author])
            )
            asked = now - dice.uniform(1, 3) * HOUR
            if not unrecorded:
                thought = habits.thinking * dice.lognormvariate(0, 0.6)
                production["approvals"] = [
                    {"by": by, "requested": _written(asked), "decided": _written(asked + thought)}
                ]
        more: Json = {"author": author, "actor": author}
        if told:
            reviewer = dice.choice([one for one in PEOPLE if one != author])
            more["reviewers"] = [] if alone or unrecorded else [reviewer]
            more["evidence"] = ["sbom"]
        self.digests.append(digest)
        self.shipped.append(self.sha)
        self._run("deploy.yml", now, [staging, production], "success", **more)
        if told:
            for run in self.made.runs:  # the clean-up
                if run["pipeline"] == "deploy.yml" and run.get("digest"):
                    run["artifacts"] = [
                        {"digest": run["digest"], "present": run["digest"] in self.digests[-habits.kept :]}
                    ]
            self.made.runs[-1] |= {"digest": digest, "artifacts": [{"digest": digest, "present": True}]}
        ended = now + production["finished"]
        self._told(self.sha, ended)
        if dice.random() < habits.by_hand:
            self._told(self._hash(), ended + dice.uniform(3, 5) * HOUR)
        if dice.random() < 0.35:
            seen = "person" if dice.random() < habits.seen_by_people else "alert"
            begun, end = ended + dice.uniform(5, 90) * MINUTE, ended + 4 * HOUR
            self.made.incidents.append(
                {"id": f"i{len(self.made.incidents)}", "service": "shop", "started": _written(begun), "resolved": _written(end), "seen_by": seen}
            )  # fmt: skip

    def _told(self, sha: str, ended: float) -> None:
        self.made.deployments.append(
            {"id": f"d{len(self.made.deployments)}", "service": "shop", "environment": "production", "sha": sha, "started": _written(ended - 60),
             "finished": _written(ended), "outcome": "succeeded", "kind": None}
        )  # fmt: skip

    def _rolled_back(self, now: float) -> None:
        end = "failure" if self.dice.random() < self.habits.rollback_fails else "success"
        self.failed += end == "failure"
        if self.failed > 1:  # bad luck, and yet what happened is worth a look
            self.made.unsure |= {"slow-rollback"}
        job = self._job("roll back", 0, self.habits.rollback, end, environment="production", kind="rollback")
        self._run("rollback.yml", now, [job], end, sha=self.shipped[0], trigger="manual")

    def _glass(self, now: float) -> None:
        reviewed = {"reviewed": _written(now + self.dice.uniform(0.5, 3) * DAY)} if self.habits.glass_reviewed else {}
        self._run("emergency.yml", now, [self._job("patch", 0, 60, "success")], "success", break_glass=True, **reviewed)

    def _nightly(self, now: float) -> None:
        jobs = [
            self._job("prepare", 0, 60, "success"),
            self._job("long tests", 90, self.habits.nightly, "success", ["prepare"]),
        ]
        self._run("nightly.yml", now, jobs, "success", trigger="schedule")

    def _run(self, pipeline: str, now: float, jobs: list[Json], end: str, **more: Any) -> None:
        last = max(job["finished"] for job in jobs)
        written = [
            {**job, **{key: _written(now + job[key]) for key in ("queued", "started", "finished")}} for job in jobs
        ]
        told = {"branch": "main", "trigger": "push", **more}
        self.made.runs.append(
            {"id": f"r{len(self.made.runs)}", "pipeline": pipeline, "attempt": 1, "sha": self.sha or self._hash(), "queued": _written(now),
             "finished": _written(now + last), "conclusion": end, "jobs": written, **told}
        )  # fmt: skip

    def _hash(self) -> str:
        return f"{self.dice.getrandbits(160):040x}"


def _some(dice: random.Random, rate: float) -> int:
    """How many things happen on a day on which so many do on average."""
    return int(rate) + (dice.random() < rate - int(rate))


def _change(sha: str, parents: list[str], who: str, when: float) -> Json:
    return {
        "sha": sha,
        "parents": parents,
        "who": who,
        "mail": f"{who}@example.com",
        "committed": when,
        "subject": "Change",
    }


def _written(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
