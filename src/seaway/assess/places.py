"""Where a job brings something, and which jobs come before it. Asked by rules about deployments."""

from __future__ import annotations

import re

from seaway.assess.rule import Case, flat
from seaway.model.pipeline import Job

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
    stages = {stage.name: number for number, stage in enumerate(case.pipeline.stages)}
    found: set[str] = set()
    left = [job]
    while left:
        one = left.pop()
        if one.needs is None and one.stage in stages:
            found |= {each.id for each in case.jobs if each.stage in stages and stages[each.stage] < stages[one.stage]}
        for need in one.needs or ():
            if need.job not in found:
                found.add(need.job)
                other = case.pipeline.job(need.job)
                left += [other] if other is not None else []
    return found - {job.id}
