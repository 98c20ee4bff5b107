"""The port to receivers of events. Called by the engine's outbox, which delivers each key until it succeeded once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Events(Protocol):
    """A receiver of CDEvents."""

    # Deliver one event; the same `key` may come again after a crash and must have one effect. Raises NotReachable, Full.
    def deliver(self, key: str, event: Mapping[str, Any]) -> None: ...

    # The last key that surely arrived, "" for none; where a receiver cannot know, it says "".
    def last(self) -> str: ...
