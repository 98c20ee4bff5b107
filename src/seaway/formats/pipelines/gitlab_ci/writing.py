"""What all parts of the writer share: which pipeline is written, how its values are called now, what is lost. Made by `write`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from seaway.formats.pipelines import shell
from seaway.formats.pipelines.expand import in_words
from seaway.formats.pipelines.gitlab_ci import expressions, values
from seaway.formats.pipelines.gitlab_ci.expressions import KIND, REF, Unprintable
from seaway.formats.pipelines.losses import Losses
from seaway.formats.yaml.emit import Flow
from seaway.model.expression import Call, Expr, Literal, Ref, Template, Text, walk
from seaway.model.pipeline import Native, Pipeline, System
from seaway.model.span import Span

Data = dict[str, Any]

_TAKEN = frozenset({"PATH", "HOME", "USER", "SHELL", "PWD", "TMPDIR", "LANG", "HOSTNAME", "CI", "TERM"})
# `name: value` -> `name: {key: value}`, where one more key is to stand there.
_LONG_FORMS = {"retry": "max", "image": "name", "environment": "name", "changes": "paths", "exists": "paths"}
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*\Z")
_RUNNERS = {"os": "Linux", "arch": "X64", "temp": "/tmp"}  # noqa: S108 - GitHub's word for a place, in GitLab's shell


@dataclass(slots=True)
class Writing:
    """`own`: the pipeline comes from GitLab, so that everything native is written back."""

    pipeline: Pipeline
    losses: Losses = field(default_factory=Losses)

    @property
    def own(self) -> bool:
        return self.pipeline.system is System.GITLAB_CI

    def axis(self, name: str) -> str:
        """What an axis of a matrix is called as a variable."""
        if self.own:
            return name
        word = re.sub(r"\W", "_", name).upper()
        word = word if _IDENTIFIER.match(word) else f"_{word}"
        return f"MATRIX_{word}" if word in _TAKEN or word.startswith(("CI_", "GITLAB_")) else word

    def name(self, expr: Expr) -> str:
        """The variable that holds a value. Raises Unprintable."""
        if not isinstance(expr, Ref):
            return expressions.printed_name(expr)
        if expr.context == "matrix" and len(expr.path) == 1:
            return self.axis(str(expr.path[0]))
        if self.own:
            return expressions.printed_name(expr)
        if expr == Ref("git", ("branch",)):
            return "CI_COMMIT_REF_NAME"  # in a text it is wanted for tags, too
        if expr.context == "native":
            raise Unprintable(f"`{'.'.join(str(part) for part in expr.path)}`")
        if expr == Ref("secret", ("GITHUB_TOKEN",)):
            return "CI_JOB_TOKEN"
        if expr.context in {"job", "step"} and len(expr.path) == 3 and _IDENTIFIER.match(str(expr.path[2])):
            return str(expr.path[2])
        return expressions.printed_name(expr)

    def text(self, text: Text, construct: str, span: Span | None = None) -> str:
        """A text in which GitLab puts the values; what it does not know is left out and named."""
        if isinstance(text, str) or self.own:
            return expressions.printed_text(text)
        found: list[str | Expr] = []
        for part in text.parts:
            if isinstance(part, str):
                found.append(part)
                continue
            known = self._known(part, construct, span)
            found += known
        return expressions.printed_text(Template(tuple(found)))

    def _known(self, part: Expr, construct: str, span: Span | None) -> list[str | Expr]:
        if part == REF:
            self._nearly(construct, "git.ref", span)
            return ["refs/heads/", Ref("native", ("CI_COMMIT_REF_NAME",))]
        if isinstance(part, Ref) and part.context == "runner" and part.path and part.path[0] in _RUNNERS:
            return [_RUNNERS[str(part.path[0])]]
        if isinstance(part, Literal) or (isinstance(part, Ref) and part.context == "input"):
            return [part]
        try:
            name = self.name(part)
        except Unprintable as error:
            self.losses.dropped(construct, f"GitLab has no value for {error}", "put the value in by hand", span)
            return []
        if part == KIND:
            self._nearly(construct, "event.kind", span)
        return [Ref("native", (name,))]

    def _nearly(self, construct: str, what: str, span: Span | None) -> None:
        words = {
            "git.ref": "a tag has another full name (refs/tags/...) in the source system",
            "event.kind": "GitLab has its own words for what started a pipeline: push, web, merge_request_event, schedule",
        }
        self.losses.approximated(construct, words[what], "check what is compared with it", span)

    def in_shell(self, expr: Expr) -> str | None:
        """How a script of GitLab's reaches a value, inside double quotes; None for no way."""
        if isinstance(expr, Literal):
            return "" if expr.value is None else str(expr.value)
        if expr == REF:
            return "refs/heads/${CI_COMMIT_REF_NAME}"
        if isinstance(expr, Ref) and expr.context == "runner" and expr.path and expr.path[0] in _RUNNERS:
            return _RUNNERS[str(expr.path[0])]
        if isinstance(expr, Ref) and expr.context == "input" and len(expr.path) == 1:
            return f"$[[ inputs.{expr.path[0]} ]]"
        if isinstance(expr, Call):
            return None
        try:
            return f"${{{self.name(expr)}}}"
        except Unprintable:
            return None

    def script(self, text: Text, construct: str, span: Span | None, kind: str = "") -> str:
        """A script whose values became variables; those that GitLab has not get a name that says what is missing.

        `kind`: its shell, or the program that reads it.
        """
        missing: list[str] = []

        def printer(expr: Expr) -> str:
            found = self.in_shell(expr)
            if found is not None:
                return found
            missing.append(in_capitals(expr))
            return f"${{{missing[-1]}}}"

        command = shell.program(kind)
        written, lost = (
            shell.here_document(command, text, printer) if command else shell.script_text(text, printer, kind)
        )
        for one in lost:
            self.losses.dropped(
                construct, f"no variable is read there: {in_words(one)}", "put the value in by hand", span
            )
        for name in missing:
            why = "GitLab puts no such value into a script"
            self.losses.manual(construct, why, f"set the variable {name}", span)
        return written

    def natives(self, natives: Iterable[Native], into: Data, prefix: str = "") -> None:
        """Writes back what GitLab alone knows; what another system alone knows is lost."""
        for native in natives:
            if self.own:
                put(into, native, prefix)
            else:
                fix = "look for what GitLab offers instead"
                self.losses.dropped(native.key, "GitLab has no word for it", fix, native.span)


