"""Steps, in `steps { }` and in `script { }` -> model. What is not known stays an Opaque step with its text.

What stands around several steps and belongs to none, such as `sshagent(...) { ... }`, becomes a `Native` of each of them:

    around.N.WORD      the head of a block, outermost first; N counts the blocks of one body
    split.N.WORD.K     one of several branches of a block: `try`, its catches and `finally`, or a branch of `parallel`

The writer puts the blocks together again.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from seaway.formats.groovy import Script, nodes
from seaway.formats.groovy.nodes import Stmt
from seaway.formats.pipelines.jenkins import known_steps, wrappers
from seaway.formats.pipelines.jenkins.calls import Word, head, truth, word
from seaway.formats.pipelines.jenkins.expressions import Scope, expression, template
from seaway.model.expression import Binary, Call, Condition, Expr, Phase, Text, both, negated
from seaway.model.pipeline import Native, Opaque, Step
from seaway.model.span import Span


@dataclass(slots=True)
class Steps:
    """Reads one body of steps. `on_agent`: a machine is held while they run."""

    script: Script
    scope: Scope
    on_agent: bool = True
    blocks: int = 0

    def read(self, body: list[Stmt]) -> list[Step]:
        """All steps in order."""
        found: list[Step] = []
        for statement in body:
            found += self.one(statement)
        return found

    def one(self, statement: Stmt) -> list[Step]:
        """The steps of one statement."""
        call = word(statement)
        if call is not None and call.body is not None:
            made = self._block(call)
            if made is not None:
                return made
        elif call is not None:
            if call.name == "parallel" and (made := self._parallel(call, statement)) is not None:
                return made
            step = known_steps.read(call, self.scope, on_agent=self.on_agent)
            if step is not None:
                return [self._placed(step, statement)]
        elif isinstance(statement, nodes.If):
            return self._if(statement)
        elif isinstance(statement, nodes.Try):
            return self._try(statement)
        return [self.opaque(statement, call.name if call else "")]

    def opaque(self, statement: Stmt, name: str = "") -> Step:
        """The statement as it is."""
        return self._placed(Step(Opaque(self.script.source(statement)), native=name), statement)

    def _placed(self, step: Step, statement: Stmt) -> Step:
        return Step(  # not by `replace`: this is done for every step of every file
            step.work, step.name, step.id, step.condition, step.env, step.timeout, step.idle_timeout, step.retry,
            step.continue_on_error, step.container, step.natives, step.native,
            self.script.comment(statement.start), self.script.span(statement.start, statement.end),
        )  # fmt: skip

    # --- blocks ----------------------------------------------------------------------------------------------------

    def _block(self, call: Word) -> list[Step] | None:
        body = call.body or []
        if call.name == "script":
            return self.read(body)
        if call.parameters or call.name in wrappers.LOOPS or ("." in call.name and not call.name.startswith("docker.")):
            return None
        reader = wrappers.READERS.get(call.name)
        if reader is None and call.name not in wrappers.COMMON and _assigns(body):
            return None  # settings of somebody's own block rather than steps
        scope = self.scope
        if reader is not None:
            self.scope = scope.with_env(wrappers.names(call, scope))
        elif call.name in {"dir", "ws"}:
            self.scope = dataclasses.replace(scope, folder=True)
        inner = self.read(body)
        self.scope = scope
        if not inner:
            return None
        if call.name == "dir" and (folder := template(call.value("path"), scope)):
            return self._within(call, folder, inner)
        if call.name == "docker.image().inside" and (image := wrappers.image(call, scope)) is not None:
            inner = [one if one.container is not None else dataclasses.replace(one, container=image) for one in inner]
        made = reader(call, inner, scope) if reader is not None else None
        if made is not None:
            return made
        return self._around(
            call.name,
            head(self.script.text, call),
            inner,
            self.script.span(call.node.start, call.node.end) if call.node else None,
        )

    def _within(self, call: Word, folder: Text, inner: list[Step]) -> list[Step]:
        """The steps in a folder: it stays around those only that cannot say it themselves, as a folder is nothing but a place."""
        found: list[Step] = []
        waiting: list[Step] = []
        text, span = (
            head(self.script.text, call),
            self.script.span(call.node.start, call.node.end) if call.node else None,
        )
        for step in [*inner, None]:
            made = wrappers.within(step, folder) if step is not None else None
            if step is not None and made is None:
                waiting.append(step)
                continue
            if waiting:
                found += self._around(call.name, text, waiting, span)
                waiting = []
            found += [made] if made is not None else []
        return found

    def _around(self, name: str, text: str, inner: list[Step], span: Span | None) -> list[Step]:
        self.blocks += 1
        native = Native(f"around.{self.blocks}.{name}", text, span)
        return [dataclasses.replace(step, natives=(native, *step.natives)) for step in inner]

    def branches(self, parts: list[tuple[str, list[Stmt], Expr | None]], span: Span) -> list[Step] | None:
        """Bodies with a head each; None where one of them has no step to carry its head."""
        self.blocks += 1
        number = self.blocks
        found: list[Step] = []
        for index, (text, body, asked) in enumerate(parts):
            inner = self.read(body)
            if not inner:
                return None
            native = Native(f"split.{number}.{text.split(maxsplit=1)[0]}.{index}", text, span)
            for step in inner:
                condition = step.condition
                if asked is not None:
                    condition = _asked(asked, condition, text)
                found.append(dataclasses.replace(step, condition=condition, natives=(native, *step.natives)))
        return found

    def _parallel(self, call: Word, statement: Stmt) -> list[Step] | None:
        parts: list[tuple[str, list[Stmt], Expr | None]] = []
        behind = ", failFast: true" if truth(call.named.get("failFast")) else ""
        for name, value in call.named.items():
            if name == "failFast" and isinstance(value, nodes.Constant):
                continue
            if not isinstance(value, nodes.Closure) or value.parameters:
                return None
            parts.append((f"parallel {name}{behind}", value.body, None))
        before = self.blocks
        made = self.branches(parts, self.script.span(statement.start, statement.end)) if parts else None
        if made is None:
            self.blocks = before
        return made

    def _if(self, statement: nodes.If) -> list[Step]:
        found: list[Step] = []
        before: Expr | None = None
        branches: list[tuple[nodes.Expr | None, list[Stmt]]] = [*statement.branches]
        if statement.otherwise is not None:
            branches.append((None, statement.otherwise))
        for asked, body in branches:
            own = expression(asked, self.scope) if asked is not None else None
            expr = both(before, own)
            if not body:
                return [self.opaque(statement)]
            for step in self.read(body):
                text = self.script.source(asked) if asked is not None else "else"
                condition = _asked(expr, step.condition, text)
                found.append(dataclasses.replace(step, condition=condition))
            before = both(before, negated(own)) if own is not None else before
        return found

    def _try(self, statement: nodes.Try) -> list[Step]:
        parts: list[tuple[str, list[Stmt], Expr | None]] = [("try", statement.body, None)]
        for types, name, body in statement.catches:
            parts.append((f"catch ({f'{types} ' if types else ''}{name})", body, Call("failure")))
        if statement.last is not None:
            parts.append(("finally", statement.last, Call("always")))
        before = self.blocks
        made = self.branches(parts, self.script.span(statement.start, statement.end))
        if made is None:
            self.blocks = before
            return [self.opaque(statement)]
        return made


def _assigns(body: list[Stmt]) -> bool:
    return any(isinstance(one, nodes.Operation) and one.op == "=" for one in body)


def _asked(expr: Expr | None, inner: Condition | None, text: str) -> Condition | None:
    """Both; what asks for the outcome of the steps before stands first, wherever it was written."""
    status, rest = split_status(inner.expr if inner else None)
    own, rest_of_own = split_status(expr)
    whole = both(both(own, status), both(rest_of_own, rest))
    return Condition(whole, Phase.RUN, text) if whole is not None else None


def split_status(expr: Expr | None) -> tuple[Expr | None, Expr | None]:
    """`failure() && a` as (failure(), a)."""
    if isinstance(expr, Call) and expr.name in {"failure", "always"}:
        return expr, None
    if (
        isinstance(expr, Binary)
        and expr.op == "&&"
        and isinstance(expr.left, Call)
        and expr.left.name in {"failure", "always"}
    ):
        return expr.left, expr.right
    return None, expr
