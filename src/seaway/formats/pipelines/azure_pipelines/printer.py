"""The neutral tree -> Azure's expressions and macros. Called by the writer; raises Unprintable for what Azure cannot say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from seaway.formats.pipelines.azure_pipelines.expressions import IS_TAG, NO_BRANCH, NO_TAG, ON_BRANCH
from seaway.formats.pipelines.azure_pipelines.predefined import NAMES, REASON_NAMES, RESULT_NAMES
from seaway.formats.pipelines.simple import without_pattern
from seaway.model.expression import Binary, Call, Expr, Literal, Ref, Text, Unary, parts

_COMPARISONS: Final = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_CALLS: Final = {
    "success": "succeeded",
    "failure": "failed",
    "always": "always",
    "cancelled": "canceled",
    "contains": "contains",
    "starts_with": "startsWith",
    "ends_with": "endsWith",
    "format": "format",
    "to_json": "convertToJson",
}
_OWN: Final = frozenset(
    {
        "coalesce", "containsvalue", "counter", "iif", "in", "length", "lower", "notin", "replace", "split", "trim", "upper",
        "xor",
    }
)  # fmt: skip
_BRANCH: Final = Ref("git", ("branch",))
_TAG: Final = Ref("git", ("tag",))
_KIND: Final = Ref("event", ("kind",))
_REF_NAME: Final = Ref("git", ("ref_name",))

JobName = Callable[[str], "tuple[str, str] | None"]


class Unprintable(ValueError):
    """Azure has no words for it: the sentence names it."""


def here(job: str) -> tuple[str, str]:
    """All jobs stand in the same stage."""
    return ("", job)


def expression(expr: Expr, jobs: JobName = here) -> str:
    """An expression without its brackets. `jobs`: id -> (stage if it is another one, name)."""
    return _Printer(jobs).text(expr)


def compiled(expr: Expr) -> str:
    """`${{ expression }}`: parameters are named, not inserted."""
    return f"${{{{ {_Printer(here, compile_time=True).text(expr)} }}}}"


def text(value: Text, jobs: JobName = here) -> str:
    """Text with macros: `$(name)`; what is computed must be the whole text: `$[ ... ]`."""
    pieces = parts(value)
    if len(pieces) == 1 and not isinstance(pieces[0], str):
        return macro(pieces[0]) or f"$[ {expression(pieces[0], jobs)} ]"
    found: list[str] = []
    for piece in pieces:
        written = piece if isinstance(piece, str) else macro(piece)
        if written is None:
            raise Unprintable("a computed value inside of a text")
        found.append(written)
    return "".join(found)


def variable(ref: Ref) -> str | None:
    """The name of the variable that holds the value, if one does."""
    if (known := NAMES.get(ref)) is not None:
        return known
    path = [part for part in ref.path if isinstance(part, str)]
    if len(path) != len(ref.path):
        return None
    if ref.context in {"env", "var", "secret", "matrix"} and len(path) == 1:
        return path[0]
    if ref.context == "native" and len(path) == 1 and "." in path[0]:
        return path[0]
    if ref.context == "step" and len(path) == 3 and path[1] == "output":
        return f"{path[0]}.{path[2]}"
    return None


def macro(expr: Expr) -> str | None:
    """`$(name)`, or `${{ parameters.x }}`; None where only an expression can say it."""
    if not isinstance(expr, Ref):
        return None
    if expr.context == "input" and (path := _input(expr)):
        return f"${{{{ {path} }}}}"
    name = variable(expr)
    return f"$({name})" if name is not None else None


def _input(ref: Ref) -> str:
    """Parameters exist only while the file is compiled."""
    path = [part for part in ref.path if isinstance(part, str)]
    return ".".join(["parameters", *path]) if len(path) == len(ref.path) else ""


class _Printer:
    def __init__(self, jobs: JobName, *, compile_time: bool = False) -> None:
        self._jobs = jobs
        self._compile_time = compile_time

    def text(self, expr: Expr) -> str:
        if isinstance(expr, Literal):
            return _literal(expr)
        if isinstance(expr, Ref):
            return self._ref(expr)
        if isinstance(expr, Unary):
            return self._unary(expr)
        if isinstance(expr, Binary):
            return self._binary(expr)
        if isinstance(expr, Call):
            return self._call(expr)
        raise Unprintable(f"`{expr.text}`")

    def _ref(self, ref: Ref) -> str:
        if ref.context == "input" and (path := _input(ref)):
            return path if self._compile_time else f"${{{{ {path} }}}}"
        if (name := variable(ref)) is not None:
            return f"variables['{name}']"
        if ref.context == "job":
            return self._job(ref)
        if ref.context == "native":
            return self._native(ref)
        raise Unprintable(f"`{'.'.join([ref.context, *(str(part) for part in ref.path)])}`")

    def _job(self, ref: Ref) -> str:
        path = [part for part in ref.path if isinstance(part, str)]
        place = self._jobs(path[0]) if len(path) == len(ref.path) else None
        if place is None:
            raise Unprintable(f"the job `{ref.path[0]}`, which is not in the file")
        stage, job = place
        head = f"stageDependencies.{stage}.{job}" if stage else f"dependencies.{job}"
        if path[1:] == ["result"]:
            return f"{head}.result"
        return f"{head}.outputs['{path[2]}']"

    def _native(self, ref: Ref) -> str:
        head, *rest = ref.path
        if not isinstance(head, str) or not head.isidentifier() or head.lower() not in _CONTEXTS:
            raise Unprintable(f"`{head}`")
        found = head
        for part in rest:
            if isinstance(part, str):
                found += f".{part}" if part.isidentifier() or part == "*" else f"[{_literal(Literal(part))}]"
            else:
                found += f"[{self.text(part)}]"
        return found

    def _unary(self, expr: Unary) -> str:
        if expr.op != "!":
            raise Unprintable(f"`{expr.op}`")
        if expr.operand == Call("cancelled"):
            return "succeededOrFailed()"
        return f"not({self.text(expr.operand)})"

    def _binary(self, expr: Binary) -> str:
        if expr.op in ("&&", "||"):
            if (chosen := self._one_of(expr)) is not None:
                return chosen
            spine = self._spine(expr.op, expr)
            return f"{'and' if expr.op == '&&' else 'or'}({', '.join(self.text(one) for one in spine)})"
        if (plain := without_pattern(expr)) is not None:
            return self.text(plain)
        if expr.op not in _COMPARISONS:
            raise Unprintable(f"`{expr.op}`")
        if expr in (IS_TAG, NO_TAG, ON_BRANCH, NO_BRANCH):
            kind = "tags" if expr in (IS_TAG, NO_TAG) else "heads"
            is_one = f"startsWith(variables['Build.SourceBranch'], 'refs/{kind}/')"
            return is_one if expr in (IS_TAG, ON_BRANCH) else f"not({is_one})"
        if expr.left == _REF_NAME and expr.op in {"==", "!="} and isinstance(expr.right, Literal):
            return self._either_ref("eq", str(expr.right.value), no=expr.op == "!=")
        left, right = _full(expr.left, expr.right)
        if expr.left == _KIND and isinstance(right, Literal):
            return self._reason(expr.op, str(right.value))
        if isinstance(left, Ref) and left.context == "job" and left.path[-1] == "result" and isinstance(right, Literal):
            right = Literal(RESULT_NAMES.get(str(right.value), right.value))
        return f"{_COMPARISONS[expr.op]}({self._operand(left)}, {self._operand(right)})"

    def _operand(self, expr: Expr) -> str:
        """A parameter stands for its text while the file is compiled: quoted, it compares as text."""
        written = self.text(expr)
        inserted = isinstance(expr, Ref) and expr.context == "input" and not self._compile_time
        return f"'{written}'" if inserted else written

    def _reason(self, op: str, kind: str) -> str:
        words = REASON_NAMES.get(kind, (kind,))
        listed = ", ".join(_literal(Literal(word)) for word in words)
        if len(words) == 1:
            return f"{_COMPARISONS[op]}(variables['Build.Reason'], {listed})"
        return f"{'in' if op == '==' else 'notIn'}(variables['Build.Reason'], {listed})"

    def _spine(self, op: str, expr: Expr) -> list[Expr]:
        found: list[Expr] = []
        while isinstance(expr, Binary) and expr.op == op:
            found.insert(0, expr.right)
            expr = expr.left
        return [expr, *found]

    def _one_of(self, expr: Binary) -> str | None:
        """`a == 1 || a == 2` is `in(a, 1, 2)`."""
        if expr.op != "||":
            return None
        pairs = [_equals(one) for one in self._spine("||", expr)]
        first = pairs[0]
        if first is None or first[0] == _KIND or any(pair is None or pair[0] != first[0] for pair in pairs):
            return None
        values = ", ".join(self.text(_full(*pair)[1]) for pair in pairs if pair is not None)
        return f"in({self.text(_full(*first)[0])}, {values})"

    def _either_ref(self, name: str, text: str, *, no: bool = False) -> str:
        """A branch or a tag by its short name, which Azure has only behind its kind."""
        refs = (
            f"{name}(variables['Build.SourceBranch'], {_literal(Literal(f'refs/{kind}/{text}'))})"
            for kind in ("heads", "tags")
        )
        found = f"or({', '.join(refs)})"
        return f"not({found})" if no else found

    def _call(self, call: Call) -> str:
        name, args = _CALLS.get(call.name), call.args
        if call.name == "join" and len(args) == 2:
            name, args = "join", (args[1], args[0])
        elif call.name == "matches" and len(args) == 2 and (plain := without_pattern(Binary("=~", *args))):
            return self.text(plain)
        elif call.name == "starts_with" and args[:1] == (_REF_NAME,) and isinstance(args[1], Literal):
            return self._either_ref("startsWith", str(args[1].value))
        elif call.name == "starts_with" and len(args) == 2:
            args = _full(args[0], args[1])
        elif name is None and call.name.lower() in _OWN:
            name = call.name
        if name is None:
            raise Unprintable(f"the function `{call.name}`")
        return f"{name}({', '.join(self._operand(one) for one in args)})"


_CONTEXTS: Final = frozenset({"variables", "dependencies", "stagedependencies", "pipeline", "resources"})


def _equals(expr: Expr) -> tuple[Ref, Literal] | None:
    if (
        isinstance(expr, Binary)
        and expr.op == "=="
        and isinstance(expr.left, Ref)
        and expr.left.context not in {"input", "job"}
        and isinstance(expr.right, Literal)
    ):
        return expr.left, expr.right
    return None


def _full(left: Expr, right: Expr) -> tuple[Expr, Expr]:
    """Branches and tags are compared by their full ref: the short name is only its last part."""
    if left in (_BRANCH, _TAG) and isinstance(right, Literal) and isinstance(right.value, str) and right.value:
        start = "refs/heads/" if left == _BRANCH else "refs/tags/"
        return Ref("git", ("ref",)), Literal(start + right.value)
    return left, right


def _literal(literal: Literal) -> str:
    value = literal.value
    if value is None:
        return "''"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    return "'" + value.replace("'", "''") + "'"
