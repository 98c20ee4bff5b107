"""A pipeline of any CI system, as read from its file. Made by `formats.pipelines`, read by assess, convert and simulate.

Three states of one type:

    as written   `parse`: templates, includes and matrices are references
    resolved     `resolve`: what is reused stands where it is used; a matrix is still one job
    expanded     `expand`: each job of a matrix by itself, the order of stages as needs

What a system's file holds and these nouns do not know is kept as `Native`, with its text: nothing is lost by reading.
Every node has its `span` in the file it came from, which may be an included one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TypeAlias

from seaway.model.expression import Condition, Text
from seaway.model.quick import quick
from seaway.model.span import Span
from seaway.model.work import (
    Approval,
    Artifact,
    Cache,
    Checkout,
    Component,
    Opaque,
    Parameter,
    Pin,
    Run,
    Use,
    Variable,
    Work,
)

__all__ = [
    "Approval",
    "Artifact",
    "Axis",
    "Cache",
    "Checkout",
    "Component",
    "Concurrency",
    "DeployTarget",
    "Globs",
    "Image",
    "Include",
    "Job",
    "Matrix",
    "Native",
    "Need",
    "Opaque",
    "Parameter",
    "Permissions",
    "Pin",
    "Pipeline",
    "Post",
    "Retry",
    "Row",
    "Rule",
    "Run",
    "Runner",
    "Stage",
    "Step",
    "System",
    "Trigger",
    "TriggerKind",
    "Unresolved",
    "Use",
    "Variable",
    "Work",
    "steps",
]


class System(StrEnum):
    """A CI system; the value is also the name of its format."""

    GITHUB_ACTIONS = "github_actions"
    GITLAB_CI = "gitlab_ci"
    JENKINS = "jenkins"
    AZURE_PIPELINES = "azure_pipelines"
    CIRCLECI = "circleci"
    TEAMCITY = "teamcity"
    TEKTON = "tekton"
    SEAWAY = "seaway"


class TriggerKind(StrEnum):
    """What starts a run."""

    PUSH = "push"
    TAG = "tag"
    PULL_REQUEST = "pull_request"
    SCHEDULE = "schedule"
    MANUAL = "manual"
    API = "api"
    UPSTREAM = "upstream"
    CALL = "call"  # by another pipeline of the same system, as a part of it
    COMMENT = "comment"
    MERGE_QUEUE = "merge_queue"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Native:
    """Something of the source that is kept as it is. `key`: its path in the file, like `jobs.build.services`."""

    key: str
    text: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Globs:
    """Patterns of names; an empty `include` means all."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trigger:
    """`native`: the system's own word, like `pull_request_target`. `cron` as five fields, UTC unless `timezone` says else.

    `jobs`: those that it starts, with all that they need (TeamCity); (): the whole pipeline.
    """

    kind: TriggerKind
    native: str = ""
    branches: Globs = Globs()
    tags: Globs = Globs()
    paths: Globs = Globs()
    types: tuple[str, ...] = ()
    cron: str = ""
    timezone: str = ""
    inputs: tuple[Parameter, ...] = ()
    sources: tuple[str, ...] = ()  # upstream pipelines
    comment: str = ""
    span: Span | None = None
    jobs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Image:
    """A container image. `alias`: the host name under which a service is reached."""

    name: Text
    alias: str = ""
    entrypoint: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    env: tuple[Variable, ...] = ()
    ports: tuple[str, ...] = ()
    options: str = ""
    natives: tuple[Native, ...] = ()
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Runner:
    """Where a job runs: labels, tags, a pool. Empty: the system's default. `os`: linux, windows, macos or "" = not known."""

    labels: tuple[Text, ...] = ()
    group: str = ""
    os: str = ""
    size: str = ""
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """An edge to an earlier job. `when`: success, always, failure, or any word of the system. `artifacts`: its files come along."""

    job: str
    when: str = "success"
    artifacts: bool = True
    optional: bool = False
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Axis:
    """One dimension of a matrix. `computed`: its values are known only when it runs, as this text says."""

    name: str
    values: tuple[Text, ...] = ()
    computed: str = ""


Row: TypeAlias = tuple[tuple[str, Text], ...]  # (axis, value), ...


