"""One writer at a time, durable, fenced, and polite to databases that are not its own."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.harness import Bench
from seaway.engine import reader, tables
from seaway.engine.clock import Clock
from seaway.engine.database import Database
from seaway.engine.lease import Lease
from seaway.errors import Fenced, SeawayError


@pytest.fixture
def database(tmp_path: Path) -> Database:
    made = Database(tmp_path / "engine.sqlite")
    made.migrate()
    return made


def test_commits_survive_a_power_cut(database: Database) -> None:
    with database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_many_threads_write_without_waiting_for_locks(database: Database) -> None:
    def write(number: int) -> None:
        for turn in range(20):
            with database.write() as connection:
                epoch = number * 100 + turn
                connection.execute(
                    tables.nodes.insert().values(epoch=epoch, id="n", host="h", pid=1, heartbeat=0.0, fenced=False)
                )

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(tables.nodes)).scalar() == 160


def test_a_failed_transaction_lets_the_next_one_in(database: Database) -> None:
    def fail() -> None:
        with database.write() as connection:
            connection.execute(tables.outbox.insert().values(sink="s", delivered=1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.write() as connection:
        assert connection.execute(sa.select(tables.outbox)).all() == []


def test_a_database_that_is_locked_for_two_seconds_loses_nothing(bench: Bench) -> None:
    with bench.running():
        rollout = bench.submit("a")
        other = sqlite3.connect(bench.root / "engine.sqlite", isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        freed = threading.Timer(2.0, lambda: other.execute("ROLLBACK"))
        freed.start()
        began = time.monotonic()
        bench.ended(rollout)
        assert time.monotonic() - began > 1.5
        freed.join()
        other.close()


def test_every_commit_has_a_point_before_and_after_with_its_tables(tmp_path: Path) -> None:
    points: list[str] = []
    database = Database(tmp_path / "engine.sqlite", crash=points.append)
    database.migrate()
    points.clear()
    with database.write() as connection:
        connection.execute(tables.outbox.insert().values(sink="s", delivered=1))
        connection.execute(tables.revisions.insert().values(id="r", document="{}"))
    assert points == ["before commit outbox+revisions", "after commit outbox+revisions"]


def test_an_engine_that_was_replaced_writes_nothing(database: Database) -> None:
    lost: list[str] = []
    old = Lease(database, Clock(), lost.append)
    old.take()
    newer = Database(database.path)
    new = Lease(newer, Clock(), lost.append)
    assert new.take() > old.epoch
    with pytest.raises(Fenced), database.write() as connection:
        connection.execute(tables.outbox.insert().values(sink="old", delivered=1))
    with pytest.raises(Fenced), database.engine.begin() as connection:  # what DBOS would do
        connection.execute(tables.outbox.insert().values(sink="old", delivered=1))
    with newer.write() as connection:
        assert connection.execute(sa.select(tables.outbox)).all() == []
    old.release()
    new.release()


def test_epochs_grow_even_when_an_older_database_was_restored(tmp_path: Path) -> None:
    wall = [1000.0]
    database = Database(tmp_path / "engine.sqlite")
    database.migrate()
    clock = Clock(lambda: wall[0])
    first = Lease(database, clock, lambda _: None)
    assert first.take() == 1000
    first.release()
    wall[0] = 500.0
    second = Lease(database, clock, lambda _: None)
    assert second.take() == 1001
    second.release()


def test_a_database_of_a_newer_seaway_is_left_alone(tmp_path: Path) -> None:
    database = Database(tmp_path / "engine.sqlite")
    database.migrate()
    with database.write() as connection:
        connection.execute(tables.schema.update().values(version=tables.VERSION + 1))
    with pytest.raises(SeawayError, match="knows versions up to"):
        Database(tmp_path / "engine.sqlite").migrate()
    with pytest.raises(SeawayError, match="knows versions up to"):
        reader.placement(tmp_path / "engine.sqlite", "production", "shop")


def test_an_older_database_is_brought_up_to_date_step_by_step(database: Database) -> None:
    def step(connection: sa.Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE fresh (x INTEGER)")

    with database.write() as connection:
        tables.migrate(connection, (step,))
        tables.migrate(connection, (step,))
        assert tables.version(connection) == 2
        assert sa.inspect(connection).has_table("fresh")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "engine.sqlite").write_text("this is no database, it only looks like a file")
    with pytest.raises(SeawayError, match=r"engine\.sqlite"):
        Database(tmp_path / "engine.sqlite").migrate()
    with pytest.raises(SeawayError, match="cannot be read"):
        reader.placements(tmp_path / "engine.sqlite")


def test_the_reader_knows_the_version_without_sqlalchemy() -> None:
    assert reader.VERSION == tables.VERSION == len(tables.MIGRATIONS) + 1


def test_placements_are_read_without_an_engine(bench: Bench) -> None:
    path = bench.root / "engine.sqlite"
    assert reader.placement(path, "production", "shop") is None
    with bench.running() as engine:
        bench.release("a")
        assert reader.placement(path, "production", "shop") == engine.placement("production", "shop")
        assert reader.placement(path, "production", "cart") is None
    assert len(reader.placements(path)) == 1
