"""What CircleCI understands by habit is said to the others."""

from __future__ import annotations

import pytest

from formats.pipelines.test_starting import converted
from seaway.model.loss import LossKind

CIRCLE = """\
    version: 2.1
    jobs:
      build:
        docker: [{image: a:1}]
        working_directory: ~/repo
        steps:
          - checkout
          - restore_cache: {keys: ['v1-{{ checksum "lock" }}', v1-]}
          - restore_cache: {key: nobody-saves-it}
          - run: {command: make, working_directory: ~/repo/doc}
          - save_cache: {key: 'v1-{{ checksum "lock" }}', paths: [deps]}
          - run: 'if [ -n "$CIRCLE_TAG" ]; then ./ship $CIRCLE_BRANCH; fi; echo "export A=1" >> $BASH_ENV'
    workflows: {main: {jobs: [build: {filters: {tags: {only: /.*/}}}]}}
    """


@pytest.mark.parametrize("to", ["github_actions", "gitlab_ci", "azure_pipelines"])
def test_a_restored_cache_has_its_paths_and_a_job_its_folder(to: str) -> None:
    written = converted("circleci", CIRCLE, to)
    assert "deps" in written.text
    assert "nobody-saves-it" not in written.text
    assert "~/repo" not in written.text
    assert "doc" in written.text
    kinds = {one.construct: one.kind for one in written.losses}
    assert kinds["working_directory ~/repo"] is LossKind.APPROXIMATED
    assert kinds["cache"] is LossKind.DROPPED
    assert kinds["$BASH_ENV"] is LossKind.MANUAL


def test_a_script_sees_no_tag_where_there_is_none() -> None:
    github = converted("circleci", CIRCLE, "github_actions").text
    assert "CIRCLE_TAG: ${{ startsWith(github.ref, 'refs/tags/') && github.ref_name || '' }}" in github
    assert "CIRCLE_BRANCH: ${{ startsWith(github.ref, 'refs/heads/') && github.ref_name || '' }}" in github
    assert "if:" not in github  # for branches and for tags is always
    gitlab = converted("circleci", CIRCLE, "gitlab_ci").text
    assert "CIRCLE_BRANCH: $CI_COMMIT_BRANCH" in gitlab
    assert "CIRCLE_TAG: $CI_COMMIT_TAG" in gitlab


def test_its_own_file_stays_as_it_is() -> None:
    written = converted("circleci", CIRCLE, "circleci")
    assert "working_directory: ~/repo" in written.text
    assert "nobody-saves-it" in written.text
    assert written.losses == ()


def test_the_folder_that_every_job_has_is_the_work_folder() -> None:
    text = CIRCLE.replace("        working_directory: ~/repo\n", "").replace("~/repo/doc", "~/project/doc")
    written = converted("circleci", text, "gitlab_ci")
    assert "cd doc" in written.text
    assert not [one for one in written.losses if "working_directory" in one.construct]


def test_a_workspace_is_attached_to_the_work_folder_and_results_are_found_in_theirs() -> None:
    text = CIRCLE.replace(
        "          - run: 'if",
        "          - attach_workspace: {at: ~/repo/}\n          - store_test_results: {path: out/junit}\n          - run: 'if",
    )
    azure = converted("circleci", text, "azure_pipelines").text
    assert "~/repo" not in azure
    assert "testResultsFiles: out/junit/**/*.xml" in azure
    assert "junit: out/junit/**/*.xml" in converted("circleci", text, "gitlab_ci").text
    assert "path: out/junit\n" in converted("circleci", text, "circleci").text
