"""The port to secret values. Called late, by targets' composition; values never reach the journal, logs, events or argv."""

from __future__ import annotations

from typing import Protocol


class Secrets(Protocol):
    """One scheme of references: `env:NAME`, `file:/path`."""

    # The value behind the part after the colon. Raises NotFound with the reference's name, never with a value.
    def resolve(self, name: str) -> str: ...

    # Raises NotFound when the reference cannot be resolved now, without reading more than it must.
    def check(self, name: str) -> None: ...
