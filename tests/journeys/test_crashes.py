"""Parts die while traffic moves: nothing that was right becomes wrong, and what is lost is counted."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from journeys.place import PATIENCE, PLAIN, Place, opened
from seaway.cli.demo.records import Outcome
from seaway.config.home import Home

AT_20 = {"canary": {"steps": [{"set_weight": 20}, {"pause": "until promoted"}]}}


@pytest.mark.parametrize("state", ["preparing", "shifting", "observing", "promoting", "soaking"])
def test_the_engine_killed_goes_on_where_it_was_when_the_next_command_starts_it(shop: Place, state: str) -> None:
    load = shop.load()
    rollout = shop.submit(VERSION="v2", **({"START_DELAY": "0.5"} if state == "preparing" else {}))
    seen = shop.until(rollout, lambda seen: seen["state"] in _from(state))
    shop.kill(shop.engine)
    time.sleep(0.5)
    assert shop.get()[0] == 200
    shop.serve()
    done = shop.ended(rollout)
    shop.agree(load.stop(), done)
    assert seen["state"] != "succeeded"
    assert shop.get()[2]["version"] == "v2"
    assert len(shop.pids(r"service\.py$")) == 1


def _from(state: str) -> tuple[str, ...]:
    """The state, or a later one: states that last for milliseconds may be missed."""
    order = (
        "preparing",
        "ready",
        "shifting",
        "verifying_route",
        "observing",
        "deciding",
        "promoting",
        "soaking",
        "draining",
    )
    return order[order.index(state) :]


def test_the_engine_killed_while_it_brings_traffic_back(shop: Place) -> None:
    shop.document["environments"]["production"]["strategy"] = AT_20
    load = shop.load()
    rollout = shop.submit(VERSION="v2")
    shop.at(rollout, 20)
    engine = shop.engine
    shop.act(rollout, "abort")
    shop.kill(engine)
    shop.serve()
    shop.agree(load.stop(), shop.ended(rollout, "rolled_back"))
    assert shop.get()[2]["version"] == "v1"


def test_a_killed_proxy_comes_back_and_the_gap_is_in_the_ledger(shop: Place) -> None:
    shop.document["environments"]["production"]["strategy"] = AT_20
    load = shop.load(PLAIN)
    rollout = shop.submit(VERSION="v2")
    shop.at(rollout, 20)
    old = shop.envoy
    shop.kill(old)
    shop.until(rollout, lambda _: [pid for pid in shop.pids("/envoy -c ") if pid != old] != [])
    time.sleep(1)
    shop.promote(rollout)
    done = shop.ended(rollout)
    records = load.stop()
    assert shop.get()[2]["version"] == "v2"
    assert done["loss"]["unseen_s"] > 0
    unseen = [(began, ended) for began, ended, outcome, _ in records.rows() if outcome is Outcome.UNSEEN]
    assert unseen
    assert unseen[-1][1] - unseen[0][0] <= done["loss"]["unseen_s"] + 2  # the keeper may hear of the death late


def test_killed_keepers_lose_nothing_and_come_back(shop: Place) -> None:
    shop.document["environments"]["production"]["strategy"] = AT_20
    load = shop.load()
    rollout = shop.submit(VERSION="v2")
    shop.at(rollout, 20)
    keepers, kept = shop.pids("_keeper"), shop.pids(r"service\.py$|/envoy -c ")
    assert len(keepers) >= 3
    shop.kill(*keepers)
    shop.until(rollout, lambda _: len(shop.pids("_keeper")) >= len(keepers))
    assert shop.pids(r"service\.py$|/envoy -c ") == kept
    shop.promote(rollout)
    shop.agree(load.stop(), shop.ended(rollout))


@pytest.mark.parametrize("when", ["preparing", "at 20 %", "soaking"])
def test_a_candidate_that_dies_is_restarted_and_what_it_lost_is_counted(shop: Place, when: str) -> None:
    shop.document["environments"]["production"] |= {"strategy": AT_20, "objectives": [], "soak": "3s"}
    load = shop.load(PLAIN)
    stable = shop.pids(r"service\.py$")
    rollout = shop.submit(VERSION="v2", **({"START_DELAY": "1"} if when == "preparing" else {}))
    if when == "preparing":
        shop.until(rollout, lambda _: len(shop.pids(r"service\.py$")) == 2)
        _kill_other(shop, stable)
    shop.at(rollout, 20)
    if when == "at 20 %":
        _kill_other(shop, stable)
        time.sleep(1.5)
    shop.promote(rollout)
    if when == "soaking":
        shop.until(rollout, lambda seen: seen["state"] == "soaking")
        _kill_other(shop, stable)
    done = shop.ended(rollout)
    load.stop()
    assert shop.recorded() == shop.counted()
    assert done["loss"]["failed"] == sum(failed for _, failed in shop.recorded().values())
    assert shop.get()[2]["version"] == "v2"


def _kill_other(shop: Place, stable: list[int]) -> None:
    shop.kill(*(pid for pid in shop.pids(r"service\.py$") if pid not in stable))


def test_a_release_that_never_becomes_ready_is_brought_back_with_its_last_words(shop: Place) -> None:
    shop.document["services"]["shop"]["start_timeout"] = "8s"
    shop.document["services"]["shop"]["command"] = [sys.executable, "-c", "raise SystemExit('no database here')"]
    load = shop.load()
    rollout = shop.submit(VERSION="v2")
    done = shop.until(rollout, lambda seen: seen["state"] == "rolled_back")
    shop.agree(load.stop())
    assert "exited with code 1" in done["reason"]
    assert "no database here" in shop.seaway("logs", "production")
    assert shop.get()[2]["version"] == "v1"


def test_everything_killed_comes_back_as_it_was(shop: Place) -> None:
    """A reboot, simulated: no process of the place survives."""
    shop.document["environments"]["production"]["strategy"] = AT_20
    rollout = shop.submit(VERSION="v2")
    shop.at(rollout, 20)
    while left := shop.processes():
        shop.kill(*left)
    shop.serve()
    shop.until(rollout, lambda _: len(shop.pids(r"service\.py$")) == 2 and len(shop.pids("/envoy -c ")) == 1)
    load = shop.load(PLAIN)
    shop.until(rollout, lambda seen: seen["state"] != "preparing")
    shop.promote(rollout)
    done = shop.ended(rollout)
    load.stop()
    assert done["loss"]["unseen_s"] > 0
    assert shop.get()[2]["version"] == "v2"


def test_a_taken_port_is_named_before_anything_starts(place: Place) -> None:
    place.set(VERSION="v1")
    place.write()
    with socket.create_server(("127.0.0.1", place.port)):
        done = place.run("deploy", "production")
    assert done.returncode == 2
    assert str(os.getpid()) in done.stderr
    assert place.pids(r"service\.py$") == []


def test_a_port_that_is_taken_after_the_plan_was_made_ends_the_release(place: Place) -> None:
    place.set(VERSION="v1")
    place.write()
    place.seaway("plan", "production", "--out", "release.json")
    with socket.create_server(("127.0.0.1", place.port)):
        rollout = place.seaway("deploy", "production", "--plan", "release.json", "--detach").strip()
        seen = place.until(rollout, lambda seen: seen["state"] in ("failed", "rolled_back", "held"))
        assert str(os.getpid()) in seen["reason"]
    if seen["state"] == "held":
        place.act(rollout, "abort")
    place.until(rollout, lambda seen: seen["state"] in ("failed", "rolled_back"))


@pytest.fixture
def small() -> Iterator[Place]:
    """A place whose state folder is on a disk of 80 MiB."""
    disk = Path(f"/tmp/sw-disk-{os.getpid()}")
    disk.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=80m", "none", disk], check=False).returncode:
        disk.rmdir()
        pytest.skip("root, to mount a small tmpfs")
    try:
        with opened() as place:
            place.home = Home(disk / "s")
            place.environment["SEAWAY_HOME"] = str(place.home.root)
            place.disks.append(disk)
            place.serve()
            place.release(VERSION="v1")
            yield place
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
        shutil.rmtree(disk)


def fill(path: Path) -> None:
    """Take all the space there is."""
    with path.open("wb", buffering=0) as full, contextlib.suppress(OSError):
        while full.write(bytes(65_536)):
            pass


def test_on_a_full_disk_an_abort_completes(small: Place) -> None:
    small.document["environments"]["production"]["strategy"] = AT_20
    load = small.load(PLAIN)
    rollout = small.submit(VERSION="v2")
    small.at(rollout, 20)
    fill(small.home.root / "full")
    time.sleep(0.5)
    small.act(rollout, "abort")
    small.until(rollout, lambda seen: seen["state"] == "rolled_back")
    load.stop()
    assert small.get()[2]["version"] == "v1"
    (small.home.root / "full").unlink()


def test_with_little_space_nothing_starts(small: Place) -> None:
    (small.home.root / "full").write_bytes(bytes(40 * 1024 * 1024))
    small.set(VERSION="v2")
    small.write()
    done = small.run("deploy", "production", "--timeout", "8s")
    assert done.returncode not in (0, 3)
    assert "50 MiB" in done.stdout + done.stderr + str(small.client.documents("shop", "production")[0]["reason"])
    assert small.get()[2]["version"] == "v1"
    (small.home.root / "full").unlink()


def test_a_stopped_engine_that_was_taken_over_from_changes_nothing(shop: Place) -> None:
    """SIGSTOP, take over, SIGCONT: the old one finds itself fenced and ends."""
    shop.document["environments"]["production"]["strategy"] = AT_20
    load = shop.load(PLAIN)
    rollout = shop.submit(VERSION="v2")
    shop.at(rollout, 20)
    old = shop.engine
    os.kill(old, signal.SIGSTOP)
    time.sleep(16)
    taken = subprocess.Popen([sys.executable, "-m", "seaway", "serve", "--take-over"], env=shop.environment)
    try:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and not _answers(shop, old):
            time.sleep(0.1)
        assert shop.engine != old
        os.kill(old, signal.SIGCONT)
        shop.promote(rollout)
        shop.agree(load.stop(), shop.ended(rollout))
        deadline = time.monotonic() + PATIENCE
        while old in shop.processes() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert old not in shop.processes()
    finally:
        taken.terminate()
        taken.wait()


def _answers(shop: Place, old: int) -> bool:
    try:
        return shop.engine != old
    except Exception:  # noqa: BLE001 - nobody there yet, in whatever words
        return False
