"""Draws the plots of docs/explanation/judge.md from simulated canaries: `.venv/bin/python -m bench.judge_plots FOLDER`.

bench/judge.py takes the rules of other tools from here.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench import judge_rules as rules
from bench import judge_sims as sims
from bench.judge_svg import Line, chart

PEERS: dict[str, Callable[[rules.Streams], rules.Found]] = {
    "Kayenta, each minute from 3": rules.mann_whitney,
    "Kayenta, once at 10 min": lambda s: rules.mann_whitney(s, only_last=True),
    "Flagger, 1 min x 5 at 99%": lambda s: rules.threshold_counter(s, interval=60, success=0.99, checks=5),
    "Argo, 1 min, > 3 at 99%": lambda s: rules.failure_limit(s, interval=60, success=0.99, limit=3),
}
EFFECTS = (0.2, 0.5, 1.0, 2.0, 5.0, 20.0, 100.0)  # candidate's error rate in percent; stable's is 0.1


def draw(folder: Path, runs: int, seed: int) -> None:
    """Writes judge-delay.svg, judge-harmed.svg, judge-false-alarms.svg and judge-ramp.svg."""
    folder.mkdir(parents=True, exist_ok=True)
    delays, harmed = _by_effect(runs, seed)
    title = "1,000 requests a second, 5 % canary, stable fails 0.1 %"
    (folder / "judge-delay.svg").write_text(
        chart(
            f"Time to rollback: {title}",
            "candidate's error rate (%)",
            "median seconds (left out: under half found)",
            delays,
        )
    )
    (folder / "judge-harmed.svg").write_text(
        chart(
            f"Failed requests: {title}",
            "candidate's error rate (%)",
            "mean failures served by the canary in 10 min",
            harmed,
        )
    )
    (folder / "judge-false-alarms.svg").write_text(
        chart(
            "Healthy service that fails 0.5 % of requests: false rollback",
            "candidate requests per check",
            "share rolled back (+0.01 %)",
            _alarms(runs * 5, seed),
            percent_y=True,
        )
    )
    (folder / "judge-ramp.svg").write_text(
        chart(
            "Risk-budget ramp: failures above stable's rate",
            "candidate's error rate (%)",
            "mean excess failures",
            _ramps(runs, seed),
        )
    )


def _by_effect(runs: int, seed: int) -> tuple[list[Line], list[Line]]:
    names = {"Seaway, each 0.1 s": rules.seaway, **PEERS}
    seconds: dict[str, list[tuple[float, float | None]]] = {name: [] for name in names}
    failures: dict[str, list[tuple[float, float | None]]] = {name: [] for name in names}
    for effect in EFFECTS:
        streams = rules.draw(
            np.random.default_rng(seed),
            runs,
            6000,
            per_batch=100,
            share=0.05,
            rate=0.001,
            candidate_rate=effect / 100,
            seconds=0.1,
        )
        few = rules.Streams(
            *(x[:40] for x in (streams.n, streams.failed, streams.stable_n, streams.stable_failed)), 0.1, 0.05
        )
        for name, rule in names.items():
            found = rule(few if "Kayenta" in name else streams)
            seconds[name].append(
                (effect, float(np.median(found.seconds[found.at >= 0])) if found.rate >= 0.5 else None)
            )
            failures[name].append((effect, float(found.failures.mean())))
    return [Line(name, points) for name, points in seconds.items()], [
        Line(name, points) for name, points in failures.items()
    ]


def _alarms(runs: int, seed: int) -> list[Line]:
    """25 checks of a healthy candidate that fails as often as stable does."""
    lines: dict[str, list[tuple[float, float | None]]] = {
        "Seaway": [],
        "Flagger, 5 at 99%": [],
        "Argo, limit 0, 99%": [],
        "naive z at each check": [],
    }
    for per_check in (5, 20, 50, 100, 200, 1000):
        streams = rules.draw(
            np.random.default_rng(seed),
            runs,
            25,
            per_batch=per_check * 2,
            share=0.5,
            rate=0.005,
            candidate_rate=0.005,
            seconds=1.0,
        )
        rates = (
            rules.seaway(streams).rate,
            rules.threshold_counter(streams, interval=1, success=0.99, checks=5).rate,
            rules.failure_limit(streams, interval=1, success=0.99, limit=0).rate,
            float(rules.naive(streams).any(axis=1).mean()),
        )
        for line, rate in zip(lines.values(), rates, strict=True):
            line.append((per_check, 100 * rate + 0.01))
    return [Line(name, points) for name, points in lines.items()]


def _ramps(runs: int, seed: int) -> list[Line]:
    """The ramp beside fixed steps of 5, 25, 50 and 100 % of two minutes, judged and by a threshold counter."""
    lines: dict[str, list[tuple[float, float | None]]] = {
        "ramp, budget 3": [],
        "steps, judged each second": [],
        "steps, 1 min, > 3 at 99%": [],
    }
    for effect in (0.5, 1.0, 2.0, 5.0, 20.0, 100.0):
        rate = effect / 100
        lines["ramp, budget 3"].append(
            (effect, float(sims.ramp(np.random.default_rng(seed), runs, rate).excess.mean()))
        )
        judged, counted = _fixed(np.random.default_rng(seed), runs, rate)
        lines["steps, judged each second"].append((effect, judged))
        lines["steps, 1 min, > 3 at 99%"].append((effect, counted))
    return [Line(name, points) for name, points in lines.items()]


def _fixed(rng: np.random.Generator, runs: int, rate: float) -> tuple[float, float]:
    weights = np.repeat([0.05, 0.25, 0.5, 1.0], 120)
    n, m = rng.poisson(1000 * weights, (runs, 480)), rng.poisson(1000 * (1 - weights), (runs, 480))
    y, x = rng.binomial(n, rate), rng.binomial(m, 0.001)
    kernel = rules.Ratio((1.1,))
    share = n / np.maximum(n + m, 1)
    ends = []
    for run in range(runs):
        ell = np.cumsum(kernel.increments(y[run].astype(float), (y + x)[run].astype(float), share[run]), axis=0)
        hit = np.flatnonzero(kernel.harm(ell, 1.1) >= np.log(100))
        last = int(hit[0]) if len(hit) else 479
        ends.append(float((y[run, : last + 1] - 0.001 * n[run, : last + 1]).sum()))
    streams = rules.Streams(n, y, m, x, 1.0, 0.05)
    counted = rules.failure_limit(streams, interval=60, success=0.99, limit=3)
    served = np.minimum(counted.seconds, 480).astype(int)
    lost = [float((y[run, : served[run]] - 0.001 * n[run, : served[run]]).sum()) for run in range(runs)]
    return float(np.mean(ends)), float(np.mean(lost))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.judge_plots")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=20260101)
    options = parser.parse_args()
    draw(options.folder, options.runs, options.seed)
