"""Starts and stops DBOS on the engine's database: the one place that imports it, and only when an engine starts.

DBOS makes the effects of a transition durable: a workflow `<rollout>:<seq>` with one step per effect, resumed by the next
engine where this one died. Everything it stores goes through `model.codec`, as text that any tool can read.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import structlog

from seaway.engine import lease
from seaway.engine.database import Database
from seaway.model import codec

# The journal's format. It changes only when a workflow of the release before could not be finished by this one; a change in
# the order of steps is written with DBOS.patch instead, so that rollouts survive an upgrade.
APPLICATION_VERSION = "seaway-1"

POLL = 0.02  # seconds; nothing here waits for DBOS's notifications, so this costs 50 empty loops a second (0.1 % of a core)
_FIRST_POLL = 0.05  # seconds between looks at recovered workflows, while there are some
_LATER_POLL = 5.0

Perform = Callable[[str, int, int, Any], Any]

_current: dict[str, Any] = {}  # what the running engine does for its workflow; DBOS allows one engine per process


class Journal:
    """DBOS while an engine runs. `perform(rollout, seq, position, command)` does one effect and never raises for a port's
    trouble; `finished(rollout, seq)` is called when all effects of a transition are done, `failed(rollout, seq, error)` when
    one could not be journaled.
    """

    def __init__(
        self,
        database: Database,
        perform: Perform,
        finished: Callable[[str, int], None],
        failed: Callable[[str, int, Exception], None],
    ) -> None:
        self._database = database
        self._told = {"perform": perform, "finished": finished, "failed": failed}
        self._dbos: Any = None
        self._workflow: Any = None

    def launch(self) -> tuple[str, ...]:
        """Start DBOS; returns the ids of workflows that an earlier engine left unfinished: they go on by themselves."""
        from dbos import DBOS

        _calm_logs()
        self._dbos = DBOS(config=_config(self._database))
        self._workflow = _registered(DBOS)
        _current.update(self._told)
        self.pace(_FIRST_POLL)
        DBOS.launch()
        pending = DBOS.list_workflows(
            status=["PENDING", "ENQUEUED", "DELAYED"], load_input=False, load_output=False, sort_desc=False
        )
        if not pending:
            self.pace(_LATER_POLL)
        return tuple(found.workflow_id for found in pending)

    def run(self, rollout: str, seq: int, commands: list[Any], *, again: int = 0) -> None:
        """Do the effects of a transition; returns when they are done. A transition that has run does not run again.

        `again`: a number for a repetition after the journal was damaged; effects that are done stay done.
        """
        from dbos import SetWorkflowID

        with SetWorkflowID(name(rollout, seq) + (f":{again}" if again else "")):
            self._workflow(rollout, seq, commands)

    def known(self, rollout: str, seq: int) -> bool:
        """Did the workflow of this transition ever start?"""
        return self._dbos.get_workflow_status(name(rollout, seq)) is not None

    def forget(self, workflows: list[str]) -> None:
        """Delete the records of workflows that ended long ago."""
        if workflows:
            self._dbos.delete_workflows(workflows)

    def pace(self, seconds: float) -> None:
        """How often DBOS looks for workflows to recover. It has no setting for its own queue: 1 s, for a thing that we
        need at once after a start and then never again.
        """
        self._dbos._registry.get_internal_queue()._polling_interval_sec = seconds  # noqa: SLF001

    def stop(self) -> None:
        """End DBOS; workflows in the middle go on with the next engine."""
        if self._dbos is not None:
            self._dbos.destroy(workflow_completion_timeout_sec=0)
            _current.clear()
            self._dbos = None


def name(rollout: str, seq: int) -> str:
    """The id of the workflow of a transition."""
    return f"{rollout}:{seq}"


class Portable:
    """DBOS's serializer: JSON by our codec. An exception is kept as its words; nothing is ever unpickled."""

    def name(self) -> str:
        return "seaway_json"

    def serialize(self, data: Any) -> str:
        return json.dumps(codec.encode(_plain(data)), separators=(",", ":"), ensure_ascii=False)

    def deserialize(self, serialized_data: str) -> Any:
        data = json.loads(serialized_data)
        if isinstance(data, dict) and set(data) == {"error"}:
            return RuntimeError(data["error"])
        return data


def _plain(data: Any) -> Any:
    return {"error": f"{type(data).__name__}: {data}"} if isinstance(data, BaseException) else data


def _config(database: Database) -> Any:
    return {
        "name": "seaway",
        "system_database_url": f"sqlite:///{database.path}",
        "system_database_engine": database.engine,
        "executor_id": lease.NODE,
        "application_version": APPLICATION_VERSION,
        "serializer": Portable(),
        "notification_listener_polling_interval_sec": POLL,
        "scheduler_polling_interval_sec": 3600.0,
        "enable_otlp": False,
        "log_level": "WARNING",
    }


def _registered(dbos: Any) -> Any:
    """The one workflow: every effect of a transition as a step, in order."""
    if "workflow" in _registry:
        return _registry["workflow"]

    @dbos.step(name="effect")  # type: ignore[untyped-decorator]
    def effect(rollout: str, seq: int, position: int, command: Any) -> Any:
        return _current["perform"](rollout, seq, position, command)

    @dbos.workflow(name="carry_out")  # type: ignore[untyped-decorator]
    def carry_out(rollout: str, seq: int, commands: list[Any]) -> int:
        try:
            for position, command in enumerate(commands):
                effect(rollout, seq, position, command)
        except Exception as error:
            _current["failed"](rollout, seq, error)
            raise
        _current["finished"](rollout, seq)
        return len(commands)

    _registry["workflow"] = carry_out
    return carry_out


_registry: dict[str, Any] = {}


class _Forward(logging.Handler):
    """DBOS's own log lines, as lines of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger("dbos").log(record.levelno, record.getMessage())


def _calm_logs() -> None:
    logger = logging.getLogger("dbos")
    logger.handlers[:] = [_Forward()]
    logger.propagate = False
