"""A pipeline in Jenkins' shape -> Jenkinsfile. Pipelines of other systems come through `lower` first."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable

from seaway.formats.pipelines.jenkins import lower, sections_text
from seaway.formats.pipelines.jenkins.page import Page
from seaway.formats.pipelines.jenkins.quoting import quoted
from seaway.formats.pipelines.jenkins.write_known import parameter
from seaway.formats.pipelines.jenkins.write_stages import PIPELINE, Stages, fetched
from seaway.formats.pipelines.losses import Losses
from seaway.model.loss import Loss, Written
from seaway.model.pipeline import Job, Pipeline, Trigger, TriggerKind
from seaway.model.span import Span


def render(pipeline: Pipeline) -> Written:
    """A declarative Jenkinsfile. What Jenkins cannot say is a loss; where a person must act, a comment says so."""
    losses = Losses()
    lowered = lower.lower(pipeline, losses)
    for native in lowered.natives:
        if native.key in {"around", "properties"}:
            losses.dropped(
                native.text, "it stands around a scripted pipeline", "find its place in the options", native.span
            )
    page = Page()
    _before(lowered, page)
    if lowered.comment:
        page.note(lowered.comment)
    with page.block("pipeline", "pipeline"):
        _pipeline(lowered, page, losses)
    _behind(lowered, page)
    text = page.text()
    places = {mark: dataclasses.replace(span, path="Jenkinsfile") for mark, span in page.places.items()}
    return Written(text, tuple(_placed(loss, lowered, places) for loss in losses.all(places)))


def _placed(loss: Loss, lowered: Pipeline, places: dict[Hashable, Span]) -> Loss:
    """With the stage of the job that it is about, where it names no better place."""
    source = loss.source
    if loss.target is not None or source is None:
        return loss
    around = (job for job in lowered.jobs if job.span and job.span.path == source.path)
    job = next(
        (one for one in around if one.span and one.span.start <= source.start <= source.end <= one.span.end), None
    )
    target = places.get(("job", job.id)) if job is not None else places.get("pipeline")
    return dataclasses.replace(loss, target=target)


def _before(pipeline: Pipeline, page: Page) -> None:
    names = [one.text for one in pipeline.includes]
    if len(names) == 1:
        page.line(f"@Library({quoted(names[0])}) _")
    elif names:
        page.line(f"@Library([{', '.join(quoted(name) for name in names)}]) _")
    kept = [one.text for one in pipeline.natives if one.key == "groovy.before"]
    for text in kept:
        page.line(text)
    if names or kept:
        page.line("")


def _behind(pipeline: Pipeline, page: Page) -> None:
    for native in pipeline.natives:
        if native.key == "groovy.behind":
            page.line("")
            page.line(native.text)


def _pipeline(pipeline: Pipeline, page: Page, losses: Losses) -> None:
    jobs = pipeline.jobs
    owner = next((job for job in jobs if job.workspace == PIPELINE), None)
    if owner is None and len(jobs) == 1 and not _agentless(jobs[0]) and jobs[0].matrix is None:
        owner = dataclasses.replace(jobs[0], workspace="")
    kept = next((one.text for one in pipeline.natives if one.key == "agent"), "")
    single = owner is not None and len(jobs) == 1
    if kept:
        page.line(kept)
    elif owner is not None:
        sections_text.agent(owner, page, losses)
    elif pipeline.post:
        page.line("agent any")
    else:
        page.line("agent none")
    checkout = not _never_checked_out(jobs)
    _options(pipeline, page, skip=not checkout)
    _list("triggers", [*_triggers(pipeline), *_kept(pipeline, "triggers")], page)
    _list("parameters", [*(parameter(one) for one in pipeline.parameters), *_kept(pipeline, "parameters")], page)
    sections_text.tools(pipeline.natives, page)
    sections_text.environment(pipeline.variables, page, losses, pipeline.natives)
    for text in _kept(pipeline, "pipeline"):
        page.line(text)
    top = bool(kept) or owner is not None or bool(pipeline.post)
    stages = Stages(page, losses, top_agent=top, checkout=checkout)
    if single and not kept:
        stages.shared.add("")
    stages.write(pipeline)
    sections_text.post(pipeline.post, page, losses)


def _agentless(job: Job) -> bool:
    return any(one.key == "agent" and one.text == "none" for one in job.natives)


def _never_checked_out(jobs: tuple[Job, ...]) -> bool:
    """No job finds the files by itself: then the pipeline says so once."""
    held = [job for job in jobs if not _agentless(job)]
    return bool(held) and not any(fetched(job) for job in held)


def _kept(pipeline: Pipeline, key: str) -> list[str]:
    return [one.text for one in pipeline.natives if one.key == key]


def _list(name: str, lines: list[str], page: Page) -> None:
    if lines:
        with page.block(name):
            for text in lines:
                page.line(text)


def _options(pipeline: Pipeline, page: Page, *, skip: bool) -> None:
    lines = sections_text.limits(pipeline.timeout, None)
    if pipeline.concurrency is not None:
        cancel = pipeline.concurrency.cancel is True
        lines.append("disableConcurrentBuilds(abortPrevious: true)" if cancel else "disableConcurrentBuilds()")
    if skip:
        lines.append("skipDefaultCheckout()")
    lines += [one.text for one in pipeline.natives if one.key.startswith("options.")]
    _list("options", lines, page)


def _triggers(pipeline: Pipeline) -> list[str]:
    found: list[str] = []
    schedule = [one for one in pipeline.triggers if one.kind is TriggerKind.SCHEDULE]
    for one in pipeline.triggers:
        if one.kind is TriggerKind.SCHEDULE:
            if one is schedule[0]:
                found += _cron(schedule)
        elif one.native == "pollSCM":
            found.append(f"pollSCM({quoted(one.cron)})")
        elif one.native == "githubPush":
            found.append("githubPush()")
        elif one.kind is TriggerKind.UPSTREAM:
            found.append(f"upstream(upstreamProjects: {quoted(','.join(one.sources))})")
    return found


def _cron(times: list[Trigger]) -> list[str]:
    """All times in one `cron`: a time zone holds for the lines behind it, so those without one come first."""
    if not times:
        return []
    if len(times) == 1 and not times[0].timezone:
        return [f"cron({quoted(times[0].cron)})"]
    lines: list[str] = []
    zone = ""
    for one in sorted(times, key=lambda each: bool(each.timezone)):
        if one.timezone != zone:
            zone = one.timezone
            lines.append(f"TZ={zone}")
        lines.append(one.cron)
    return [f"cron({quoted(chr(10).join(lines))})"]
