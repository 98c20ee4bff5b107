"""Values of the model as Azure's text, with a loss for each that Azure has no words for. Shared by the writers."""

from __future__ import annotations

import re
from typing import Any

from seaway.formats.pipelines.azure_pipelines import printer
from seaway.formats.pipelines.azure_pipelines.expressions import has_status
from seaway.formats.pipelines.azure_pipelines.printer import Unprintable
from seaway.formats.pipelines.expand import in_words
from seaway.formats.pipelines.losses import Losses
from seaway.formats.pipelines.simple import simplified, truths
from seaway.formats.yaml.as_written import kept_data
from seaway.formats.yaml.emit import Note, Raw
from seaway.model.expression import Binary, Call, Condition, Expr, Literal, Phase, Ref, Template, Text, Unknown
from seaway.model.pipeline import Image, Job, Native, Pipeline, System, Variable
from seaway.model.span import Span

_ODD = re.compile(r"\W+")
ALWAYS = Call("always")


def named(text: str) -> str:
    """The text as a name of a stage or a job: letters, digits and underscores."""
    found = _ODD.sub("_", text).strip("_") or "job"
    return found if not found[0].isdigit() else f"_{found}"


class Words:
    """What all writers of one file share. `own`: the pipeline was read from Azure's language."""

    def __init__(self, pipeline: Pipeline, losses: Losses) -> None:
        self.losses = losses
        self.own = pipeline.system is System.AZURE_PIPELINES
        self.stage = ""
        self.containers: dict[Image, str] = {}  # services, without their places -> what `resources` calls them
        self._jobs = {job.id: job for job in pipeline.jobs}
        self._taken: dict[str, str] = {}

    def name(self, job: Job) -> str:
        """A job's name in the file."""
        found = named(job.id.removeprefix(f"{job.stage}.") if self.own and job.stage else job.id)
        other = next((ident for ident, name in self._taken.items() if name == found and ident != job.id), None)
        if other is not None and self._jobs[other].stage == job.stage:
            found = f"{found}_{len(self._taken)}"
        self._taken[job.id] = found
        return found

    def place(self, ident: str) -> tuple[str, str] | None:
        """A job's stage, if it is another one than this, and its name."""
        job = self._jobs.get(ident)
        if job is None:
            return ("", ident) if self.own else None
        return ("" if job.stage == self.stage else named(job.stage), self.name(job))

    def _with_outputs(self, expr: Expr) -> Expr:
        """Outputs of jobs as outputs of their steps, which is what Azure has."""
        if isinstance(expr, Ref) and expr.context == "job" and len(expr.path) == 3:
            job = self._jobs.get(str(expr.path[0]))
            value = next((one.value for one in job.outputs if one.name == expr.path[2]), None) if job else None
            if isinstance(value, Template) and len(value.parts) == 1 and isinstance(value.parts[0], Ref):
                inner = value.parts[0]
                if inner.context == "step":
                    return Ref("job", (expr.path[0], "output", f"{inner.path[0]}.{inner.path[2]}"))
        if isinstance(expr, Binary):
            return Binary(expr.op, self._with_outputs(expr.left), self._with_outputs(expr.right))
        if isinstance(expr, Call):
            return Call(expr.name, tuple(self._with_outputs(one) for one in expr.args))
        return expr

    def expression(self, expr: Expr) -> str:
        """Raises Unprintable."""
        return printer.expression(self._with_outputs(expr), self.place)

    def text(self, text: Text, construct: str = "expression", span: Span | None = None) -> str:
        """A text with its macros. What cannot be said stands in angle brackets, in neutral words, and is a loss."""
        if isinstance(text, str):
            return text
        if len(text.parts) == 1 and not isinstance(text.parts[0], str):
            return self._whole(text.parts[0], construct, span)
        found = []
        for part in text.parts:
            written = part if isinstance(part, str) else printer.macro(part)
            if written is None and not isinstance(part, str):
                written = self._lost(part, construct, "a computed value within a text", span)
            found.append(written or "")
        return "".join(found)

    def _whole(self, expr: Expr, construct: str, span: Span | None) -> str:
        if (macro := printer.macro(expr)) is not None:
            return macro
        if isinstance(expr, Unknown) and self.own:
            return f"$[{expr.text}]"
        if isinstance(expr, Literal):
            return "" if expr.value is None else str(expr.value)
        try:
            return f"$[ {self.expression(expr)} ]"
        except Unprintable as why:
            return self._lost(expr, construct, str(why), span)

    def _lost(self, expr: Expr, construct: str, why: str, span: Span | None) -> str:
        fix = "write the value where it stands in angle brackets"
        self.losses.dropped(construct, f"Azure has no macro for {why}", fix, span)
        return f"<{in_words(expr)}>"

    def condition(self, found: Condition, construct: str, span: Span | None) -> Any:
        """A `condition:`. One that Azure cannot say holds for nobody until a person has looked at it."""
        where = found.span or span
        if found.phase is Phase.COMPILE:
            why = "it is decided when a run is queued, no longer when the file is compiled"
            self.losses.approximated(construct, why, "", where)
        try:
            expr = found.expr if self.own else simplified(truths(found.expr))
            # In Azure `true` would hold after a failure, too.
            return "succeeded()" if not self.own and expr == Literal(value=True) else self._condition(expr)
        except Unprintable as why:
            words = found.text.strip() or in_words(found.expr)
            fix = "write the condition; until then it never holds"
            self.losses.dropped(construct, f"Azure has no condition for {why}", fix, where)
            return Note(Raw("false"), above=f"was: {words}")

    def _condition(self, expr: Expr) -> str:
        if isinstance(expr, Unknown) and self.own:
            return expr.text
        if isinstance(expr, (Literal, Unknown)):
            return self.expression(expr)
        if not has_status(expr):
            return self._joined(Binary("&&", Call("success"), expr))
        if isinstance(expr, Binary) and expr.op == "&&":
            rest = without_always(expr)
            if not has_status(rest) and not isinstance(
                rest, (Literal, Unknown)
            ):  # of those alone nothing is understood
                return self.expression(rest)
        return self.expression(expr)

    def _joined(self, expr: Binary) -> str:
        """`success() && (a && b)` as `and(succeeded(), a, b)`."""
        spine: list[Expr] = []
        rest = expr.right
        while isinstance(rest, Binary) and rest.op == "&&":
            spine.insert(0, rest.right)
            rest = rest.left
        whole: Expr = Binary("&&", expr.left, rest)
        for one in spine:
            whole = Binary("&&", whole, one)
        return self.expression(whole)

    def tolerance(self, found: bool | Condition, span: Span | None) -> Any:
        """`continueOnError`."""
        if isinstance(found, bool):
            return found
        if not self.own:
            why = "Azure knows no tolerance that is decided while it runs"
            self.losses.dropped("continue on error", why, "set continueOnError to true or false", span)
            return False
        try:
            return f"$[ {self.expression(found.expr)} ]"
        except Unprintable:
            return found.text

    def variables(self, variables: tuple[Variable, ...], construct: str) -> dict[str, Any]:
        """A mapping of names to values."""
        return {one.name: self.text(one.value, construct, one.span) for one in variables}


def without_always(expr: Expr) -> Expr:
    """The rest of `always() && rest`."""
    if not isinstance(expr, Binary) or expr.op != "&&":
        return expr
    if expr.left == ALWAYS:
        return expr.right
    left = without_always(expr.left)
    return expr if left is expr.left else Binary("&&", left, expr.right)


def put_back(document: dict[Any, Any], natives: tuple[Native, ...], prefix: str) -> None:
    """Writes what was kept as it was, at its path below `prefix`; a path with an `${{ if }}` in it is one key."""
    for one in natives:
        key = one.key.removeprefix(prefix)
        if "${{" in key:
            head, _, last = key.rpartition("}}.")
            document[f"{head.replace('${{ ', '${{ if ', 1)}}}}}"] = {last: kept_data(one.text)}
            continue
        *way, last = key.split(".")
        place = document
        for step in way:
            inner = place.get(step)
            if not isinstance(inner, dict):
                inner = place[step] = {}
            place = inner
        place[last] = kept_data(one.text)
