"""The tables of the engine's database, and how an older database becomes a newer one. Used by the modules of `engine` only.

Everything is SQLAlchemy Core with types that SQLite and Postgres share. Documents are JSON texts written by `model.codec`;
times in documents are RFC 3339, times that are only compared are seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from seaway.errors import SeawayError

VERSION = 1

metadata = sa.MetaData()

schema = sa.Table("schema_version", metadata, sa.Column("version", sa.Integer, primary_key=True))

# One row per engine that ever ran here. `fenced`: a newer one has taken its place, nothing it writes counts any more.
nodes = sa.Table(
    "nodes",
    metadata,
    sa.Column("epoch", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("id", sa.String, nullable=False),
    sa.Column("host", sa.String, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("heartbeat", sa.Float, nullable=False),
    sa.Column("fenced", sa.Boolean, nullable=False, default=False),
)

# `document` is the rollout without its plan, which never changes and stands beside it. `key`: of the submission.
rollouts = sa.Table(
    "rollouts",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("service", sa.String, nullable=False),
    sa.Column("environment", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("owner", sa.String, nullable=False),
    sa.Column("site", sa.String, nullable=False),
    sa.Column("key", sa.String, unique=True),
    sa.Column("plan", sa.Text, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("updated", sa.Float, nullable=False),
    sa.Index("rollouts_place", "environment", "service", "active"),
    sa.Index("rollouts_active", "active"),
)

# Messages to rollouts: from people, and outcomes of effects. `done_seq`: the transition that took it in, NULL before.
inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("rollout", sa.String, sa.ForeignKey("rollouts.id"), nullable=False),
    sa.Column("key", sa.String, nullable=False, unique=True),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("actor", sa.String, nullable=False),
    sa.Column("done_seq", sa.Integer),
    sa.Index("inbox_open", "rollout", "done_seq"),
    sqlite_autoincrement=True,
)

# Every external effect, before (`intent_at`) and after (`done_at`, with the events that came of it).
effects = sa.Table(
    "effects",
    metadata,
    sa.Column("key", sa.String, primary_key=True),  # <rollout>:<seq>:<index>
    sa.Column("rollout", sa.String, sa.ForeignKey("rollouts.id"), nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("request", sa.Text, nullable=False),
    sa.Column("intent_at", sa.Float, nullable=False),
    sa.Column("outcome", sa.Text),
    sa.Column("done_at", sa.Float),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Index("effects_transition", "rollout", "seq"),
    sa.Index("effects_open", "done_at", "rollout"),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("key", sa.String, nullable=False, unique=True),
    sa.Column("rollout", sa.String, nullable=False),
    sa.Column("type", sa.String, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Index("events_rollout", "rollout", "sequence"),
    sqlite_autoincrement=True,
)

# How far each receiver is: every event up to `delivered` has reached it (or was refused by it for good: `refused`, the last).
outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("sink", sa.String, primary_key=True),
    sa.Column("delivered", sa.Integer, nullable=False),
    sa.Column("refused", sa.Text, nullable=False, default=""),
)

samples = sa.Table(
    "samples",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("rollout", sa.String, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Index("samples_rollout", "rollout", "at"),
)

# `plan`: of the rollout that recorded the placement; it names the target and the router that hold it. `routed`: addresses of
# the stable revision that the router was told last.
placements = sa.Table(
    "placements",
    metadata,
    sa.Column("environment", sa.String, primary_key=True),
    sa.Column("service", sa.String, primary_key=True),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("plan", sa.Text, nullable=False),
    sa.Column("routed", sa.Text, nullable=False),
)

revisions = sa.Table(
    "revisions",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("document", sa.Text, nullable=False),
)

# MIGRATIONS[n] makes version n + 2 of version n + 1; version 1 is what `metadata` of the first release made.
MIGRATIONS: tuple[Callable[[sa.Connection], None], ...] = ()


def migrate(connection: sa.Connection, migrations: tuple[Callable[[sa.Connection], None], ...] = MIGRATIONS) -> None:
    """Make the tables, or bring older ones up to date. Raises SeawayError when the database is of a newer Seaway."""
    newest = len(migrations) + 1
    found = version(connection)
    if found > newest:
        raise SeawayError(
            f"the database has version {found}, this Seaway knows versions up to {newest}",
            hint="install the Seaway that wrote it, or a newer one; nothing was changed",
        )
    if not found:
        metadata.create_all(connection)
        connection.execute(schema.insert().values(version=newest))
        return
    for step in migrations[found - 1 :]:
        step(connection)
    if found < newest:
        connection.execute(schema.update().values(version=newest))


def version(connection: sa.Connection) -> int:
    """The version of the database's tables, 0 when there are none."""
    if not sa.inspect(connection).has_table(schema.name):
        return 0
    return connection.execute(sa.select(schema.c.version)).scalar() or 0
