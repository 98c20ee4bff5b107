"""GitHub Actions: workflows, composite actions and local reusable workflows. Called through the table in `registry`.

    expressions, contexts                     `${{ }}` <-> the tree of expressions, in neutral words
    reader, triggers, jobs, steps, values     the file -> model
    reuse, substitute                         local actions and workflows put where they are used
    writer, write_*, words                    model -> the file
    lower, lower_*                            a pipeline of another system -> GitHub's shape, with its losses
    components, pins                          what well-known actions mean, and how they are pinned

A file that is neither a workflow nor an action raises ConfigError; all else is modelled or kept.
"""

from __future__ import annotations

from seaway.formats.pipelines.github_actions import reuse
from seaway.formats.pipelines.github_actions.reader import read_file
from seaway.formats.pipelines.losses import Losses
from seaway.formats.pipelines.sources import Sources
from seaway.model.loss import Written
from seaway.model.pipeline import Pipeline

NAMES = (".github/workflows/*.yml", ".github/workflows/*.yaml", "action.yml", "action.yaml")


def parse(text: str, path: str, sources: Sources | None = None) -> Pipeline:
    """The workflow (or action) as written; with `sources` its local actions and workflows stand where they are used."""
    pipeline = read_file(text, path)
    return pipeline if sources is None else reuse.resolve(pipeline, sources)


def render(pipeline: Pipeline) -> Written:
    """The pipeline as a workflow."""
    from seaway.formats.pipelines.github_actions import lower, writer  # who only reads does not load them

    losses = Losses()
    return writer.write(lower.lower(pipeline, losses), losses)
