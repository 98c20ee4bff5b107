"""What an earlier engine left: effects half done, a journal that somebody damaged, records of an older release."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.harness import Bench, eventually
from seaway.engine import launch
from seaway.model.rollout import State
from seaway.rollout.messages import PromoteNow
from support import plans, simulated

JOURNALS = Path(__file__).parent / "journals"


def execute(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def select(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def held(bench: Bench) -> str:
    """A canary that waits for a person."""
    bench.release("a")
    rollout = bench.submit("b", where=plans.environment(plans.canary(hold=True)))
    bench.until(rollout, lambda now: now.state is State.HELD)
    return rollout


def test_a_rollout_goes_on_where_the_engine_before_stopped(bench: Bench) -> None:
    with bench.running():
        rollout = held(bench)
    with bench.running() as engine:
        found = engine.rollout(rollout)
        assert found is not None
        assert found.epoch == engine.epoch
        assert found.state is State.HELD
        engine.tell(rollout, PromoteNow("ann"), "")
        bench.ended(rollout)


def test_a_message_that_was_not_read_is_read_by_the_next_engine(bench: Bench) -> None:
    with bench.running():
        rollout = held(bench)
    event = json.dumps({"kind": "promote_now", "actor": "ann", "full": False})
    execute(
        bench.root / "engine.sqlite",
        f"INSERT INTO inbox (rollout, key, event, at, actor) VALUES ('{rollout}', 'k', '{event}', 0, 'ann')",
    )
    with bench.running():
        bench.ended(rollout)


def test_an_effect_whose_journal_row_was_removed_is_done_again_and_said(bench: Bench) -> None:
    """Removed with the step's record; nobody can know whether it happened, and doing it again is safe."""
    path = bench.root / "engine.sqlite"
    with bench.running():
        rollout = held(bench)
        before = bench.log()
    key, seq = select(path, f"SELECT key, seq FROM effects WHERE rollout = '{rollout}' ORDER BY seq DESC LIMIT 1")[0]
    workflow = launch.name(rollout, int(str(seq)))
    execute(
        path,
        f"DELETE FROM effects WHERE key = '{key}'",
        f"DELETE FROM operation_outputs WHERE workflow_uuid = '{workflow}'",
        f"DELETE FROM workflow_output WHERE workflow_uuid = '{workflow}'",
        f"UPDATE workflow_status SET status = 'PENDING', output = NULL WHERE workflow_uuid = '{workflow}'",
    )
    with bench.running() as engine:
        found = bench.until(rollout, lambda _: "problem" in bench.events(rollout))
        assert found.state is State.HELD
        problem = next(
            event
            for _, event in engine.events_after(0, rollout=rollout)
            if event["customData"]["seaway"]["event"] == "problem"
        )
        assert str(key) in problem["customData"]["seaway"]["reason"]
        done = f"SELECT count(*) FROM effects WHERE key = '{key}' AND done_at NOT NULL"
        eventually(lambda: select(path, done) == [(1,)])
        assert bench.log() == before
        engine.tell(rollout, PromoteNow("ann"), "")
        bench.ended(rollout)


def test_an_effect_that_is_journaled_as_done_is_not_done_again(bench: Bench) -> None:
    path = bench.root / "engine.sqlite"
    with bench.running():
        rollout = held(bench)
    seq = select(path, f"SELECT max(seq) FROM effects WHERE rollout = '{rollout}'")[0][0]
    workflow = launch.name(rollout, int(str(seq)))
    execute(
        path,
        f"DELETE FROM operation_outputs WHERE workflow_uuid = '{workflow}'",
        f"UPDATE workflow_status SET status = 'PENDING', output = NULL WHERE workflow_uuid = '{workflow}'",
    )
    bench.hands.world.lies.unreachable = True  # whoever asks the router again will fail
    with bench.running() as engine:
        bench.until(
            rollout,
            lambda _: (
                select(path, f"SELECT status FROM workflow_status WHERE workflow_uuid = '{workflow}'") == [("SUCCESS",)]
            ),
        )
        assert "problem" not in bench.events(rollout)
        bench.hands.world.lies.unreachable = False
        engine.tell(rollout, PromoteNow("ann"), "")
        bench.ended(rollout)


