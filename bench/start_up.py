"""Row `start-up`: what the commands cost over a bare interpreter, interleaved. Control: a command that imports the engine's library."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from bench import figures, ground

_LIMITS = {"--help": 130.0, "rollout list": 300.0}


def rows(settings: figures.Settings) -> list[figures.Figure]:
    program = str(Path(sys.executable).with_name("seaway"))
    commands = {
        "bare": [sys.executable, "-c", "pass"],
        "--help": [program, "--help"],
        "rollout list": [program, "rollout", "list"],
        "control": [sys.executable, "-c", "import dbos"],
    }
    taken: dict[str, list[float]] = {name: [] for name in commands}
    worked: dict[str, list[float]] = {name: [] for name in commands}
    with ground.ground() as place:
        for turn in range(settings.pick(5, 30) + 1):
            for name, command in commands.items():
                wall, cpu = _run(command, place.environment)
                if turn:
                    taken[name].append(wall)
                    worked[name].append(cpu)
    over = {
        name: [each - bare for each, bare in zip(times, taken["bare"], strict=True)] for name, times in taken.items()
    }
    heavy = figures.median(over["control"])
    return [
        figures.Figure(
            f"start-up {name}", f"`seaway {name}` over a bare interpreter ({figures.median(taken['bare']):.0f} ms), median",
            f"+{figures.median(over[name]):.0f} ms   (of processor time +{figures.median(worked[name]) - figures.median(worked['bare']):.0f} ms)", f"<= +{limit:.0f} ms", figures.median(over[name]) <= limit, f"{len(over[name])} of each",
            figures.written(figures.interval(over[name], figures.median, settings.seed), 0),
            f"importing the engine's library costs +{heavy:.0f} ms ({'caught' if heavy > limit else 'NOT caught'})",
        )
        for name, limit in _LIMITS.items()
    ]  # fmt: skip


def _run(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Milliseconds on the wall and of processor time."""
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    wall = (time.perf_counter() - began) * 1000
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return wall, (used.ru_utime + used.ru_stime) * 1000
