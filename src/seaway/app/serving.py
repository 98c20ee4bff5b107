"""Runs the control plane as a process: by hand, detached, as a child of a CI job, or for systemd. Called by `cli` and `web.server`.

The socket is bound under a name of its own and takes its public name only when the engine runs, which needs the exclusive lock:
so a second process never takes the socket of a first one, and of two that race one remains.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pwd
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from seaway.adapters import _procfs
from seaway.app.client import Client
from seaway.config.home import Home
from seaway.errors import ControlPlaneUnreachable, SeawayError

if TYPE_CHECKING:
    import uvicorn

    from seaway.app.control_plane import ControlPlane

_SETTINGS = "SEAWAY_SERVE"
_PATIENCE = 30.0  # seconds until a control plane that was started must answer
_LOOK = 0.5  # seconds between two looks at the parent
_LOG_LIMIT = 10 * 1024 * 1024  # bytes of control.log; then it becomes control.log.1


@dataclass(frozen=True, slots=True)
class Settings:
    """What one serving process needs to know; travels in the environment because the server takes no arguments.

    `parent`: end when this process is no longer our parent (0 = never): a control plane of one CI job.
    """

    home: str
    take_over: bool = False
    parent: int = 0

    @property
    def answers(self) -> Path:
        """File of the answers that were given, by idempotency key."""
        return Path(self.home) / "answers.sqlite"


def serve(home: Home, *, take_over: bool = False, parent: int = 0) -> None:
    """Run the control plane in this process until it is told to stop (SIGTERM, ^C, shutdown). Raises Conflict: the lock is held."""
    import uvicorn

    os.umask(0o077)
    home.ensure()
    _log_to_stderr()
    settings = Settings(str(home.root), take_over, parent)
    os.environ[_SETTINGS] = json.dumps(asdict(settings))
    token(settings)
    server = uvicorn.Server(server_settings("seaway.web.server:create", factory=True))
    with bound(private(home)) as listener:
        server.run(sockets=[listener])
    _withdraw(home)


def _log_to_stderr() -> None:
    import logging

    import structlog

    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,  # plain: a traceback with values of variables could show a secret
            structlog.processors.LogfmtRenderer(sort_keys=False, key_order=["timestamp", "level", "event"]),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def server_settings(app: Any, *, factory: bool = False) -> uvicorn.Config:
    """How the server runs an application: our own protocol class, no logs of its own, streams cut a second after the end."""
    import uvicorn

    return uvicorn.Config(
        app,
        factory=factory,
        http="seaway.web.peer:PeerProtocol",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=60,
    )


def settings() -> Settings:
    """What this process was told to serve. Raises SeawayError when it was not started by `serve`."""
    try:
        return Settings(**json.loads(os.environ[_SETTINGS]))
    except (KeyError, ValueError, TypeError) as error:
        raise SeawayError("the server is started by the command", hint="seaway serve") from error


def plane(settings: Settings) -> ControlPlane:
    """The control plane of the settings' state folder, not started."""
    from seaway.app.control_plane import ControlPlane

    return ControlPlane(
        Home(Path(settings.home)),
        take_over=settings.take_over,
        on_lost=lambda _: os.kill(
            os.getpid(), signal.SIGTERM
        ),  # a newer engine works: this process has nothing left to do
    )


def owner() -> str:
    """Name of the user of the operating system: the one identity of a local control plane."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container that runs under a number
        return f"uid-{os.getuid()}"


def follow_parent(settings: Settings) -> None:
    """End this process when the one that started it has ended, however that ended: a control plane of one command."""
    if settings.parent:
        threading.Thread(target=_follow, args=(settings.parent,), daemon=True).start()


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK)
    os.kill(os.getpid(), signal.SIGTERM)


def token(settings: Settings) -> str:
    """The API's secret, made at the first start: 256 random bits, readable by the owner only."""
    path = Home(Path(settings.home)).token
    if not path.exists():
        made = path.with_name(f".token.{os.getpid()}")
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
        with contextlib.suppress(FileExistsError):  # another process was first: its token counts
            os.link(made, path)
        made.unlink()
    return path.read_text(encoding="ascii").strip()


