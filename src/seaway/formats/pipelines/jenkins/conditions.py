"""`when { ... }` -> Condition. Its printer is `write_when`.

The builtin conditions have neutral forms: `branch 'release/*'` asks git.branch, `changeRequest()` what started the run,
`changeset` which files changed. What has no such form is `Unknown` with its text, which prints again.
"""

from __future__ import annotations

from seaway.formats.groovy import nodes
from seaway.formats.pipelines.jenkins import globs
from seaway.formats.pipelines.jenkins.calls import Word, truth, word
from seaway.formats.pipelines.jenkins.expressions import Scope, decision, expression, source, template, whole
from seaway.model.expression import Binary, Call, Condition, Expr, Literal, Phase, Ref, Unary, Unknown, both, either
from seaway.model.pipeline import Native

KIND = Ref("event", ("kind",))
BEFORE = ("beforeAgent", "beforeInput", "beforeOptions")
CAUSES = {"TimerTrigger": "schedule", "UserIdCause": "manual", "SCMTrigger": "push", "UpstreamCause": "upstream"}
_CHANGE = {
    "target": Ref("event", ("target_branch",)),
    "branch": Ref("event", ("source_branch",)),
    "id": Ref("event", ("number",)),
    "title": Ref("event", ("title",)),
    "author": Ref("event", ("actor",)),
}


def when(call: Word, scope: Scope) -> tuple[Expr | None, tuple[Native, ...]]:
    """All conditions of the block together, and its options such as `beforeAgent true`."""
    found: Expr | None = None
    natives: list[Native] = []
    for statement in call.body or []:
        inner = word(statement)
        if inner is not None and inner.name in BEFORE:
            if truth(inner.value()):
                natives.append(Native(f"when.{inner.name}", "true"))
            continue
        found = both(found, condition(statement, scope))
    return found, tuple(natives)


def as_condition(expr: Expr, text: str) -> Condition:
    """With the phase in which Jenkins asks."""
    return Condition(expr, Phase.RUN, text)


def condition(statement: nodes.Stmt, scope: Scope) -> Expr:
    """One of the builtin conditions."""
    call = word(statement)
    reader = _READERS.get(call.name) if call else None
    found = reader(call, scope) if call is not None and reader is not None else None
    return found if found is not None else Unknown(source(statement, scope.text))


def _named(call: Word, key: str, ref: Expr, scope: Scope) -> Expr | None:
    """A name against a pattern: equal, Ant style or regular."""
    value = call.value(key)
    if value is None or not call.only(key, "comparator"):
        return None
    text = template(value, scope)
    comparator = call.text("comparator", 9) or "GLOB"
    return compared(ref, text if isinstance(text, str) else None, comparator) or _equal(ref, value, scope, comparator)


def compared(ref: Expr, text: str | None, comparator: str) -> Expr | None:
    """`ref` against a plain text."""
    if text is None:
        return None
    if comparator == "REGEXP":
        return Binary("=~", ref, Literal(whole(text)))
    if comparator == "GLOB" and globs.is_pattern(text):
        return Binary("=~", ref, Literal(globs.pattern(text)))
    return Binary("==", ref, Literal(text))


def _equal(ref: Expr, value: nodes.Expr, scope: Scope, comparator: str) -> Expr | None:
    return Binary("==", ref, expression(value, scope)) if comparator == "EQUALS" else None


def _branch(call: Word, scope: Scope) -> Expr | None:
    return _named(call, "pattern", Ref("git", ("branch",)), scope)


def _tag(call: Word, scope: Scope) -> Expr | None:
    return _named(call, "pattern", Ref("git", ("tag",)), scope)


def _building_tag(call: Word, _scope: Scope) -> Expr | None:
    return None if call.args or call.named else Binary("==", KIND, Literal("tag"))


def _change_request(call: Word, scope: Scope) -> Expr | None:
    found: Expr | None = Binary("==", KIND, Literal("pull_request"))
    comparator = call.text("comparator", 9) or "EQUALS"
    for key in call.named:
        if key == "comparator":
            continue
        text = call.text(key)
        one = compared(_CHANGE[key], text, comparator) if key in _CHANGE else None
        if one is None:
            return None
        found = both(found, one)
    return found if scope is not None else None


def _environment(call: Word, scope: Scope) -> Expr | None:
    name, value = call.text("name"), call.named.get("value")
    if name is None or value is None or not call.only("name", "value"):
        return None
    return Binary("==", scope.variable(name), expression(value, scope))


def _expression(call: Word, scope: Scope) -> Expr | None:
    if call.body is None:
        return None
    found = decision(call.body, scope)
    return found if found is not None else Unknown(inside(call.body, scope.text))


def inside(body: list[nodes.Stmt], text: str) -> str:
    """The text of statements, from the first to the last."""
    return text[body[0].start : body[-1].end] if body else ""


def _equals(call: Word, scope: Scope) -> Expr | None:
    expected, actual = call.named.get("expected"), call.named.get("actual")
    if expected is None or actual is None:
        return None
    return Binary("==", expression(actual, scope), expression(expected, scope))


def _changeset(call: Word, _scope: Scope) -> Expr | None:
    text = call.text("pattern")
    if text is None or not call.only("pattern", "comparator") or (call.text("comparator", 9) or "GLOB") != "GLOB":
        return None
    return Call("changed", (Literal(text),))


def _changelog(call: Word, _scope: Scope) -> Expr | None:
    text = call.text()
    return None if text is None else Binary("=~", Ref("git", ("message",)), Literal(text))


def _triggered_by(call: Word, _scope: Scope) -> Expr | None:
    cause = call.text("cause")
    if cause not in CAUSES or not call.only("cause"):
        return None
    return Binary("==", KIND, Literal(CAUSES[cause]))


def _not(call: Word, scope: Scope) -> Expr | None:
    inner = _all(call, scope)
    return None if inner is None else Unary("!", inner)


def _all(call: Word, scope: Scope) -> Expr | None:
    found: Expr | None = None
    for statement in call.body or []:
        found = both(found, condition(statement, scope))
    return found


def _any(call: Word, scope: Scope) -> Expr | None:
    found: Expr | None = None
    for statement in call.body or []:
        one = condition(statement, scope)
        found = one if found is None else either(found, one)
    return found


_READERS = {
    "branch": _branch,
    "tag": _tag,
    "buildingTag": _building_tag,
    "changeRequest": _change_request,
    "environment": _environment,
    "expression": _expression,
    "equals": _equals,
    "changeset": _changeset,
    "changelog": _changelog,
    "triggeredBy": _triggered_by,
    "not": _not,
    "allOf": _all,
    "anyOf": _any,
}
BUILTIN = frozenset(_READERS)
