"""What a plan says is what happens: the saved one, the artifact that was named, and what holds when the engine is lost."""

from __future__ import annotations

import json
import shutil
import time

from journeys.place import PATIENCE, PLAIN, Place
from seaway.cli.demo.load import Load
from seaway.cli.demo.records import Outcome

AT_50 = {"canary": {"steps": [{"set_weight": 50}, {"pause": "until promoted"}]}}


def test_a_saved_plan_runs_exactly_although_everything_here_has_changed_since(shop: Place) -> None:
    shop.set(VERSION="v2", GREETING="as planned")
    shop.write()
    shop.seaway("plan", "production", "--out", "release.json")
    planned = json.loads((shop.shop / "release.json").read_text())
    shop.set(VERSION="v3", GREETING="changed later")
    shop.document["environments"]["production"]["soak"] = "1h"
    shop.write()
    (shop.shop / "service.py").write_text("raise SystemExit('changed later')\n")
    done = shop.ended(shop.seaway("deploy", "production", "--plan", "release.json", "--detach").strip())
    assert done["plan_hash"] == planned["plan_hash"]
    assert [step["kind"] for step in done["steps"]] == [step["kind"] for step in planned["steps"]]
    assert done["revisions"]["candidate"] == planned["candidate"]["id"]
    answer = shop.get()[2]
    assert (answer["version"], answer["greeting"]) == ("v2", "as planned")


def test_a_saved_plan_that_was_edited_is_refused(shop: Place) -> None:
    """The negative control: the hash is of what the plan says."""
    shop.set(VERSION="v2")
    shop.write()
    shop.seaway("plan", "production", "--out", "release.json")
    saved = shop.shop / "release.json"
    saved.write_text(saved.read_text().replace('"v2"', '"v9"'))
    refused = shop.run("deploy", "production", "--plan", "release.json", "--detach")
    assert refused.returncode == 2
    assert "hash" in refused.stderr
    assert shop.get()[2]["version"] == "v1"


def test_the_artifact_that_a_command_names_is_released_instead_of_the_one_in_the_file(shop: Place) -> None:
    built = shop.folder / "built"
    shutil.copytree(shop.shop, built)
    program = built / "service.py"
    program.write_text(program.read_text().replace('"version"', '"built"'))
    shop.seaway("deploy", "production", "--artifact", str(built), "--detach")
    (newest, *_) = shop.client.documents("shop", "production")
    shop.ended(newest["id"])
    assert shop.get()[2]["built"] == "v1"


def test_without_an_engine_the_keeper_brings_traffic_back_to_stable_when_the_plan_says_so(shop: Place) -> None:
    production = shop.document["environments"]["production"]
    production |= {"strategy": AT_50, "if_engine_lost": {"action": "stable", "after": "5s"}}
    load = shop.load(PLAIN)
    shop.set(VERSION="v2")
    shop.write()
    assert "all traffic goes to stable" in shop.seaway("plan", "production")
    rollout = shop.submit(VERSION="v2")
    candidate = shop.at(rollout, 50)["revisions"]["candidate"]
    shop.kill(shop.engine)
    lost = time.time()
    deadline = time.monotonic() + PATIENCE
    while _newest(load, candidate) > time.time() - 2:
        assert time.monotonic() < deadline, "the candidate is still asked"
        time.sleep(0.1)
    assert _newest(load, candidate) - lost > 3  # not at once: an engine that restarts is not lost
    shop.serve()
    shop.act(rollout, "abort")
    shop.agree(load.stop(), shop.ended(rollout, "rolled_back"))
    assert load.records.count(Outcome.FAILED) == 0
    assert shop.get()[2]["version"] == "v1"


def _newest(load: Load, revision: str) -> float:
    """When a client got its last answer of the revision."""
    return max((ended for _, ended, _, name in list(load.records.rows()) if name == revision), default=0.0)


def test_without_an_engine_the_weights_stay_when_the_plan_says_so(shop: Place) -> None:
    """The negative control, and the default."""
    shop.document["environments"]["production"] |= {"strategy": AT_50, "if_engine_lost": {"action": "stay"}}
    load = shop.load(PLAIN)
    rollout = shop.submit(VERSION="v2")
    candidate = shop.at(rollout, 50)["revisions"]["candidate"]
    shop.kill(shop.engine)
    lost = time.time()
    time.sleep(8)
    assert _newest(load, candidate) - lost > 6
    shop.serve()
    shop.promote(rollout)
    shop.agree(load.stop(), shop.ended(rollout))
