"""The paths of a state folder that an engine needs, without a machine's own. Used by tests/engine, tests/crash and the fleet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Home:
    root: Path

    @property
    def database(self) -> Path:
        return self.root / "engine.sqlite"

    @property
    def engine_lock(self) -> Path:
        return self.root / "engine.lock"

    @property
    def ballast(self) -> Path:
        return self.root / "ballast"
