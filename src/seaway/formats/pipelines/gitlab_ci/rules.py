"""`rules`, `only` and `except`: read, folded into one condition, and what they say about triggers. Called by the reader.

The first rule that fits decides. Folded, `rules` are a chain of choices; `when` other than `on_success` becomes a status
function: `c && failure()`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

import yaml

from seaway.formats.pipelines.gitlab_ci import values
from seaway.formats.pipelines.gitlab_ci.expressions import BRANCH, IS_TAG, KIND, REF_NAME, TAG, condition, template
from seaway.formats.pipelines.gitlab_ci.merge import Joiner
from seaway.formats.pipelines.gitlab_ci.predefined import SOURCE_NAMES
from seaway.formats.yaml import tree
from seaway.formats.yaml.tree import Node
from seaway.model.expression import Binary, Call, Expr, Literal, Ref, Unknown, both, either, negated, walk
from seaway.model.pipeline import Globs, Native, Rule, Trigger, TriggerKind, Variable

RUNS, NEVER = Literal(value=True), Literal(value=False)
TARGET = Ref("event", ("target_branch",))
_STATUS = {"always": Call("always"), "on_failure": Call("failure")}
_KNOWN = frozenset({"if", "changes", "exists", "when", "variables", "allow_failure"})
_ON_BRANCH = Binary("!=", BRANCH, Literal(""))
_WORDS: dict[str, Expr] = {
    "branches": _ON_BRANCH,
    "tags": IS_TAG,
    "merge_requests": Binary("==", KIND, Literal("pull_request")),
    "external_pull_requests": Binary("==", KIND, Literal("pull_request")),
    "schedules": Binary("==", KIND, Literal("schedule")),
    "pushes": Binary("==", KIND, Literal("push")),
    "web": Binary("==", KIND, Literal("manual")),
    "api": Binary("==", KIND, Literal("api")),
    "triggers": Binary("==", KIND, Literal("api")),
    "pipelines": Binary("==", KIND, Literal("upstream")),
    "chat": Binary("==", KIND, Literal("chat")),
    "external": Binary("==", KIND, Literal("external")),
}


def read(
    node: Node | None, joiner: Joiner, key: str, axes: Collection[str], known: Collection[str]
) -> tuple[Rule, ...]:
    """The rules of a job or of `workflow`, lists within lists flattened."""
    return tuple(_rule(one, joiner, key, axes, known) for one in flat(node, joiner))


def flat(node: Node | None, joiner: Joiner, depth: int = 0) -> list[Node]:
    """The items of a list, and of the lists in it: what `!reference` puts in is a list of its own."""
    items = tree.sequence(node)
    if not any(isinstance(one, yaml.SequenceNode) for one in items):
        return items
    if depth > tree.MAX_DEPTH:
        raise joiner.problem(items[0], f"nested deeper than {tree.MAX_DEPTH} levels")
    found: list[Node] = []
    for one in items:
        joiner.spend(one)
        if isinstance(one, yaml.SequenceNode) and not tree.custom_tag(one):
            found += flat(one, joiner, depth + 1)
        else:
            found.append(one)
    return found


def _rule(node: Node, joiner: Joiner, key: str, axes: Collection[str], known: Collection[str]) -> Rule:
    place = joiner.span(node)
    found = {name: (one, value) for name, one, value in tree.items(node)}
    text = joiner.tree(node).text
    natives = [
        _kept(f"{key}.{name}", name, value, text, joiner) for name, (_, value) in found.items() if name not in _KNOWN
    ]
    if not isinstance(node, yaml.MappingNode):
        return Rule(when="", natives=(_kept(key, "rule", node, text, joiner),), span=place)

    def value(name: str) -> Node | None:
        return found[name][1] if name in found else None

    lists = {}
    for name in ("changes", "exists"):
        given = value(name)
        if isinstance(given, yaml.MappingNode):
            natives += [
                _kept(f"{key}.{name}.{inner}", inner, node, text, joiner)
                for inner, _, node in tree.items(given)
                if inner != "paths"
            ]
            given = tree.get(given, "paths")
        lists[name] = tree.strings(given)
    allowed = value("allow_failure")
    if allowed is not None and tree.is_true(allowed) is None:
        natives.append(_kept(f"{key}.allow_failure", "allow_failure", allowed, text, joiner))
    asked = tree.string(value("if"))
    return Rule(
        condition=condition(asked, axes=axes, known=known) if asked else None,
        changes=lists["changes"],
        exists=lists["exists"],
        when=tree.string(value("when"), "on_success"),
        variables=tuple(
            Variable(name, template(tree.string(one), axes, known), span=joiner.span(one, at))
            for name, at, one in tree.items(value("variables"))
        ),
        allow_failure=tree.is_true(allowed),
        natives=tuple(natives),
        span=place,
    )


def _kept(path: str, key: str, node: Node, text: str, joiner: Joiner) -> Native:
    return Native(path, values.kept(key, node, text), joiner.span(node))


def test(rule: Rule) -> Expr | None:
    """When the rule fits; None: always."""
    expr = rule.condition.expr if rule.condition else None
    for function, names in (("changed", rule.changes), ("exists", rule.exists)):
        if names:
            expr = both(expr, Call(function, tuple(Literal(name) for name in names)))
    return expr


def folded(rules: Iterable[Rule]) -> Expr:
    """All rules as one expression: RUNS, NEVER, or a condition. What a reference would have put in is not known."""
    listed = list(rules)
    statuses = any(rule.when in _STATUS for rule in listed)
    found: Expr = NEVER
    for rule in reversed(listed):
        if not rule.when:
            found = _chosen(Unknown(rule.natives[0].text if rule.natives else ""), RUNS, found)
            continue
        outcome: Expr = NEVER if rule.when == "never" else _STATUS.get(rule.when, Call("success") if statuses else RUNS)
        found = _chosen(test(rule), outcome, found)
    return RUNS if found == Call("success") else found


def _chosen(asked: Expr | None, yes: Expr, no: Expr) -> Expr:
    """`asked ? yes : no`."""
    if asked is None or yes == no:
        return yes
    if yes == RUNS:
        return asked if no == NEVER else either(asked, no)
    if yes == NEVER:
        return negated(asked) if no == RUNS else Binary("&&", negated(asked), no)
    chosen = Binary("&&", asked, yes)
    return chosen if no == NEVER else either(chosen, Binary("&&", negated(asked), no))


def manual(rules: Iterable[Rule]) -> bool:
    """Whatever rule lets the job run, a person starts it."""
    running = [rule.when for rule in rules if rule.when not in {"never", ""}]
    return bool(running) and all(when == "manual" for when in running)


def policies(only: Node | None, excepted: Node | None, axes: Collection[str], known: Collection[str]) -> Expr | None:
    """`only` and `except` as one expression, or None for neither."""
    wanted = _policy(only, axes, known, all)
    refused = _policy(excepted, axes, known, any)
    return both(wanted, None if refused is None else negated(refused))


def _policy(node: Node | None, axes: Collection[str], known: Collection[str], how: object) -> Expr | None:
    if node is None or tree.is_null(node):
        return None
    if not isinstance(node, yaml.MappingNode):
        return _any([_named(word) for word in tree.strings(node)])
    parts = [
        _any([_named(word) for word in tree.strings(tree.get(node, "refs"))]),
        _any([condition(text, axes=axes, known=known).expr for text in tree.strings(tree.get(node, "variables"))]),
    ]
    if changes := tree.strings(tree.get(node, "changes")):
        parts.append(Call("changed", tuple(Literal(name) for name in changes)))
    found: Expr | None = None
    for part in parts:
        if part is not None:
            found = part if found is None else Binary("&&" if how is all else "||", found, part)
    return found


def _named(word: str) -> Expr:
    if word in _WORDS:
        return _WORDS[word]
    name = word.partition("@")[0] if not word.startswith("/") else word
    return Binary("=~" if name.startswith("/") else "==", REF_NAME, Literal(name))


def _any(parts: list[Expr]) -> Expr | None:
    found: Expr | None = None
    for part in parts:
        found = part if found is None else either(found, part)
    return found


# What starts a run.

_KINDS = {kind.value: kind for kind in TriggerKind}


def triggers(workflow: tuple[Rule, ...], conditions: Iterable[Expr]) -> tuple[Trigger, ...]:
    """What starts the pipeline, as far as its rules say: schedules, manual runs and API calls are set up outside the file.

    Without `workflow:rules` every push of a branch or tag does, and whatever else a job's condition asks for.
    """
    found: dict[Trigger, None] = {}
    if workflow:
        for rule in workflow:
            if rule.when != "never":
                expr = rule.condition.expr if rule.condition else None
                paths = Globs(rule.changes)
                for term in _terms(expr):
                    found.update((one, None) for one in _started(term, paths))
    else:
        found.update({Trigger(TriggerKind.PUSH, "push"): None, Trigger(TriggerKind.TAG, "tag"): None})
        for expr in conditions:
            found.update((one, None) for part in walk(expr) if (one := _of_kind(part)) is not None)
    return tuple(found)


def _terms(expr: Expr | None) -> Iterator[Expr | None]:
    if isinstance(expr, Binary) and expr.op == "||":
        yield from _terms(expr.left)
        yield from _terms(expr.right)
    else:
        yield expr


def _of_kind(expr: Expr, paths: Globs = Globs()) -> Trigger | None:  # noqa: B008 - frozen
    if not isinstance(expr, Binary) or expr.op != "==" or expr.left != KIND or not isinstance(expr.right, Literal):
        return None
    word = str(expr.right.value)
    if word == "push":
        return None
    return Trigger(_KINDS.get(word, TriggerKind.OTHER), SOURCE_NAMES.get(word, word), paths=paths)


def _started(term: Expr | None, paths: Globs) -> list[Trigger]:
    """What one alternative of a rule lets start. A term that names no source lets pushes start it."""
    parts = list(_conjuncts(term))
    branches = tuple(
        name
        for part in parts
        if isinstance(part, Binary)
        and part.op == "=="
        and part.left in (BRANCH, TARGET)
        and (name := _literal(part.right))
    )
    if kinds := [one for part in parts if (one := _of_kind(part, paths)) is not None]:
        one = kinds[0]
        if one.kind is TriggerKind.TAG:
            return kinds
        return [Trigger(one.kind, one.native, branches=Globs(branches), paths=paths)]
    tags = [part for part in parts if isinstance(part, Binary) and part.left == TAG]
    if any(part != Binary("==", TAG, Literal("")) for part in tags):
        return [Trigger(TriggerKind.TAG, "tag", tags=Globs(tuple(_globs(tags))), paths=paths)]
    push = Trigger(TriggerKind.PUSH, "push", branches=Globs(branches), paths=paths)
    about_branches = tags or any(BRANCH in tuple(walk(part)) for part in parts)
    return [push] if about_branches else [push, Trigger(TriggerKind.TAG, "tag", paths=paths)]


def _conjuncts(expr: Expr | None) -> Iterator[Expr]:
    if isinstance(expr, Binary) and expr.op == "&&":
        yield from _conjuncts(expr.left)
        yield from _conjuncts(expr.right)
    elif expr is not None:
        yield expr


def _literal(expr: Expr) -> str:
    """The text of a constant; "" for anything else."""
    return expr.value if isinstance(expr, Literal) and isinstance(expr.value, str) else ""


def _globs(parts: list[Binary]) -> Iterator[str]:
    """Tags by name or by the start of a simple pattern."""
    for part in parts:
        text = _literal(part.right)
        simple = re.match(r"/\^([\w-]+)(?:\.\*)?/\Z", text)
        if text and part.op == "==":
            yield text
        elif simple and part.op == "=~":
            yield f"{simple[1]}*"
