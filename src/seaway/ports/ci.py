"""The port to the runs that a CI system recorded. Called by `app.runs`, answered as the model's runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from seaway.model.runs import Listed, Run


class Ci(Protocol):
    """Recorded runs of one project. Every method raises NotReachable (no answer, or no more questions allowed in time), Refused
    (authentication, permission, an answer that is none) and NotFound (no such project).
    """

    # Runs that ended and changed at or after this time (seconds since 1970), page by page as they are asked for; each once.
    def listed(self, since: float) -> Iterator[Listed]: ...

    # All attempts of one of them, with their jobs; none where nothing of it ever ran.
    def attempts(self, one: Listed) -> tuple[Run, ...]: ...

    # Ends the connections.
    def close(self) -> None: ...
