"""The small sections that pipelines and stages share: `environment`, `when`, `tools`, `input`."""

from __future__ import annotations

from seaway.formats.groovy import Script, nodes
from seaway.formats.groovy.nodes import Stmt
from seaway.formats.pipelines.jenkins import conditions, parameters
from seaway.formats.pipelines.jenkins.calls import Word, word
from seaway.formats.pipelines.jenkins.expressions import Scope, template
from seaway.formats.pipelines.jenkins.wrappers import secret
from seaway.model.expression import Condition
from seaway.model.pipeline import Native, Variable


def scope_of(call: Word | None, scope: Scope) -> Scope:
    """With the variables that an `environment` block sets."""
    names = {name for name, _, _ in _assignments(call)}
    return scope.with_env(names) if names else scope


def _assignments(call: Word | None) -> list[tuple[str, nodes.Expr, Stmt]]:
    found: list[tuple[str, nodes.Expr, Stmt]] = []
    for one in call.body or [] if call else []:
        if not isinstance(one, nodes.Operation) or one.op != "=" or one.right is None:
            continue
        if isinstance(one.left, nodes.Name):
            found.append((one.left.name, one.right, one))
    return found


def variables(call: Word | None, script: Script, scope: Scope) -> tuple[Variable, ...]:
    """`NAME = value`, where `credentials('id')` is a secret."""
    found = []
    for name, value, statement in _assignments(call):
        span = script.span(statement.start, statement.end)
        inner = word(value)
        identity = inner.text() if inner is not None and inner.name == "credentials" else None
        text = secret(identity) if identity is not None else template(value, scope)
        found.append(Variable(name, text, secret=identity is not None, span=span))
    return tuple(found)


def odd_variables(call: Word | None, script: Script) -> tuple[Native, ...]:
    """What stands in an `environment` block and is no assignment."""
    known = {id(statement) for _, _, statement in _assignments(call)}
    return tuple(
        Native("environment", script.source(statement), script.span(statement.start, statement.end))
        for statement in (call.body or [] if call else [])
        if id(statement) not in known
    )


def condition(call: Word | None, script: Script, scope: Scope) -> Condition | None:
    """`when { }`."""
    if call is None or call.node is None:
        return None
    expr, _ = conditions.when(call, scope)
    if expr is None:
        return None
    found = conditions.as_condition(expr, conditions.inside(call.body or [], script.text))
    return Condition(found.expr, found.phase, found.text, script.span(call.node.start, call.node.end))


def kept(key: str, call: Word, script: Script) -> tuple[Native, ...]:
    """A section as its text, or each of its statements where it is a block."""
    node = call.node
    if node is None:
        return ()
    if key == "tools":
        return tuple(
            Native(f"tools.{inner.name if inner else ''}", script.source(one), script.span(one.start, one.end))
            for one in call.body or []
            for inner in [word(one)]
        )
    return (Native(key, script.source(node), script.span(node.start, node.end)),)


def flattened(call: Word) -> Word:
    """A block of one-word settings as one call: `input { message 'x' }` as `input message: 'x'`."""
    named = dict(call.named)
    for statement in call.body or []:
        inner = word(statement)
        if inner is None:
            continue
        if inner.name == "parameters" and inner.body is not None:
            named["parameters"] = nodes.Items(0, 0, [one for one in inner.body if isinstance(one, nodes.Expr)])
        elif inner.args:
            named[inner.name] = inner.args[0]
    args = [] if call.body is not None else call.args
    return Word(call.name, args, named, None, call.node)


def input_settings(call: Word, script: Script) -> tuple[Native, ...]:
    """What an `input` block says beside its message, who may answer, and parameters that are understood."""
    found = []
    for statement in call.body or []:
        inner = word(statement)
        name = inner.name if inner else ""
        if name in {"message", "submitter"} or (inner is not None and name == "parameters" and understood(inner)):
            continue
        span = script.span(statement.start, statement.end)
        found.append(Native(f"input.{name}", script.source(statement), span))
    for name, value in call.named.items():
        if name not in {"message", "submitter"}:
            found.append(Native(f"input.{name}", f"{name} {script.source(value)}"))
    return tuple(found)


def understood(call: Word) -> bool:
    """Every parameter of the block is one that the model has."""
    made = [parameters.parameter(inner) if (inner := word(one)) is not None else None for one in call.body or []]
    return all(one is not None for one in made)


def plain_input(call: Word) -> bool:
    """It says nothing but its message and who may answer."""
    found = flattened(call)
    return set(found.named) <= {"message", "submitter"} and ("message" in found.named or bool(found.args))
