"""What is written is taken by GitHub's own parser, by actionlint, zizmor and the public schema, and runs under act."""

from __future__ import annotations

from pathlib import Path

import pytest

from formats.pipelines.test_conversions import CASES
from seaway import registry
from seaway.formats.pipelines.github_actions import parse, render
from seaway.formats.pipelines.sources import from_mapping
from support import github

FORMATS = Path(__file__).parents[2]
# Whole files that GitHub takes: what is odd on purpose is not among them.
OWN = [
    path
    for path in sorted(FORMATS.glob("github_actions/*/workflow.yml"))
    if path.parent.name not in {"odd_shapes", "composite_action"}
]
FOREIGN = {f".github/workflows/{case}.yml": case for case in CASES if case.system != "github_actions"}


def texts() -> dict[str, str]:
    found = {f".github/workflows/{path.parent.name}.yml": render(parse(path.read_text(), "x.yml")).text for path in OWN}
    return found | foreign()


def foreign() -> dict[str, str]:
    found = {name: render(case.read()).text for name, case in FOREIGN.items()}
    whole = sorted(FORMATS.glob("conversions/*/github_actions.yml"))
    return found | {f".github/workflows/{path.parent.name}.yml": path.read_text() for path in whole}


def labels(text: str) -> set[str]:
    return {str(label) for job in parse(text, "x").jobs for label in job.runner.labels}


@pytest.mark.real
def test_githubs_own_parser_takes_what_is_written(tmp_path: Path) -> None:
    assert github.parser_errors(tmp_path, texts()) == {}


@pytest.mark.real
def test_githubs_own_parser_sees_a_mistake(tmp_path: Path) -> None:
    broken = "on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{run: '${{ foo( }}'}]\n"
    assert github.parser_errors(tmp_path, {"a.yml": broken, "b.yml": broken.replace("foo(", "github.sha")}).keys() == {
        "a.yml"
    }


@pytest.mark.real
def test_actionlint_finds_no_error_in_what_is_converted(tmp_path: Path) -> None:
    found = foreign()
    names = tuple(sorted(set().union(*(labels(text) for text in found.values()))))
    # A called workflow is another file, which is to be converted as well.
    errors = [
        one for one in github.actionlint_errors(tmp_path, found, names) if "could not read reusable workflow" not in one
    ]
    assert errors == []


@pytest.mark.real
def test_actionlint_sees_a_mistake(tmp_path: Path) -> None:
    broken = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    needs: b\n    steps: [{run: x}]\n"
    assert "needs job" in github.actionlint_errors(tmp_path, {".github/workflows/a.yml": broken})[0]


@pytest.mark.real
def test_zizmor_finds_nothing_high_that_the_report_does_not_name(tmp_path: Path) -> None:
    """What a source is unsafe by, the result is as well: an image without a version, a cache in a release."""
    named = {"unpinned-images": "image ", "cache-poisoning": "cache in a release"}
    for name, rule in github.zizmor_high(tmp_path, foreign()):
        losses = render(FOREIGN[name].read()).losses
        assert any(loss.construct.startswith(named.get(rule, "?")) for loss in losses), (name, rule)


@pytest.mark.real
def test_zizmor_sees_what_is_unsafe(tmp_path: Path) -> None:
    text = "on: pull_request_target\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps: [{run: 'echo ${{ github.head_ref }}'}]\n"
    rules = {rule for _, rule in github.zizmor_high(tmp_path, {".github/workflows/a.yml": text})}
    assert {"template-injection", "dangerous-triggers"} <= rules


@pytest.mark.real
def test_the_public_schema_takes_what_is_written(tmp_path: Path) -> None:
    assert github.schema_errors(tmp_path, texts()) == ""


@pytest.mark.real
def test_the_public_schema_sees_a_mistake(tmp_path: Path) -> None:
    assert "stepz" in github.schema_errors(tmp_path, {"a.yml": "on: push\njobs: {a: {runs-on: x, stepz: []}}\n"})


RUNS = """
stages: [build, test, end]
variables: {WHO: file}
build:
  stage: build
  variables: {WHO: job}
  script:
    - cd "$CI_PROJECT_DIR"
    - WORD=kept
    - echo "built by $WHO $WORD at $CI_COMMIT_SHA"
test:
  stage: test
  parallel:
    matrix: [{PART: [one, two]}]
  script: [echo "tests $PART for $WHO"]
skipped:
  stage: test
  rules: [{if: $CI_COMMIT_TAG}]
  script: [echo "never"]
last:
  stage: end
  script: [echo "the end"]
  after_script: [echo "after all"]
"""


@pytest.mark.real
def test_a_converted_pipeline_runs(tmp_path: Path) -> None:
    """In its order, with its variables, past a job that was left out. (act takes a job that may fail for a failed one.)"""
    pipeline = registry.load_format("pipelines", "gitlab_ci").parse(RUNS, ".gitlab-ci.yml", from_mapping({}))
    code, lines = github.act(tmp_path, render(pipeline).text)
    said = [line["msg"].strip() for line in lines if line.get("raw_output")]
    assert code == 0
    built = next(index for index, one in enumerate(said) if one.startswith("built by job kept at "))
    assert len(said[built].rpartition(" ")[2]) == 40
    assert sorted(one for one in said if one.startswith("tests")) == ["tests one for file", "tests two for file"]
    assert "never" not in said
    assert said.index("the end") > max(said.index("tests one for file"), said.index("tests two for file")) > built
    assert said.index("after all") > said.index("the end")


@pytest.mark.real
def test_a_failing_job_stops_those_behind_it(tmp_path: Path) -> None:
    text = RUNS.replace('echo "tests $PART for $WHO"', "exit 3")
    pipeline = registry.load_format("pipelines", "gitlab_ci").parse(text, ".gitlab-ci.yml", from_mapping({}))
    code, lines = github.act(tmp_path, render(pipeline).text)
    assert code != 0
    assert "the end" not in [line["msg"].strip() for line in lines if line.get("raw_output")]
