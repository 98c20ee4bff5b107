"""Jenkins: declarative pipelines, and scripted ones as far as their meaning can be known. Called through the table in `registry`.

reader, declarative, stages, scripted     the file -> model, by way of `formats.groovy`
steps, known_steps, wrappers              what a step means
expressions, conditions, globs            Groovy's values and `when` -> the tree of expressions
lower                                     a pipeline of another system -> the same in Jenkins' shape
writer, write_*, sections_text, quoting   the model -> a declarative Jenkinsfile
predefined                                what Jenkins' own variables mean
"""

from __future__ import annotations

from seaway.formats.pipelines.jenkins.reader import read
from seaway.formats.pipelines.jenkins.writer import render
from seaway.formats.pipelines.sources import Sources
from seaway.model.pipeline import Pipeline

__all__ = ["NAMES", "parse", "render"]

NAMES = ("Jenkinsfile", "Jenkinsfile*", "*.jenkinsfile")


def parse(text: str, path: str, sources: Sources | None = None) -> Pipeline:
    """The pipeline as written; with `sources` a step of the repository's own `vars/` stands where it is called."""
    return read(text, path, sources)
