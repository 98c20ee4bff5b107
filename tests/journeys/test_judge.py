"""The judge in a deploy, on Envoy and processes, under load."""

from __future__ import annotations

import json
import time

import pytest

from journeys.place import Json, Place, verified
from seaway.cli.demo.load import Mix

LOAD = Mix(keepalive=8, rate=200)
STEPS = {"canary": {"steps": [{"set_weight": 20}, {"analysis": "90s"}]}}
RAMP = {"canary": {"ramp": {"deadline": "90s"}}}
QUICK = {"metrics": [{"rate": {"enough": "3%"}}, {"latency": {"enough": "500ms", "quantiles": ["p50", "p90"]}}]}


def judged(shop: Place, strategy: Json) -> None:
    shop.document["environments"]["production"].update(
        strategy=strategy, objectives=[], analysis=QUICK, tick="500ms", soak="500ms"
    )


@pytest.mark.parametrize("strategy", [STEPS, RAMP], ids=["steps", "ramp"])
def test_a_good_release_passes_and_nobody_loses_anything(shop: Place, strategy: Json) -> None:
    judged(shop, strategy)
    load = shop.load(LOAD)
    done = shop.release(VERSION="v2")
    shop.agree(load.stop(), done)
    last = done["verdicts"][-1]
    assert (last["guard"], last["outcome"]) == ("judge", "pass")
    assert last["evidence"]["candidate_requests"] >= 20
    assert shop.get()[2]["version"] == "v2"


@pytest.mark.parametrize("strategy", [STEPS, RAMP], ids=["steps", "ramp"])
def test_a_release_that_fails_5_percent_is_rolled_back_by_the_judge(shop: Place, strategy: Json) -> None:
    judged(shop, strategy)
    load = shop.load(LOAD)
    done = shop.release(state="rolled_back", VERSION="v3", FAIL_RATE="0.05")
    records = load.stop()
    failed = records.totals()[done["revisions"]["candidate"]]["failed"]
    shop.agree(records, done, failed=failed)
    assert done["reason"].startswith("judge: errors: candidate is worse than stable")
    assert 0 < failed < 60
    assert shop.get()[2]["version"] == "v1"


def test_a_control_plane_that_is_killed_in_the_middle_of_a_ramp_goes_on_with_the_same_evidence(shop: Place) -> None:
    judged(shop, RAMP)
    load = shop.load(LOAD)
    rollout = shop.submit(VERSION="v2")
    shop.until(rollout, lambda seen: (verified(seen) or 0) > 0 and bool(seen["verdicts"]))
    time.sleep(2)
    shop.kill(shop.engine)
    time.sleep(1)
    shop.serve()
    done = shop.ended(rollout)
    shop.agree(load.stop(), done)
    data = json.loads(shop.seaway("judge", "show", rollout, "--json"))
    passed = next(verdict for verdict in done["verdicts"] if verdict["outcome"] == "pass")
    assert data["verdict"]["verdict"] == "pass"
    assert data["verdict"]["at"] == passed["evidence"]["at"]
    ticks = [
        batch for tick in data["ticks"] for batch in tick if batch["metric"] == "errors" and not batch.get("unreadable")
    ]
    times = [batch["t"] for batch in ticks]
    assert times == sorted(set(times))
    counted = sum((batch["candidate"] or {}).get("n", 0) for batch in ticks)
    assert (
        counted >= passed["evidence"]["candidate_requests"]
    )  # the counters of the gap are in the first batch after it


def test_the_plan_says_what_the_canary_can_find_and_show_draws_what_it_found(shop: Place) -> None:
    judged(shop, STEPS)
    shop.document["environments"]["production"]["analysis"] = {**QUICK, "requests_per_minute": 12_000}
    load = shop.load(LOAD)
    shop.set(VERSION="v2", FAIL_RATE="0.2")
    shop.write()
    said = shop.seaway("plan", "production")
    assert "at 12,000 requests a minute and 20%" in " ".join(said.split())
    done = shop.ended(shop.submit(VERSION="v2", FAIL_RATE="0.2"), "rolled_back")
    load.stop()
    assert "the judge: fail" in shop.seaway("rollout", "why", done["id"])
    picture = shop.folder / "evidence.svg"
    shown = shop.seaway("judge", "show", "production", "--svg", str(picture))
    assert "would have changed it" in shown
    assert picture.read_text().startswith("<svg")
    spec = shop.folder / "spec.yaml"
    spec.write_text("metrics: [{name: errors, kind: rate, margin: 1.5}]")
    report = json.loads(shop.seaway("judge", "backtest", "--rollouts", "--spec", str(spec)))
    assert (report["canaries"], report["verdicts"]) == (1, {"fail": 1})
