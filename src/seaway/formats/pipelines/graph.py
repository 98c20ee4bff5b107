"""A pipeline as a picture: a tree of words, Graphviz, Mermaid, SVG. Called by `cli.pipeline`; each takes an expanded pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from seaway.formats.pipelines.expand import in_words, shown
from seaway.model import pipeline as nouns
from seaway.model.expression import Condition
from seaway.model.pipeline import Job, Pipeline, Step

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _MARGIN = 190, 44, 60, 18, 20


def tree(pipeline: Pipeline, width: int = 80) -> str:
    """Triggers, then each job: what it waits for, where it runs, its steps, the files that it gives and keeps.

    A word at the left says what a line is; what is longer than the line goes on below, twice at most.
    """
    lines = [_cut(f"{shown(pipeline.name) or pipeline.path}   {pipeline.system.value}", width)]
    if pipeline.triggers:
        starts = ", ".join(dict.fromkeys(_trigger(one) for one in pipeline.triggers))
        lines += _row("starts on", starts, width, indent=2, column=11)
    stages = {stage.name: stage.condition for stage in pipeline.stages}
    for job in pipeline.jobs:
        if not job.template:
            lines += ["", _cut(f"  {job.id}" + (f"   stage {job.stage}" if job.stage else ""), width)]
            rows = [*_conditions(stages.get(job.stage)), *_rows(job)]
            lines += [line for word, text in rows for line in _row(word, text, width)]
    if pipeline.unresolved:
        lines += ["", "not resolved:"]
        lines += [line for one in pipeline.unresolved for line in _wrapped(f"  {one.text}: {one.why}", width, 4)]
    return "\n".join(lines)


def _rows(job: Job) -> Iterator[tuple[str, str]]:
    """(word, text): where and when a job runs, then what it does."""
    yield from _place(job)
    yield from _conditions(job.condition)
    if (job.manual and not (job.condition and "when: manual" in job.condition.text)) or job.approval:
        yield "waits", "for a person"
    if job.environment:
        yield "deploys", f"to {shown(job.environment.name)}"
    if job.calls:
        yield "calls", job.calls.text
    before: Step | None = None
    for step in job.steps:
        yield _step(step, before)
        before = step
    for post in job.post:
        yield from ((post.when, " ".join(one for one in _step(step, None) if one)) for step in post.steps)
    yield from (("cache", _cache(one)) for one in job.caches)
    yield from (_artifact(one) for one in job.artifacts)


def _place(job: Job) -> Iterator[tuple[str, str]]:
    if job.needs:
        yield "after", ", ".join(need.job for need in job.needs)
    if job.runner.labels or job.runner.group:
        yield "on", ", ".join(shown(label) for label in job.runner.labels) or job.runner.group
    if job.container:
        yield "in", shown(job.container.name)
    if job.services:
        yield "beside", ", ".join(shown(one.name) for one in job.services)
    if job.matrix:
        axes = [f"{axis.name} x {len(axis.values) or '?'}" for axis in job.matrix.axes]
        axes += [f"{len(job.matrix.named)} by name"] if job.matrix.named else []
        yield "matrix", ", ".join(axes) or job.matrix.computed or f"{len(job.matrix.include)} by name"


def _conditions(condition: Condition | None) -> Iterator[tuple[str, str]]:
    """`if` and its expression, or GitLab's `only`, `except` and `when`."""
    if condition is None:
        return
    text = " ".join((condition.text or in_words(condition.expr)).split())
    if not text.startswith(("only ", "except ", "when: ")):
        yield "if", text
        return
    for part in text.split("; "):
        word, _, rest = part.partition(" ")
        yield word.rstrip(":"), rest


def _trigger(trigger: nouns.Trigger) -> str:
    kind = trigger.kind.value.replace("_", " ")
    words = trigger.native if trigger.kind is nouns.TriggerKind.OTHER and trigger.native else kind
    if trigger.cron:
        words += f" {trigger.cron}"
    names = trigger.tags if trigger.kind is nouns.TriggerKind.TAG else trigger.branches
    if names.include:
        words += f" {'' if trigger.kind is nouns.TriggerKind.TAG else 'of '}{', '.join(names.include)}"
    return words


def _step(step: Step, before: Step | None) -> tuple[str, str]:
    work = step.work
    if isinstance(work, nouns.Run):
        first = shown(work.script).strip().splitlines() or [""]
        text = step.name or first[0] + (" ..." if len(first) > 1 else "")
        goes_on = work.continues and before is not None and isinstance(before.work, nouns.Run)
        return "" if goes_on else "run", text
    if isinstance(work, nouns.Use):
        return "use", work.ref.text
    if isinstance(work, nouns.Opaque):
        return "?", (work.text.strip().splitlines() or [""])[0]
    if isinstance(work, nouns.Artifact):
        return _artifact(work)
    return ("cache", _cache(work)) if isinstance(work, nouns.Cache) else (work.kind, step.name)


