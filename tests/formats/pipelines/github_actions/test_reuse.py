"""Local actions and workflows stand where they are used; what cannot be had is named."""

from __future__ import annotations

import pytest

from seaway.formats.pipelines.github_actions import parse
from seaway.formats.pipelines.github_actions.expressions import printed_text
from seaway.formats.pipelines.sources import Sources, from_mapping
from seaway.model.expression import Binary, Literal, Ref, Template
from seaway.model.pipeline import Checkout, Run, Use

ENTRY = """
on: push
jobs:
  before:
    runs-on: ubuntu-latest
    steps: [{run: echo}]
  call:
    needs: before
    if: github.ref == 'refs/heads/main'
    uses: ./.github/workflows/called.yml
    with: {level: high, who: "${{ github.actor }}"}
    secrets: {token: "${{ secrets.MINE }}"}
  after:
    needs: call
    runs-on: ubuntu-latest
    if: needs.call.result == 'success'
    steps:
      - run: echo ${{ needs.call.outputs.text }}
"""
CALLED = """
on:
  workflow_call:
    inputs:
      level: {type: string}
      who: {type: string}
      size: {type: string, default: small}
    outputs:
      text: {value: "${{ jobs.last.outputs.text }}"}
    secrets: {token: {required: true}}
env: {A: b}
jobs:
  first:
    runs-on: ubuntu-latest
    steps:
      - run: build ${{ inputs.level }} ${{ inputs.size }} for-${{ inputs.who }}
        env: {T: "${{ secrets.token }}"}
  last:
    needs: first
    runs-on: ubuntu-latest
    if: inputs.level == 'high'
    outputs: {text: "${{ steps.s.outputs.t }}"}
    steps: [{id: s, run: echo}]
"""
ACTION = """
name: act
inputs:
  a: {default: one}
  b: {required: true}
outputs:
  out: {value: "${{ steps.inner.outputs.x }}"}
runs:
  using: composite
  steps:
    - uses: actions/checkout@v4
    - id: inner
      run: echo ${{ inputs.a }} ${{ inputs.b }}
      shell: bash
      if: inputs.b != ''
"""
USER = """
on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - id: mine
        uses: ./act
        if: github.actor == 'me'
        with: {b: "${{ github.sha }}"}
        env: {E: f}
      - run: echo ${{ steps.mine.outputs.out }}
"""


def test_a_called_workflow_stands_in_its_callers_place() -> None:
    pipeline = parse(ENTRY, ".github/workflows/entry.yml", from_mapping({".github/workflows/called.yml": CALLED}))
    assert [job.id for job in pipeline.jobs] == ["before", "call-first", "call-last", "after"]
    assert [[need.job for need in job.needs or ()] for job in pipeline.jobs] == [
        [], ["before"], ["call-first"], ["call-last"],
    ]  # fmt: skip
    first, last, after = pipeline.jobs[1:]
    work = first.steps[0].work
    assert isinstance(work, Run)
    assert printed_text(work.script) == "build high small for-${{ github.actor }}"
    assert first.steps[0].env[0].value == Template((Ref("secret", ("MINE",)),))
    assert first.condition is not None
    assert first.condition.expr == Binary("==", Ref("git", ("branch",)), Literal("main"))
    assert last.condition is not None
    assert last.condition.expr == Binary("==", Literal("high"), Literal("high"))
    assert [one.name for one in last.variables] == ["A"]
    assert after.condition is not None
    assert after.condition.expr == Binary("==", Ref("job", ("call-last", "result")), Literal("success"))
    echo = after.steps[0].work
    assert isinstance(echo, Run)
    assert printed_text(echo.script) == "echo ${{ needs.call-last.outputs.text }}"
    assert pipeline.unresolved == ()
    assert first.span is not None
    assert first.span.path == ".github/workflows/called.yml"


def test_the_steps_of_a_composite_action_stand_in_its_place() -> None:
    pipeline = parse(USER, "x.yml", from_mapping({"act/action.yml": ACTION}))
    steps = pipeline.jobs[0].steps
    assert isinstance(steps[0].work, Checkout)
    assert isinstance(steps[1].work, Run)
    assert printed_text(steps[1].work.script) == "echo one ${{ github.sha }}"
    assert steps[1].id == "mine-inner"
    assert steps[0].condition is not None
    assert steps[1].condition is not None
    assert steps[1].condition.expr == Binary(
        "&&",
        Binary("==", Ref("event", ("actor",)), Literal("me")),
        Binary("!=", Ref("git", ("sha",)), Literal("")),
    )
    assert [one.name for one in steps[0].env] == ["E"]
    assert isinstance(steps[2].work, Run)
    assert printed_text(steps[2].work.script) == "echo ${{ steps.mine-inner.outputs.x }}"


def test_without_sources_references_stay() -> None:
    assert isinstance(parse(USER, "x.yml").jobs[0].steps[0].work, Use)
    assert parse(ENTRY, "x.yml").jobs[1].calls is not None


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({}, "no such file"),
        ({"act/action.yml": "runs: [}"}, "act/action.yml:1"),
        ({"act/action.yml": ACTION.replace("actions/checkout@v4", "./act")}, "uses itself"),
        (
            {
                "act/action.yml": ACTION.replace("actions/checkout@v4", "./other"),
                "other/action.yml": ACTION.replace("actions/checkout@v4", "./act"),
            },
            "uses itself",
        ),
    ],
)
def test_what_cannot_be_had_is_named(files: dict[str, str], why: str) -> None:
    pipeline = parse(USER, "x.yml", from_mapping(files))
    assert why in pipeline.unresolved[0].why
    assert any(isinstance(step.work, Use) for step in pipeline.jobs[0].steps)


def test_paths_never_leave_the_repository() -> None:
    asked = []

    def file(path: str) -> None:
        asked.append(path)

    text = USER.replace("./act", "./../../etc")
    parse(text, "x.yml", Sources(file))
    assert asked == []


def test_actions_of_a_library_are_read_from_its_folder() -> None:
    text = USER.replace("./act", "acme/tools/act@v1")
    pipeline = parse(text, "x.yml", from_mapping({}, {("acme/tools", "act/action.yml"): ACTION}))
    assert [type(step.work) for step in pipeline.jobs[0].steps] == [Checkout, Run, Run]
    assert pipeline.unresolved == ()


def test_actions_that_call_one_another_do_not_explode() -> None:
    files = {f"a{n}/action.yml": _doubling(n) for n in range(30)}
    pipeline = parse(USER.replace("./act", "./a0"), "x.yml", from_mapping(files))
    assert any("more than" in one.why for one in pipeline.unresolved)
    assert len(pipeline.jobs[0].steps) < 6000


def _doubling(number: int) -> str:
    steps = f"    - uses: ./a{number + 1}\n" * 2
    return f"name: x\nruns:\n  using: composite\n  steps:\n{steps}"
