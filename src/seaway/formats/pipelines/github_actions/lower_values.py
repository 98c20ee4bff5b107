"""Expressions and texts of another system, in places where GitHub lets only some values be seen. Called by the `lower_*` modules.

GitHub's environment is there in steps only: elsewhere a variable of the file is replaced by its value, and one that the file
does not set becomes a variable of the repository (`vars`), or a secret where its name says so; both are for a person to make.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from enum import StrEnum

from seaway.formats.pipelines.github_actions.contexts import FUNCTIONS
from seaway.formats.pipelines.github_actions.expressions import Unprintable, printed, template
from seaway.formats.pipelines.github_actions.nearest import ADDRESSES, NEAREST
from seaway.formats.pipelines.github_actions.substitute import as_expr
from seaway.formats.pipelines.losses import Losses
from seaway.formats.pipelines.outside import is_secret
from seaway.formats.pipelines.simple import mapped, simplified
from seaway.model.expression import (
    Binary,
    Call,
    Condition,
    Expr,
    Literal,
    Ref,
    Template,
    Text,
    Unary,
    parts,
)
from seaway.model.pipeline import Artifact, System, Variable
from seaway.model.span import Span

_START = re.compile(r"/?\^([\w-]+)(?![\w*?+{|-])")
_MAX_DEPTH = 10
_CALLS = frozenset({*FUNCTIONS.values(), "changed", "exists", "matches"})


class Place(StrEnum):
    """Where an expression stands."""

    WORKFLOW = "the workflow's own values"
    CONDITION = "a job's condition"
    JOB = "a job's own values"
    STEP = "a step"
    ASKED = "a step's condition"


# What GitHub lets nobody see there.
_UNSEEN = {
    Place.WORKFLOW: frozenset({"matrix", "step", "job", "runner"}),
    Place.CONDITION: frozenset({"matrix", "step", "secret", "runner"}),
    Place.JOB: frozenset({"step", "runner"}),
    Place.STEP: frozenset[str](),
    Place.ASKED: frozenset({"secret"}),
}
_IN_STEPS = frozenset({Place.STEP, Place.ASKED})
_CONDITIONS = frozenset({Place.CONDITION, Place.ASKED})
_STATUS = frozenset({"success", "failure", "always", "cancelled"})


@dataclass(slots=True)
class Around:
    """What a job is asked about others: artifacts by job, those that may be left out, new ids by old ones."""

    uploads: dict[str, tuple[Artifact, ...]]
    optional: frozenset[str]
    ids: dict[str, str]
    matrices: frozenset[str] = frozenset()
    outputs: dict[str, tuple[Variable, ...]] = field(default_factory=dict)
    before: dict[str, frozenset[str]] = field(default_factory=dict)
    files: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class Scope:
    """What expressions see. `known`: variables of the file by name; `axes`: of the job's matrix, where those are variables, too."""

    system: System
    losses: Losses
    known: dict[str, Text] = field(default_factory=dict)
    axes: frozenset[str] = frozenset()
    ids: dict[str, str] = field(default_factory=dict)  # of jobs: old ones and GitHub's
    inputs: frozenset[str] = frozenset()  # parameters of the pipeline
    before: frozenset[str] = frozenset()  # jobs that this one waits for, also by way of others
    outputs: dict[str, frozenset[str]] = field(default_factory=dict)  # what each job gives, by GitHub's names
    span: Span | None = None  # of the job
    truths: frozenset[str] = frozenset()  # parameters that are true or false
    stashes: dict[str, Artifact] = field(default_factory=dict)  # Jenkins' by name: files come back where they were

    def with_variables(self, variables: tuple[Variable, ...], axes: frozenset[str] = frozenset()) -> Scope:
        """The scope of something within this one."""
        return dataclasses.replace(self, known={**self.known, **{one.name: one.value for one in variables}}, axes=axes)

    def text(self, text: Text, place: Place, span: Span | None = None) -> Text:
        """A text as it can stand there."""
        if isinstance(text, str):
            return text
        found: list[str | Expr] = []
        for part in text.parts:
            inner = part if isinstance(part, str) else self.value(part, place, span)
            for one in parts(inner) if isinstance(inner, (str, Template)) else (inner,):
                if isinstance(one, Literal) and isinstance(one.value, str):
                    _add(found, one.value)
                elif isinstance(one, str):
                    _add(found, one)
                else:
                    found.append(one)
        return found[0] if len(found) == 1 and isinstance(found[0], str) else Template(tuple(found)) if found else ""

    def value(self, expr: Expr, place: Place, span: Span | None, depth: int = 0) -> Expr | Text:
        """One expression within a text: a variable of the file is spliced in."""
        if isinstance(expr, Ref) and expr.context == "native" and _whole(expr) in NEAREST:
            return template(self._nearest(_whole(expr), span))
        if isinstance(expr, Ref) and (expr.context, *expr.path) in ADDRESSES:
            return template(ADDRESSES[(expr.context, *expr.path)])  # type: ignore[index]
        if isinstance(expr, Ref) and expr.context == "env" and place not in _IN_STEPS:
            name = str(expr.path[0]) if expr.path else ""
            if name in self.axes:
                return Ref("matrix", (name,))
            if name in self.inputs and name not in self.known:
                return Ref("input", (name,))
            if name in self.known and depth < _MAX_DEPTH:
                value = self.known[name]
                if isinstance(value, str):
                    return value
                inner = [
                    one if isinstance(one, str) else self.value(one, place, span, depth + 1) for one in value.parts
                ]
                return Template(tuple(piece for one in inner for piece in _pieces(one)))
            return self.outside(name, place, span)
        return self.expr(expr, place, span)

    def expr(self, expr: Expr, place: Place, span: Span | None) -> Expr:
        """An expression as it can stand there. What cannot becomes a call that no printer knows, with the reason as its name."""
        if isinstance(expr, Ref):
            return self._ref(expr, place, span)
        if isinstance(expr, Unary):
            return Unary(expr.op, self.expr(expr.operand, place, span))
        if isinstance(expr, Binary):
            right = self._as_typed(expr.left, expr.right)
            return Binary(expr.op, self.expr(expr.left, place, span), self.expr(right, place, span))
        if isinstance(expr, Call):
            if expr.name in _STATUS and place not in _CONDITIONS:
                return no_way(f"{expr.name}() outside of conditions")
            if expr.name in {"exists", "hash_files"} and place not in _IN_STEPS:
                return no_way("whether a file exists, before the job has its files")
            if expr.name == "iif" and len(expr.args) == 3:
                asked, yes, no = (self.expr(one, place, span) for one in expr.args)
                return Binary("||", Binary("&&", asked, yes), no)
            if expr.name not in _CALLS:
                return no_way(f"the function {expr.name}")
            return Call(expr.name, tuple(self.expr(one, place, span) for one in expr.args))
        if isinstance(expr, Literal):
            return expr
        return no_way(expr.text)

    def _as_typed(self, left: Expr, right: Expr) -> Expr:
        """GitHub's matrices and inputs hold truth values, and `true` is not the text 'true' there."""
        typed = isinstance(left, Ref) and (
            left.context == "matrix"
            or (left.context == "input" and left.path[:1] and left.path[0] in self.truths)
            or (left.context == "env" and left.path[:1] and left.path[0] in self.axes)
        )
        if typed and isinstance(right, Literal) and str(right.value).lower() in {"true", "false"}:
            return Literal(str(right.value).lower() == "true")
        return right

    def _by_start(self, expr: Expr, span: Span | None) -> Expr | None:
        """A pattern that GitHub cannot say, by the fixed text that it begins with; None where it has none or need not be changed."""
        if not isinstance(expr, Binary) or expr.op != "=~" or not isinstance(expr.right, Literal):
            return None
        try:
            printed(expr)
        except Unprintable:
            start = _START.match(str(expr.right.value))
            if start is None:
                return None
            why = f"GitHub has no patterns: it asks only whether the text starts with `{start[1]}`"
            self.losses.approximated(f"pattern {expr.right.value}", why, "", span)
            return Call("starts_with", (expr.left, Literal(start[1])))
        return None

    def _ref(self, ref: Ref, place: Place, span: Span | None) -> Expr:
        name = str(ref.path[0]) if ref.path else ""
        if ref.context in _UNSEEN[place]:
            return no_way(f"{ref.context} {name} in {place.value}")
        if ref.context == "env":
            return self._env(ref, name, place, span)
        if ref.context == "job" and name:
            return self._of_job(ref, name)
        if ref.context == "var":
            return self.outside(name, place, span)
        if ref.context == "secret" and name != "GITHUB_TOKEN":
            return self._secret(name, span)
        if ref.context == "native":
            whole = _whole(ref)
            return as_expr(template(self._nearest(whole, span))) if whole in NEAREST else no_way(whole)
        if ref.context == "input" and name not in self.inputs:
            return no_way(f"the parameter {name}")
        if ref.context == "git" and name == "short_sha":
            return no_way("the first characters of a commit")
        return ref

    def _nearest(self, name: str, span: Span | None) -> str:
        """What GitHub has in its place; where that is not quite the same, it is said."""
        text, why = NEAREST[name]
        if why:
            self.losses.approximated(f"${name}", why, "", span or self.span)
        return text

    def _of_job(self, ref: Ref, name: str) -> Expr:
        """An output of another job by GitHub's names; `step.output`, as Azure has it, is one word there."""
        if name not in self.before or name not in self.ids:
            return no_way(f"a value of the job {name}, for which this one does not wait")
        way = tuple(output_name(part) if isinstance(part, str) else part for part in ref.path[1:])
        if way[0] == "output" and way[-1] not in self.outputs.get(name, frozenset()):
            return no_way(f"the output {way[-1]} of the job {name}")
        return Ref("job", (self.ids[name], *way))

    def _env(self, ref: Ref, name: str, place: Place, span: Span | None) -> Expr:
        if place not in _IN_STEPS:
            found = self.value(ref, place, span)
            return as_expr(found) if isinstance(found, (str, Template)) else found
        return Ref("matrix", (name,)) if name in self.axes else ref

    def _secret(self, name: str, span: Span | None) -> Expr:
        """A secret under a name that GitHub takes."""
        ours = re.sub(r"\W+", "_", name).strip("_").upper()
        why = "secrets are kept outside the file, and are not carried over"
        self.losses.manual_once(f"secret {name}", why, f"gh secret set {ours}", span)
        return Ref("secret", (ours,))

    def outside(self, name: str, place: Place, span: Span | None) -> Expr:
        """A variable that the file does not set, under a name that GitHub takes."""
        if not name.isidentifier():
            name = re.sub(r"\W+", "_", name).strip("_").upper()
        if is_secret(name) and place not in _CONDITIONS:
            self.losses.manual_once(
                f"secret {name}", "its value is kept outside the file", f"gh secret set {name}", span
            )
            return Ref("secret", (name,))
        self.losses.manual_once(
            f"${name}", "its value is kept outside the file", f"gh variable set {name} --body ...", span
        )
        return Ref("var", (name,))

    def variables(self, variables: tuple[Variable, ...], place: Place) -> tuple[Variable, ...]:
        """Variables with values that can stand there."""
        return tuple(dataclasses.replace(one, value=self.text(one.value, place, one.span)) for one in variables)

    def condition(self, found: Condition | None, place: Place, span: Span | None) -> Condition | None:
        """A condition as it can stand there; one on changed files holds whatever changed, and None asks nothing."""
        if found is None:
            return None
        expr, changes = _whatever_changed(found.expr, holds=True)
        if changes:
            why = "GitHub knows changed files only in triggers, for the whole workflow: this runs whatever changed"
            self.losses.approximated("changes", why, "put the paths into `on.push.paths`", found.span or span)
        expr = mapped(mapped(expr, _chosen), lambda one: self._by_start(one, found.span or span))
        expr = simplified(self.expr(expr, place, found.span or span))
        if expr == Literal(True):
            return None
        return dataclasses.replace(found, expr=expr)


