"""The judge in the engine, on the simulated data plane: verdicts move rollouts, liars never pass, a crash changes nothing."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from engine.harness import Bench, eventually
from seaway.cli import judge as command
from seaway.engine import history, judged
from seaway.errors import SeawayError
from seaway.judge import record, stream
from seaway.model import codec
from seaway.model.analysis import Judging, Kind, Metric, Spec, Stop, Underpowered
from seaway.model.batch import Batch, Side
from seaway.model.environment import Budget, CanaryStep, Environment, Strategy
from seaway.model.rollout import Rollout, State
from seaway.model.service import Sticky
from seaway.model.verdict import Histogram, Outcome, Reaction, Sample
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
    assert done.verdicts[-1] == passed  # nothing unsaid it on the way to 100 %
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


def test_what_was_proven_at_a_small_weight_is_not_said_of_a_larger_one_before_requests_came(bench: Bench) -> None:
    strategy = Strategy("canary", steps=(CanaryStep(set_weight=200_000), CanaryStep(analysis=timedelta(seconds=10)),
                                         CanaryStep(set_weight=600_000), CanaryStep(analysis=timedelta(seconds=10))))  # fmt: skip
    strict = replace(JUDGING, spec=replace(SPEC, min_samples=400))
    with bench.running():
        bench.release("a")
        rollout = bench.submit("b", where=where(strategy, strict))
        waits = bench.until(rollout, lambda now: now.step >= 4 and now.state is State.OBSERVING)
        later = bench.until(rollout, lambda now: now.verdicts[-1].at >= (waits.since or now.created))
        assert later.verdicts[-1].outcome is Outcome.INCONCLUSIVE
        assert "of 400 requests at this weight" in later.verdicts[-1].reason
        done = bench.ended(rollout)
    assert done.verdicts[-1].outcome is Outcome.PASS


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
        assert taken_over.standing.batches >= first["batches"] > 3
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


def test_what_stable_did_before_fixes_how_the_candidate_is_tested(bench: Bench) -> None:
    old = "shop-aaaaaaaaaaaa"
    with bench.running():
        bench.release("a")
        now = datetime.now(UTC)
        ago = [now - timedelta(seconds=10 * n) for n in range(60, 0, -1)]
        before = tuple(
            codec.encode(Sample(old, at, 500 * n, 5 * n, Histogram((10.0, 100.0), (480 * n, 20 * n, 0)), "simulated"))
            for n, at in enumerate(ago)
        )
        bench.engine._batch.add(history.place("production", "shop"), before, now)
        bench.engine._batch.write()
        done = bench.release("b", where=where())
    head = [row for row in rows(bench, done.id) if row.get("kind") == "head"][-1]
    assert head["history"] is True
    assert head["lanes"]["errors"][0]["prior"] == pytest.approx(0.01)
    assert done.verdicts[0].evidence["history"] == 1


def test_the_standing_watch_keeps_what_stable_does(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "EVERY", 0.6)
    monkeypatch.setattr("seaway.engine.standing.EVERY", 0.1)
    with bench.running() as engine:
        bench.release("a")
        eventually(lambda: engine._batch.write() or len(rows(bench, "production/shop")) >= 3)
        with engine._database.write() as connection:
            assert history.prune(connection, datetime.now(UTC)) == 0
            assert history.prune(connection, datetime.now(UTC) + timedelta(hours=2)) >= 3


def test_a_coarse_router_is_rounded_to_its_steps_and_says_so(bench: Bench) -> None:
    bench.hands.router.step = 10_000  # type: ignore[attr-defined]
    with bench.running() as engine:
        bench.release("a")
        rollout = bench.submit("b", where=where(RAMP))
        seen, notes = set[int](), set[str]()
        while not (now := engine.rollout(rollout)).state.terminal:  # type: ignore[union-attr]
            seen.add(now.weights[NEW].set)  # type: ignore[union-attr]
            notes.add(str(now.memory.get("ramp.note", "")))  # type: ignore[union-attr]
            time.sleep(0.02)
    assert len(seen) > 2
    assert {ppm % 10_000 for ppm in seen} == {0}
    assert any("step" in note for note in notes)


def test_an_underpowered_canary_gets_synthetic_requests_only_where_that_is_declared(bench: Bench) -> None:
    asked = list[int]()
    real = bench.hands.router.probe

    def probe(service: str, count: int) -> Any:
        asked.append(count)
        return real(service, count)

    bench.hands.router.probe = probe  # type: ignore[method-assign]
    with bench.running():
        bench.release("a")
        for underpowered, kind in ((False, Underpowered.LOAD), (True, Underpowered.HOLD), (True, Underpowered.LOAD)):
            judging = replace(JUDGING, underpowered=kind)
            made = plans.plan(
                "b" if asked else "c", bench.engine.placement("production", "shop"), where=where(judging=judging)
            )
            made = replace(
                made, underpowered=underpowered, candidate=plans.revision(kind.value[0] + str(int(underpowered)))
            )
            bench.ended(bench.submit(plan=made))
            assert (judged.LOAD in asked) == (underpowered and kind is Underpowered.LOAD)


def test_memory_stays_flat_however_long_it_looks(bench: Bench) -> None:
    """What was weighed is in the table; the engine keeps sums only."""
    with bench.running() as engine:
        bench.release("a")
        bench.hands.world.rate = 40.0
        rollout = bench.submit("b", where=where())
        bench.until(rollout, lambda now: now.state is State.OBSERVING and bool(now.verdicts))
        time.sleep(1.5)
        case = engine._desk.case(rollout)
        assert case is not None
        canary = case.evidence.canary
        assert canary is not None
        assert canary.judgement.standing.batches > 4
        assert (canary.judgement.worked, canary.judgement.seen, canary.judgement.pending) == ([], {}, {})
        engine.tell(rollout, Abort("ann"), "")
        bench.ended(rollout, State.ROLLED_BACK)


def test_a_sticky_service_is_judged_by_the_share_that_was_realised(bench: Bench) -> None:
    of = replace(plans.service(), sticky=Sticky("salt"))
    with bench.running():
        bench.release("a", of=of)
        done = bench.release("b", of=of, where=where())
    ticks = [row["batches"] for row in rows(bench, done.id) if row.get("kind") == "tick"]
    assert ticks
    assert not any("weight" in batch for tick in ticks for batch in tick)


def test_a_regression_that_comes_late_is_found_sooner_with_restarts(bench: Bench) -> None:
    """Both replay the same batches, so the comparison is exact: four hundred good ticks, then 4 % of failures."""
    found = {}
    for restarts in (1, 5):
        judgement = stream.Judgement("c", replace(SPEC, restarts=restarts, deadline_batches=600))
        for t in range(1, 600):
            failed = 2 if t > 400 else int(t % 20 == 0)
            judgement.observe([Batch("errors", float(t), Side(950, 19 if t % 2 else 0), Side(50, failed), 50_000)])
            if judgement.crossed and judgement.crossed.outcome is Outcome.FAIL:
                found[restarts] = t - 400
                break
    assert found[5] < found[1]
    assert found[5] > 0


def test_what_was_decided_is_shown_and_judged_by_another_policy_without_an_engine(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bench.lies.failing[NEW] = 0.3
    with bench.running():
        bench.release("a")
        done = bench.ended(bench.submit("b", where=where()), State.ROLLED_BACK)
    monkeypatch.setenv("SEAWAY_HOME", str(bench.root))
    spec = tmp_path / "spec.yaml"
    spec.write_text("metrics: [{name: errors, kind: rate, direction: decrease, margin: 2.0}]\n")

    def seaway(*words: str) -> str:
        ran = CliRunner().invoke(command.group, list(words), catch_exceptions=False, standalone_mode=False)
        return ran.stdout

    shown = seaway("show", done.id)
    assert shown.startswith(f"{done.id}: shop to production, fail")
    assert "asked: envoy: shop on 127.0.0.1:" in shown
    data = json.loads(seaway("show", "production", "--json"))
    assert (data["format"], data["canary"]) == ("seaway.judgement/v1", done.id)
    report = json.loads(seaway("backtest", "--rollouts", "--environment", "production", "--spec", str(spec)))
    assert report["canaries"] == 1
    assert report["changed"][0]["before"] == "fail"
    assert (
        json.loads(seaway("backtest", "--rollouts", "--environment", "elsewhere", "--spec", str(spec)))["canaries"] == 0
    )
    for words in (("show", "ro-unknown"), ("backtest", "--spec", str(spec))):
        with pytest.raises(SeawayError):
            seaway(*words)


def test_without_the_judge_nothing_of_it_is_kept(bench: Bench) -> None:
    with bench.running():
        bench.release("a")
        done = bench.release("b", where=plans.guarded())
    assert not any("kind" in row for row in rows(bench, done.id))
