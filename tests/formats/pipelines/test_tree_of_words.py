"""`seaway pipeline show` as people see it: at 80 columns, every fact once, nothing empty."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest

from formats.pipelines.test_conversions import CASES, Case
from seaway import registry
from seaway.formats.pipelines import expand, graph
from seaway.model.expression import Binary, Literal, Ref, Unary

WIDTH = 80


def tree(system: str, text: str) -> str:
    module: Any = registry.load_format("pipelines", system)
    return graph.tree(expand.ordered(module.parse(textwrap.dedent(text), "x.yml")))


GITLAB = """\
    stages: [build, ship]
    make:
      stage: build
      image: golang:1.22
      services: [postgres:16]
      script: [go build ./..., "a script that is much longer than eighty columns and that goes on and on until it is cut off, twice at least, %s"]
      cache: {key: deps, paths: [.go/]}
      artifacts: {paths: [bin/], reports: {junit: report.xml}}
    ship:
      stage: ship
      only: [main]
      except: [schedules]
      when: manual
      environment: live
      script: ./ship
      after_script: [echo done]
    """  # fmt: skip


def test_a_job_is_told_line_by_line() -> None:
    text = tree("gitlab_ci", GITLAB.replace("%s", "word " * 20))
    assert text == textwrap.dedent("""\
        x.yml   gitlab_ci
          starts on  push, tag, schedule

          make   stage build
            in       golang:1.22
            beside   postgres:16
            checkout
            run      go build ./...
                     a script that is much longer than eighty columns and that goes on
                     and on until it is cut off, twice at least, word word word word wo…
            cache    .go/
            gives    bin/, report.xml (junit)

          ship   stage ship
            after    make
            only     main
            except   schedules
            when     manual
            deploys  to live
            checkout
            run      ./ship
            always   run echo done""")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_no_line_is_too_long_or_says_nothing(case: Case) -> None:
    lines = graph.tree(expand.ordered(case.read())).splitlines()
    assert max(len(line) for line in lines) <= WIDTH
    for line in lines:
        assert line == line.rstrip()
        assert line.strip() not in {"up", "down", "cache", "gives", "takes", "run", "if", "use"}
        assert "if when:" not in line


def test_the_condition_of_a_stage_is_told_with_its_jobs() -> None:
    text = """\
        version: 2.1
        jobs: {a: {docker: [{image: x:1}], steps: [checkout]}, b: {docker: [{image: x:1}], steps: [checkout]}}
        workflows:
          push: {jobs: [a]}
          night: {triggers: [{schedule: {cron: "0 3 * * *", filters: {branches: {only: main}}}}], jobs: [b]}
        """
    found = tree("circleci", text)
    assert "starts on  push, schedule 0 3 * * * of main" in found
    assert "if       event.kind == schedule" in found
    assert "if       event.kind != schedule" in found


def test_a_condition_of_several_lines_is_one() -> None:
    text = "on: push\njobs:\n  a:\n    if: |\n      github.ref == 'x' ||\n      github.ref == 'y'\n    runs-on: u\n    steps: [{run: x}]\n"
    assert "    if       github.ref == 'x' || github.ref == 'y'" in tree("github_actions", text).splitlines()


def test_an_expression_in_words_says_what_it_means() -> None:
    a, b = Ref("git", ("branch",)), Ref("git", ("tag",))
    one, two = Binary("==", a, Literal("")), Binary("!=", b, Literal("v"))
    assert expand.in_words(one) == "git.branch == ''"
    assert expand.in_words(Binary("&&", Binary("||", one, two), two)).startswith("(git.branch == '' || ")
    assert expand.in_words(Unary("!", one)) == "!(git.branch == '')"


def test_a_tree_that_is_too_wide_would_be_seen(tmp_path: Path) -> None:
    pipeline = expand.ordered(
        registry.load_format("pipelines", "gitlab_ci").parse(textwrap.dedent(GITLAB), str(tmp_path))
    )
    assert max(len(line) for line in graph.tree(pipeline, width=200).splitlines()) > WIDTH
