"""The place of a demo: a folder of its own with a state folder and the sample service in it, and the end of all that runs there.

Used by `demo.command`. The folder stays until the next demo, so that one can look further.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from seaway.config.home import Home
from seaway.errors import Conflict, UsageError

SERVICE, ENVIRONMENT = "shop", "production"

_CONFIGURATION = """\
# Written by `seaway demo`. A file like this is what `seaway init` writes for a service of your own.
services:
  {service}:
    command: ["{python}", service.py]
    artifact: .
    replicas: 2
    environment:{knobs}
    readiness:
      http:
        path: /healthz
    routes:
      - paths: [/]
        websocket: true
        drain: 2s

environments:
  {environment}:
    traffic:
      listen: 127.0.0.1:{port}
    strategy:
      canary:
        steps:
          - set_weight: 10
          - pause: 2s
          - set_weight: 50
          - analysis: 10s
    objectives:
      - success_rate:
          at_least: 95%
        min_samples: 20
        window: 5s
    soak: 2s
    tick: 250ms
"""


class Stage:
    """`folder`: everything of the demo. `port`: where the proxy listens."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = Home(folder / "state")
        self.shop = folder / "shop"
        self.port = _free_port()

    @classmethod
    @contextlib.contextmanager
    def open(cls) -> Iterator[Stage]:
        """A clean stage: what an earlier demo left is stopped and removed. Raises Conflict while another demo runs."""
        folder = Path(tempfile.gettempdir()) / f"seaway-demo-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        seen = folder.lstat()
        if folder.is_symlink() or seen.st_uid != os.getuid() or seen.st_mode & 0o077:
            raise UsageError(
                f"{folder} is not a private folder of yours", hint=f"ls -ld {folder}; TMPDIR=~/tmp seaway demo"
            )
        with _alone(folder):
            stage = cls(folder)
            stage.clear()
            for part in (stage.home.root, stage.shop):
                shutil.rmtree(part, ignore_errors=True)
            stage.shop.mkdir()
            shutil.copy(Path(__file__).with_name("service.py"), stage.shop)
            os.environ["SEAWAY_HOME"] = str(stage.home.root)
            yield stage

    @property
    def configuration(self) -> Path:
        return self.shop / "seaway.yaml"

    def release(self, **knobs: str) -> None:
        """Write what the next release is: its version and how it behaves."""
        lines = "".join(f'\n      {name}: "{value}"' for name, value in knobs.items())
        text = _CONFIGURATION.format(
            service=SERVICE, environment=ENVIRONMENT, python=sys.executable, port=self.port, knobs=lines
        )
        self.configuration.write_text(text, encoding="utf-8")

    def clear(self) -> list[str]:
        """Stop everything that runs from this folder; a line per thing."""
        from seaway.app import housekeeping

        return list(housekeeping.down(self.home, drain=1.0)) if self.home.root.exists() else []

    def leftovers(self, patience: float = 5.0) -> list[str]:
        """What of this folder still runs after `patience` seconds: killed, and named. Nothing else uses this folder."""
        deadline = time.monotonic() + patience
        while (found := self._running()) and time.monotonic() < deadline:
            time.sleep(0.05)
        for process in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        return [f"{process} {command}" for process, command in found.items()]

    def _running(self) -> dict[int, str]:
        """Processes that Seaway started for this folder: a person who looks into it is left alone."""
        found = {}
        for process in Path("/proc").iterdir():
            if process.name.isdecimal() and int(process.name) != os.getpid():
                with contextlib.suppress(OSError):
                    words = (process / "cmdline").read_bytes().split(bytes(1))
                    place = os.fsencode((process / "cwd").readlink())
                    if _ours(process, words) and any(self._within(part) for part in (*words, place)):
                        found[int(process.name)] = b" ".join(words).decode(errors="replace").strip()
        return found

    def _within(self, path: bytes) -> bool:
        mark = os.fsencode(self.folder)
        return path == mark or path.startswith(mark + b"/")


def _ours(process: Path, words: list[bytes]) -> bool:
    """A control plane, or what one started: only those carry a token."""
    environment = (process / "environ").read_bytes().split(bytes(1))
    return b"serve" in words or any(each.startswith(b"SEAWAY_TOKEN=") for each in environment)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise Conflict(
            f"another demo runs in {folder}", hint="wait for its end, or TMPDIR=~/tmp seaway demo"
        ) from error
    finally:
        os.close(descriptor)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
