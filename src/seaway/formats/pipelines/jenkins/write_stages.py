"""Jobs and stages -> `stages { }`. Which stages are around a job, and what runs in parallel, is what the model says (see `stages`)."""

from __future__ import annotations

from dataclasses import dataclass, field

from seaway.formats.pipelines.jenkins import sections_text, write_steps
from seaway.formats.pipelines.jenkins.page import Page
from seaway.formats.pipelines.jenkins.stages import axes, fetches
from seaway.formats.pipelines.losses import Losses
from seaway.model.pipeline import Checkout, Job, Matrix, Pipeline, Row, Stage

PIPELINE = "pipeline"


@dataclass(slots=True)
class Group:
    """A stage with what is in it, in order."""

    stage: Stage
    parts: list[Group | Job] = field(default_factory=list)


def layout(pipeline: Pipeline) -> list[Group]:
    """The outermost stages."""
    groups = {stage.name: Group(stage) for stage in pipeline.stages}
    first = {name: len(pipeline.jobs) for name in groups}
    for index, job in enumerate(pipeline.jobs):
        name: str = job.stage
        while name in groups:
            first[name] = min(first[name], index)
            name = groups[name].stage.parent
    placed: list[tuple[int, int, str, Group | Job]] = [
        (index, 1, job.stage, job) for index, job in enumerate(pipeline.jobs)
    ]
    for depth, stage in enumerate(pipeline.stages):
        if stage.parent:
            placed.append((first[stage.name], -len(pipeline.stages) + depth, stage.parent, groups[stage.name]))
    for _, _, parent, part in sorted(placed, key=lambda one: one[:2]):
        if parent in groups:
            groups[parent].parts.append(part)
    return [groups[stage.name] for stage in pipeline.stages if not stage.parent]


class Stages:
    """Writes them. `top_agent`: jobs of the workspace `pipeline` get theirs from the pipeline's own `agent`."""

    def __init__(self, page: Page, losses: Losses, *, top_agent: bool, checkout: bool) -> None:
        self.page = page
        self.losses = losses
        self.top_agent = top_agent
        self.checkout = checkout  # the pipeline's default checkout is on
        self.shared: set[str] = {PIPELINE} if top_agent else set()

    def write(self, pipeline: Pipeline) -> None:
        """`stages { }`."""
        with self.page.block("stages"):
            for group in layout(pipeline):
                self._group(group)

    def _group(self, group: Group) -> None:
        only = group.parts[0] if len(group.parts) == 1 else None
        if isinstance(only, Job) and _is_leaf(group.stage, only):
            self._job(only)
            return
        if not group.parts:
            return
        stage = group.stage
        jobs = list(_jobs(group))
        with self.page.block(f"stage({sections_text.title(stage.name)})", ("stage", stage.name)):
            matrix = next((job.matrix for job in jobs if job.matrix is not None and job.stage == stage.name), None)
            shared = next(
                (job for job in jobs if job.workspace == stage.name and job.workspace not in self.shared), None
            )
            if shared is not None and matrix is None:
                self._agent(shared)
            self._group_sections(stage)
            if matrix is not None:
                self._matrix(group, matrix, shared)
            elif len(group.parts) == 1 or not _is_parallel(group):
                with self.page.block("stages"):
                    self._parts(group)
            else:
                with self.page.block("parallel"):
                    self._parts(group)
            sections_text.post(stage.post, self.page, self.losses)
            if shared is not None:
                self.shared.discard(stage.name)

    def _agent(self, job: Job) -> None:
        sections_text.agent(job, self.page, self.losses)
        self.shared.add(job.workspace)

    def _parts(self, group: Group) -> None:
        for part in group.parts:
            if isinstance(part, Job):
                self._job(part)
            else:
                self._group(part)

    def _group_sections(self, stage: Stage) -> None:
        sections_text.condition(stage.condition, stage.natives, self.page, self.losses)
        sections_text.environment(stage.variables, self.page, self.losses)
        sections_text.group_options(stage.natives, self.page)
        sections_text.stage_natives(stage.natives, self.page)

    def _matrix(self, group: Group, matrix: Matrix, shared: Job | None) -> None:
        with self.page.block("matrix"):
            if shared is not None:
                self._agent(shared)
            with self.page.block("axes"):
                for axis in matrix.axes:
                    with self.page.block("axis"):
                        self.page.line(f"name {sections_text.title(axis.name)}")
                        self.page.line(f"values {', '.join(sections_text.plain(one) for one in axis.values)}")
            if matrix.exclude:
                with self.page.block("excludes"):
                    for row in matrix.exclude:
                        self._exclude(row)
            for native in group.stage.natives:
                if native.key.startswith("matrix."):
                    self.page.line(native.text)
            with self.page.block("stages"):
                self._parts(group)

    def _exclude(self, row: Row) -> None:
        with self.page.block("exclude"):
            for name, value in row:
                with self.page.block("axis"):
                    self.page.line(f"name {sections_text.title(name)}")
                    self.page.line(f"values {sections_text.plain(value)}")

    def _job(self, job: Job) -> None:
        if job.comment:
            self.page.note(job.comment)
        name = job.name if isinstance(job.name, str) and job.name else job.id
        with self.page.block(f"stage({sections_text.title(name)})", ("job", job.id)):
            if job.workspace not in self.shared and (not _agentless(job) or self.top_agent):
                sections_text.agent(job, self.page, self.losses)
            sections_text.condition(job.condition, job.natives, self.page, self.losses)
            own = axes(job.matrix)
            sections_text.environment(tuple(one for one in job.variables if one not in own), self.page, self.losses)
            sections_text.options(job, self.page, self.losses, skip=self.checkout and _skips(job))
            sections_text.stage_input(job, self.page, self.losses)
            sections_text.stage_natives(job.natives, self.page)
            steps = tuple(one for one in job.steps if not (isinstance(one.work, Checkout) and one.work.implicit))
            with self.page.block("steps"):
                write_steps.write(steps, self.page, self.losses)
                if not steps:
                    self.page.line("echo 'There is nothing to do here'")
            sections_text.post(job.post, self.page, self.losses)


def _is_leaf(stage: Stage, job: Job) -> bool:
    plain = not (stage.condition or stage.variables or stage.post or stage.natives)
    same = stage.name == job.name or stage.name.startswith(f"{job.name} (")
    return plain and same and job.matrix is None


def _agentless(job: Job) -> bool:
    return any(one.key == "agent" and one.text == "none" for one in job.natives)


def _skips(job: Job) -> bool:
    """Nobody fetches the repository's files for it, which a declarative stage does by itself."""
    return not fetched(job) and not _agentless(job)


def fetched(job: Job) -> bool:
    """Its steps find the repository's files."""
    return any((isinstance(one.work, Checkout) and one.work.implicit) or fetches(one) for one in job.steps)


def _jobs(group: Group) -> list[Job]:
    found: list[Job] = []
    for part in group.parts:
        found += [part] if isinstance(part, Job) else _jobs(part)
    return found


def _is_parallel(group: Group) -> bool:
    """No part waits for another one."""
    inside = {job.id for job in _jobs(group)}
    for part in group.parts:
        own = {job.id for job in _jobs(part)} if isinstance(part, Group) else {part.id}
        for job in _jobs(part) if isinstance(part, Group) else [part]:
            if any(need.job in inside - own for need in job.needs or ()):
                return False
    return True
