"""A pipeline and its conversion do the same: both are run, and what their steps did is compared.

Each file of `execution/` is run in its own system, converted, and run in the other one.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from formats.pipelines.execution.running import Ran, differences, orders_of, run_github, run_gitlab
from seaway.formats.pipelines import github_actions, gitlab_ci
from seaway.formats.pipelines.github_actions import lower_files
from seaway.formats.pipelines.gitlab_ci import orders, write_job, write_script
from seaway.formats.pipelines.sources import from_mapping
from seaway.model.pipeline import Job, Need, Step

HERE = Path(__file__).parent / "execution"
GITHUB = sorted((HERE / "github").glob("*.yml"))
GITLAB = sorted((HERE / "gitlab").glob("*.yml"))

# What a second conversion cannot keep, and says so: values that go from job to job in a file.
_LOST_ON_THE_WAY = {("github", "environment"): {"report dotenv outputs.env"}}

pytestmark = [pytest.mark.real, pytest.mark.timeout(240)]


def to_gitlab(text: str) -> str:
    return gitlab_ci.render(github_actions.parse(text, "it.yml", from_mapping({}))).text


def to_github(text: str) -> str:
    return github_actions.render(gitlab_ci.parse(text, ".gitlab-ci.yml", from_mapping({}))).text


def told(found: list[str], text: str, ran: Ran) -> str:
    return "\n".join([*found, text, ran.said])


@pytest.mark.parametrize("case", GITHUB, ids=lambda case: case.stem)
def test_a_workflow_does_the_same_in_gitlab(case: Path, tmp_path: Path) -> None:
    text = case.read_text("utf-8")
    before = run_github(text, tmp_path / "a")
    converted = to_gitlab(text)
    after = run_gitlab(converted, tmp_path / "b")
    assert before.notes, before.said
    assert not (found := differences(before, after, orders_of(text))), told(found, converted, after)


@pytest.mark.parametrize("case", GITLAB, ids=lambda case: case.stem)
def test_a_gitlab_pipeline_does_the_same_as_a_workflow(case: Path, tmp_path: Path) -> None:
    text = case.read_text("utf-8")
    before = run_gitlab(text, tmp_path / "a")
    converted = to_github(text)
    after = run_github(converted, tmp_path / "b")
    assert before.notes, before.said
    assert not (found := differences(before, after, orders_of(text))), told(found, converted, after)


@pytest.mark.parametrize("case", [*GITHUB, *GITLAB], ids=lambda case: f"{case.parent.name}-{case.stem}")
def test_there_and_back_again_it_does_the_same(case: Path, tmp_path: Path) -> None:
    text = case.read_text("utf-8")
    github = case.parent.name == "github"
    if (case.parent.name, case.stem) in _LOST_ON_THE_WAY:
        kinds = {loss.construct for loss in github_actions.render(gitlab_ci.parse(to_gitlab(text), "x.yml")).losses}
        assert kinds & _LOST_ON_THE_WAY[case.parent.name, case.stem]
        return
    run = run_github if github else run_gitlab
    back = to_github(to_gitlab(text)) if github else to_gitlab(to_github(text))
    before, after = run(text, tmp_path / "a"), run(back, tmp_path / "b")
    assert not (found := differences(before, after, orders_of(text))), told(found, back, after)


# Conversions that are broken on purpose: what they do is not the same any more, and the comparison says so.


def broken(case: str, folder: Path) -> str:
    """The differences of a case of GitHub's after conversion, as text."""
    text = (HERE / "github" / f"{case}.yml").read_text("utf-8")
    before, after = run_github(text, folder / "a"), run_gitlab(to_gitlab(text), folder / "b")
    return "\n".join(differences(before, after, orders_of(text)))


def test_a_lost_need_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    right = orders.Order.needs

    def wrong(self: orders.Order, job: Job) -> tuple[Need, ...] | None:
        return () if job.id == "last" else right(self, job)

    monkeypatch.setattr(orders.Order, "needs", wrong)
    assert "order after conversion: left < last" in broken("needs", tmp_path)


def test_another_precedence_of_variables_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(write_job._Writer, "_variable", lambda _self, _one: None)
    found = broken("environment", tmp_path)
    assert "one workflow job job main main" in found
    assert "one workflow workflow workflow" in found


def test_steps_that_share_a_shell_are_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(write_script.shell, "leaks", lambda _script: False)
    assert "four workflow changed" in broken("environment", tmp_path)


def test_a_step_that_goes_on_after_its_failure_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(write_script, "_tolerant", lambda body: f"{{\n{body}\n}} || true")
    assert "never" in broken("failures", tmp_path)


def test_a_lost_condition_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    right = write_script._Foreign._conditional

    def wrong(self: write_script._Foreign, body: str, step: Step) -> str:
        return right(self, body, dataclasses.replace(step, condition=None))

    monkeypatch.setattr(write_script._Foreign, "_conditional", wrong)
    assert "never" in broken("conditions", tmp_path)


def test_files_that_do_not_come_along_are_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(lower_files, "downloads", lambda _job, _around: [])
    text = (HERE / "gitlab" / "artifacts.yml").read_text("utf-8")
    before, after = run_gitlab(text, tmp_path / "a"), run_github(to_github(text), tmp_path / "b")
    assert any(words.startswith("ship: ") for words in differences(before, after, orders_of(text)))
