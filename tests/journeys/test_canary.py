"""Releases by canary under load: forward, back by themselves, back by a person's word."""

from __future__ import annotations

import time

import pytest

from journeys.place import PLAIN, Place
from seaway.cli.demo.load import Mix

WAITING = {
    "canary": {
        "steps": [{"set_weight": 20}, {"pause": "until promoted"}, {"set_weight": 50}, {"pause": "until promoted"}]
    }
}


def test_a_first_release_serves_and_the_clients_and_the_ledger_agree(place: Place) -> None:
    done = place.release(VERSION="v1")
    assert done["revisions"]["stable"] is None
    assert place.get()[2]["version"] == "v1"
    load = place.load()
    time.sleep(1.5)
    place.agree(load.stop())


def test_a_good_release_goes_to_100_percent_and_nobody_loses_anything(shop: Place) -> None:
    load = shop.load()
    done = shop.release(VERSION="v2")
    shop.agree(load.stop(), done)
    assert shop.get()[2]["version"] == "v2"
    assert (done["loss"]["failed"], done["loss"]["cut"], done["loss"]["unseen_s"]) == (0, 0, 0)
    weights = done["weights"]
    assert weights[done["revisions"]["candidate"]]["verified"] == 1_000_000
    assert weights[done["revisions"]["candidate"]]["observed"]["requests"] >= 20


def test_a_failing_release_is_rolled_back_by_itself(shop: Place) -> None:
    load = shop.load()
    done = shop.release(state="rolled_back", VERSION="v3", FAIL_RATE="0.3")
    records = load.stop()
    failed = records.totals()[done["revisions"]["candidate"]]["failed"]
    assert failed > 0
    assert done["loss"]["failed"] == failed
    shop.agree(records, done, failed=failed)
    assert shop.get()[2]["version"] == "v1"
    assert "success" in done["reason"]
    assert shop.pids("service.py")
    assert len(shop.pids(r"service\.py$")) == 1


@pytest.mark.parametrize("k", [1, 7])
def test_k_requests_that_fail_on_purpose_are_exactly_k_in_both_counts(shop: Place, k: int) -> None:
    shop.document["environments"]["production"]["objectives"] = []
    load = shop.load()
    done = shop.release(VERSION="v2", FAIL_RATE="0.2", FAIL_COUNT=k)
    records = load.stop()
    assert done["loss"]["failed"] == k
    assert records.totals()[done["revisions"]["candidate"]]["failed"] == k
    shop.agree(records, done, failed=k)


def test_configuration_alone_is_a_release_and_rolls_back_with_its_revision(place: Place) -> None:
    place.release(VERSION="v1", GREETING="good day")
    load = place.load()
    done = place.release(state="rolled_back", VERSION="v1", GREETING="broken", FAIL_RATE="0.5")
    place.agree(records := load.stop(), done, failed=records.totals()[done["revisions"]["candidate"]]["failed"])
    assert place.get()[2]["greeting"] == "good day"


def test_a_word_at_50_percent_brings_all_traffic_back(shop: Place) -> None:
    shop.document["environments"]["production"]["strategy"] = WAITING
    load = shop.load()
    rollout = shop.submit(VERSION="v2")
    shop.at(rollout, 20)
    shop.until(rollout, lambda seen: seen["waiting"] and "promote" in seen["waiting"]["for"] + seen["waiting"]["owner"])
    shop.seaway("rollout", "promote", rollout)
    shop.at(rollout, 50)
    shop.seaway("rollout", "abort", rollout, "--reason", "customers complain")
    done = shop.ended(rollout, "rolled_back")
    shop.agree(load.stop(), done)
    assert "customers complain" in done["reason"]
    assert shop.get()[2]["version"] == "v1"


def test_an_undo_in_the_soak_is_one_shift_to_the_warm_side(shop: Place) -> None:
    shop.document["environments"]["production"]["soak"] = "60s"
    load = shop.load()
    rollout = shop.submit(VERSION="v2")
    shop.until(rollout, lambda seen: seen["state"] == "soaking")
    began = time.monotonic()
    said = shop.seaway("rollout", "undo", rollout)
    took = time.monotonic() - began
    assert shop.get()[2]["version"] == "v1"
    shop.agree(load.stop(), shop.ended(rollout, "rolled_back"))
    assert "at 100 %" in said
    assert took < 30  # the soak lasts twice that; scripts/bench measures how quick it is


def test_an_undo_after_the_end_starts_the_old_revision_first(shop: Place) -> None:
    first = shop.get()[1]
    load = shop.load()
    shop.release(VERSION="v2")
    shop.seaway("rollout", "undo", "production")
    (newest, *_) = shop.client.documents("shop", "production")
    done = shop.ended(newest["id"])
    shop.agree(load.stop(), done)
    assert done["revisions"]["candidate"] == first
    assert shop.get()[2]["version"] == "v1"


def test_a_stream_that_outlives_the_drain_is_cut_and_counted(shop: Place) -> None:
    """Negative control: what the other journeys must not have, made on purpose."""
    shop.document["services"]["shop"]["routes"][0]["drain"] = "1s"
    shop.release(VERSION="v1b")
    load = shop.load(Mix(keepalive=1, rate=40, idle=3))
    done = shop.release(VERSION="v2")
    shop.load(PLAIN)
    records = load.stop()
    assert done["loss"]["cut"] == 3
    assert sum(each["cut"] for each in records.totals().values()) == 3


def test_the_story_as_a_ci_job_without_a_control_plane(shop: Place) -> None:
    """Without a terminal and a control plane the engine runs in the command, to the end."""
    shop.seaway("serve", "--stop")
    load = shop.load(PLAIN)
    shop.set(VERSION="v2")
    shop.write()
    shop.seaway("deploy", "production")
    shop.set(VERSION="v3", FAIL_RATE="0.5")
    shop.write()
    shop.seaway("deploy", "production", code=3)
    records = load.stop()
    assert shop.get()[2]["version"] == "v2"
    shop.agree(records, failed=sum(each["failed"] for each in records.totals().values()))
