"""Jenkins' folders and images around steps, for systems that have none: `dir('x') { stash ... }`, `docker.image('y').inside { }`.

Called by the writers' lowering. Paths then begin at the folder of the job, as everybody else counts them. The blocks that a step
says by itself, by its container, are gone from what is kept as text.
"""

from __future__ import annotations

import dataclasses

from seaway.formats.pipelines.losses import Losses
from seaway.model.expression import Template, Text
from seaway.model.pipeline import Artifact, Pipeline, Post, Step, System

_IMAGE = ".docker.image().inside"


def grounded(pipeline: Pipeline, losses: Losses, system: str) -> Pipeline:
    """The pipeline with whole paths. A stash that came back in another folder is told: files keep their places now."""
    if pipeline.system is not System.JENKINS:
        return pipeline
    every = [step for job in pipeline.jobs for step in (*job.steps, *(one for post in job.post for one in post.steps))]
    if not any(_has_folder(step) or step.container is not None for step in every):
        return pipeline
    folders = {
        repr(step.work.name): step.work.folder
        for step in every
        if isinstance(step.work, Artifact) and step.work.layer and step.work.direction == "up"
    }

    def steps(found: tuple[Step, ...]) -> tuple[Step, ...]:
        return tuple(_grounded(step, folders, losses, system) for step in found)

    jobs = tuple(
        dataclasses.replace(
            job, steps=steps(job.steps), post=tuple(Post(one.when, steps(one.steps), one.span) for one in job.post)
        )
        for job in pipeline.jobs
    )
    return dataclasses.replace(pipeline, jobs=jobs, index={})


def _has_folder(step: Step) -> bool:
    return isinstance(step.work, Artifact) and bool(step.work.folder or (step.work.layer and step.work.into))


def _grounded(step: Step, folders: dict[str, Text], losses: Losses, system: str) -> Step:
    if step.container is not None:
        step = dataclasses.replace(step, natives=tuple(one for one in step.natives if not one.key.endswith(_IMAGE)))
    work = step.work
    if not isinstance(work, Artifact):
        return step
    if work.layer and work.direction == "down":
        before = folders.get(repr(work.name), "")
        if work.into != before:
            why = f"files keep their places from job to job in {system}; Jenkins put these into {_shown(work.into)}"
            fix = f"they come back in {_shown(before)}: move them there"
            losses.approximated(f"unstash {_shown(work.name)}", why, fix, step.span)
        return dataclasses.replace(step, work=dataclasses.replace(work, into=""))
    if not work.folder:
        return step
    made = dataclasses.replace(
        work,
        paths=tuple(below(work.folder, one) for one in work.paths) or (work.folder,),
        exclude=tuple(below(work.folder, one) for one in work.exclude),
        folder="",
    )
    return dataclasses.replace(step, work=made)


def below(folder: Text, path: Text) -> Text:
    """The path within the folder, from the folder's own."""
    if isinstance(folder, str) and isinstance(path, str):
        return f"{folder.rstrip('/')}/{path}"
    parts = [*(folder.parts if isinstance(folder, Template) else (folder,)), "/"]
    return Template((*parts, *(path.parts if isinstance(path, Template) else (path,))))


def _shown(text: Text) -> str:
    return text if isinstance(text, str) and text else "the folder of the job" if not text else "a computed folder"
