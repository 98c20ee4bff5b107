"""Rows `undo` and `detection`: how long the way back takes, by a person's word and by itself.

Detection is measured as users saw it: from the first failed answer that a client got to the last answer of the failing revision, and by the
verified return. Controls: a guard that needs more samples than come (it must not detect), and an undo whose old side is not warm.
"""

from __future__ import annotations

import time
from datetime import timedelta

from bench import figures, ground
from journeys.place import Place
from seaway.cli.demo.load import Load, Mix
from seaway.cli.demo.records import Outcome
from seaway.cli.demo.stream import Where

_UNDONE = 0.5  # seconds
_CANARY = {"canary": {"steps": [{"set_weight": 50}, {"pause": "20s"}]}}
_GUARD = {"success_rate": {"at_least": "99%"}, "min_samples": 20, "window": "30s", "on": {"no_data": "continue"}}


def undo(settings: figures.Settings) -> list[figures.Figure]:
    """Accepted -> 100 % stable, verified; during the soak, when the old side is warm."""
    times = []
    with ground.ground(strategy={"blue-green": {"auto_promotion": True}}) as place:
        place.document["environments"]["production"]["soak"] = "60s"
        place.document["services"]["shop"]["routes"][0]["drain"] = "1s"
        load = Load(Where(port=place.port), Mix(keepalive=4, rate=300, websocket=2, session=0.3)).start()
        for turn in range(settings.pick(5, 40)):
            rollout = ground.submit(place, VERSION=f"v{turn}")
            place.until(rollout, lambda seen: seen["state"] == "soaking")
            place.act(rollout, "undo")
            accepted = time.time()
            place.ended(rollout, "rolled_back")
            times.append(ground.moment(place.events(rollout), "weight.verified", weight=0) - accepted)
        cold = _cold(place)
        records = load.stop()
        lost = sum(records.count(outcome) for outcome in (Outcome.FAILED, Outcome.CUT, Outcome.UNSEEN))
    return [
        figures.Figure(
            "undo", "undo accepted -> 100 % stable, verified, p95", f"{figures.p95(times):.3f} s   (median {figures.median(times):.3f} s)", f"<= {_UNDONE} s",
            figures.p95(times) <= _UNDONE, f"{len(times)} undos", figures.written(figures.interval(times, figures.p95, settings.seed)),
            f"an old side that has to start first: {cold:.2f} s ({'caught' if cold > _UNDONE else 'NOT caught'});"
            f" {len(records.ended)} requests meanwhile, {lost} lost",
        )
    ]  # fmt: skip


def _cold(place: Place) -> float:
    """The same time where the old revision was stopped and takes a second to start."""
    place.document["environments"]["production"]["soak"] = "0s"
    ground.ship(place, VERSION="old", START_DELAY="1")
    last = ground.ship(place, VERSION="new")
    place.act(last["id"], "undo")
    accepted = time.time()
    place.until(last["id"], lambda _: place.client.documents("shop", "production")[0]["id"] != last["id"])
    back = place.ended(place.client.documents("shop", "production")[0]["id"])
    return ground.moment(place.events(back["id"]), "weight.verified", weight=1_000_000) - accepted


def detection(settings: figures.Settings) -> list[figures.Figure]:
    """A release that fails every request: first bad response -> all traffic back."""
    times = []
    with ground.ground(strategy=_CANARY, objectives=[_GUARD], tick="1s") as place:
        load = Load(Where(port=place.port), Mix(keepalive=8, rate=240)).start()
        for turn in range(settings.pick(4, 30)):
            document = ground.ship(place, "rolled_back", VERSION=f"bad-{turn}", FAIL_RATE="1")
            times.append(_exposure(load, document["revisions"]["candidate"]))
        control = _blind(place)
        load.stop()
    return [
        figures.Figure(
            "detection", "every request fails: first bad response -> last one, p95", f"{figures.p95(times):.2f} s   (median {figures.median(times):.2f} s)",
            "<= 3 s", figures.p95(times) <= 3.0, f"{len(times)} releases, 120 candidate requests/s, 1 s tick",
            figures.written(figures.interval(times, figures.p95, settings.seed), 2), control,
        )
    ]  # fmt: skip


def _exposure(load: Load, revision: str) -> float:
    """Seconds from the first failed answer of a revision to its last answer of any kind."""
    seen = [(ended, outcome) for _, ended, outcome, name in load.records.rows() if name == revision]
    return seen[-1][0] - next(ended for ended, outcome in seen if outcome is Outcome.FAILED)


def _blind(place: Place) -> str:
    """The same failures, and a guard that can never have enough samples: it must not act."""
    place.document["environments"]["production"]["objectives"] = [{**_GUARD, "min_samples": 1_000_000}]
    rollout = ground.submit(place, VERSION="blind", FAIL_RATE="1")
    place.at(rollout, 50)
    time.sleep(timedelta(seconds=4).total_seconds())
    seen = place.look(rollout)["state"]
    place.act(rollout, "abort")
    place.ended(rollout, "rolled_back")
    return f"a guard without enough samples let it run for 4 s ({'as it must' if seen == 'observing' else 'NOT so: ' + seen})"
