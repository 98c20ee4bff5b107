"""TeamCity: settings in Kotlin, and what XML shares with them (`teamcity_xml`). Called through the table in `registry`.

    source, scope, evaluate, kinds, arguments, calls, classes, library
                                                                    Kotlin -> the tree of settings, carried out
    elements, xml, xml_parts, properties, specs                     XML -> the same tree
    values, dsl                                                     the tree, and its text in Kotlin
    expressions, predefined                                         `%name%` <-> the tree of expressions
    reader, jobs, steps, triggers, features, chains                 the tree of settings -> model
    lower, lower_*, told                                            a pipeline of another system -> TeamCity's shape
    writer, write_jobs, write_steps, words                          model -> the tree of settings -> Kotlin

A file that declares no project and no build configuration raises ConfigError; all else is modelled or kept.
"""

from __future__ import annotations

from seaway.formats.pipelines.sources import Sources
from seaway.model.loss import Written
from seaway.model.pipeline import Pipeline

NAMES = (".teamcity/settings.kts", ".teamcity/*.kts", ".teamcity/*.kt", ".teamcity/*.xml")


def parse(text: str, path: str, sources: Sources | None = None) -> Pipeline:
    """The project as written; with `sources` other files of its folder are known, and templates stand where they are used."""
    from seaway.formats.pipelines.teamcity import reader  # a grammar and 30 modules: only where such a file is read

    return reader.read(text.removeprefix("\ufeff"), path, sources)


def render(pipeline: Pipeline) -> Written:
    """The pipeline as `settings.kts`."""
    from seaway.formats.pipelines.losses import Losses
    from seaway.formats.pipelines.teamcity import lower, writer

    losses = Losses()
    return writer.write(lower.lower(pipeline, losses), losses)
