"""Where a job brings something, and which jobs come before it. Asked by rules about deployments."""

from __future__ import annotations

import re

from seaway.assess.rule import Case, flat
from seaway.model.pipeline import Job, System

_WORDS = {
    "production": ("production", "prod", "prd", "live"),
    "staging": ("staging", "stage", "stg", "preprod", "pre-prod", "preproduction"),
    "development": ("development", "develop", "dev"),
    "test": ("test", "testing", "tst"),
    "acceptance": ("acceptance", "uat", "qa"),
    "integration": ("integration", "int"),
    "demo": ("demo", "sandbox", "review"),
}
_PLACES = {word: name for name, words in _WORDS.items() for word in words}
_ANY = re.compile(r"(?<![a-z])(" + "|".join(sorted(_PLACES, key=len, reverse=True)) + r")(?![a-z])")


def environment_of(job: Job) -> str:
    """The environment that a job is for: as declared, else as its name says, in one word per kind; "" = not known."""
    if job.environment is not None and isinstance(job.environment.name, str) and "$" not in job.environment.name:
        return named(job.environment.name) or job.environment.name.lower()
    return named(job.id) or named(flat(job.name))


def named(text: str) -> str:
    """The last environment that a name or a line speaks of, or ""."""
    found = _ANY.findall(re.sub(r"(?<=[a-z])(?=[A-Z])", "-", text).lower())
    return _PLACES[found[-1]] if found else ""


def without_places(line: str) -> str:
    """A line in which every environment reads the same, to compare what two jobs do."""
    return " ".join(_ANY.sub("<place>", line.lower().partition(" #")[0]).split())


def before(case: Case, job: Job) -> set[str]:
    """The jobs that have ended when this one begins: those that it needs, and all of earlier stages where those hold it back."""
    ranks = _ranks(case)
    found: set[str] = set()
    left = [job]
    while left:
        one = left.pop()
        if one.needs is None or (not one.needs and case.system is not System.GITLAB_CI):
            rank = ranks.get(one.stage, 0)
            found |= {each.id for each in case.jobs if ranks.get(each.stage, rank) < rank}
        for need in one.needs or ():
            if need.job not in found:
                found.add(need.job)
                other = case.pipeline.job(need.job)
                left += [other] if other is not None else []
    return found - {job.id}


def _ranks(case: Case) -> dict[str, int]:
    """When each stage comes: with the one around it, where it is inside of another. Stages that say what they need have none."""
    known = {stage.name: stage for stage in case.pipeline.stages}
    order = {name: number for number, name in enumerate(known)}
    found = {}
    for name, stage in known.items():
        outer = stage
        for _ in range(len(known)):
            if outer.parent not in known:
                break
            outer = known[outer.parent]
        if outer.needs is None:
            found[name] = order[outer.name]
    return found
