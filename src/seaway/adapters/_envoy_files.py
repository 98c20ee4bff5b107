"""Where a gateway keeps its things on disk, and the routings it was asked for. Shared by the router and the metrics adapter.

Every watched file has a folder of its own: the proxy reads a file again whenever something is renamed into its folder.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seaway import errors
from seaway.adapters import _files
from seaway.formats.proxies.envoy import dump, wire
from seaway.model import codec
from seaway.model.routing import Routing

_LONGEST_SOCKET = 107  # bytes: sun_path of Linux, without its final zero


@dataclass(frozen=True, slots=True)
class Secrets:
    """Made once per gateway: `process` marks our proxy, `verify` is the path that tells generations, `probe` marks probes."""

    process: str
    verify: str
    probe: str


class Layout:
    """Absolute paths below `folder` (lasting) and `runtime` (sockets)."""

    def __init__(self, folder: Path, runtime: Path) -> None:
        self.folder = folder.absolute()
        self.listeners = self.folder / "xds" / "listeners" / "lds.json"
        self.clusters = self.folder / "xds" / "clusters" / "cds.json"
        self.routes = self.folder / "xds" / "routes" / "rds.json"
        self.certificate = self.folder / "xds" / "certificate" / "sds.json"
        self.bootstrap = self.folder / "bootstrap.json"
        self.services = self.folder / "services"
        self.deadman = self.folder / "deadman"
        self.fences = self.folder / "fences"
        self.kept = self.folder / "proxy"
        self.recorder = self.folder / "recorder"
        self.logs = self.folder / "logs"
        self.access_log = self.logs / "access.log"
        self.proxy_log = self.logs / "envoy.log"
        self.lives = self.logs / "lives.jsonl"
        self.heartbeat = self.logs / "heartbeat"
        self.folded = self.logs / "folded.jsonl"
        mark = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:8]
        self.admin_socket = _socket(runtime.absolute() / f"envoy-{mark}-admin.sock")
        self.verify_socket = _socket(runtime.absolute() / f"envoy-{mark}-verify.sock")

    def make(self) -> None:
        """Create the folders (0700). Raises Full."""
        with _files.room(self.folder):
            for folder in (self.listeners.parent, self.clusters.parent, self.routes.parent, self.certificate.parent, self.services,
                           self.deadman, self.fences, self.kept, self.logs, self.admin_socket.parent):  # fmt: skip
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def secrets(self) -> Secrets:
        """The gateway's secrets, made at the first call."""
        place = self.folder / "secrets.json"
        known = _files.read_json(place)
        if not isinstance(known, dict):
            known = {name: secrets.token_hex(16) for name in ("process", "verify", "probe")}
            _files.replace(place, wire.dump(known))
        return codec.decode(Secrets, known)


def _socket(path: Path) -> Path:
    if len(os.fsencode(path)) > _LONGEST_SOCKET:
        message = f"the socket path {path} is longer than {_LONGEST_SOCKET} bytes"
        raise errors.PortError(message, hint="set SEAWAY_HOME to a shorter path")
    return path


class Stored:
    """The routing of each service that the gateway serves, as the files of the running routes have it.

    A wish is written beside the old one (`pending`) before the routes are replaced, and takes its place afterwards. Which of
    them holds after a crash, and whether the dead-man's switch fired, is told by the generations in the routes file.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def load(self) -> dict[str, Routing]:
        """Service -> routing. Raises Refused for a file that Seaway did not write."""
        effective = dump.generations(_files.read_json(self._layout.routes))
        found: dict[str, Routing] = {}
        for service in sorted({_service(path) for path in self._layout.services.glob("*.json")}):
            choices = [each for path in self._places(service) if (each := _read(path))]
            exact = [each for each in choices if each.generation == effective.get(service)]
            settled = _read(self._settled(service))
            chosen = exact[0] if exact else settled
            if chosen and chosen.backends:
                found[service] = chosen
        return found

    def one(self, service: str) -> Routing | None:
        """The settled routing of one service, None when there is none."""
        return _read(self._settled(service))

    def propose(self, routing: Routing) -> None:
        """Keep the wish beside the settled one. Raises Full."""
        _files.replace(self._pending(routing.service), codec.canonical(routing).encode())

    def settle(self, service: str) -> None:
        """The proposed wish has become true."""
        self._pending(service).rename(self._settled(service))

    def withdraw(self, service: str) -> None:
        """The proposed wish was refused."""
        self._pending(service).unlink(missing_ok=True)

    def forget(self, service: str) -> None:
        """The service is no longer served here."""
        for path in self._places(service):
            path.unlink(missing_ok=True)

    def _places(self, service: str) -> tuple[Path, Path, Path]:
        return self._settled(service), self._pending(service), self._layout.deadman / f"{service}.json"

    def _settled(self, service: str) -> Path:
        return self._layout.services / f"{service}.json"

    def _pending(self, service: str) -> Path:
        return self._layout.services / f"{service}.pending.json"


def _service(path: Path) -> str:
    return path.name.removesuffix(".json").removesuffix(".pending")


def _read(path: Path) -> Routing | None:
    document: Any = _files.read_json(path)
    if document is None:
        return None
    try:
        return codec.decode(Routing, document.get("routing", document))
    except (codec.CodecError, AttributeError) as error:
        raise errors.Refused(f"{path} is not a routing that Seaway wrote: {error}", hint=f"look at {path}") from error
