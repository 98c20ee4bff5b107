"""What runs here, without a plan: its logs, and its end. Called by `seaway logs` and `seaway down`."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from seaway.app import serving
from seaway.app.hands import Composition
from seaway.config.home import Home
from seaway.errors import NotFound

DRAIN = 5.0  # seconds that a proxy may take to finish requests before it stops
_LOOK = 0.2  # seconds between two looks at growing files


def logs(home: Home, environment: str, service: str) -> tuple[Path, ...]:
    """Log files of a service, oldest first. Raises NotFound with the environments that are known."""
    composition = Composition(home)
    try:
        targets = composition.targets()
        if environment not in targets:
            known = ", ".join(targets) or "none"
            raise NotFound(f"nothing was released to {environment!r} here; known: {known}", hint="seaway deploy ENV")
        return targets[environment].logs(service)
    finally:
        composition.close()


def services(home: Home, environment: str) -> list[str]:
    """Services that have logs in an environment."""
    folder = home.target(environment) / "logs"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def tail(paths: tuple[Path, ...], count: int) -> Iterator[tuple[Path, str]]:
    """The last `count` lines of each file (all of them when it is negative), file by file."""
    for path in paths:
        try:
            lines = path.read_bytes().decode(errors="replace").splitlines()
        except FileNotFoundError:  # rotated away between listing and reading
            continue
        for line in lines if count < 0 else lines[len(lines) - min(count, len(lines)) :]:
            yield path, line


class Follower:
    """Lines as they come, also from files that appear and through rotation."""

    def __init__(self) -> None:
        self._places: dict[tuple[int, int], int] = {}  # (device, inode) -> bytes read

    def skip(self, paths: tuple[Path, ...]) -> None:
        """Begin at the present end of these files."""
        for path in paths:
            status = path.stat()
            self._places[status.st_dev, status.st_ino] = status.st_size

    def fresh(self, paths: tuple[Path, ...]) -> Iterator[tuple[Path, str]]:
        """Whole lines that were not given out yet."""
        for path in paths:
            try:
                with path.open("rb") as file:
                    status = os.fstat(file.fileno())
                    key = (status.st_dev, status.st_ino)
                    file.seek(self._places.get(key, 0))
                    text = file.read()
            except FileNotFoundError:
                continue
            whole = text.rfind(b"\n") + 1
            self._places[key] = self._places.get(key, 0) + whole
            for line in text[:whole].decode(errors="replace").splitlines():
                yield path, line


def pause() -> None:
    """Between two looks at growing files."""
    time.sleep(_LOOK)


def down(home: Home, *, drain: float = DRAIN) -> Iterator[str]:
    """Stop the control plane, then every proxy (drained first), then every instance; a line per thing that was stopped or left."""
    if serving.stop(home):
        yield "control plane: stopped"
    composition = Composition(home)
    try:
        for gateway, router in composition.routers():
            for line in router.down(drain):
                yield f"{gateway.environment}: {line}"
        for environment, target in composition.targets().items():
            for line in target.down():
                yield f"{environment}: {line}"
    finally:
        composition.close()
