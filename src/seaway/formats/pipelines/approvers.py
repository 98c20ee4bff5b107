"""Who may let a job go on, by the names that people have in every system. Called by the writers, for pipelines of other systems.

TeamCity writes them as rules: `user:ada`, `group:OPERATORS:2`. No other system knows these marks, and everybody is nobody to name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from seaway.model.pipeline import Approval, Job

_RULE = re.compile(r"(?:user|group):([^:]+)(?::\d+)?")
_EVERYBODY = "ALL_USERS_GROUP"


def names(who: Iterable[str]) -> tuple[str, ...]:
    """Those names, each once; none where everybody may."""
    found = dict.fromkeys(match[1] if (match := _RULE.fullmatch(one)) else one for one in who)
    return () if _EVERYBODY in found else tuple(found)


def of_job(job: Job) -> tuple[str, ...]:
    """Of the job, and of those of its steps that wait for a person."""
    asked = [job.approval, *(step.work for step in job.steps)]
    return names(name for one in asked if isinstance(one, Approval) for name in one.who)


def chosen(who: Iterable[str]) -> str:
    """Words for a sentence that says how a person restores it: ` (ada, OPERATORS)`, or nothing."""
    found = ", ".join(names(who))
    return f" ({found})" if found else ""


__all__ = ["chosen", "names", "of_job"]
