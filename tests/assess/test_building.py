"""What makes an image or a program is told from what only checks or prints."""

from __future__ import annotations

import pytest

from seaway.assess import building
from support import rule_fixtures


@pytest.mark.parametrize(
    ("line", "words", "image"),
    [
        ("docker build -t shop .", "docker build", True),
        ("docker buildx build --platform linux/amd64 .", "docker buildx build", True),
        ("buildah bud -t shop .", "buildah bud", True),
        ("/kaniko/executor --destination registry.example/shop:1", "/kaniko/executor", True),
        ("cd web && npm run build", "npm run build", False),
        ("CI=1 ./mvnw -B package", "./mvnw", False),
        ("./gradlew :api:bootJar", "./gradlew", False),
        ("dotnet publish -c Release", "dotnet publish", False),
        ("python -m build", "python -m build", False),
    ],
)
def test_a_build_is_seen_at_its_words(line: str, words: str, image: bool) -> None:
    case = rule_fixtures.case(f"pack:\n  script:\n    - {line}\n", "gitlab_ci")
    (found,) = building.builds(case)
    assert (found.words, found.image, found.job.id) == (words, image, "pack")
    assert case.texts[found.span.path][found.span.start : found.span.end] == words


@pytest.mark.parametrize(
    "line",
    ["mvn -B verify", "./gradlew check", "docker run shop", "npm test", "echo npm run build comes next", "make test"],
)
def test_what_makes_nothing_is_no_build(line: str) -> None:
    assert building.builds(rule_fixtures.case(f"pack:\n  script:\n    - {line}\n", "gitlab_ci")) == []


def test_components_that_build_are_seen_with_what_they_are_given() -> None:
    text = (
        "on: push\njobs:\n  pack:\n    runs-on: x\n    steps:\n"
        "      - uses: docker/build-push-action@v6\n        with: {tags: shop}\n      - uses: actions/setup-node@v6\n"
    )
    (found,) = building.builds(rule_fixtures.case(text, "github_actions"))
    assert (found.words, found.line, found.image) == ("docker/build-push-action@v6", "tags=shop", True)
