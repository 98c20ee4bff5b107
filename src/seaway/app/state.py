"""What a state folder knows, read from its database without an engine. Called by `planning`: a plan needs no control plane."""

from __future__ import annotations

from seaway.config.home import Home
from seaway.model.placement import Placement


def placement(home: Home, service: str, environment: str) -> Placement | None:
    """What a service runs in an environment; None before its first release."""
    if not home.database.exists():
        return None
    from seaway.engine import store

    database = store.connect(home.database, read_only=True)
    try:
        return store.Store(database).placement(environment, service)
    finally:
        database.dispose()
