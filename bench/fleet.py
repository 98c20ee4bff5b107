"""Row `fleet`: many rollouts in one control plane. The targets and routers are SIMULATED; engine, database and journal are real.

Control: the same with few rollouts, the process stopped (SIGSTOP) for longer than a tick and a pause: late deadlines must be seen.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from bench import figures

_ROOT = Path(__file__).parents[1]
_TICK = 5.0  # seconds, as tests/support/fleet.py has it


def rows(settings: figures.Settings) -> list[figures.Figure]:
    count, seconds = settings.pick(100, 1000), settings.pick(20, 120)
    found = _run(count, seconds)
    stopped = _run(50, 30, stop=_TICK + 7)
    late, memory = found["late_beyond_a_tick"], found["memory_mib"]
    control = (
        f"stopped for {_TICK + 7:g} s: {stopped['late_beyond_a_tick']:.0f} of {stopped['deadlines']:.0f} deadlines late"
    )
    control += "" if stopped["late_beyond_a_tick"] else " (NOT SEEN)"
    n = f"{found['rollouts']:.0f} rollouts ({found['together']:.0f} together), {found['deadlines']:.0f} deadlines, {found['seconds']:g} s"
    whole = f"late p50 {found['late_p50']:g} s, p99 {found['late_p99']:g} s, max {found['late_max']:g} s; {found['cpu_share']:g} cores"
    enough = found["together"] >= settings.pick(0, 1000)
    return [
        figures.Figure(
            "fleet",
            "deadlines late by more than a tick of 5 s, simulated targets, SQLite",
            f"{late:.0f}",
            "0 with >= 1,000 rollouts",
            late == 0 and enough and stopped["late_beyond_a_tick"] > 0,
            n,
            whole,
            control,
        ),
        figures.Figure(
            "fleet",
            "memory of the control plane",
            f"{memory:g} MiB",
            "< 1024 MiB",
            memory < 1024,
            n,
            "one run",
            control,
        ),
    ]


def _run(count: int, seconds: int, stop: float = 0.0) -> dict[str, float]:
    """One run in a process of its own, so that its memory is its own; `stop`: seconds it is stopped in the middle."""
    environment = {**os.environ, "PYTHONPATH": str(_ROOT / "tests")}
    command = [sys.executable, "-m", "support.fleet", str(count), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=_ROOT) as process:
        if stop:
            assert process.stdout is not None
            process.stdout.readline()  # it has begun
            time.sleep(seconds / 3)
            process.send_signal(signal.SIGSTOP)
            time.sleep(stop)
            process.send_signal(signal.SIGCONT)
        text, _ = process.communicate()
    told = (line.split() for line in text.splitlines() if line.startswith(" "))  # not what the engine logs
    return {name: float(value) for name, value in told}
