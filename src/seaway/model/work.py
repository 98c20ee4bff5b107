"""What one step of a pipeline does. Part of `model.pipeline`, through which everybody imports it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Literal, TypeAlias

from seaway.model.expression import Text
from seaway.model.quick import quick
from seaway.model.span import Span


class Pin(StrEnum):
    """How a reference to somebody else's work is fixed."""

    DIGEST = "digest"
    TAG = "tag"
    BRANCH = "branch"
    LOCAL = "local"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that whoever starts the pipeline gives. `type`: string, boolean, number, choice."""

    name: str
    type: str = "string"
    default: str | None = None
    description: str = ""
    required: bool = False
    options: tuple[str, ...] = ()
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of the environment. `secret`: its value is one, or refers to one.

    `exported` False: expressions read it, programs do not find it in their environment (TeamCity's configuration parameters).
    """

    name: str
    value: Text
    secret: bool = False
    description: str = ""
    span: Span | None = None
    exported: bool = True


@dataclass(frozen=True, slots=True)
class Component:
    """Somebody else's work: an action, an orb, a task, a template, a library, a workflow. `text`: as written."""

    text: str
    name: str = ""
    version: str = ""
    pin: Pin = Pin.NONE
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A script. `continues`: it goes on in the shell of the step before, with its variables and folder."""

    script: Text
    shell: str = ""
    cwd: Text = ""
    continues: bool = False
    kind: Literal["run"] = "run"


@dataclass(frozen=True, slots=True)
class Use:
    """A component with its inputs."""

    ref: Component
    inputs: tuple[Variable, ...] = ()
    kind: Literal["use"] = "use"


@dataclass(frozen=True, slots=True)
class Checkout:
    """The repository's files. `depth`: commits of history, 0 = all, None = the system's default. `implicit`: nobody wrote it.

    `ref`, `repository`, `path`: other than those of the run. `credentials`: whether a token stays in the work folder.
    """

    depth: int | None = None
    ref: Text = ""
    repository: Text = ""
    path: Text = ""
    submodules: str = ""
    lfs: bool = False
    credentials: bool | None = None
    implicit: bool = False
    component: Component | None = None
    inputs: tuple[Variable, ...] = ()
    kind: Literal["checkout"] = "checkout"


@dataclass(frozen=True, slots=True)
class Cache:
    """Files kept between runs. `key`: as text; `files`: lock files whose hash is in the key; `fallbacks`: prefixes, in order.

    `action`: both, restore or save. `tool`: a set-up component that caches by itself (npm, pip, ...), then there are no paths.
    """

    key: Text = ""
    files: tuple[str, ...] = ()
    paths: tuple[Text, ...] = ()
    fallbacks: tuple[Text, ...] = ()
    action: str = "both"
    when: str = "success"
    tool: str = ""
    component: Component | None = None
    inputs: tuple[Variable, ...] = ()
    kind: Literal["cache"] = "cache"


@dataclass(frozen=True, slots=True)
class Artifact:
    """Files given from job to job. `direction`: up or down. `name` "" = the system's default; `jobs`: whose, [] = all earlier.

    `folder`: of up, where the paths begin; the artifact holds them without it. `expires`: how long they are kept. `reports`: (kind, path), such as ("junit", "report.xml"). `when`: success, failure, always.
    """

    direction: str
    name: Text = ""
    paths: tuple[Text, ...] = ()
    exclude: tuple[Text, ...] = ()
    into: Text = ""
    folder: Text = ""
    jobs: tuple[str, ...] = ()
    expires: timedelta | None = None
    reports: tuple[tuple[str, str], ...] = ()
    when: str = "success"
    layer: bool = False  # CircleCI's workspace, Jenkins' stash: one store per run rather than one per name
    component: Component | None = None
    inputs: tuple[Variable, ...] = ()
    kind: Literal["artifact"] = "artifact"


@dataclass(frozen=True, slots=True)
class Approval:
    """Waits for a person. `holds_runner`: a machine is held while it waits."""

    instructions: Text = ""
    who: tuple[str, ...] = ()
    inputs: tuple[Parameter, ...] = ()
    holds_runner: bool = False
    kind: Literal["approval"] = "approval"


@dataclass(frozen=True, slots=True)
class Opaque:
    """Something whose meaning is not known, with its whole text."""

    text: str
    kind: Literal["opaque"] = "opaque"


quick(Parameter, Variable, Component, Run, Use, Checkout, Cache, Artifact, Approval, Opaque)

Work: TypeAlias = Run | Use | Checkout | Cache | Artifact | Approval | Opaque
