"""The judge in a deploy, on Envoy and processes, under load."""

from __future__ import annotations

import pytest

from journeys.place import Json, Place
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
