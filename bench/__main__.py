"""`scripts/bench [--quick] [--seed N] [ROW...]`: measures rows and prints each figure with what it needs to be believed."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import signal
import sys
import time

from bench.figures import Settings

ROWS = {
    "proxy": ("bench.proxy:rows", "Envoy as Seaway configures it beside a minimal static one"),
    "start-up": ("bench.start_up:rows", "what commands cost over a bare interpreter"),
    "switches": (
        "bench.switches:rows",
        "releases of every strategy under load, and what was lost; ready -> 100 % verified",
    ),
    "fleet": ("bench.fleet:rows", "many rollouts in one control plane, on simulated targets"),
    "undo": ("bench.times:undo", "an undo accepted -> 100 % stable, verified"),
    "judge": ("bench.judge:rows", "the judge beside the rules of other tools, on simulated canaries, and in deploys"),
    "judge-deploy": ("bench.judge_deploy:rows", "the last rows of `judge` alone: releases that the judge decides"),
    "dora": ("bench.dora:rows", "DORA metrics of a large repository, and their equality with git itself"),
    "history-accuracy": (
        "bench.history_accuracy:rows",
        "precision and recall of the rules about runs and git history, on simulated teams",
    ),
    "what-if": ("bench.whatif:rows", "improvements tried on recorded runs, replayed by the ten thousand"),
    "pipelines": ("bench.pipelines:rows", "pipelines read, files per second, and beside zizmor and pipeline-check"),
    "assess": (
        "bench.assess:rows",
        "assess as whole processes: many pipelines, a repository, one file, beside other tools",
    ),
    "assess-accuracy": ("bench.assess_accuracy:rows", "precision and recall of each rule on injected faults"),
    "detection": ("bench.times:detection", "a failing release: first bad response -> all traffic back"),
}


def _end(number: int, _frame: object) -> None:
    print(f"ended by {signal.Signals(number).name}; what was started is stopped", file=sys.stderr, flush=True)
    sys.exit(128 + number)


def main() -> int:
    for number in (signal.SIGTERM, signal.SIGHUP):  # so that everything a row started is stopped
        signal.signal(number, _end)
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description="Rows: " + "; ".join(f"{name}: {what}" for name, (_, what) in ROWS.items())
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help="which rows; `all` for every one")
    parser.add_argument("--quick", action="store_true", help="little of each: shows that it works, proves no limit")
    parser.add_argument("--seed", type=int, default=20261123)
    options = parser.parse_args()
    if unknown := set(options.rows) - set(ROWS) - {"all"}:
        parser.error(f"unknown row {', '.join(sorted(unknown))}; known: {', '.join(ROWS)}, all")
    if not options.rows:
        parser.print_help()
        return 0
    print(
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}\n"
    )
    missed = 0
    for name, (place, _) in ROWS.items():
        if name in options.rows or "all" in options.rows:
            began = time.monotonic()
            module, _, function = place.partition(":")
            for figure in getattr(importlib.import_module(module), function)(Settings(options.quick, options.seed)):
                print(*figure.lines(options.seed, time.monotonic() - began), sep="\n", end="\n\n", flush=True)
                missed += figure.met is False
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
