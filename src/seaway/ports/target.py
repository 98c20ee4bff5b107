"""The port to what runs instances: processes, containers, hosts. Called by the engine and by `seaway logs` and `down`."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from seaway.model.instance import Fence, InstanceSeen, JobSeen
from seaway.model.revision import Revision


class Target(Protocol):
    """Every method is idempotent, quick (< 1 s: it asks for things and returns) and safe after a crash at any instruction."""

    # Make exactly `replicas` instances of the revision run (0 stops them: signal, grace, kill). Adopts what runs already,
    # supervises it again where a keeper died, never starts a second copy, never kills what it cannot identify.
    # `keep`: addresses that must survive when it shrinks, most wanted first. Raises Fenced, Full, Conflict.
    def converge(self, revision: Revision, replicas: int, fence: Fence, keep: tuple[str, ...] = ()) -> None: ...

    # All instances of a service in this environment, ready or not; never raises for a dead one: it is reported.
    def look(self, service: str) -> tuple[InstanceSeen, ...]: ...

    # Start the one-off command once per key if it is missing (later calls with the key start nothing); say how it stands.
    def run(self, key: str, revision: Revision, command: tuple[str, ...], fence: Fence) -> JobSeen: ...

    # Log files of a service, oldest first, with the revision and instance in their names.
    def logs(self, service: str) -> tuple[Path, ...]: ...

    # Stop everything of this environment that can be identified; returns a line per thing it stopped or had to leave.
    def down(self) -> tuple[str, ...]: ...
