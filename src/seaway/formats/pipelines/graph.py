"""A pipeline as a picture: a tree of words, Graphviz, Mermaid, SVG. Called by `cli.pipeline`; each takes an expanded pipeline."""

from __future__ import annotations

from html import escape

from seaway.formats.pipelines.expand import in_words, shown
from seaway.model import pipeline as nouns
from seaway.model.pipeline import Job, Pipeline, Step

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _MARGIN = 190, 44, 60, 18, 20


def tree(pipeline: Pipeline, width: int = 80) -> str:
    """Triggers, then each job with what it waits for and its steps."""
    lines = [f"{shown(pipeline.name) or pipeline.path}   {pipeline.system.value}"]
    if pipeline.triggers:
        lines.append(f"  starts on {', '.join(_trigger(one) for one in pipeline.triggers)}")
    for job in pipeline.jobs:
        if job.template:
            continue
        lines += ["", *_job_lines(job)]
    if pipeline.unresolved:
        lines += ["", "not resolved:", *(f"  {one.text}: {one.why}" for one in pipeline.unresolved)]
    return "\n".join(_cut(line, width) for line in lines)


def _job_lines(job: Job) -> list[str]:
    facts = [f"stage {job.stage}"] if job.stage else []
    if job.needs:
        facts.append(f"after {', '.join(need.job for need in job.needs)}")
    if job.runner.labels:
        facts.append(f"on {', '.join(shown(label) for label in job.runner.labels)}")
    if job.container:
        facts.append(f"in {shown(job.container.name)}")
    if job.environment:
        facts.append(f"deploys to {shown(job.environment.name)}")
    if job.manual or job.approval:
        facts.append("waits for a person")
    if job.matrix:
        axes = [f"{axis.name} x {len(axis.values) or '?'}" for axis in job.matrix.axes] or ["matrix"]
        facts.append(", ".join(axes))
    lines = [f"  {job.id}" + (f"   {'; '.join(facts)}" if facts else "")]
    if job.condition:
        lines.append(f"    if {job.condition.text or in_words(job.condition.expr)}")
    if job.calls:
        lines.append(f"    calls {job.calls.text}")
    lines += [f"    {_step(step)}" for step in job.steps]
    for post in job.post:
        lines += [f"    {post.when}: {_step(step)}" for step in post.steps]
    return lines


def _trigger(trigger: nouns.Trigger) -> str:
    words = trigger.native or trigger.kind.value
    if trigger.branches.include:
        words += f" to {', '.join(trigger.branches.include)}"
    return f"{words} {trigger.cron}".strip() if trigger.cron else words


def _step(step: Step) -> str:
    work = step.work
    if isinstance(work, nouns.Run):
        first = shown(work.script).strip().splitlines() or [""]
        words = f"run   {step.name or first[0]}" + (" ..." if len(first) > 1 and not step.name else "")
    elif isinstance(work, nouns.Use):
        words = f"use   {work.ref.text}"
    elif isinstance(work, nouns.Opaque):
        words = f"?     {(work.text.strip().splitlines() or [''])[0]}"
    elif isinstance(work, nouns.Artifact):
        words = f"{work.direction:<5} {shown(work.name) or ', '.join(shown(one) for one in work.paths)}"
    elif isinstance(work, nouns.Cache):
        words = f"cache {work.tool or ', '.join(shown(one) for one in work.paths)}"
    else:
        words = f"{work.kind} {step.name}".strip()
    return words


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
