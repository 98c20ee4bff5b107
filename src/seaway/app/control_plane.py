"""The engine with a person's words around it: what the API offers and what a rollout's reader sees. Called by `web.api`.

Everything here is quick and blocking; `web` calls it in threads.
"""

from __future__ import annotations

from typing import Any

from seaway.config.home import Home

Json = dict[str, Any]


class ControlPlane:
    """One running engine of a state folder."""

    def __init__(self, home: Home, *, take_over: bool = False) -> None:
        self._home = home
        self._take_over = take_over
        self._engine: Any = None
