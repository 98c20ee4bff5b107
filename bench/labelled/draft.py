"""A pipeline before it is written for one CI system. `projects` makes drafts, `faults` and `decoys` change them, `write_*` writes them.

A fault marks the place where it is by ` #@rule` at a line's end; `labels` takes the marks out again, so that nothing sees them.
A mark ` #@rule*` stands for the whole file: what is wrong is that something is missing, and no line says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_MARK = re.compile(r"[ \t]*#@([a-z0-9-]+)(\*?)")


@dataclass(frozen=True, slots=True)
class Label:
    """What must be found: a rule at a line, or anywhere in the file (line 0)."""

    rule: str
    path: str
    line: int


@dataclass(slots=True)
class Step:
    """`use`: checkout, setup, cache, action, fetch (files of another job), or "" for a script of `lines`. A value of `env` may be `secret:NAME`."""

    use: str = ""
    lines: list[str] = field(default_factory=list)
    name: str = ""
    env: dict[str, str] = field(default_factory=dict)
    args: dict[str, str] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    mark: str = ""  # at its first line
    quoted: bool = True  # Jenkins: False writes the script as a string in which Groovy puts values


@dataclass(slots=True)
class Job:
    """`kind`: test, build, image, publish, deploy. `soft`: it may fail. `lock`: only one at a time.

    `approval`: somebody is asked first, in words of the system (see the writers). `folder`, `paths`: where it works, and for which changes.
    """

    id: str
    kind: str
    steps: list[Step]
    needs: list[str] = field(default_factory=list)
    timeout: int | None = 20
    environment: str = ""
    lock: bool = False
    soft: str = ""
    image: str = ""
    runner: str = ""
    matrix: list[str] = field(default_factory=list)
    permissions: dict[str, str] = field(default_factory=dict)
    approval: str = ""
    folder: str = ""
    paths: list[str] = field(default_factory=list)
    marks: set[str] = field(default_factory=set)  # at its head


@dataclass(slots=True)
class Draft:
    """A repository with one pipeline. `triggers`: of push, pull, all-branches, issues, target, nightly."""

    system: str
    name: str
    language: str
    jobs: list[Job]
    triggers: set[str]
    files: dict[str, str] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    permissions: str | None = "read"
    permissions_mark: str = ""
    concurrency: bool = True
    timeout: int | None = 40
    workflow: bool = True  # GitLab: rules that keep a push and its request from starting two pipelines
    finally_: bool = True  # Tekton
    api: str = "v1"
    marks: set[str] = field(default_factory=set)
    dockerfile: list[str] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)  # of files that have no comments
    copies: list[str] = field(default_factory=list)  # paths where the pipeline stands again
    faults: list[str] = field(default_factory=list)

    def kinds(self, *names: str) -> list[Job]:
        return [job for job in self.jobs if job.kind in names]

    @property
    def paths(self) -> list[str]:
        return list(dict.fromkeys(path for job in self.jobs for path in job.paths))

    @property
    def scripts(self) -> list[Step]:
        return [step for job in self.jobs for step in job.steps if not step.use]

    def without(self, tag: str) -> None:
        """Removes everything that is there for one purpose."""
        for job in self.jobs:
            job.steps = [step for step in job.steps if tag not in step.tags]
        self.jobs = [job for job in self.jobs if job.steps]
        kept = {job.id for job in self.jobs}
        for job in self.jobs:
            job.needs = [need for need in job.needs if need in kept]


def marked(rules: Iterable[str], *, whole: bool = False) -> str:
    """The marks for a line's end."""
    return "".join(f" #@{rule}{'*' if whole else ''}" for rule in sorted(rules))


def labels(text: str, path: str) -> tuple[str, list[Label]]:
    """The text without its marks, and what they said."""
    found = []
    lines = []
    for number, line in enumerate(text.split("\n"), 1):
        found += [Label(match[1], path, 0 if match[2] else number) for match in _MARK.finditer(line)]
        lines.append(_MARK.sub("", line))
    return "\n".join(lines), found


def clean(text: str) -> str:
    return _MARK.sub("", text)