def _artifact(work: nouns.Artifact) -> tuple[str, str]:
    names = [shown(work.name)] if work.name else [shown(one) for one in work.paths]
    names += [f"{path} ({kind})" for kind, path in work.reports]
    if work.direction == "up":
        return "gives", ", ".join(names) or "its files"
    return "takes", ", ".join(names) or (
        f"files of {', '.join(work.jobs)}" if work.jobs else "the files of earlier jobs"
    )


def _cache(work: nouns.Cache) -> str:
    paths = ", ".join(shown(one) for one in work.paths)
    return work.tool or paths or shown(work.key) or "nothing"


def _row(word: str, text: str, width: int, *, indent: int = 4, column: int = 9) -> list[str]:
    """The word, then the text beside it, at most two lines of it."""
    head = f"{' ' * indent}{word:<{column}}" if text else f"{' ' * indent}{word}"
    return _wrapped(f"{head}{text}".rstrip(), width, indent + max(column, len(word) + 1))


def _wrapped(line: str, width: int, hanging: int) -> list[str]:
    """The line, and what of it does not fit below it, cut at the end of the second."""
    if len(line) <= width:
        return [line]
    at = line.rfind(" ", hanging + 1, width + 1)
    if at <= hanging:
        return [_cut(line, width)]
    return [line[:at].rstrip(), _cut(f"{' ' * hanging}{line[at:].strip()}", width)]


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else line[: width - 1] + "…"


def _edges(pipeline: Pipeline) -> list[tuple[str, str]]:
    known = {job.id for job in pipeline.jobs}
    return [(need.job, job.id) for job in pipeline.jobs for need in job.needs or () if need.job in known]


def dot(pipeline: Pipeline) -> str:
    """Graphviz."""
    lines = ["digraph pipeline {", "  rankdir=LR;", "  node [shape=box, style=rounded];"]
    lines += [f"  {_quoted(job.id)};" for job in pipeline.jobs if not job.template]
    lines += [f"  {_quoted(before)} -> {_quoted(after)};" for before, after in _edges(pipeline)]
    return "\n".join([*lines, "}"])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def mermaid(pipeline: Pipeline) -> str:
    """Mermaid's flowchart."""
    numbers = {job.id: f"j{index}" for index, job in enumerate(pipeline.jobs) if not job.template}
    lines = ["flowchart LR", *(f'  {short}["{escape(name)}"]' for name, short in numbers.items())]
    lines += [f"  {numbers[before]} --> {numbers[after]}" for before, after in _edges(pipeline)]
    return "\n".join(lines)


def ranks(pipeline: Pipeline) -> dict[str, int]:
    """Each job's column: one behind the last job that it waits for. A circle of needs ends at the first job met twice."""
    needs = {job.id: [need.job for need in job.needs or ()] for job in pipeline.jobs if not job.template}
    found: dict[str, int] = {}
    for start in needs:
        stack: list[tuple[str, bool]] = [(start, False)]
        open_: set[str] = set()
        while stack:
            name, done = stack.pop()
            if done:
                found[name] = 1 + max((found.get(one, -1) for one in needs[name] if one in needs), default=-1)
                open_.discard(name)
            elif name in needs and name not in found and name not in open_:
                open_.add(name)
                stack.append((name, True))
                stack += [(one, False) for one in needs[name]]
    return found


def svg(pipeline: Pipeline) -> str:
    """A picture of its own: columns of jobs, an arrow per need."""
    columns = ranks(pipeline)
    rows: dict[int, int] = {}
    places: dict[str, tuple[int, int]] = {}
    for name, column in columns.items():
        row = rows.get(column, 0)
        rows[column] = row + 1
        places[name] = (_MARGIN + column * (_WIDTH + _GAP_X), _MARGIN + row * (_HEIGHT + _GAP_Y))
    width = max((x for x, _ in places.values()), default=0) + _WIDTH + _MARGIN
    height = max((y for _, y in places.values()), default=0) + _HEIGHT + _MARGIN
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            'font-family="system-ui, sans-serif" font-size="13" role="img">'
        ),
        f"<title>{escape(shown(pipeline.name) or pipeline.path)}</title>",
        (
            '<defs><marker id="end" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            '<path d="M0 0 8 4 0 8z" fill="#64748b"/></marker></defs>'
        ),
    ]
    for before, after in _edges(pipeline):
        if before in places and after in places:
            (x0, y0), (x1, y1) = places[before], places[after]
            start, end, middle = x0 + _WIDTH, x1, (x0 + _WIDTH + x1) // 2
            path = f"M{start} {y0 + _HEIGHT // 2} C{middle} {y0 + _HEIGHT // 2} {middle} {y1 + _HEIGHT // 2} {end} {y1 + _HEIGHT // 2}"
            parts.append(f'<path d="{path}" fill="none" stroke="#64748b" marker-end="url(#end)"/>')
    for name, (x, y) in places.items():
        parts.append(
            f'<g><title>{escape(name)}</title><rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="6" '
            'fill="#f1f5f9" stroke="#334155"/>'
            f'<text x="{x + _WIDTH // 2}" y="{y + _HEIGHT // 2 + 5}" text-anchor="middle" fill="#0f172a">'
            f"{escape(_cut(name, 24))}</text></g>"
        )
    return "\n".join([*parts, "</svg>"])
