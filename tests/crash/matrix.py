"""Kills a scenario at points of its journal and brings it to its end again. Used by `test_matrix`, and by hand:

python tests/crash/matrix.py SCENARIO POINT [real]     plays one point and prints what differs
"""

from __future__ import annotations

import difflib
import json
import multiprocessing
import os
import queue
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from multiprocessing import connection
from pathlib import Path
from typing import Any

from crash import stage

WORKERS = 2
DEADLINE = 240.0  # seconds of one process, some of which a busy machine gives to others
TESTS = Path(__file__).parents[1]


@dataclass(frozen=True)
class Result:
    """One point: where it died ("" = it came to its end first), and what differs from the undisturbed run."""

    point: int
    died: str
    differs: dict[str, tuple[Any, Any]]

    def words(self) -> str:
        """What differs, for people: `-` is the undisturbed run, `+` this one."""
        lines = [f"point {self.point}, died at {self.died or 'no point'}:"]
        for name, (found, calm) in self.differs.items():
            before, after = (
                [str(each) for each in (side if isinstance(side, list) else [side])] for side in (calm, found)
            )
            lines += [name, *(line for line in difflib.ndiff(before, after) if line[0] in "-+")]
        return "\n".join(lines)


class Forks:
    """Starts processes from the fork server and says truthfully how each ended, from several threads.

    `start` of any process also asks every other one whether it has ended, and an exit code can be read from its pipe once
    only: the second of two threads that read it finds nothing and says 255. So one at a time asks; waiting reads nothing.
    """

    def __init__(self, server: Any, turn: AbstractContextManager[Any] | None = None) -> None:
        self._server = server
        self._turn = turn or threading.Lock()

    def run(self, target: Callable[..., None], *arguments: Any, deadline: float = DEADLINE) -> int | None:
        """The exit code, as of `multiprocessing`; None when it had to be killed after `deadline` seconds."""
        with self._turn:
            process = self._server.Process(target=target, args=arguments)
            process.start()
        in_time = connection.wait([process.sentinel], deadline)
        if not in_time:
            process.kill()
            connection.wait([process.sentinel])
        with self._turn:
            process.join()
            code: int = process.exitcode
            process.close()
        return code if in_time else None


class Matrix:
    """One scenario on one kind of data plane.

    The simulated plane is prepared once (the stable revision runs) and every point gets a copy of it. On the real one every
    point gets a service of its own, and the points of a worker share its proxy and its database.
    """

    def __init__(self, scenario: str, folder: Path, forks: Forks, plane: str = "simulated") -> None:
        self.scenario = scenario
        self.plane = plane
        self._folder = folder
        self._forks = forks
        self._workers = [folder / f"worker-{number}" for number in range(WORKERS)]
        self._free: queue.Queue[Path] = queue.Queue()
        for root in self._workers:
            root.mkdir(parents=True)
            self._free.put(root)
        self.names: list[str] = []
        self.calm: dict[str, Any] = {}
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def _prepare(self) -> None:
        """The undisturbed run: the points it passes, and the picture at its end."""
        if self.plane == "simulated":
            self._run(self._part(self._workers[0], "shop", letters="a"))
        with self._stage("calm") as part:
            self._run(part)
            self.names = json.loads((Path(part.root) / "points.json").read_text())
            self.calm = self._picture(part)

    def point(self, number: int, *, before: str = "", skip_journal: str = "") -> Result:
        """Die at the point (its number, or its name), start again, go to the end, compare."""
        with self._stage(f"point-{number}{skip_journal}") as part:
            killed = Path(part.root) / "killed.json"
            killed.unlink(missing_ok=True)
            deadly = replace(part, kill_at=number, kill_before=before, skip_journal=skip_journal)
            self._run(deadly, may_die=True)
            died = json.loads(killed.read_text())["killed"] if killed.exists() else ""
            self._run(part)
            found = self._picture(part)
        differs = {name: (found[name], self.calm[name]) for name in found if found[name] != self.calm[name]}
        return Result(number, died, differs)

    def points(self, numbers: list[int]) -> list[Result]:
        """Many points, by a few workers."""
        with ThreadPoolExecutor(WORKERS) as pool:
            return list(pool.map(self.point, numbers))

    def close(self) -> None:
        """Stop what the real plane still runs."""
        if self.plane == "real":
            for root in self._workers:
                self._forks.run(stage.clear, self._part(root, "shop"))

    @contextmanager
    def _stage(self, name: str) -> Iterator[stage.Part]:
        """A place where the stable revision runs and nothing else has happened."""
        if self.plane == "simulated":
            root = self._folder / name
            shutil.copytree(self._workers[0], root)
            yield self._part(root, "shop")
            shutil.rmtree(root)
            return
        root = self._free.get()
        try:
            service = f"{name}-{self.scenario}".replace("_", "-")
            self._run(self._part(root, service, letters="a"))
            yield self._part(root, service)
        finally:
            self._free.put(root)

    def _part(self, root: Path, service: str, letters: str = "b") -> stage.Part:
        return stage.Part(str(root), self.scenario, letters, self.plane, service)

    @staticmethod
    def _picture(part: stage.Part) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((Path(part.root) / "picture.json").read_text())
        return found

    def _run(self, part: stage.Part, *, may_die: bool = False) -> None:
        code = self._forks.run(stage.play, part)
        said = Path(part.root) / "stderr"
        words = said.read_text()[-4000:] if said.exists() else ""
        if code is None:
            raise TimeoutError(f"{part} does not end:\n{words}")
        if code and not (may_die and code == -9):
            raise RuntimeError(f"{part}: {code}\n{words}")


@contextmanager
def fork_server() -> Iterator[Forks]:
    """Processes that have the engine's imports behind them."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(TESTS), before)))
    try:
        server = multiprocessing.get_context("forkserver")
        server.set_forkserver_preload(["crash.stage"])
        yield Forks(server)
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


def todays(count: int, one_in: int) -> list[int]:
    """Numbers of the points to play: all, or today's share of them."""
    today = date.today().toordinal()  # noqa: DTZ011 - which day it is does not matter, only that it changes
    return [number for number in range(1, count + 1) if (number + today) % one_in == 0]


if __name__ == "__main__":
    with fork_server() as forks:
        place = Path("/tmp/seaway-crash-by-hand")
        shutil.rmtree(place, ignore_errors=True)
        matrix = Matrix(sys.argv[1], place, forks, *sys.argv[3:4])
        print(len(matrix.names), "points")
        print(matrix.point(int(sys.argv[2])).words())
        matrix.close()
