"""A look into the database without an engine: what runs where. Called by `app` when it makes a plan.

Standard library only: `seaway plan` must not wait for SQLAlchemy.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from seaway.errors import SeawayError
from seaway.model import codec
from seaway.model.placement import Placement
from seaway.model.rollout import Rollout

VERSION = 1  # of the tables; `tables.VERSION`, which costs the import of SQLAlchemy, is compared by a test


def placement(path: Path, environment: str, service: str) -> Placement | None:
    """What this service runs in this environment; None when nothing was ever released there. Raises SeawayError."""
    query = "SELECT document FROM placements WHERE environment = ? AND service = ?"
    with _opened(path) as connection:
        row = connection.execute(query, (environment, service)).fetchone() if connection else None
        return codec.decode(Placement, json.loads(row[0])) if row else None


def placements(path: Path) -> tuple[Placement, ...]:
    """Every placement, by environment and service. Raises SeawayError."""
    query = "SELECT document FROM placements ORDER BY environment, service"
    with _opened(path) as connection:
        rows = connection.execute(query).fetchall() if connection else []
        return tuple(codec.decode(Placement, json.loads(row[0])) for row in rows)


def history(path: Path, environment: str, service: str, since: float) -> list[codec.Json]:
    """What stable's counters said since a moment (seconds since 1970), oldest first: samples as documents. Raises SeawayError."""
    query = "SELECT document FROM samples WHERE rollout = ? AND at >= ? ORDER BY id"
    with _opened(path) as connection:
        rows = connection.execute(query, (f"{environment}/{service}", since)).fetchall() if connection else []
        return [json.loads(row[0]) for row in rows]


def evidence(path: Path, rollout: str) -> list[codec.Json]:
    """What the judge of a rollout has kept, oldest first. Raises SeawayError."""
    query = "SELECT document FROM samples WHERE rollout = ? ORDER BY id"
    with _opened(path) as connection:
        rows = connection.execute(query, (rollout,)).fetchall() if connection else []
        return [row for row in (json.loads(text) for (text,) in rows) if "kind" in row]


def rollouts(path: Path, *, limit: int = 0) -> list[Rollout]:
    """Every rollout, newest first. Raises SeawayError."""
    query = "SELECT plan, document, epoch FROM rollouts ORDER BY created DESC, id DESC LIMIT ?"
    with _opened(path) as connection:
        rows = connection.execute(query, (limit or -1,)).fetchall() if connection else []
        parts = ((json.loads(plan), json.loads(document), epoch) for plan, document, epoch in rows)
        return [codec.decode(Rollout, {**document, "plan": plan, "epoch": epoch}) for plan, document, epoch in parts]


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection | None]:
    """A read-only connection, None where no engine ever ran. Raises SeawayError for what cannot be read."""
    if not path.exists():
        yield None
        return
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
            known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'schema_version'").fetchone()
            found = connection.execute("SELECT version FROM schema_version").fetchone()[0] if known else 0
            if found > VERSION:
                raise SeawayError(
                    f"{path} has version {found}, this Seaway knows versions up to {VERSION}",
                    hint="use the Seaway that wrote it, or a newer one",
                )
            yield connection if known else None
    except sqlite3.Error as error:
        raise SeawayError(f"{path} cannot be read: {error}", hint="seaway doctor") from error
