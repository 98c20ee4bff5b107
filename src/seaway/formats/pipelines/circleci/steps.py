"""Steps of CircleCI's jobs and commands -> the model's. A command stands as its steps where it is called. Called by `jobs`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from typing import Any, TypeAlias

from seaway.formats.pipelines.circleci import logic
from seaway.formats.pipelines.circleci.values import MAX_DEPTH, MAX_STEPS, Context, Fields, duration, fields_of
from seaway.formats.yaml.tree import integer, is_mapping, is_scalar, is_sequence, items
from seaway.model.expression import Binary, Call, Condition, Expr, Phase, Text, Unary
from seaway.model.pipeline import (
    Artifact,
    Cache,
    Checkout,
    Component,
    Opaque,
    Pin,
    Retry,
    Run,
    Step,
    Use,
    Variable,
    Work,
)

Node: TypeAlias = Any
Reader: TypeAlias = Callable[[Fields, Context], "tuple[Work, AbstractSet[str]]"]

BUILT_IN = frozenset({"add_ssh_keys", "setup_remote_docker"})
_WHEN = {"on_success": None, "always": Call("always"), "on_fail": Call("failure")}
_WHEN_WORDS = {"on_success": "success", "always": "always", "on_fail": "failure"}


def read_steps(node: Node | None, context: Context, guard: Expr | None = None) -> Iterator[Step]:
    """All steps of a list. `guard`: the condition around them that is not decided yet."""
    node, context = context.followed(node)
    for item in node.value if is_sequence(node) and node is not None else ():
        context.budget.steps += 1
        if context.budget.steps > MAX_STEPS or context.depth > MAX_DEPTH:
            limit = f"{MAX_STEPS} steps" if context.depth <= MAX_DEPTH else f"{MAX_DEPTH} commands within each other"
            raise context.tree.problem(item, f"this stands for more than {limit}", "does a command call itself?")
        yield from _read(item, context, guard)


def _read(item: Node, context: Context, guard: Expr | None) -> Iterator[Step]:
    item, context = context.followed(item)
    if is_sequence(item):
        yield from read_steps(item, context, guard)
        return
    if is_scalar(item):
        name, body = context.plain(item), None
    else:
        pairs = items(item)
        if len(pairs) != 1:
            yield _guarded(Step(Opaque(context.raw(item)), span=context.span(item)), guard)
            return
        name, body = pairs[0][0], pairs[0][2]
    if name in ("when", "unless") and is_mapping(body):
        yield from _conditional(name, body, item, context, guard)
    elif name == "steps":
        yield from read_steps(body, context, guard)
    elif name in _READERS:
        yield _guarded(_built_in(name, body, item, context), guard)
    else:
        yield from _called(name, body, item, context, guard)


def _conditional(name: str, body: Node, item: Node, context: Context, guard: Expr | None) -> Iterator[Step]:
    fields = fields_of(body)
    if set(fields) - {"condition", "steps"}:
        yield _guarded(Step(Opaque(context.raw(item)), span=context.span(item)), guard)
        return
    found = logic.condition(fields.get("condition"), context)
    if name == "unless":
        found = not found if isinstance(found, bool) else Unary("!", found)
    if found is False:
        return
    if found is not True:
        guard = found if guard is None else Binary("&&", guard, found)
    yield from read_steps(fields.get("steps"), context, guard)


def _guarded(step: Step, guard: Expr | None) -> Step:
    if guard is None:
        return step
    own = step.condition
    expr = guard if own is None else Binary("&&", guard, own.expr)
    return dataclasses.replace(step, condition=Condition(expr, Phase.COMPILE))


def _called(name: str, body: Node | None, item: Node, context: Context, guard: Expr | None) -> Iterator[Step]:
    """A command of the file or of an orb that is there; else the reference."""
    found = context.library.command(name, context) if context.library is not None else None
    if found is None:
        ref = context.library.component(name, context, item) if context.library is not None else Component(name, name)
        yield _guarded(Step(Use(ref, given(body, context)), span=context.span(item)), guard)
        return
    command, inner = found
    scope = context.library.scope(command, body, context)
    yield from read_steps(fields_of(command).get("steps"), inner.within(scope), guard)


def given(body: Node | None, context: Context) -> tuple[Variable, ...]:
    """Parameters of a call, as text."""
    if body is None:
        return ()
    if not is_mapping(body):
        return (Variable("", context.text(body)),)
    return tuple(Variable(name, context.text(value), span=context.span(key)) for name, key, value in items(body))


def _built_in(name: str, body: Node | None, item: Node, context: Context) -> Step:
    if body is not None:
        body, context = context.followed(body)
    fields = {_SHORT[name]: body} if name in _SHORT and is_scalar(body) and body is not None else fields_of(body)
    work, used = _READERS[name](fields, context)
    expr: Expr | None = None
    if "when" in fields:
        word = context.plain(fields["when"])
        expr = _WHEN.get(word)
        used = used | {"when"} if word in _WHEN else used
        if isinstance(work, Cache) and word in _WHEN:
            work, expr = dataclasses.replace(work, when=_WHEN_WORDS[word]), None
    idle, reruns = _limits(fields, context)
    if idle is not None or reruns is not None:
        used = used | ({"no_output_timeout"} if idle is not None else set())
        used = used | ({"max_auto_reruns"} if reruns else set())
    unknown = fields.keys() - used - {"name"}
    env = fields.get("environment") if "environment" in used else None
    return Step(
        work=work,
        name=context.plain(fields["name"]) if "name" in fields else "",
        condition=Condition(expr, Phase.RUN, context.plain(fields["when"])) if expr is not None else None,
        env=context.variables(env) if env is not None else (),
        idle_timeout=idle,
        retry=Retry(reruns) if reruns else None,
        natives=context.natives(fields, fields.keys() - unknown, "") if unknown else (),
        comment=context.tree.comment(item) if "#" in context.tree.text else "",
        span=context.span(item),
    )


def _limits(fields: Fields, context: Context) -> tuple[Any, int | None]:
    if "no_output_timeout" not in fields and "max_auto_reruns" not in fields:
        return None, None
    return duration(context.plain(fields.get("no_output_timeout"))), integer(fields.get("max_auto_reruns"))


_OF_RUN = frozenset({"command", "shell", "working_directory", "environment"})


def _run(fields: Fields, context: Context) -> tuple[Work, AbstractSet[str]]:
    script = context.text(fields.get("command"))
    if len(fields) == 1:
        return Run(script), _OF_RUN
    work = Run(script, context.plain(fields.get("shell")), context.text(fields.get("working_directory")))
    return work, _OF_RUN


def _checkout(fields: Fields, context: Context) -> tuple[Work, AbstractSet[str]]:
    return Checkout(path=context.text(fields.get("path"))), {"path"}


def _save(fields: Fields, context: Context) -> tuple[Work, AbstractSet[str]]:
    key, files = context.key(fields.get("key"))
    return Cache(key, files, context.texts(fields.get("paths")), action="save"), {"key", "paths"}


def _restore(fields: Fields, context: Context) -> tuple[Work, AbstractSet[str]]:
    """The first key that fits: the first is the key, the others are prefixes."""
    node, inner = context.followed(fields.get("keys"))
    keys = list(node.value) if is_sequence(node) and node is not None else []
    if "key" in fields:
        keys.insert(0, fields["key"])
    read = [inner.key(one) for one in keys]
    files = tuple(dict.fromkeys(file for _, found in read[:1] for file in found))
    return Cache(
        read[0][0] if read else "", files, fallbacks=tuple(key for key, _ in read[1:]), action="restore"
    ), {"key", "keys"}  # fmt: skip


def _store(fields: Fields, context: Context) -> tuple[Work, AbstractSet[str]]:
    name: Text = context.text(fields.get("destination"))
    return Artifact("up", name, (context.text(fields.get("path")),)), {"path", "destination"}


def _results(fields: Fields, context: Context) -> tuple[Work, AbstractSet[str]]:
    return Artifact("up", reports=(("junit", context.plain(fields.get("path"))),)), {"path"}


def _persist(fields: Fields, context: Context) -> tuple[Work, AbstractSet[str]]:
    """The workspace: one store for the run, made of layers."""
    paths = context.texts(fields.get("paths"))
    return Artifact("up", paths=paths, into=context.text(fields.get("root")), layer=True), {"root", "paths"}


def _attach(fields: Fields, context: Context) -> tuple[Work, AbstractSet[str]]:
    return Artifact("down", into=context.text(fields.get("at")), layer=True), {"at"}


def _tool(name: str) -> Reader:
    def reader(fields: Fields, context: Context) -> tuple[Work, AbstractSet[str]]:
        known = {key: value for key, value in fields.items() if key not in {"name", "when"}}
        inputs = tuple(Variable(key, context.text(value)) for key, value in known.items())
        return Use(Component(name, name, "", Pin.NONE), inputs), set(known)

    return reader


# A step whose body is only text: which field that is.
_SHORT = {"run": "command", "deploy": "command"}
_READERS: dict[str, Reader] = {
    "run": _run,
    "deploy": _run,
    "checkout": _checkout,
    "save_cache": _save,
    "restore_cache": _restore,
    "store_artifacts": _store,
    "store_test_results": _results,
    "persist_to_workspace": _persist,
    "attach_workspace": _attach,
    **{name: _tool(name) for name in sorted(BUILT_IN)},
}