def publish(settings: Settings) -> None:
    """Give the bound socket its public name: from now on clients reach this process."""
    home = Home(Path(settings.home))
    private(home).replace(home.control_socket)


def ensure(home: Home, *, take_over: bool = False) -> None:
    """Start a detached control plane when none answers, and wait until it does; two commands that race start one.

    Raises ControlPlaneUnreachable with the last words of its log when it does not come up.
    """
    if alive(home):
        return
    home.ensure()
    with _starting(home):
        if not alive(home):
            _await(home, start(home, take_over=take_over))


def start(home: Home, *, parent: int = 0, take_over: bool = False) -> subprocess.Popen[bytes]:
    """Start `seaway serve` as its own session (or, with a parent, as its child), logging to control.log. Does not wait."""
    # -P: the folder this command runs in is no place to import from.
    arguments = [sys.executable, "-P", "-m", "seaway", "serve"]
    arguments += ["--take-over"] if take_over else []
    environment = {**os.environ, "SEAWAY_HOME": str(home.root)}
    if parent:
        environment["SEAWAY_PARENT"] = str(parent)
    with _log(home) as log:
        return subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=home.root,
            env=environment,
            start_new_session=True,
        )


@contextlib.contextmanager
def foreground(home: Home) -> Iterator[None]:
    """A control plane that lives as long as this block (and dies with this process); none is started where one answers."""
    if alive(home):
        yield
        return
    home.ensure()
    process = start(home, parent=os.getpid())
    try:
        _await(home, process)
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def alive(home: Home) -> bool:
    """True when a control plane answers."""
    if not home.control_socket.exists():
        return False
    with contextlib.suppress(ControlPlaneUnreachable), Client(home, answer=5.0) as client:
        client.health()
        return True
    return False


def stop(home: Home) -> bool:
    """Ask the control plane to end and wait until it has; False when none answered. What it manages runs on."""
    if not alive(home):
        return False
    with Client(home) as client:
        process = int(client.health()["pid"])
        client.shutdown()
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if _has_ended(process) or not home.control_socket.exists():
            return True
        time.sleep(0.02)
    raise SeawayError(f"the control plane (process {process}) does not end", hint=f"kill {process}")


def _has_ended(process: int) -> bool:
    """Gone, or a zombie: a control plane that this very process started stays one until it is waited for."""
    return _procfs.stat_fields(process)[:1] in ([], ["Z"])


def _await(home: Home, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if alive(home):
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    if alive(home):  # ours lost a race with another one: that one serves
        return
    raise ControlPlaneUnreachable(
        f"the control plane did not start; the end of {home.control_log}:\n{_last_words(home.control_log)}",
        hint="seaway doctor",
    )


def _last_words(log: Path) -> str:
    with contextlib.suppress(OSError):
        lines = log.read_bytes()[-4000:].decode(errors="replace").splitlines()
        return "\n".join(f"  {line}" for line in lines[-8:])
    return "  (nothing)"


@contextlib.contextmanager
def _starting(home: Home) -> Iterator[None]:
    descriptor = os.open(home.root / "start.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _log(home: Home) -> Iterator[IO[bytes]]:
    with contextlib.suppress(FileNotFoundError):
        if home.control_log.stat().st_size > _LOG_LIMIT:
            home.control_log.replace(home.control_log.with_suffix(".log.1"))
    descriptor = os.open(home.control_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "ab", buffering=0) as file:
        yield file


def private(home: Home) -> Path:
    """The name under which a process binds its socket before it may be reached."""
    return home.control_socket.with_name(f".{os.getpid()}")


@contextlib.contextmanager
def bound(path: Path) -> Iterator[socket.socket]:
    """A listening socket at a path, for the owner only."""
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(128)
        try:
            yield listener
        finally:
            path.unlink(missing_ok=True)


def _withdraw(home: Home) -> None:
    """Remove the public name, unless another process has put its own there."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(home.control_socket))
        except ConnectionRefusedError:
            home.control_socket.unlink(missing_ok=True)