def put(into: Data, native: Native, prefix: str) -> None:
    """Sets a native value at its path: `a.b`, `a[0].b`, or one more item with `a[]`."""
    key, value = values.opened(native.text)
    path = native.key.removeprefix(prefix)
    if path.endswith("[]"):
        into[key] = [*_listed(into.get(key)), value]
        return
    parts = path.removesuffix(key).rstrip(".").split(".") if path != key else []
    place: Any = into
    for part in parts:
        name, _, index = part.rstrip("]").partition("[")
        place = _opened(place, name, int(index) if index else None)
    place[key] = value


def _opened(place: Data, name: str, index: int | None) -> Data:
    """The mapping under a name; a short form becomes the long one."""
    found = place.get(name)
    if index is not None:
        listed = place[name] = _listed(found)
        while len(listed) <= index:
            listed.append({})
        if not isinstance(listed[index], dict):
            listed[index] = {"job": listed[index]}
        inner: Data = listed[index]
        return inner
    if not isinstance(found, dict):
        short = _LONG_FORMS.get(name, "value")
        found = {} if found is None else {short: found}
        place[name] = found
    return found


def _listed(found: Any) -> list[Any]:
    inner = found.value if isinstance(found, Flow) else found
    if inner is None:
        return []
    return list(inner) if isinstance(inner, list) else [inner]


def in_capitals(expr: Expr) -> str:
    """A name for a value that has none: `steps.build.outputs.tag` is STEPS_BUILD_OUTPUTS_TAG."""
    words = [str(part) for one in walk(expr) for part in _words(one)]
    return re.sub(r"\W+", "_", "_".join(words)).strip("_").upper() or "VALUE"


def _words(expr: Expr) -> list[str]:
    if isinstance(expr, Ref):
        return [expr.context, *(part for part in expr.path if isinstance(part, str))]
    if isinstance(expr, Call):
        return [expr.name]
    return [str(expr.value)] if isinstance(expr, Literal) else []
