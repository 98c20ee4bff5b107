"""What is beside what is shipped, by its path; a pipeline that is called ci is none of it."""

from __future__ import annotations

import pytest

from seaway.assess.aside import aside


@pytest.mark.parametrize(
    "path",
    ["examples/app.yaml", "docs/deploy.yaml", "deploy/values-dev.yaml", "Dockerfile.ci", "test/fixtures/.github/workflows/ci.yml", "docker-compose.test.yml"],
)  # fmt: skip
def test_examples_tests_and_tools_are_aside(path: str) -> None:
    assert aside(path)


@pytest.mark.parametrize(
    "path",
    [".github/workflows/ci.yml", ".github/workflows/test.yml", ".gitlab-ci.yml", "services/shop/.gitlab-ci.yml", ".circleci/ci.yml", "deploy/app.yaml", "Dockerfile"],
)  # fmt: skip
def test_pipelines_and_what_is_shipped_are_not(path: str) -> None:
    assert not aside(path)
