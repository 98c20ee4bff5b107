"""TeamCity: settings in XML, as a server keeps them. Called through the table in `registry`; the work is done in `teamcity`.

    elements, xml, xml_parts                    XML -> the tree of settings that Kotlin makes as well
    properties, specs                           words of the DSL <-> parameters of XML
    unrolled, write_xml, write_xml_parts, nodes the tree of settings -> XML

`parse` and `render` have the project in one document, `render_files` has the files that TeamCity keeps.
"""

from __future__ import annotations

from seaway.formats.pipelines.losses import Losses
from seaway.formats.pipelines.sources import Sources
from seaway.formats.pipelines.teamcity import lower, reader, write_xml
from seaway.model.loss import Written, WrittenFiles
from seaway.model.pipeline import Pipeline

NAMES = ("*/project-config.xml", "*/buildTypes/*.xml")


def parse(text: str, path: str, sources: Sources | None = None) -> Pipeline:
    """The project or build configuration as written; with `sources` the files beside it are known."""
    return reader.read(text.removeprefix("\ufeff"), path, sources)


def render(pipeline: Pipeline) -> Written:
    """The project as one document."""
    losses = Losses()
    return write_xml.bundle(pipeline, lower.lower(pipeline, losses), losses)


def render_files(pipeline: Pipeline) -> WrittenFiles:
    """The project as `project-config.xml`, `buildTypes/<id>.xml` and `vcsRoots/<id>.xml`."""
    losses = Losses()
    return write_xml.files(pipeline, lower.lower(pipeline, losses), losses)
