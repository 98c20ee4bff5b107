"""The shape of `pipeline:` in seaway.yaml, and the model it becomes: a pipeline written once for any CI system.

Called by `config.file`; `seaway pipeline render` writes the model in a system's language. Expressions have GitHub's syntax and the
neutral names of `model.expression`: `git.branch == 'main' && event.kind == 'push'`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from seaway.config.fields import Boolean, Fields, Integer, Name, Span, Text, Variable, Written
from seaway.formats.pipelines.github_actions import expressions
from seaway.model import expression as trees
from seaway.model import pipeline as nouns
from seaway.model.expression import Condition, Expr, Phase, Ref, Template
from seaway.model.pipeline import System, TriggerKind

CONTEXTS = frozenset({"git", "event", "run", "env", "var", "secret", "input", "matrix", "step", "job", "runner"})


def _expression(text: str) -> str:
    _known(neutral(expressions.expression(text)))
    return text


def _known(found: Expr) -> None:
    """Raises ValueError, which pydantic reports as a mistake in the file."""
    for one in trees.walk(found):
        if isinstance(one, trees.Unknown):
            words = "this is not an expression: write, for example, git.branch == 'main' && event.kind == 'push'"
            raise ValueError(words)  # noqa: TRY004 - see above
        if isinstance(one, Ref) and one.context == "native":
            named = ".".join(str(part) for part in one.path)
            raise ValueError(f"{named} is no value that is known: begin with one of {', '.join(sorted(CONTEXTS))}")


def neutral(expr: Expr) -> Expr:
    """The same expression with its names read as neutral ones."""
    if isinstance(expr, Ref):
        if expr.context == "native" and expr.path and expr.path[0] in CONTEXTS:
            return Ref(str(expr.path[0]), expr.path[1:])
        return expr
    if isinstance(expr, trees.Unary):
        return trees.Unary(expr.op, neutral(expr.operand))
    if isinstance(expr, trees.Binary):
        return trees.Binary(expr.op, neutral(expr.left), neutral(expr.right))
    if isinstance(expr, trees.Call):
        return trees.Call(expr.name, tuple(neutral(argument) for argument in expr.args))
    return expr


def template(text: str) -> trees.Text:
    """A text in which `${{ }}` holds neutral names."""
    found = expressions.template(text)
    if isinstance(found, str):
        return found
    return Template(tuple(part if isinstance(part, str) else neutral(part) for part in found.parts))


def _templated(text: str) -> str:
    for part in trees.parts(template(text)):
        if not isinstance(part, str):
            _known(part)
    return text


Expression = Annotated[Text, AfterValidator(_expression)]
Templated = Annotated[Written, AfterValidator(_templated)]
_CRON = re.compile(r"\S+ \S+ \S+ \S+ \S+")


def _cron(text: str) -> str:
    if not _CRON.fullmatch(text):
        raise ValueError(
            "a schedule has five fields, such as 0 4 * * *: minute, hour, day, month, day of week; times are UTC"
        )
    return text


def _variables(found: dict[str, str]) -> tuple[nouns.Variable, ...]:
    return tuple(nouns.Variable(name, template(value)) for name, value in found.items())


class EventFields(Fields):
    branches: list[Text] = []  # noqa: RUF012 - frozen, like every field
    paths: list[Text] = []  # noqa: RUF012


class OnFields(Fields):
    push: EventFields | None = None
    pull_request: EventFields | None = None
    tags: list[Text] = []  # noqa: RUF012
    schedule: list[Annotated[Text, AfterValidator(_cron)]] = []  # noqa: RUF012
    manual: Boolean = False

    def triggers(self) -> tuple[nouns.Trigger, ...]:
        found = []
        for kind, event in ((TriggerKind.PUSH, self.push), (TriggerKind.PULL_REQUEST, self.pull_request)):
            if event is not None:
                branches, paths = nouns.Globs(tuple(event.branches)), nouns.Globs(tuple(event.paths))
                found.append(nouns.Trigger(kind, branches=branches, paths=paths))
        if self.tags:
            found.append(nouns.Trigger(TriggerKind.TAG, tags=nouns.Globs(tuple(self.tags))))
        found += [nouns.Trigger(TriggerKind.SCHEDULE, cron=cron) for cron in self.schedule]
        if self.manual:
            found.append(nouns.Trigger(TriggerKind.MANUAL))
        return tuple(found)


class CacheFields(Fields):
    paths: Annotated[list[Text], Field(min_length=1)]
    key_files: Annotated[list[Text], Field(min_length=1)]


class ArtifactFields(Fields):
    paths: Annotated[list[Text], Field(min_length=1)]
    expires: Span | None = None

    @property
    def folder(self) -> str:
        """Where the files were, when that is one folder: systems that keep no paths above it are told to put them back there."""
        only = self.paths[0].rstrip("/") if len(self.paths) == 1 else ""
        return "" if set("*?[") & set(only) else only


class StepFields(Fields):
    run: Templated
    name: Text = ""
    if_: Annotated[Expression | None, Field(alias="if")] = None
    shell: Text = ""
    folder: Text = ""
    variables: dict[Variable, Templated] = {}  # noqa: RUF012
    timeout: Span | None = None
    allow_failure: Boolean = False

    def step(self) -> nouns.Step:
        return nouns.Step(
            nouns.Run(template(self.run), self.shell, self.folder),
            self.name,
            condition=_condition(self.if_, Phase.RUN),
            env=_variables(self.variables),
            timeout=self.timeout,
            continue_on_error=self.allow_failure,
        )


def _condition(text: str | None, phase: Phase) -> Condition | None:
    return None if text is None else Condition(neutral(expressions.expression(text)), phase, text)


class JobFields(Fields):
    steps: Annotated[list[StepFields], Field(min_length=1)]
    needs: list[Name] = []  # noqa: RUF012
    if_: Annotated[Expression | None, Field(alias="if")] = None
    runner: Text = "ubuntu-latest"
    image: Text = ""
    services: dict[Name, Text] = {}  # noqa: RUF012
    matrix: dict[Variable, Annotated[list[Written], Field(min_length=1)]] = {}  # noqa: RUF012
    variables: dict[Variable, Templated] = {}  # noqa: RUF012
    secrets: list[Variable] = []  # noqa: RUF012
    cache: CacheFields | None = None
    artifacts: ArtifactFields | None = None
    environment: Text = ""
    manual: Boolean = False
    timeout: Span | None = None
    retry: Annotated[Integer, Field(ge=0, le=2)] = 0
    allow_failure: Boolean = False
    checkout: Boolean = True

    def job(self, name: str, givers: Mapping[str, str]) -> nouns.Job:
        """`givers`: jobs that leave files behind, and the folder these were in; those that this one needs come first."""
        steps: list[nouns.Step] = [nouns.Step(nouns.Checkout())] if self.checkout else []
        steps += [
            nouns.Step(nouns.Artifact("down", name=one, into=givers[one], jobs=(one,)))
            for one in self.needs
            if one in givers
        ]
        steps += [each.step() for each in self.steps]
        if self.artifacts is not None:
            work = nouns.Artifact("up", name=name, paths=tuple(self.artifacts.paths), expires=self.artifacts.expires)
            steps.append(nouns.Step(work))
        secrets = tuple(nouns.Variable(one, Template((Ref("secret", (one,)),)), secret=True) for one in self.secrets)
        axes = tuple(nouns.Axis(axis, tuple(values)) for axis, values in self.matrix.items())
        cache = self.cache
        return nouns.Job(
            name,
            needs=tuple(nouns.Need(one, artifacts=one in givers) for one in self.needs),
            condition=_condition(self.if_, Phase.QUEUE),
            runner=nouns.Runner((self.runner,), os=_system(self.runner)),
            container=nouns.Image(self.image) if self.image else None,
            services=tuple(nouns.Image(image, alias) for alias, image in self.services.items()),
            matrix=nouns.Matrix(axes) if axes else None,
            variables=(*_variables(self.variables), *secrets),
            steps=tuple(steps),
            caches=(nouns.Cache(files=tuple(cache.key_files), paths=tuple(cache.paths)),) if cache else (),
            environment=nouns.DeployTarget(self.environment) if self.environment else None,
            manual=self.manual,
            timeout=self.timeout,
            retry=nouns.Retry(self.retry) if self.retry else None,
            continue_on_error=self.allow_failure,
        )  # fmt: skip


def _system(runner: str) -> str:
    words = runner.lower()
    return next((name for sign, name in (("windows", "windows"), ("macos", "macos")) if sign in words), "linux")


class ConcurrencyFields(Fields):
    group: Templated
    cancel: Boolean = False


class PipelineFields(Fields):
    jobs: Annotated[dict[Name, JobFields], Field(min_length=1)]
    name: Text = ""
    on: OnFields = OnFields()
    variables: dict[Variable, Templated] = {}  # noqa: RUF012
    concurrency: ConcurrencyFields | None = None

    def pipeline(self, path: str) -> nouns.Pipeline:
        givers = {name: job.artifacts.folder for name, job in self.jobs.items() if job.artifacts is not None}
        return nouns.Pipeline(
            System.SEAWAY,
            path,
            name=self.name,
            triggers=self.on.triggers(),
            variables=_variables(self.variables),
            permissions=nouns.Permissions((("contents", "read"),)),
            concurrency=nouns.Concurrency(template(self.concurrency.group), self.concurrency.cancel)
            if self.concurrency
            else None,
            jobs=tuple(job.job(name, givers) for name, job in self.jobs.items()),
        )

    def unknown_needs(self) -> list[tuple[tuple[str | int, ...], str]]:
        """(path of the entry, its name) for each `needs` of a job that is not there, or is not above: no circle can be."""
        above: set[str] = set()
        found: list[tuple[tuple[str | int, ...], str]] = []
        for name, job in self.jobs.items():
            found += [
                (("pipeline", "jobs", name, "needs", index), one)
                for index, one in enumerate(job.needs)
                if one not in above
            ]
            above.add(name)
        return found
