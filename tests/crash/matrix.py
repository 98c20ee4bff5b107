"""Kills a scenario at points of its journal and brings it to its end again. Used by `test_matrix`, and by hand:

python tests/crash/matrix.py SCENARIO POINT     plays one point and prints what differs
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from crash import stage

WORKERS = 2
DEADLINE = 90.0  # seconds of one process
TESTS = Path(__file__).parents[1]


@dataclass(frozen=True)
class Result:
    """One point: where it died ("" = it came to its end first), and what differs from the undisturbed run."""

    point: int
    died: str
    differs: dict[str, tuple[Any, Any]]


class Matrix:
    """One scenario, prepared once: the stable revision runs. Every point gets a copy of that."""

    def __init__(self, scenario: str, folder: Path, server: Any) -> None:
        self.scenario = scenario
        self._folder = folder
        self._server = server
        self._ready = folder / "ready"
        self._ready.mkdir(parents=True)
        self._run(stage.Part(str(self._ready), scenario, "a"))
        calm = self._copy("calm")
        self._run(stage.Part(str(calm), scenario))
        self.names: list[str] = json.loads((calm / "points.json").read_text())
        self.calm = stage.picture(calm)

    def point(self, number: int, *, before: str = "", skip_journal: str = "") -> Result:
        """Die at the point (its number, or its name), start again, go to the end, compare."""
        root = self._copy(f"point-{number}{skip_journal}")
        part = stage.Part(str(root), self.scenario, kill_at=number, kill_before=before, skip_journal=skip_journal)
        self._run(part, may_die=True)
        killed = root / "killed.json"
        died = json.loads(killed.read_text())["killed"] if killed.exists() else ""
        self._run(stage.Part(str(root), self.scenario))
        found = stage.picture(root)
        differs = {name: (found[name], self.calm[name]) for name in found if found[name] != self.calm[name]}
        if not differs:
            shutil.rmtree(root)
        return Result(number, died, differs)

    def points(self, numbers: list[int]) -> list[Result]:
        """Many points, by a few workers."""
        with ThreadPoolExecutor(WORKERS) as pool:
            return list(pool.map(self.point, numbers))

    def _copy(self, name: str) -> Path:
        root = self._folder / name
        shutil.copytree(self._ready, root)
        return root

    def _run(self, part: stage.Part, *, may_die: bool = False) -> None:
        process = self._server.Process(target=stage.play, args=(part,))
        process.start()
        process.join(DEADLINE)
        if process.is_alive():
            process.kill()
            process.join()
            raise TimeoutError(f"{part} does not end: {(Path(part.root) / 'stderr').read_text()[-2000:]}")
        if process.exitcode and not (may_die and process.exitcode == -9):
            raise RuntimeError(f"{part}: {process.exitcode}\n{(Path(part.root) / 'stderr').read_text()[-4000:]}")


@contextmanager
def fork_server() -> Iterator[Any]:
    """Processes that have the engine's imports behind them."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(TESTS), before)))
    try:
        server = multiprocessing.get_context("forkserver")
        server.set_forkserver_preload(["crash.stage"])
        yield server
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


def todays(count: int, *, every: bool) -> list[int]:
    """Numbers of the points to play: all, or the tenth of today."""
    today = date.today().toordinal()  # noqa: DTZ011 - which day it is does not matter, only that it changes
    return [number for number in range(1, count + 1) if every or (number + today) % 10 == 0]


if __name__ == "__main__":
    with fork_server() as forks:
        place = Path("/tmp/seaway-crash-by-hand")
        shutil.rmtree(place, ignore_errors=True)
        matrix = Matrix(sys.argv[1], place, forks)
        print(len(matrix.names), "points")
        print(matrix.point(int(sys.argv[2])))
