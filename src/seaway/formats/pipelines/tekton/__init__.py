"""Tekton: pipelines, their runs and tasks, with the annotations of Pipelines as Code. Called through the table in `registry`.

expressions    `$(...)` and `when` <-> the tree of expressions
reader, steps, values     documents -> model
writer, tasks             model -> a PipelineRun that Pipelines as Code starts
"""

from __future__ import annotations

from seaway.formats.pipelines.sources import Sources
from seaway.formats.pipelines.tekton.reader import Reader
from seaway.formats.pipelines.tekton.writer import write
from seaway.model.loss import Written
from seaway.model.pipeline import Pipeline

NAMES = (".tekton/*.yaml", ".tekton/*.yml")


def parse(text: str, path: str, sources: Sources | None = None) -> Pipeline:
    """The file's pipelines and tasks; with `sources`, tasks of this file and of files beside it stand where they are used."""
    return Reader(text, path, sources).read()


def render(pipeline: Pipeline) -> Written:
    """A Pipeline, or a PipelineRun for Pipelines as Code where pushes or pull requests start it."""
    return write(pipeline)
