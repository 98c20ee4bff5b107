"""Steps -> `steps:`. Called by the writer of jobs. Takes steps in CircleCI's shape: those of other systems are lowered first."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

from seaway.formats.pipelines.circleci.words import Unprintable, Words, kept_data, logic, put_back
from seaway.formats.pipelines.expand import in_words
from seaway.formats.yaml.emit import Note
from seaway.model.expression import Binary, Call, Expr, Unary, Unknown, walk
from seaway.model.pipeline import Artifact, Cache, Checkout, Opaque, Run, Step, Use

_STATUS: dict[Expr, str] = {
    Call("always"): "always",
    Unary("!", Call("cancelled")): "always",
    Call("failure"): "on_fail",
    Call("success"): "",
}
_WHEN = {"always": "always", "failure": "on_fail"}


def write_steps(words: Words, steps: tuple[Step, ...]) -> list[Any]:
    """All of them; those in a row with one condition of the whole pipeline stand in one `when`."""
    found: list[Any] = []
    for guard, group in itertools.groupby(steps, key=lambda step: split(step)[0]):
        written = [write_step(words, step) for step in group]
        found += written if guard is None else [_guarded(words, guard, written)]
    return found


def split(step: Step) -> tuple[Expr | None, str]:
    """A step's condition: what is decided before the run, and which outcome it waits for."""
    expr = step.condition.expr if step.condition is not None else None
    if expr is None:
        return None, ""
    if expr in _STATUS:
        return None, _STATUS[expr]
    if isinstance(expr, Binary) and expr.op == "&&":
        for guard, status in ((expr.left, expr.right), (expr.right, expr.left)):
            if status in _STATUS:
                return guard, _STATUS[status]
    return expr, ""


def _guarded(words: Words, guard: Expr, written: list[Any]) -> Any:
    try:
        condition = kept_data(guard.text) if isinstance(guard, Unknown) and words.own else logic(guard)
    except Unprintable as why:
        status = any(isinstance(one, Call) and one.name in {"success", "failure", "always"} for one in walk(guard))
        reason = "a step's outcome is asked with other things" if status else f"CircleCI has no condition for {why}"
        words.losses.dropped("step condition", reason, "write the condition; until then it never holds")
        return {"when": Note({"condition": False, "steps": written}, above=f"was: {in_words(guard)}")}
    if isinstance(condition, dict) and set(condition) == {"not"}:
        return {"unless": {"condition": condition["not"], "steps": written}}
    return {"when": {"condition": condition, "steps": written}}


def write_step(words: Words, step: Step) -> Any:
    """One step, without what is decided before the run."""
    if isinstance(step.work, Opaque):
        return kept_data(step.work.text)
    name, body = _work(words, step)
    if step.name:
        body = {"name": step.name} | body
    if status := split(step)[1]:
        body["when"] = status
    if step.env:
        body["environment"] = words.variables(step.env, "environment")
    if step.idle_timeout is not None:
        body["no_output_timeout"] = duration(step.idle_timeout)
    if step.retry is not None:
        body["max_auto_reruns"] = step.retry.attempts
    put_back(body, step.natives, "")
    if set(body) == {""}:
        written: Any = {name: body[""]}
    elif name == "run" and set(body) == {"command"}:
        written = {name: body["command"]}
    else:
        written = {name: body} if body else name
    return Note(written, above=step.comment, mark=step.span) if step.comment or step.span else written


def duration(time: timedelta) -> str:
    """`20m`, `90s`."""
    seconds = int(time.total_seconds())
    return f"{seconds // 60}m" if seconds % 60 == 0 else f"{seconds}s"


def _work(words: Words, step: Step) -> tuple[str, dict[str, Any]]:
    work = step.work
    if isinstance(work, Run):
        body: dict[str, Any] = {"command": words.text(work.script, "script", step.span)} if work.script else {}
        if work.shell:
            body["shell"] = work.shell
        if work.cwd:
            body["working_directory"] = words.text(work.cwd, "folder", step.span)
        return "run", body
    if isinstance(work, Checkout):
        return "checkout", {"path": words.text(work.path, "path")} if work.path else {}
    if isinstance(work, Cache):
        return _cache(words, work, step)
    if isinstance(work, Artifact):
        return _artifact(words, work)
    if isinstance(work, Use):
        return work.ref.text, {one.name: _given(words.text(one.value, "parameter")) for one in work.inputs}
    raise TypeError(type(work).__name__)


def _given(text: str) -> Any:
    """A parameter; what was a list or a mapping is one again."""
    return kept_data(text) if text.startswith(("[", "{")) or ("\n" in text.strip() and text.startswith("- ")) else text


def _cache(words: Words, work: Cache, step: Step) -> tuple[str, dict[str, Any]]:
    key = words.key(work.key, step.span)
    if work.action == "save":
        body: dict[str, Any] = {"key": key, "paths": [words.text(one, "path") for one in work.paths]}
        return "save_cache", body | ({"when": _WHEN[work.when]} if work.when in _WHEN else {})
    if work.fallbacks:
        return "restore_cache", {"keys": [key, *(words.key(one, step.span) for one in work.fallbacks)]}
    return "restore_cache", {"key": key} if key else {}


def _artifact(words: Words, work: Artifact) -> tuple[str, dict[str, Any]]:
    paths = [words.text(one, "path") for one in work.paths]
    if work.reports:
        return "store_test_results", {"path": work.reports[0][1]}
    if work.layer and work.direction == "up":
        return "persist_to_workspace", {"root": words.text(work.into, "path") or ".", "paths": paths}
    if work.direction == "down":
        return "attach_workspace", {"at": words.text(work.into, "path") or "."}
    body: dict[str, Any] = {"path": paths[0] if paths else "."}
    return "store_artifacts", body | ({"destination": words.text(work.name, "artifact")} if work.name else {})
