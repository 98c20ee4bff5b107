"""The judge end to end: `seaway deploy` on Envoy and processes, of a release that fails 5 % of its requests. Part of row `judge`.

Nothing is simulated. Counted is what clients got: answers of the failing revision with an error, until all traffic is back.
Controls: the same release without a judge is promoted; releases as good as stable are promoted by the judge, and none is rolled back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bench import figures, ground
from journeys.place import Place
from seaway.cli.demo.load import Load, Mix
from seaway.cli.demo.stream import Where

_RATE = 200
_MOST = 8
_RAMP = {"canary": {"ramp": {}}}
_STEPS = {"canary": {"steps": [{"set_weight": 10}, {"pause": "5s"}]}}


def rows(settings: figures.Settings) -> Iterator[figures.Figure]:
    """At least 30 releases unless `--quick`."""
    with ground.ground(strategy=_RAMP, analysis={}, tick="1s") as place:
        load = Load(Where(port=place.port), Mix(keepalive=8, rate=_RATE)).start()
        lost, seconds = [], []
        for turn in range(settings.pick(3, 30)):
            done = ground.ship(place, "rolled_back", VERSION=f"bad-{turn}", FAIL_RATE="0.05")
            failed = load.records.totals().get(done["revisions"]["candidate"], {}).get("failed", 0)
            lost.append(float(failed))
            seconds.append(_reaction(place, done))
        good = [_good(place, turn) for turn in range(settings.pick(2, 10))]
        control = _unjudged(place)
        load.stop()
    median = figures.median(lost)
    yield figures.Figure(
        "judge", f"end to end, deploy of a release that fails 5 %, {_RATE} rps, tick 1 s: requests failed, median",
        f"{median:g}   (all: {' '.join(f'{value:g}' for value in sorted(lost))})", f"<= {_MOST}", median <= _MOST,
        f"{len(lost)} releases", figures.written(figures.interval(lost, figures.median, settings.seed), 1), control,
    )  # fmt: skip
    yield figures.Figure(
        "judge", "  the same: first traffic to all traffic back, seconds, median", f"{figures.median(seconds):.1f}", "none", None,
        f"{len(seconds)} releases", figures.written(figures.interval(seconds, figures.median, settings.seed), 1), "as above",
    )  # fmt: skip
    promoted = [took for took, state in good if state == "succeeded"]
    yield figures.Figure(
        "judge", "  the same with releases as good as stable: seconds to 100 %, median",
        f"{figures.median(promoted):.1f}" if promoted else "none was promoted", "all promoted", len(promoted) == len(good),
        f"{len(good)} releases", f"{len(promoted)} of {len(good)} promoted", "the failing ones above were all rolled back",
    )  # fmt: skip


def _reaction(place: Place, done: dict[str, Any]) -> float:
    events = place.events(done["id"])
    back = ground.moment(events, "weight.verified", weight=0)
    return back - next(each["at"] for each in events if each["event"] == "weight.verified" and each["weight"] > 0)


def _good(place: Place, turn: int) -> tuple[float, str]:
    rollout = ground.submit(place, VERSION=f"good-{turn}")
    done = place.until(rollout, lambda seen: seen["state"] in {"succeeded", "rolled_back", "held"}, 180)
    if done["state"] == "held":
        place.act(rollout, "abort")
        place.ended(rollout, "rolled_back")
        return 0.0, "held"
    if done["state"] == "rolled_back":
        return 0.0, "rolled_back"
    events = place.events(rollout)
    return ground.moment(events, "weight.verified", weight=1_000_000) - ground.moment(
        events, "rollout.started"
    ), "succeeded"


def _unjudged(place: Place) -> str:
    """The same release by fixed steps, with nobody to judge it."""
    del place.document["environments"]["production"]["analysis"]
    place.document["environments"]["production"]["strategy"] = _STEPS
    rollout = ground.submit(place, VERSION="unjudged", FAIL_RATE="0.05")
    done = place.until(rollout, lambda seen: seen["state"] in {"succeeded", "rolled_back", "held"}, 60)
    return f"without the judge the same release {'is promoted' if done['state'] == 'succeeded' else 'ends ' + done['state']}"
