"""An engine in a process of its own, for tests that stop, kill or replace it: `python second.py HOME [take-over]`.

Says `running EPOCH` when it works, `refused WORDS` when it may not, and `lost WORDS` when another one has taken over. With
`slow` its router waits, in the middle of an effect, until a file named `go` appears.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import Any

from seaway.engine.engine import Engine
from seaway.errors import SeawayError
from support import simulated
from support.home import Home


class Slow(simulated.SimulatedHands):
    """The router's `converge` says that it was called, and waits before it does anything."""

    def __init__(self, root: Path) -> None:
        super().__init__(simulated.FileWorld(root / "world.json"))
        self._root = root
        original = self.router.converge

        def converge(routing: Any, fence: Any) -> None:
            (root / "reached").touch()
            while not (root / "go").exists():
                time.sleep(0.01)
            original(routing, fence)

        self.router.converge = converge  # type: ignore[method-assign]


def main(root: Path, words: list[str]) -> None:
    gone = threading.Event()

    def lost(reason: str) -> None:
        print("lost", reason, flush=True)
        gone.set()

    hands = Slow(root) if "slow" in words else simulated.SimulatedHands(simulated.FileWorld(root / "world.json"))
    engine = Engine(Home(root), hands, take_over="take-over" in words, on_lost=lost)
    try:
        engine.start()
    except SeawayError as error:
        print("refused", error.message, "|", error.hint, flush=True)
        return
    print("running", engine.epoch, flush=True)
    gone.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