def test_open_effects_without_a_workflow_are_carried_out(bench: Bench) -> None:
    """The crash fell between the decision and the start of its workflow."""
    path = bench.root / "engine.sqlite"
    with bench.running():
        rollout = held(bench)
        before = bench.log()
    seq = int(str(select(path, f"SELECT max(seq) FROM effects WHERE rollout = '{rollout}'")[0][0]))
    workflow = launch.name(rollout, seq)
    execute(
        path,
        f"UPDATE effects SET done_at = NULL, outcome = NULL WHERE rollout = '{rollout}' AND seq = {seq}",
        f"DELETE FROM operation_outputs WHERE workflow_uuid = '{workflow}'",
        f"DELETE FROM workflow_output WHERE workflow_uuid = '{workflow}'",
        f"DELETE FROM workflow_status WHERE workflow_uuid = '{workflow}'",
    )
    with bench.running() as engine:
        open_ones = f"SELECT count(*) FROM effects WHERE rollout = '{rollout}' AND done_at IS NULL"
        bench.until(rollout, lambda _: select(path, open_ones) == [(0,)])
        assert bench.log() == before
        engine.tell(rollout, PromoteNow("ann"), "")
        bench.ended(rollout)


def test_open_effects_of_a_workflow_that_claims_to_be_done_are_carried_out(bench: Bench) -> None:
    path = bench.root / "engine.sqlite"
    with bench.running():
        rollout = held(bench)
    execute(path, f"UPDATE effects SET done_at = NULL, outcome = NULL WHERE rollout = '{rollout}'")
    with bench.running() as engine:
        open_ones = "SELECT count(*) FROM effects WHERE done_at IS NULL"
        bench.until(rollout, lambda _: select(path, open_ones) == [(0,)])
        engine.tell(rollout, PromoteNow("ann"), "")
        bench.ended(rollout)


def test_nothing_is_pickled(bench: Bench) -> None:
    with bench.running():
        bench.release("a")
    found = stored(bench.root / "engine.sqlite")
    assert {"operation_outputs.output", "workflow_input.inputs", "workflow_output.output"} <= {
        name for name, _ in found
    }
    assert [name for name, text in found if not is_json(text)] == []


def test_the_search_for_pickles_finds_one(bench: Bench) -> None:
    """The negative control of the test above."""
    with bench.running():
        bench.release("a")
    path = bench.root / "engine.sqlite"
    execute(path, "UPDATE operation_outputs SET output = 'gASVBQAAAAAAAACMAWGULg=='")
    assert {name for name, text in stored(path) if not is_json(text)} == {"operation_outputs.output"}


def stored(path: Path) -> list[tuple[str, str]]:
    """Everything that DBOS serialized: (table.column, text)."""
    found = []
    with closing(sqlite3.connect(path)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            columns = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
            for column in {"inputs", "output", "error", "value", "message"} & columns:
                rows = connection.execute(f"SELECT {column} FROM {table} WHERE {column} NOT NULL")
                found += [(f"{table}.{column}", str(row[0])) for row in rows]
    return found


def is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


@pytest.fixture(params=sorted(path.name for path in JOURNALS.iterdir()))
def recorded(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    """The state folder that a release of Seaway left behind, in the middle of a canary."""
    shutil.copy(JOURNALS / request.param / "world.json", tmp_path)
    with closing(sqlite3.connect(tmp_path / "engine.sqlite")) as connection:
        connection.executescript((JOURNALS / request.param / "engine.sql").read_text())
    return Bench(tmp_path, simulated.SimulatedHands(simulated.FileWorld(tmp_path / "world.json")))


def test_rollouts_of_every_earlier_release_go_on(recorded: Bench) -> None:
    with recorded.running() as engine:
        (rollout,) = (each.id for each in engine.rollouts(active=True))
        recorded.until(rollout, lambda now: now.state is State.HELD)
        engine.tell(rollout, PromoteNow("ann"), "")
        ended = recorded.ended(rollout)
        placement = engine.placement("production", "shop")
        assert placement is not None
        assert placement.stable == ended.plan.candidate
        assert recorded.log()[-1] == "instances shop-aaaaaaaaaaaa 0"
        assert recorded.events(rollout)[0] == "rollout.admitted"
