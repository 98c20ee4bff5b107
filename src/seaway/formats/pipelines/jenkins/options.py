"""`options { }` -> what a job or pipeline says of its time, its retries and its concurrency; the rest is kept as text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from seaway.formats.groovy import Script, nodes
from seaway.formats.pipelines.jenkins import parameters
from seaway.formats.pipelines.jenkins.calls import Word, truth, word
from seaway.formats.pipelines.jenkins.expressions import Scope, template
from seaway.model.expression import Ref, Template
from seaway.model.pipeline import Concurrency, Native, Retry

RUN = Template((Ref("run", ("job",)),))  # the group of all runs of this pipeline


@dataclass(frozen=True, slots=True)
class Options:
    """Of a stage or of a pipeline."""

    timeout: timedelta | None = None
    retry: Retry | None = None
    concurrency: Concurrency | None = None
    natives: tuple[Native, ...] = ()


def skips_checkout(call: Word | None) -> bool:
    """`skipDefaultCheckout()`."""
    for statement in call.body or [] if call else []:
        inner = word(statement)
        if inner is not None and inner.name == "skipDefaultCheckout":
            return not inner.args or truth(inner.args[0])
    return False


def for_stage(call: Word | None, script: Script, scope: Scope) -> Options:
    """Of a stage with steps."""
    return _read(call, script, scope, pipeline=False)


def for_pipeline(call: Word | None, script: Script, scope: Scope) -> Options:
    """Of the whole pipeline."""
    return _read(call, script, scope, pipeline=True)


def for_group(call: Word | None, script: Script) -> tuple[Native, ...]:
    """Of a stage around others: kept."""
    return tuple(_kept(statement, script) for statement in (call.body or [] if call else []))


def _read(call: Word | None, script: Script, scope: Scope, *, pipeline: bool) -> Options:
    timeout, retry, concurrency = None, None, None  # type: timedelta | None, Retry | None, Concurrency | None
    natives: list[Native] = []
    for statement in call.body or [] if call else []:
        inner = word(statement)
        span = script.span(statement.start, statement.end)
        name = inner.name if inner else ""
        if inner is None or name == "skipDefaultCheckout":
            natives += [] if inner else [_kept(statement, script)]
        elif (
            name == "timeout"
            and timeout is None
            and inner.only("time", "unit")
            and (length := parameters.duration(inner, "MINUTES"))
        ):
            timeout = length
        elif name == "retry" and not pipeline and (tries := attempts(inner)):
            retry = Retry(tries - 1, span=span)
        elif name == "disableConcurrentBuilds" and pipeline and inner.only("abortPrevious"):
            cancel = truth(inner.named.get("abortPrevious"))
            concurrency = Concurrency(RUN, cancel, queue=not cancel, span=span)
        elif name == "lock" and not pipeline and inner.only("resource") and (value := inner.value("resource")):
            concurrency = Concurrency(template(value, scope), queue=True, span=span)
        else:
            natives.append(_kept(statement, script))
    return Options(timeout, retry, concurrency, tuple(natives))


def attempts(call: Word) -> int:
    """Of `retry(3)`; 0 where it is computed, or says more."""
    value = call.value("count")
    known = isinstance(value, nodes.Constant) and isinstance(value.value, int) and not isinstance(value.value, bool)
    count = value.value if known and isinstance(value, nodes.Constant) else 0
    return count if isinstance(count, int) and count > 1 and call.only("count") else 0


def _kept(statement: nodes.Stmt, script: Script) -> Native:
    inner = word(statement)
    name = inner.name if inner else "groovy"
    return Native(f"options.{name}", script.source(statement), script.span(statement.start, statement.end))
