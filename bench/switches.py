"""Row `switches`: releases of every strategy under load, some with the engine killed in mid-shift, and what the clients lost.

The clients (keep-alive, WebSocket, slow POST) never retry; what the proxy retried is in the ledger and printed apart. Control: one release
that fails k requests on purpose, which must appear as exactly k in both counts, and the two counts compared over everything.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from typing import Any

from bench import figures, ground
from journeys.place import Place
from seaway.app import serving

STRATEGIES: dict[str, Any] = {
    "canary": {"canary": {"steps": [{"set_weight": 20}, {"pause": "100ms"}, {"set_weight": 60}, {"pause": "100ms"}]}},
    "blue-green": {"blue-green": {"auto_promotion": True}},
    "rolling": {"rolling": {"max_surge": 1, "max_unavailable": 0}},
}
_ON_PURPOSE = 7
_MIX = {"keepalive": 16, "websocket": 4, "post": 4, "session": 0.5}
_RATE = 2000.0  # requests per second, an open loop


def rows(settings: figures.Settings) -> list[figures.Figure]:
    each, killed, requests = settings.pick(3, 50), settings.pick(1, 12), settings.pick(0, 1_000_000)
    enough = 1.1 * requests / len(STRATEGIES)  # an open loop that is late now and then
    dice, found, ready = random.Random(settings.seed), [], []
    with ground.ground() as place:
        patient = {
            "http": {"path": "/healthz"},
            "interval": "1s",
            "timeout": "5s",
            "failures": 5,
        }  # the load takes all cores
        place.document["services"]["shop"] |= {"replicas": 2, "readiness": patient}
        totals: Counter[str] = Counter()
        retried = cut = 0
        for name, strategy in STRATEGIES.items():
            place.document["environments"]["production"]["strategy"] = strategy
            crowd = ground.Crowd(place.port, rate=_RATE, **_MIX)
            kills = set(dice.sample(range(each), killed))
            began, done = time.monotonic(), 0
            lost_before = _ledger(place)
            try:
                while done < each or (time.monotonic() - began) * _RATE < enough:
                    document = _switch(place, f"{name}-{done}", kill=done in kills, dice=dice)
                    retried, cut = retried + document["loss"]["retried"], cut + document["loss"]["cut"]
                    if name == "blue-green" and done not in kills:
                        ready.append(_ready_to_all(place, document))
                    done += 1
            finally:
                counted = crowd.stop()
            here = Counter(_sum(counted))
            totals += here
            found.append(_figure(name, here, done, len(kills), time.monotonic() - began, _ledger(place) - lost_before))
        control, slow = _control(place), _waited(place)
    lost = totals["failed"] + totals["cut"] + totals["unseen"]
    found.append(
        figures.Figure(
            "switches-all", "requests on Envoy, of them lost by switching", f"{sum(totals.values())} requests, {lost} lost", "0 of >= 1,000,000",
            lost == 0 and sum(totals.values()) >= requests, f"{sum(totals.values())} requests",
            f"<= {figures.none_of(sum(totals.values())):.1e} per request, 95 %" if not lost else "-",
            f"{control}; the ledger has {retried} retried by the proxy and {cut} cut",
        )
    )  # fmt: skip
    found.append(
        figures.Figure(
            "ready-to-100", "instances ready -> 100 % verified, blue-green, p95", f"{figures.p95(ready):.3f} s   (median {figures.median(ready):.3f} s)",
            "<= 1.0 s", figures.p95(ready) <= 1.0, f"{len(ready)} switches",
            figures.written(figures.interval(ready, figures.p95, settings.seed)), f"with a second of preview first: {slow:.2f} s ({'caught' if slow > 1.0 else 'NOT caught'})",
        )
    )  # fmt: skip
    return found


def _switch(place: Place, version: str, *, kill: bool, dice: random.Random) -> dict[str, Any]:
    """One release to its end; with `kill` the engine dies between the first weight and the last."""
    rollout = ground.submit(place, VERSION=version)
    if kill:
        place.until(
            rollout, lambda seen: seen["state"] in ("shifting", "verifying_route", "observing", "promoting", "draining")
        )
        time.sleep(dice.random() * 0.1)
        os.kill(place.engine, signal.SIGKILL)
        serving.ensure(place.home)
    return place.ended(rollout)


def _sum(counted: dict[str, dict[str, int]]) -> dict[str, int]:
    return {name: sum(each[name] for each in counted.values()) for name in ("ok", "failed", "cut", "unseen")}


def _ledger(place: Place) -> Counter[str]:
    sides = place.losses().sides.values()
    return Counter(ok=sum(side.served for side in sides), failed=sum(side.failed for side in sides))


def _figure(  # noqa: PLR0917 - as many facts as a line has
    name: str, here: Counter[str], done: int, kills: int, seconds: float, ledger: Counter[str]
) -> figures.Figure:
    lost, asked = here["failed"] + here["cut"] + here["unseen"], sum(here.values())
    agree = ledger["ok"] == here["ok"] and ledger["failed"] == here["failed"]
    return figures.Figure(
        f"switches-{name}", "releases under load, of them with a lost request", f"{done} switches, {lost} requests lost of {asked}",
        "0 lost in >= 50, >= 10 with the engine killed", lost == 0, f"{done} switches ({kills} with the engine killed) in {seconds:.0f} s",
        f"<= {figures.none_of(done):.1%} per switch, 95 %" if not lost else "-",
        f"clients {here['ok']} served, ledger {ledger['ok']} ({'equal' if agree else 'NOT EQUAL'})",
    )  # fmt: skip


def _control(place: Place) -> str:
    """k failures on purpose."""
    place.document["environments"]["production"]["strategy"] = STRATEGIES["canary"]
    crowd = ground.Crowd(place.port, rate=200, keepalive=4)
    document = ground.ship(place, VERSION="broken", FAIL_RATE="0.5", FAIL_COUNT=_ON_PURPOSE)
    time.sleep(0.3)
    seen = _sum(crowd.stop())
    wanted = 2 * _ON_PURPOSE  # two instances, each fails so many
    caught = seen["failed"] == wanted == document["loss"]["failed"]
    return f"{wanted} failed on purpose: clients {seen['failed']}, ledger {document['loss']['failed']} ({'caught' if caught else 'NOT caught'})"


def _waited(place: Place) -> float:
    """The same time where the plan itself waits a second."""
    waiting = {"preview_host": "preview.localhost", "auto_promotion": True, "auto_promotion_after": "1s"}
    place.document["environments"]["production"]["strategy"] = {"blue-green": waiting}
    return _ready_to_all(place, ground.ship(place, VERSION="waits"))


def _ready_to_all(place: Place, document: dict[str, Any]) -> float:
    events = place.events(document["id"])
    ready = ground.moment(events, "step.finished", kind="scale")
    return ground.moment(events, "weight.verified", weight=1_000_000) - ready
