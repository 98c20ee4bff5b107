"""What the target contract needs to know about one target: how to make it, break it, and see what it left behind."""

from __future__ import annotations

import errno
import http.client
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from seaway import errors
from seaway.adapters import _kept, _procfs
from seaway.adapters.target.process import Process
from seaway.model import codec
from seaway.model.instance import Fence, InstanceSeen, InstanceState
from seaway.model.revision import Revision
from seaway.model.service import Probe, ProbeKind, Service

SERVER = Path(__file__).with_name("sample_server.py")
PASSWORD = "hunter2-correct-horse"
FAST = Probe(
    ProbeKind.HTTP, path="/ready", interval=timedelta(milliseconds=50), timeout=timedelta(seconds=1), failures=2
)


def resolve(reference: str) -> str:
    if reference != "env:PASSWORD":
        raise errors.NotFound(f"{reference} is not there")
    return PASSWORD


def revision(text: str = "a", **changes: Any) -> Revision:
    """A revision of the sample server; `text` makes it another one, `flags` are its environment."""
    flags = changes.pop("flags", {})
    service = Service(
        name=changes.pop("name", "web"),
        command=(sys.executable, "-S", "-E", str(SERVER)),
        directory=str(SERVER.parent),
        environment={"TEXT": text, **flags},
        stop_grace=timedelta(seconds=2),
        readiness=FAST,
    )
    service = replace(service, **changes)
    digest = codec.digest(service)
    return Revision(f"{service.name}-{digest[:12]}", digest, service, "", "", immutable=False)


def fence(epoch: int = 1, service: str = "web") -> Fence:
    return Fence(f"test/{service}", epoch)


def until(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """The first true value of `condition`, or a failed test."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"not true within {seconds} s"
        time.sleep(0.01)
    return value


def fill(disk: Path) -> None:
    """Write until there is no room left, to the last byte."""
    with (disk / "filler").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


def get(address: str, path: str = "/") -> str:
    connection = http.client.HTTPConnection(address, timeout=60)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


class ProcessHarness:
    """The target `process` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.runtime = folder / "target", folder / "run"
        self.engines: list[Process] = []
        self.tokens: set[str] = set()

    def engine(self) -> Process:
        """A target object as another engine would make it: same files, no memory."""
        self.engines.append(Process(self.folder, self.runtime, resolve))
        return self.engines[-1]

    def leave(self) -> None:
        """All engines are gone; what they supervise is not."""
        for engine in self.engines:
            engine.close()

    def folders(self) -> list[Path]:
        return sorted(path.parent for path in self.folder.glob("*/*/spec.json"))

    def kill_supervision(self) -> None:
        """SIGKILL everything that supervises instances; they run on."""
        for folder in self.folders():
            pid = _kept.keeper(folder)
            if pid:
                os.kill(pid, signal.SIGKILL)
                until(lambda folder=folder: not _kept.keeper(folder))

    def kill_everything(self) -> None:
        """What a power cut does to processes."""
        self.kill_supervision()
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        until(lambda: not self.processes())

    def processes(self) -> list[int]:
        """Every process of every instance and job, grandchildren too."""
        for folder in self.folders():
            self.tokens.add(_kept.order(folder)["token"])
        return [pid for token in self.tokens for pid in _procfs.bearers(token)]

    def supervised(self) -> bool:
        return all(_kept.keeper(folder) for folder in self.folders())

    def written(self) -> Iterator[bytes]:
        """Everything on disk, and every command line of the machine."""
        yield from (path.read_bytes() for path in self.folder.parent.rglob("*") if path.is_file())
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    yield (entry / "cmdline").read_bytes()
                except OSError:
                    continue

    def clear(self) -> None:
        self.leave()
        self.engine().down()
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)


def ready(target: Any, count: int, of: Revision, seconds: float = 60) -> tuple[InstanceSeen, ...]:
    """Wait until exactly `count` instances of a revision exist and all are ready."""

    def enough() -> tuple[InstanceSeen, ...] | bool:
        seen = tuple(each for each in target.look(of.service.name) if each.revision == of.id)
        fits = len(seen) == count and all(each.state is InstanceState.READY for each in seen)
        return (seen or True) if fits else False

    found = until(enough, seconds)
    return found if isinstance(found, tuple) else ()
