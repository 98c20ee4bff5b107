"""`on:` -> triggers. Called by the reader of workflows."""

from __future__ import annotations

from seaway.formats.pipelines.github_actions.values import parameters
from seaway.formats.yaml.kept import fields, native
from seaway.formats.yaml.tree import Node, Tree, is_mapping, is_null, is_sequence, items, string, strings
from seaway.model.pipeline import Globs, Native, Trigger, TriggerKind

KINDS = {
    "push": TriggerKind.PUSH,
    "pull_request": TriggerKind.PULL_REQUEST,
    "pull_request_target": TriggerKind.PULL_REQUEST,
    "schedule": TriggerKind.SCHEDULE,
    "workflow_dispatch": TriggerKind.MANUAL,
    "repository_dispatch": TriggerKind.API,
    "workflow_run": TriggerKind.UPSTREAM,
    "workflow_call": TriggerKind.CALL,
    "issue_comment": TriggerKind.COMMENT,
    "merge_group": TriggerKind.MERGE_QUEUE,
}


def read(tree: Tree, node: Node | None) -> tuple[tuple[Trigger, ...], tuple[Native, ...]]:
    """The triggers in their order, and what stands under `on:` beside them."""
    found: list[Trigger] = []
    left: list[Native] = []
    if is_mapping(node):
        for event, key, value in items(node):
            if event == "schedule" and is_sequence(value):
                for at, item in enumerate(value.value):
                    found.append(_schedule(tree, at, item, left))
            else:
                found.append(_trigger(tree, event, key, value, left))
    else:
        names = node.value if node is not None and is_sequence(node) else [node]
        found += [_plain(string(item), tree, item) for item in names if string(item)]
    return tuple(found), tuple(left)


def _plain(event: str, tree: Tree, node: Node) -> Trigger:
    return Trigger(KINDS.get(event, TriggerKind.OTHER), event, span=tree.span(node))


def _schedule(tree: Tree, at: int, node: Node, left: list[Native]) -> Trigger:
    rest = fields(node)
    cron, timezone = _text(rest, "cron"), _text(rest, "timezone")
    left += [native(tree, f"on.schedule.{at}.{name}", key, value) for name, (key, value) in rest.items()]
    return Trigger(TriggerKind.SCHEDULE, "schedule", cron=cron, timezone=timezone, span=tree.span(node))


def _text(rest: dict[str, tuple[Node, Node]], name: str) -> str:
    found = rest.pop(name, None)
    return string(found[1]) if found else ""


def _trigger(tree: Tree, event: str, key: Node, node: Node, left: list[Native]) -> Trigger:
    kind = KINDS.get(event, TriggerKind.OTHER)
    span = tree.span(node, key)
    if is_null(node):
        return Trigger(kind, event, span=span)
    rest = fields(node)
    if not rest:
        left.append(native(tree, f"on.{event}", key, node))
        return Trigger(kind, event, span=span)
    branches, tags, paths = (_globs(rest, name) for name in ("branches", "tags", "paths"))
    if event == "push" and "branches" not in rest and tags != Globs() and branches == Globs():
        kind = TriggerKind.TAG
    inputs = rest.pop("inputs", None) if kind in {TriggerKind.MANUAL, TriggerKind.CALL} else None
    trigger = Trigger(
        kind,
        event,
        branches,
        tags,
        paths,
        _names(rest, "types"),
        inputs=parameters(tree, inputs[1], f"on.{event}.inputs.", left) if inputs else (),
        sources=_names(rest, "workflows"),
        span=span,
    )
    left += [native(tree, f"on.{event}.{name}", inner, value) for name, (inner, value) in rest.items()]
    return trigger


def _names(rest: dict[str, tuple[Node, Node]], name: str) -> tuple[str, ...]:
    found = rest.pop(name, None)
    return strings(found[1]) if found else ()


def _globs(rest: dict[str, tuple[Node, Node]], name: str) -> Globs:
    """`branches` with `!` before what is left out, or `branches-ignore`. Where a later pattern takes one back in, both stay."""
    listed, ignored = rest.get(name), rest.get(f"{name}-ignore")
    patterns = strings(listed[1]) if listed else ()
    include = tuple(pattern for pattern in patterns if not pattern.startswith("!"))
    exclude = tuple(pattern[1:] for pattern in patterns if pattern.startswith("!"))
    if listed and include + tuple(f"!{one}" for one in exclude) == patterns:
        del rest[name]
    if ignored:
        exclude += strings(ignored[1])
        if not listed:
            del rest[f"{name}-ignore"]
    return Globs(include, exclude)
