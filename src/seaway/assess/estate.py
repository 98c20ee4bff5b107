"""A whole repository before the rules: its pipelines, and everything else that was read, as things that know their place.

Made by `app.estate`, asked by rules with a `survey`. What a thing is, its format says (`formats.infrastructure`,
`formats.monitoring`, `formats.history`): `estate.all(Dockerfile)`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from seaway.assess.rule import Case, Script, first_line, place
from seaway.model.span import Span

T = TypeVar("T")


class Kind(StrEnum):
    """What a survey reads beside pipelines; the names of formats in the registry, and of folders of fixtures."""

    REPOSITORY = "repository"  # names of files, and all pipelines together
    DOCKERFILE = "dockerfile"
    COMPOSE = "compose"
    KUBERNETES = "kubernetes"  # also the objects of Argo CD, Flux, Argo Rollouts, Flagger and of rendered charts
    HELM = "helm"  # charts and their values; what they make is of KUBERNETES
    KUSTOMIZE = "kustomize"
    TERRAFORM = "terraform"
    ANSIBLE = "ansible"
    SPINNAKER = "spinnaker"
    FLAGS = "flags"
    PROMETHEUS = "prometheus"
    ALERTMANAGER = "alertmanager"
    GRAFANA = "grafana"
    OWNERS = "owners"  # CODEOWNERS
    RUNBOOK = "runbook"  # READMEs and runbooks
    HISTORY = "history"  # of git
    RUNS = "runs"  # of pipelines


@dataclass(slots=True)
class Estate:
    """`texts`: what was read, by path, as spans count it. `kinds`: path -> kind of the things in it.

    `whole`: all of the repository was walked, so that what was not found is not there.
    """

    cases: Sequence[Case] = ()
    things: Sequence[object] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    files: frozenset[str] = frozenset()  # all paths of the repository that were walked
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    whole: bool = True
    known: dict[str, object] = field(
        default_factory=dict, compare=False
    )  # what rules share, made once (`assess.shipping`)

    def all(self, cls: type[T]) -> list[T]:
        """All things of a type, in the order of their paths."""
        return [one for one in self.things if isinstance(one, cls)]

    @property
    def scripts(self) -> list[tuple[Case, Script]]:
        """All scripts of all pipelines."""
        return [(case, script) for case in self.cases for script in case.scripts]

    def system(self, path: str) -> str:
        """What a finding in this file belongs to: the CI system or the kind."""
        kind = self.kinds.get(path)
        if kind is not None:
            return kind.value
        return next((case.system.value for case in self.cases if path in case.texts), Kind.REPOSITORY.value)

    def within(self, outer: Span, words: str) -> Span:
        """Where words stand verbatim inside a span, else the span's first line."""
        text = self.texts.get(outer.path, "")
        at = text.find(words, outer.start, outer.end) if words else -1
        return place(text, outer.path, at, at + len(words)) if at >= 0 else first_line(text, outer)

    def top(self, path: str) -> Span:
        """The first line with something on it: where a finding about a whole file stands."""
        text = self.texts.get(path, "")
        start = len(text) - len(text.lstrip())
        stop = text.find("\n", start)
        return place(text, path, start, len(text) if stop < 0 else stop)