def _chosen(expr: Expr) -> Expr | None:
    """`iif` where only truth counts; in a text `&&` and `||` give the value."""
    if not isinstance(expr, Call) or expr.name != "iif" or len(expr.args) != 3:
        return None
    asked, yes, no = (mapped(one, _chosen) for one in expr.args)
    return Binary("||", Binary("&&", asked, yes), Binary("&&", Unary("!", asked), no))


def _whole(ref: Ref) -> str:
    return ".".join(str(part) for part in ref.path)


def output_name(name: str) -> str:
    """An output's name as GitHub takes it."""
    return re.sub(r"[^\w-]", "-", name)


def no_way(why: str) -> Expr:
    """What GitHub has no words for."""
    return Call(f"({why})")


def _add(found: list[str | Expr], text: str) -> None:
    if found and isinstance(found[-1], str):
        found[-1] += text
    elif text:
        found.append(text)


def _pieces(value: Expr | Text) -> tuple[str | Expr, ...]:
    return parts(value) if isinstance(value, (str, Template)) else (value,)


def _whatever_changed(expr: Expr, *, holds: bool) -> tuple[Expr, bool]:
    """The expression with every question for changed files answered so that more runs, and whether there was one."""
    if isinstance(expr, Call) and expr.name == "changed":
        return Literal(holds), True
    if isinstance(expr, Unary) and expr.op == "!":
        inner, found = _whatever_changed(expr.operand, holds=not holds)
        return Unary("!", inner), found
    if isinstance(expr, Binary) and expr.op in {"&&", "||"}:
        left, first = _whatever_changed(expr.left, holds=holds)
        right, second = _whatever_changed(expr.right, holds=holds)
        return Binary(expr.op, left, right), first or second
    return expr, False
