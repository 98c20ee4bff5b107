"""Lines of a script by which a system's agent is told something, as `echo "##vso[task.setvariable variable=A]1"`. Called by writers."""

from __future__ import annotations

import re

from seaway.formats.pipelines.losses import Losses
from seaway.model.expression import Template
from seaway.model.pipeline import Pipeline, Run, Step, System
from seaway.model.span import Span

_STARTS = {System.AZURE_PIPELINES: "##vso[", System.TEAMCITY: "##teamcity["}
_SETS = re.compile(
    r'echo "##vso\[task\.setvariable variable=([A-Za-z_]\w*)((?:;isoutput=true)?);?\]([^"\n]*)"', re.IGNORECASE
)
_PATH = re.compile(r'echo "##vso\[task\.prependpath\]([^"\n]*)"', re.IGNORECASE)


def told(pipeline: Pipeline, losses: Losses, system: str) -> None:
    """Every script with such a line is a loss."""
    for job in pipeline.jobs:
        for step in (*job.steps, *(one for post in job.post for one in post.steps)):
            tell(pipeline.system, step, job.span, losses, system)


def tell(origin: System, step: Step, span: Span | None, losses: Losses, system: str) -> None:
    """The step's script, where it has such a line."""
    start = _STARTS.get(origin)
    text = step.work.script if isinstance(step.work, Run) else ""
    for part in text.parts if isinstance(text, Template) else (text,):
        if start and isinstance(part, str) and start in part:
            name = part.partition(start)[2].partition("]")[0].split()[0:1]
            what = f"{start}{' '.join(name)}]"
            why = f"{system} does not listen to what a script prints"
            losses.manual(what, why, "hand the value on as this system does", step.span or span)


def for_github(script: str) -> str:
    """Azure's variables and paths for later steps, as GitHub's files."""

    def sets(found: re.Match[str]) -> str:
        file = "GITHUB_OUTPUT" if found[2] else "GITHUB_ENV"
        return f'echo "{found[1]}={found[3]}" >> "${file}"'

    return _PATH.sub(r'echo "\1" >> "$GITHUB_PATH"', _SETS.sub(sets, script))


__all__ = ["for_github", "tell", "told"]
