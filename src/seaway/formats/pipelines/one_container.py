"""Jobs whose steps have images of their own (Tekton, Jenkins), for systems with one image per job. Called by the writers' lowering."""

from __future__ import annotations

import dataclasses

from seaway.formats.pipelines.losses import Losses
from seaway.model.expression import Template
from seaway.model.pipeline import Job, Run


def one_container(job: Job, losses: Losses, system: str) -> Job:
    """The job in the image of its first step that has one; a step that had another is told as approximated."""
    images = [step.container for step in job.steps if step.container is not None]
    if not images or job.container is not None:
        return job
    chosen = images[0]
    for step in job.steps:
        if step.container is None and isinstance(step.work, Run):
            why = f"{system} has one image for a job: this step ran on the machine itself"
            losses.approximated("image of a step", why, "take an image that has all tools, or split the job", step.span)
        if step.container is not None and step.container.name != chosen.name:
            name = step.container.name
            shown = "a computed image" if isinstance(name, Template) else name
            why = f"{system} has one image for a job: this step had {shown}"
            losses.approximated("image of a step", why, "take an image that has all tools, or split the job", step.span)
    steps = tuple(dataclasses.replace(step, container=None) for step in job.steps)
    return dataclasses.replace(job, container=dataclasses.replace(chosen, natives=()), steps=steps)
