"""Variables of the script that never change: `def P = "-B"`, `def W = pwd()`. Called by the readers.

Their value stands where they are used, so that other systems, which have no such variables, say the same. A declaration is
left out once every use of it has its value; while anything that is kept as text still names it, it stays.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from seaway.formats.groovy import Script, nodes
from seaway.formats.pipelines.jenkins.calls import Word
from seaway.formats.pipelines.jenkins.expressions import Known, Scope, expression
from seaway.model.expression import Ref, Unknown
from seaway.model.pipeline import Job, Native, Opaque, Pipeline, Post, Step
from seaway.model.span import Span

_NAME = re.compile(r"\w+")
_SETS = re.compile(r"(?<![\w.])(\w+)[ \t]*+(?:[-+*/%?|&]|<<|>>)?=(?![=~])")
_PARAMETERS = re.compile(r"\{([\w \t,=.<>'\"]*+)->")
_CHANGES = re.compile(r"(?:\+\+|--)(\w+)|\b(\w+)(?:\+\+|--)|\b(\w+)[ \t]++in\b")
_SURE = frozenset({"git", "run", "input", "event"})  # contexts that are the same during a whole run
_MOVING = frozenset({("stage",)})


def of(script: Script) -> Known:
    """Names that are set once in the file, to a value that is known, with that value."""
    if not script.declared:
        return Known()
    scope = Scope(script.text)
    pairs = (pair for one in script.declared if not one.several for pair in one.variables)
    known = {name: value for name, value in pairs if value is not None and _is_known(value, scope)}
    once = _set_once(script.text) if known else set()
    return Known({name: value for name, value in known.items() if name in once})


def _set_once(text: str) -> set[str]:
    """Names that are set in one place only, and that are the name of nothing else, by one look at the text."""
    sets = Counter(match[1] for match in _SETS.finditer(text))
    others = {word for match in _PARAMETERS.finditer(text) for word in _NAME.findall(match[1])}
    others |= {match[1] or match[2] or match[3] for match in _CHANGES.finditer(text)}
    return {name for name, count in sets.items() if count == 1} - others


def _is_known(value: nodes.Expr, scope: Scope) -> bool:
    if isinstance(value, nodes.Constant):
        return value.value is not None
    if isinstance(value, nodes.GString):
        inner = [part for part in value.parts if not isinstance(part, str)]
        return all(part is not None and _is_sure(part, scope) for part in inner)
    return isinstance(value, nodes.Call) and _is_sure(value, scope)


def _is_sure(value: nodes.Expr, scope: Scope) -> bool:
    found = expression(value, scope)
    return isinstance(found, Ref) and found.context in _SURE and found.path not in _MOVING


def arguments(call: Word, method: nodes.Method) -> dict[str, nodes.Expr]:
    """What a method's parameters stand for: plain values by place, and those by name as members of the first."""
    plain = [value if isinstance(value, nodes.Constant) else None for value in call.args]
    found: dict[str, nodes.Expr] = {name: value for name, value in zip(method.parameters, plain, strict=False) if value}
    first = method.parameters[0] if method.parameters and call.named else ""
    named = {f"{first}.{name}": value for name, value in call.named.items() if isinstance(value, nodes.Constant)}
    return found | named if first else found


# --- declarations that nothing needs any more


def settled(pipeline: Pipeline, script: Script, known: Known) -> Pipeline:
    """Without the declarations whose every use has its value by now."""
    if not known.used:
        return pipeline
    declared = ((script.source(one), {name for name, _ in one.variables}) for one in script.declared)
    texts = {text: names for text, names in declared if names <= known.used}
    needed = {word for text in _kept(pipeline, texts) for word in _NAME.findall(text)}
    gone = {text for text, names in texts.items() if not names & needed}
    if not gone:
        return pipeline
    jobs = tuple(_without(job, gone) for job in pipeline.jobs)
    post = tuple(dataclasses.replace(one, steps=_running(one.steps, gone)) for one in pipeline.post)
    natives = tuple(one for one in pipeline.natives if one.key != "groovy.before" or one.text not in gone)
    return dataclasses.replace(pipeline, jobs=jobs, post=post, natives=natives, index={})


def without(steps: tuple[Step, ...], script: Script, known: Known) -> tuple[Step, ...]:
    """Without the declarations whose value stands wherever it is used."""
    gone = {script.source(one) for one in script.declared if {name for name, _ in one.variables} <= known.used}
    return tuple(step for step in steps if not (isinstance(step.work, Opaque) and step.work.text in gone))


def _without(job: Job, gone: set[str]) -> Job:
    steps = _running(job.steps, gone)
    post = tuple(Post(one.when, _running(one.steps, gone), one.span) for one in job.post)
    return job if steps == job.steps and post == job.post else dataclasses.replace(job, steps=steps, post=post)


def _running(steps: tuple[Step, ...], gone: set[str]) -> tuple[Step, ...]:
    return tuple(
        step
        for step in steps
        if step.natives or step.condition is not None or not (isinstance(step.work, Opaque) and step.work.text in gone)
    )


def names(value: Any) -> set[str]:
    """Every name in what is kept as it is."""
    return {word for text in _kept(value, {}) for word in _NAME.findall(text)}


def _kept(value: Any, declarations: dict[str, set[str]]) -> Iterator[str]:
    """Every text that is kept as it is, and every name that was not understood."""
    if isinstance(value, (Opaque, Native, Unknown)):
        if value.text not in declarations:
            yield value.text
    elif isinstance(value, Ref) and value.context == "native":
        yield " ".join(str(part) for part in value.path)
    for inner in _parts(value):
        yield from _kept(inner, declarations)


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, tuple):
        yield from value
    elif dataclasses.is_dataclass(value) and not isinstance(value, (type, Span)):
        yield from (getattr(value, one.name) for one in dataclasses.fields(value) if one.name != "index")
