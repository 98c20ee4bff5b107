"""What is written for GitLab: it reads back as it was, and is what a person would write."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from formats.pipelines.gitlab_ci.documents import documents
from formats.pipelines.strategies import github_pipelines
from seaway.formats.pipelines import github_actions, gitlab_ci
from seaway.formats.pipelines.bare import bare
from seaway.formats.pipelines.gitlab_ci import write_job
from seaway.formats.pipelines.sources import from_mapping
from seaway.formats.yaml.emit import emit
from seaway.model.pipeline import Pipeline

HERE = Path(__file__).parents[2] / "gitlab_ci"
CASES = sorted(folder for folder in HERE.iterdir() if (folder / ".gitlab-ci.yml").exists())
CONVERTED = sorted((HERE / "converted").iterdir())
NAME = ".gitlab-ci.yml"


def read(text: str, **more: str) -> Pipeline:
    return gitlab_ci.parse(text, NAME, from_mapping(more))


def comparable(pipeline: Pipeline) -> Pipeline:
    """Without places, what only serves others, and what is not there."""
    found = bare(pipeline)
    jobs = tuple(job for job in found.jobs if not job.template)
    return dataclasses.replace(found, includes=(), unresolved=(), jobs=jobs, index={})


@settings(max_examples=60)
@given(documents())
def test_what_is_written_reads_back_as_it_was(document: dict[str, Any]) -> None:
    first = read(emit(document).text)
    written = gitlab_ci.render(first)
    assert comparable(read(written.text)) == comparable(first), written.text
    assert written.losses == ()
    assert gitlab_ci.render(bare(first)).text != ""


@pytest.mark.broad
def test_a_writer_that_leaves_something_out_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_job._Writer, "_retry", lambda _self: None)
    with pytest.raises(AssertionError):
        test_what_is_written_reads_back_as_it_was()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_file_reads_back_as_it_was(case: Path) -> None:
    files = {path.relative_to(case).as_posix(): path.read_text("utf-8") for path in case.rglob("*.yml")}
    first = gitlab_ci.parse(files[NAME], NAME, from_mapping(files))
    written = gitlab_ci.render(first)
    assert comparable(read(written.text, **files)) == comparable(first)
    assert gitlab_ci.render(read(written.text, **files)).text == written.text


@pytest.mark.parametrize("case", CONVERTED, ids=lambda case: case.name)
def test_a_workflow_becomes_the_recorded_pipeline(case: Path) -> None:
    workflow = (case / "workflow.yml").read_text("utf-8")
    written = gitlab_ci.render(github_actions.parse(workflow, "workflow.yml", from_mapping({})))
    losses = "".join(f"{loss.kind} {loss.source}: {loss.construct}: {loss.why}\n" for loss in written.losses)
    if os.environ.get("SEAWAY_ACCEPT"):
        (case / "expected.gitlab-ci.yml").write_text(written.text, "utf-8")
        (case / "losses.txt").write_text(losses, "utf-8")
    assert written.text == (case / "expected.gitlab-ci.yml").read_text("utf-8")
    assert losses == (case / "losses.txt").read_text("utf-8")
    assert [loss for loss in written.losses if loss.kind == "manual" and not loss.fix] == []


@settings(max_examples=40)
@given(github_pipelines())
def test_any_workflow_can_be_written_and_no_job_of_it_vanishes(workflow: Pipeline) -> None:
    written = read(gitlab_ci.render(workflow).text)
    assert len([job for job in written.jobs if not job.template]) == len(workflow.jobs)


def test_comments_stay_where_they_stood() -> None:
    text = (
        "# What this file is for.\n\n# Makes it.\nmake:\n  stage: build\n  script:\n    # Slow.\n    - make\n"
        "    - ls # what is there\n  after_script:\n    # At last.\n    - clean\n"
    )
    written = gitlab_ci.render(read(text)).text
    assert written == text.replace("    - ls # what is there\n", "    # what is there\n    - ls\n")
    assert "# Slow." in github_actions.render(read(text)).text
