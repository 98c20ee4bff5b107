"""Row `start-up`: what the commands cost over a bare interpreter, interleaved. Control: a command that imports the engine's library."""

from __future__ import annotations

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
    with ground.ground() as place:
        for turn in range(settings.pick(5, 30) + 1):
            for name, command in commands.items():
                began = time.perf_counter()
                subprocess.run(command, env=place.environment, stdout=subprocess.DEVNULL, check=True)
                if turn:
                    taken[name].append((time.perf_counter() - began) * 1000)
    over = {
        name: [each - bare for each, bare in zip(times, taken["bare"], strict=True)] for name, times in taken.items()
    }
    heavy = figures.median(over["control"])
    return [
        figures.Figure(
            f"start-up {name}", f"`seaway {name}` over a bare interpreter ({figures.median(taken['bare']):.0f} ms), median",
            f"+{figures.median(over[name]):.0f} ms", f"<= +{limit:.0f} ms", figures.median(over[name]) <= limit, f"{len(over[name])} of each",
            figures.written(figures.interval(over[name], figures.median, settings.seed), 0),
            f"importing the engine's library costs +{heavy:.0f} ms ({'caught' if heavy > limit else 'NOT caught'})",
        )
        for name, limit in _LIMITS.items()
    ]  # fmt: skip
