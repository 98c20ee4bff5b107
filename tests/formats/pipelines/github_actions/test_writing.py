"""Workflows written: what was read is written so that it reads the same."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from formats.pipelines.strategies import github_pipelines
from seaway.formats.pipelines.bare import bare
from seaway.formats.pipelines.github_actions import parse, pins, render
from seaway.formats.pipelines.losses import Losses
from seaway.model.loss import LossKind
from seaway.model.pipeline import Checkout, Job, Pipeline, Step, System

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


COMMENTED = """\
# What this is for.

on: push

jobs:
  # The build.
  a:
    runs-on: ubuntu-latest
    steps:
      # The files.
      - uses: acme/tool@0123456789012345678901234567890123456789  # v1.2.3
      # First this,
      # then that.
      - run: make
"""


def test_comments_stay_where_they_were() -> None:
    assert render(parse(COMMENTED, "x.yml")).text == COMMENTED


def test_actions_of_the_table_get_their_version_behind_them() -> None:
    step = Step(Checkout(implicit=True))
    pipeline = Pipeline(System.GITLAB_CI, "x", jobs=(Job("a", steps=(step,)),))
    known = pins.PINS["actions/checkout"]
    assert f"uses: actions/checkout@{known.digest}  # {known.version}\n" in render(pipeline).text


def test_the_table_of_pins_names_whole_commits_and_versions() -> None:
    for one in pins.PINS.values():
        assert re.fullmatch(r"[0-9a-f]{40}", one.digest)
        assert re.fullmatch(r"v\d+\.\d+\.\d+", one.version)
        assert one.source
    assert len({one.digest for one in pins.PINS.values()}) == len(pins.PINS)
    dt.date.fromisoformat(pins.RECORDED)


def test_what_the_table_does_not_know_stays_a_tag_and_is_said() -> None:
    losses = Losses()
    ref = pins.pinned("acme/tool", "v9")
    assert ref.text == "acme/tool@v9"
    pins.say_unpinned(losses, ref, None)
    (loss,) = losses.all()
    assert loss.kind is LossKind.MANUAL
    assert "git ls-remote https://github.com/acme/tool v9" in loss.fix
    pins.say_unpinned(losses, pins.pinned("actions/cache/restore"), None)
    assert len(losses.all()) == 1
