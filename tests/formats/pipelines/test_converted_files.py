"""Whole pipelines in another system's language, as people would write them there. The expected texts were read line by line.

`tests/formats/conversions/<case>/`: a source under its system's own name, `<target>.yml` and `<target>.losses` for each target.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from seaway import registry
from seaway.formats.pipelines import detect
from seaway.formats.pipelines.bare import bare
from seaway.formats.pipelines.sources import from_mapping
from seaway.model.loss import Loss, Written

pytestmark = pytest.mark.broad

CASES = Path(__file__).parents[1] / "conversions"
SOURCES = (".gitlab-ci.yml", "azure-pipelines.yml", "config.yml", "Jenkinsfile", "workflow.yml")
EXPECTED = sorted(CASES.glob("*/*.losses"))


def converted(folder: Path, target: str) -> Written:
    source = next(folder / name for name in SOURCES if (folder / name).exists())
    files = {one.relative_to(folder).as_posix(): one.read_text() for one in folder.rglob("*") if one.is_file()}
    system = (
        "github_actions"
        if source.name == "workflow.yml"
        else detect.by_name(source.name) or detect.by_text(source.read_text())
    )
    pipeline = registry.load_format("pipelines", system).parse(source.read_text(), source.name, from_mapping(files))
    return registry.load_format("pipelines", target).render(pipeline)  # type: ignore[no-any-return]


def shown(loss: Loss) -> str:
    return f"{loss.kind.value}: {loss.construct} ({loss.source} -> {loss.target}): {loss.why}. {loss.fix}".rstrip()


@pytest.mark.parametrize("path", EXPECTED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_pipeline_is_converted_as_expected(path: Path) -> None:
    written = converted(path.parent, path.stem)
    losses = "".join(f"{shown(loss)}\n" for loss in written.losses)
    if os.environ.get("SEAWAY_ACCEPT"):
        path.with_suffix(".yml").write_text(written.text)
        path.write_text(losses)
    assert written.text == path.with_suffix(".yml").read_text()
    assert losses == path.read_text()


@pytest.mark.parametrize("path", EXPECTED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_converted_pipeline_is_one_that_its_system_reads_and_writes(path: Path) -> None:
    module = registry.load_format("pipelines", path.stem)
    text = path.with_suffix(".yml").read_text()
    read = module.parse(text, "x.yml", None)
    assert bare(module.parse(module.render(read).text, "x.yml", None)) == bare(read)


@pytest.mark.parametrize("path", EXPECTED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_loss_says_where_it_was_and_where_the_result_is(path: Path) -> None:
    for loss in converted(path.parent, path.stem).losses:
        assert loss.source is not None, loss
        assert loss.why
        if loss.target is not None:
            text = path.with_suffix(".yml").read_text()
            assert text[loss.target.start : loss.target.end].strip()
