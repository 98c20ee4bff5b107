"""Workflows written: what was read is written so that it reads the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from formats.pipelines.strategies import github_pipelines
from seaway.formats.pipelines.bare import bare
from seaway.formats.pipelines.github_actions import parse, render
from seaway.model.pipeline import Pipeline

CASES = Path(__file__).parents[2] / "github_actions"
FILES = sorted(CASES.glob("*/workflow.yml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_a_workflow_that_is_written_reads_the_same(path: Path) -> None:
    pipeline = parse(path.read_text(), "x.yml")
    written = render(pipeline)
    assert written.losses == ()
    assert bare(parse(written.text, "x.yml")) == bare(pipeline)


@given(github_pipelines())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_any_pipeline_that_is_written_reads_the_same(pipeline: Pipeline) -> None:
    written = render(pipeline)
    assert written.losses == ()
    assert parse(written.text, "x.yml") != pipeline  # it has places now
    assert bare(parse(written.text, "x.yml")) == bare(pipeline)