@dataclass(frozen=True, slots=True)
class Matrix:
    """One job per combination of the axes, less `exclude`, plus `include` (which also adds values to combinations that it fits).

    `named`: combinations that have names of their own (Azure), each with its values.
    """

    axes: tuple[Axis, ...] = ()
    include: tuple[Row, ...] = ()
    exclude: tuple[Row, ...] = ()
    named: tuple[tuple[str, Row], ...] = ()
    max_parallel: int | None = None
    fail_fast: bool | None = None
    computed: str = ""
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """`attempts`: how often again after the first try. `when`: the system's reasons; empty: always."""

    attempts: int
    when: tuple[str, ...] = ()
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class DeployTarget:
    """The environment that a job deploys to. `action`: start, stop, prepare, ..."""

    name: Text
    url: Text = ""
    action: str = ""
    tier: str = ""
    natives: tuple[Native, ...] = ()
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Concurrency:
    """At most one run per `group`. `cancel`: a newer one ends the older; `queue`: newer ones wait (else only the newest does)."""

    group: Text
    cancel: bool | Condition = False
    queue: bool = False
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Permissions:
    """What the run's token may do: scope -> read, write, none. `all`: one word for every scope, or ""."""

    scopes: tuple[tuple[str, str], ...] = ()
    all: str = ""
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a job does. `condition` None: when all before it succeeded. `native`: the system's own word for it.

    `container`: its own image, where a system gives each step one (Tekton).
    """

    work: Work
    name: str = ""
    id: str = ""
    condition: Condition | None = None
    env: tuple[Variable, ...] = ()
    timeout: timedelta | None = None
    idle_timeout: timedelta | None = None
    retry: Retry | None = None
    continue_on_error: bool | Condition = False
    container: Image | None = None
    natives: tuple[Native, ...] = ()
    native: str = ""
    comment: str = ""
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """Steps after a job, a stage or a pipeline. `when`: always, success, failure, unstable, changed, fixed, aborted, cleanup, ..."""

    when: str
    steps: tuple[Step, ...]
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One of several, the first that fits counts (GitLab). `when`: on_success, always, never, manual, delayed, on_failure."""

    condition: Condition | None = None
    changes: tuple[str, ...] = ()
    exists: tuple[str, ...] = ()
    when: str = "on_success"
    variables: tuple[Variable, ...] = ()
    allow_failure: bool | None = None
    natives: tuple[Native, ...] = ()
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """`needs` None: none are written (then stages decide, where the system has them); (): it waits for nobody.

    `calls`: this job is another pipeline, with `inputs`. `template`: it only serves others, by `extends`.
    `dependencies`: the jobs whose artifacts come along; None: those of its needs, or of all stages before (GitLab).
    `manual`: a person starts it. `parallel`: copies that share the work. `part_of`: the job of the matrix it came from.
    """

    id: str
    name: Text = ""
    stage: str = ""
    needs: tuple[Need, ...] | None = None
    condition: Condition | None = None
    rules: tuple[Rule, ...] = ()
    runner: Runner = Runner()
    container: Image | None = None
    services: tuple[Image, ...] = ()
    matrix: Matrix | None = None
    parallel: int | None = None
    variables: tuple[Variable, ...] = ()
    permissions: Permissions | None = None
    steps: tuple[Step, ...] = ()
    caches: tuple[Cache, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    dependencies: tuple[str, ...] | None = None
    outputs: tuple[Variable, ...] = ()
    timeout: timedelta | None = None
    retry: Retry | None = None
    continue_on_error: bool | Condition = False
    interruptible: bool | None = None
    manual: bool = False
    environment: DeployTarget | None = None
    approval: Approval | None = None
    concurrency: Concurrency | None = None
    post: tuple[Post, ...] = ()
    extends: tuple[str, ...] = ()
    template: bool = False
    workspace: str = (
        ""  # jobs of one workspace share a machine and its folder, one after another: files need no carrying
    )
    calls: Component | None = None
    inputs: tuple[Variable, ...] = ()
    shell: str = ""
    cwd: Text = ""
    part_of: str = ""
    values: Row = ()  # of this job's combination, after the matrix was expanded
    natives: tuple[Native, ...] = ()
    comment: str = ""
    span: Span | None = None
    key_span: Span | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """A group of jobs. `needs` None: it waits for the stage before it. `parent`: the stage around it."""

    name: str
    needs: tuple[Need, ...] | None = None
    condition: Condition | None = None
    variables: tuple[Variable, ...] = ()
    post: tuple[Post, ...] = ()
    parent: str = ""
    natives: tuple[Native, ...] = ()
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Include:
    """A file, template or library that this one builds on. `local`: a path in the repository, else "" and `text` says what."""

    text: str
    local: str = ""
    ref: Component | None = None
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A reference that was kept as one, and why."""

    text: str
    why: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Pipeline:
    """`barrier`: jobs without needs wait for the whole stage before theirs. `rules`: when a run is made at all."""

    system: System
    path: str
    name: Text = ""
    triggers: tuple[Trigger, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    variables: tuple[Variable, ...] = ()
    permissions: Permissions | None = None
    concurrency: Concurrency | None = None
    stages: tuple[Stage, ...] = ()
    barrier: bool = False
    jobs: tuple[Job, ...] = ()
    rules: tuple[Rule, ...] = ()
    includes: tuple[Include, ...] = ()
    post: tuple[Post, ...] = ()
    timeout: timedelta | None = None  # of the whole run
    shell: str = ""
    cwd: Text = ""
    natives: tuple[Native, ...] = ()
    unresolved: tuple[Unresolved, ...] = ()
    comment: str = ""
    span: Span | None = None
    index: dict[str, Job] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.index.update((job.id, job) for job in self.jobs)

    def job(self, name: str) -> Job | None:
        """The job of this id."""
        return self.index.get(name)


quick(Native, Globs, Trigger, Image, Runner, Need, Axis, Matrix, Retry, DeployTarget, Concurrency, Permissions)
quick(Step, Post, Rule, Job, Stage, Include, Unresolved)


def steps(pipeline: Pipeline) -> Iterator[tuple[Job | None, Step]]:
    """Every step with its job, those of `post` too; None for those after the whole pipeline."""
    for job in pipeline.jobs:
        yield from ((job, step) for step in job.steps)
        yield from ((job, step) for post in job.post for step in post.steps)
    yield from ((None, step) for post in pipeline.post for step in post.steps)
    yield from ((None, step) for stage in pipeline.stages for post in stage.post for step in post.steps)
