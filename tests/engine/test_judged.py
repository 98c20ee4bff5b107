"""The judge in the engine, on the simulated data plane: verdicts move rollouts, liars never pass, a crash changes nothing."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.harness import Bench
from seaway.engine import judged
from seaway.judge import record
from seaway.model.analysis import Judging, Kind, Metric, Spec, Stop
from seaway.model.environment import Budget, CanaryStep, Environment, Strategy
from seaway.model.rollout import Rollout, State
from seaway.model.verdict import Outcome, Reaction, Sample
from seaway.rollout.messages import Abort
from support import plans

NEW = "shop-bbbbbbbbbbbb"
SPEC = Spec((Metric("errors", Kind.RATE, margin=2.0, enough=0.02),), stop=Stop.DEADLINE, deadline_batches=10_000)
JUDGING = Judging(SPEC, deadline=timedelta(seconds=20), on_inconclusive=Reaction.HOLD)
STEPS = Strategy("canary", steps=(CanaryStep(set_weight=200_000),))
RAMP = Strategy("canary", ramp=Budget(deadline=timedelta(seconds=20)))


def where(strategy: Strategy = STEPS, judging: Judging = JUDGING, **changes: Any) -> Environment:
    return plans.environment(strategy, judging=judging, **changes)


def rows(bench: Bench, rollout: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(bench.root / "engine.sqlite")) as connection:
        found = connection.execute("SELECT document FROM samples WHERE rollout = ? ORDER BY id", (rollout,)).fetchall()
    return [json.loads(row[0]) for row in found]


def replayed(bench: Bench, rollout: Rollout, judging: Judging = JUDGING) -> dict[str, Any]:
    """The verdict computed again from nothing but the rows."""
    data = judged.document(rollout, judging, [row for row in rows(bench, rollout.id) if "kind" in row])
    assert data is not None
    return record.replay(data)


@pytest.mark.parametrize("strategy", [STEPS, RAMP], ids=["steps", "ramp"])
def test_a_good_release_is_proven_and_promoted(bench: Bench, strategy: Strategy) -> None:
    with bench.running():
        bench.release("a")
        done = bench.release("b", where=where(strategy))
    passed = next(verdict for verdict in done.verdicts if verdict.outcome is Outcome.PASS)
    assert passed.guard == "judge"
    again = replayed(bench, done)
    assert again["verdict"] == "pass"
    assert again["at"] == passed.evidence["at"]


@pytest.mark.parametrize("strategy", [STEPS, RAMP], ids=["steps", "ramp"])
def test_a_release_that_fails_is_rolled_back_with_a_verdict_that_replays_bit_for_bit(
    bench: Bench, strategy: Strategy
) -> None:
    bench.lies.failing[NEW] = 0.05
    with bench.running():
        bench.release("a")
        done = bench.ended(bench.submit("b", where=where(strategy)), State.ROLLED_BACK)
    failed = done.verdicts[-1]
    assert failed.outcome is Outcome.FAIL
    assert done.reason == f"judge: {failed.reason}"
    again = replayed(bench, done)
    assert (again["verdict"], again["at"]) == ("fail", failed.evidence["at"])
    assert again["metrics"]["errors"]["ln_e"]["harm"] == failed.evidence["ln_e_harm"]  # every bit
    assert (again["ratio"]["low"], again["ratio"]["high"]) == (
        failed.evidence["ratio_low"], failed.evidence["ratio_high"],
    )  # fmt: skip


def test_a_replay_notices_a_batch_that_was_changed(bench: Bench) -> None:
    """Negative control of the test before."""
    bench.lies.failing[NEW] = 0.05
    with bench.running():
        bench.release("a")
        done = bench.ended(bench.submit("b", where=where()), State.ROLLED_BACK)
    kept = [row for row in rows(bench, done.id) if "kind" in row]
    data = judged.document(done, JUDGING, kept)
    assert data is not None
    tick = next(tick for tick in data["ticks"] if tick and (tick[0].get("candidate") or {}).get("events"))
    tick[0]["candidate"]["events"] = 0
    assert record.replay(data)["metrics"]["errors"]["ln_e"]["harm"] != done.verdicts[-1].evidence["ln_e_harm"]


def test_a_second_engine_goes_on_with_the_same_evidence(bench: Bench) -> None:
    """The first one dies without a word in the middle of the judgement."""
    bench.hands.world.rate = 60.0
    with bench.running() as engine:
        bench.release("a")
        rollout = bench.submit("b", where=where())
        bench.until(rollout, lambda now: now.state is State.OBSERVING and bool(now.verdicts))
        time.sleep(1.5)
        case = engine._desk.case(rollout)
        assert case is not None
        assert case.evidence.canary is not None
        engine._batch.write()
        first = record.verdict(case.evidence.canary.judgement)
    bench.hands.world.rate = 2000.0
    with bench.running() as engine:
        case = engine._desk.case(rollout)
        assert case is not None
        assert case.evidence.canary is not None
        taken_over = case.evidence.canary.judgement
        assert len(taken_over.worked) >= first["batches"] > 3
        done = bench.ended(rollout)
    again = replayed(bench, done)
    assert again["verdict"] == "pass"
    counted = [row["requests"] for row in rows(bench, rollout) if row.get("revision") == NEW]
    assert again["candidate_requests"] == counted[-1]  # nothing was lost in between, nothing counted twice


def test_no_traffic_is_no_data_and_never_passes(bench: Bench) -> None:
    with bench.running() as engine:
        bench.release("a")
        bench.hands.world.rate = 0.0
        brief = replace(JUDGING, deadline=timedelta(seconds=1))
        rollout = bench.submit("b", where=where(judging=brief))
        held = bench.until(rollout, lambda now: now.state is State.HELD)
        assert held.verdicts[-1].outcome is Outcome.NO_DATA
        assert "judge: no_data" in held.reason
        engine.tell(rollout, Abort("ann"), "")
        bench.ended(rollout, State.ROLLED_BACK)


@pytest.mark.parametrize("lie", ["broken_metrics", "no_metrics", "nan"])
def test_a_source_that_falls_silent_is_an_error_and_never_passes(
    bench: Bench, lie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bench.running() as engine:
        bench.release("a")
        bench.hands.world.rate = 60.0
        brief = replace(JUDGING, deadline=timedelta(seconds=2))
        rollout = bench.submit("b", where=where(judging=brief))
        bench.until(rollout, lambda now: now.state is State.OBSERVING and bool(now.verdicts))
        if lie == "nan":
            lying = "support.simulated.SimulatedMetrics._sample"
            monkeypatch.setattr(lying, lambda self, name, number: replace(_sample(name), requests=-1))
        else:
            setattr(bench.lies, lie, True)
        held = bench.until(rollout, lambda now: now.state is State.HELD)
        assert held.verdicts[-1].outcome is Outcome.ERROR
        engine.tell(rollout, Abort("ann"), "")
        bench.ended(rollout, State.ROLLED_BACK)


def _sample(name: str) -> Sample:
    return Sample(name, datetime.now(UTC), 0, 0, epoch="simulated")


def test_a_counter_that_was_reset_is_neither_success_nor_failure(bench: Bench) -> None:
    bench.hands.world.rate = 300.0
    with bench.running():
        bench.release("a")
        rollout = bench.submit("b", where=where())
        bench.until(rollout, lambda now: now.state is State.OBSERVING and bool(now.verdicts))
        with bench.hands.world.state() as state:
            state["counts"]["shop"] = dict.fromkeys(state["counts"]["shop"], 0.0)
        done = bench.ended(rollout)
    events = [tick for row in rows(bench, done.id) if row.get("kind") == "tick" for tick in row["batches"]]
    assert all((batch[side] or {}).get("n", 0) >= 0 for batch in events for side in ("stable", "candidate"))
    assert replayed(bench, done)["verdict"] == "pass"


def test_a_sick_stable_side_does_not_block_the_fix(bench: Bench) -> None:
    with bench.running():
        bench.release("a")
        bench.lies.failing["shop-aaaaaaaaaaaa"] = 0.4
        done = bench.release("b", where=where())
    assert done.verdicts[0].guard == "judge"


def test_harm_is_found_after_a_pass_too(bench: Bench) -> None:
    """Proven at 20 %, broken at 60 %: what was proven earlier does not carry it further."""
    strategy = Strategy("canary", steps=(CanaryStep(set_weight=200_000), CanaryStep(analysis=timedelta(seconds=10)),
                                         CanaryStep(set_weight=600_000), CanaryStep(pause=timedelta(seconds=10))))  # fmt: skip
    with bench.running():
        bench.release("a")
        rollout = bench.submit("b", where=where(strategy))
        bench.until(rollout, lambda now: now.step >= 4)
        bench.lies.failing[NEW] = 0.5
        done = bench.ended(rollout, State.ROLLED_BACK)
    assert [verdict.outcome for verdict in done.verdicts].index(Outcome.PASS) < len(done.verdicts) - 1


def test_without_the_judge_nothing_of_it_is_kept(bench: Bench) -> None:
    with bench.running():
        bench.release("a")
        done = bench.release("b", where=plans.guarded())
    assert not any("kind" in row for row in rows(bench, done.id))
