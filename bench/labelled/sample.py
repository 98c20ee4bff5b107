"""A labelled repository per draft: sound, with faults, with look-alikes; the same for the same seed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from bench.labelled import faults_beside, faults_canary, faults_manifests, faults_ways, write_other, write_yaml
from bench.labelled.decoys import DECOYS
from bench.labelled.draft import Draft, Label, labels
from bench.labelled.faults import FAULTS, Operator
from bench.labelled.projects import SYSTEMS, draft

assert faults_beside.fault  # its faults are listed with the others
assert faults_canary.fault
assert faults_manifests.fault
assert faults_ways.fault

WRITERS = {
    "github_actions": (write_yaml.github, ".github/workflows/ci.yml"),
    "gitlab_ci": (write_yaml.gitlab, ".gitlab-ci.yml"),
    "jenkins": (write_other.jenkins, "Jenkinsfile"),
    "azure_pipelines": (write_yaml.azure, "azure-pipelines.yml"),
    "circleci": (write_yaml.circle, ".circleci/config.yml"),
    "tekton": (write_yaml.tekton, ".tekton/pipeline.yaml"),
    "teamcity": (write_other.teamcity, ".teamcity/settings.kts"),
}


_LEAST = 12  # faults of a rule, for each of `each`


@dataclass(frozen=True, slots=True)
class Sample:
    """`files`: the repository. `wrong`: what must be found in it, and nothing else. `faults`: which rules were asked for."""

    system: str
    files: dict[str, str]
    wrong: tuple[Label, ...]
    faults: tuple[str, ...]


def samples(seed: int, each: int) -> Iterator[Sample]:
    """So many faulty ones per fault and system that it fits, and beside every fourth a sound one."""
    for system in SYSTEMS:
        for rule, operators in sorted(FAULTS.items()):
            for number, (operator, systems) in enumerate(operators):
                if system not in systems:
                    continue
                for round_ in range(_rounds(each, operators)):
                    dice = Random(f"{seed} {system} {rule} {number} {round_}")
                    made = _tried(system, dice, lambda found, by=operator, with_=dice: by(found, with_))
                    if made is not None:
                        made.faults.append(rule)
                        _more(made, dice)
                        yield written(made, dice)
        for round_ in range(each * 6):
            dice = Random(f"{seed} {system} sound {round_}")
            made = draft(system, dice)
            _decoys(made, dice, 3)
            yield written(made, dice)


def _rounds(each: int, operators: list[tuple[Operator, frozenset[str]]]) -> int:
    """More of a fault that few systems have: a share of four says nothing."""
    return max(each, math.ceil(_LEAST * each / sum(len(systems) for _, systems in operators)))


def _tried(system: str, dice: Random, operator: object) -> Draft | None:
    """A draft that the fault fits."""
    for _ in range(20):
        made = draft(system, dice)
        if operator(made):  # type: ignore[operator]
            return made
    return None


def _more(made: Draft, dice: Random) -> None:
    """Look-alikes beside the fault, so that neither hides the other."""
    _decoys(made, dice, 2)


def _decoys(made: Draft, dice: Random, most: int) -> None:
    known = [function for function, systems in DECOYS if not systems or made.system in systems]
    for function in dice.sample(known, dice.randrange(most + 1)):
        function(made, dice)


def written(made: Draft, dice: Random) -> Sample:
    """Every file without its marks, and what they said."""
    writer, path = WRITERS[made.system]
    files = {**made.files, path: writer(made, dice)}
    if made.dockerfile:
        files["Dockerfile"] = "\n".join(made.dockerfile) + "\n"
    wrong = list(made.labels)
    for place, text in files.items():
        files[place], more = labels(text, place)
        wrong += more
    files |= dict.fromkeys(made.copies, files[path])
    return Sample(made.system, files, tuple(wrong), tuple(made.faults))
