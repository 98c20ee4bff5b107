"""Spinnaker's pipelines as JSON: what `spin pipeline get` and Dinghy write. Asked by `app.estate`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from seaway.formats.yaml import tree as yaml
from seaway.formats.yaml.document import Document, read_json
from seaway.formats.yaml.tree import Node, Tree

MAX_STAGES = 1_000  # of a pipeline


@dataclass(frozen=True, slots=True)
class Stage(Document):
    """`type`: such as `deployManifest`; `ref`: its id in the pipeline; `after`: the ids of the stages before it."""

    type: str
    name: str
    ref: str
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SpinnakerPipeline(Document):
    """One pipeline of an application."""

    name: str
    application: str
    stages: tuple[Stage, ...]

    def before(self, stage: Stage) -> list[Stage]:
        """The stages that have ended when this one begins."""
        by_ref = {one.ref: one for one in self.stages}
        found: dict[str, Stage] = {}
        waiting = list(stage.after)
        while waiting:
            ref = waiting.pop()
            if ref in by_ref and ref not in found:
                found[ref] = by_ref[ref]
                waiting += by_ref[ref].after
        return list(found.values())


def parse(text: str, path: str) -> list[SpinnakerPipeline]:
    """The pipelines of a file: one, a list of them, or those of an application. Raises ConfigError."""
    tree = read_json(text, path)
    return [made for document in tree.documents for made in _pipelines(tree, document)]


def _pipelines(tree: Tree, document: Node) -> Iterator[SpinnakerPipeline]:
    application = yaml.string(yaml.get(document, "application"))
    many = document if yaml.is_sequence(document) else yaml.get(document, "pipelines")
    for one in yaml.sequence(many) if many is not None else [document]:
        stages = yaml.get(one, "stages")
        known = tuple(_stages(tree, stages)) if yaml.is_sequence(stages) else ()
        if known:
            name = yaml.string(yaml.get(one, "name"))
            owner = yaml.string(yaml.get(one, "application"), application)
            yield SpinnakerPipeline(tree.path, tree, one, name, owner, known)


def _stages(tree: Tree, stages: Node) -> Iterator[Stage]:
    if len(stages.value) > MAX_STAGES:
        raise tree.problem(stages, f"a pipeline of more than {MAX_STAGES:,} stages")
    for one in stages.value:
        kind = yaml.string(yaml.get(one, "type"))
        if kind:
            after = yaml.strings(yaml.get(one, "requisiteStageRefIds"))
            name, ref = yaml.string(yaml.get(one, "name")), yaml.string(yaml.get(one, "refId"))
            yield Stage(tree.path, tree, one, kind, name, ref, after)
