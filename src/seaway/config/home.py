"""The state folder: where everything is that Seaway knows, and who may read it. Called by every command, so: standard library only.

One folder per user by default, readable by its owner alone. Unix sockets need paths of at most 107 bytes, so they move elsewhere
when the folder's own path is long.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from seaway.errors import UsageError

if TYPE_CHECKING:
    from seaway.model.routing import Gateway

_SOCKET_PATH = 107  # bytes that the kernel takes for the path of a unix socket, its end mark aside
_BELOW = 9 + 33  # `/<8 hex of the place>` and `/<name of a socket>` below the runtime folder
_NAME = "seaway"


@dataclass(frozen=True, slots=True)
class Home:
    """Paths below the state folder `root`. Nothing is made until `ensure`."""

    root: Path
    runtime_dir: str = field(default_factory=lambda: os.environ.get("XDG_RUNTIME_DIR", ""), compare=False)

    @classmethod
    def find(cls, environ: Mapping[str, str] | None = None) -> Home:
        """$SEAWAY_HOME, else $XDG_STATE_HOME/seaway, else ~/.local/state/seaway. Relative XDG paths are ignored, as XDG says."""
        known = os.environ if environ is None else environ
        runtime = known.get("XDG_RUNTIME_DIR", "")
        if known.get("SEAWAY_HOME"):
            return cls(Path(known["SEAWAY_HOME"]).expanduser().absolute(), runtime)
        state = known.get("XDG_STATE_HOME", "")
        if state.startswith("/"):
            return cls(Path(state) / _NAME, runtime)
        return cls(Path(known.get("HOME") or Path.home()) / ".local" / "state" / _NAME, runtime)

    @property
    def database(self) -> Path:
        return self.root / "engine.sqlite"

    @property
    def engine_url(self) -> str:
        """The URL of the database, with its special characters quoted."""
        from urllib.parse import quote

        return f"sqlite:///{quote(str(self.database))}"

    @property
    def engine_lock(self) -> Path:
        return self.root / "engine.lock"

    @property
    def token(self) -> Path:
        return self.root / "token"

    @property
    def ballast(self) -> Path:
        return self.root / "ballast"

    @property
    def control_log(self) -> Path:
        return self.root / "control.log"

    @property
    def control_socket(self) -> Path:
        return self.run / "control.sock"

    @property
    def artifacts(self) -> Path:
        return self.root / "artifacts"

    @property
    def environments(self) -> Path:
        """One folder per environment that was ever released to."""
        return self.root / "environments"

    def target(self, environment: str) -> Path:
        """The folder of a target: records of instances and jobs, and their logs."""
        return self.environments / environment / "target"

    def gateway(self, gateway: Gateway) -> Path:
        """The folder of a proxy: its configuration and its records."""
        host, _, port = gateway.listen.rpartition(":")
        return self.environments / gateway.environment / "gateways" / f"{host}_{port}"

    def runtime(self, environment: str) -> Path:
        """The folder of an environment's sockets and other short-lived files; names of sockets in it may have 32 bytes."""
        return self.run / _short(environment)

    @property
    def run(self) -> Path:
        """The folder of all sockets: `run` in the state folder, or where the link of that name leads when that path is too long.

        The link keeps every process at one place, whatever XDG_RUNTIME_DIR each of them was given.
        """
        inside = self.root / "run"
        if _fits(inside):
            return inside
        try:
            return inside.readlink()
        except OSError:
            return self._outside()

    def ensure(self) -> None:
        """Make the folders, for their owner only. Raises UsageError when somebody else could read or write them."""
        _private(self.root, "set SEAWAY_HOME to a folder of your own")
        link = self.root / "run"
        if not _fits(link):
            self._ensure_link(link)
        _private(self.run, f"ls -ld {self.run}", follow=False)

    def _ensure_link(self, link: Path) -> None:
        if link.is_symlink() and link.readlink().parent.is_dir():
            return  # its folder may be gone after a reboot: it is made again at the same place
        beside = self.root / f".run.{os.getpid()}"
        beside.unlink(missing_ok=True)
        beside.symlink_to(self._outside())
        beside.replace(link)

    def _outside(self) -> Path:
        short = _short(str(self.root))
        if self.runtime_dir.startswith("/"):
            folder = Path(self.runtime_dir) / f"{_NAME}-{short}"
            if _fits(folder) and _is_mine(folder.parent):
                return folder
        return Path("/tmp") / f"{_NAME}-{os.getuid()}-{short}"  # noqa: S108 - its owner and mode are checked


def _short(text: str) -> str:
    return hashlib.sha256(os.fsencode(text)).hexdigest()[:8]


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder)) + _BELOW <= _SOCKET_PATH


def _is_mine(folder: Path) -> bool:
    try:
        seen = folder.stat()
    except OSError:
        return False
    return stat.S_ISDIR(seen.st_mode) and seen.st_uid == os.getuid() and not seen.st_mode & 0o022


def _private(folder: Path, hint: str, *, follow: bool = True) -> None:
    """`follow` False: a link is refused, because in a folder like /tmp somebody else may have put it there."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        seen = folder.stat(follow_symlinks=follow)
        if not stat.S_ISDIR(seen.st_mode):
            raise UsageError(f"{folder} is no folder", hint=hint)
        if seen.st_uid != os.getuid():
            raise UsageError(f"{folder} belongs to another user (uid {seen.st_uid})", hint=hint)
        if seen.st_mode & 0o022:
            raise UsageError(
                f"{folder} can be written by other users (mode {stat.S_IMODE(seen.st_mode):o})",
                hint=f"look at what is in it, then chmod 700 {folder}",
            )
        if seen.st_mode & 0o077:
            folder.chmod(0o700)
    except OSError as error:
        raise UsageError(f"cannot use {folder}: {error.strerror}", hint=hint) from error
