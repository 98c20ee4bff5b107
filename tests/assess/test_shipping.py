"""What leaves the house is seen in every way of saying it, and what only looks like it is not."""

from __future__ import annotations

import dataclasses

import pytest

from seaway.assess import rules, shipping
from seaway.assess.estate import Estate
from seaway.assess.rule import Case, Unclear
from seaway.assess.shipping import What
from support import rule_fixtures


def scripted(*lines: str) -> Case:
    """A pipeline with one job of these lines."""
    return rule_fixtures.case("publish:\n  script:\n" + "".join(f"    - {line}\n" for line in lines), "gitlab_ci")


@pytest.mark.parametrize(
    ("line", "what", "words"),
    [
        ("docker push registry.example/shop:1", What.IMAGE, "docker push"),
        ("docker buildx build --platform linux/amd64 --push .", What.IMAGE, "docker buildx build"),
        ("/kaniko/executor --destination registry.example/shop:1", What.IMAGE, "/kaniko/executor"),
        ("if [ -n $TAG ]; then npm publish; fi", What.PACKAGE, "npm publish"),
        ("sh -c 'docker push registry.example/shop:1'", What.IMAGE, "docker push"),
        ("python -m twine upload dist/*", What.PACKAGE, "python -m twine upload"),
        ("./mvnw --batch-mode deploy", What.PACKAGE, "./mvnw"),
        ("./gradlew :core:publishAllPublications", What.PACKAGE, "./gradlew"),
        ("kubectl apply -f k8s", What.DEPLOYMENT, "kubectl apply"),
    ],
)
def test_a_command_that_ships_is_seen_and_named(line: str, what: What, words: str) -> None:
    (found,) = shipping.shipments_of(scripted(line))
    assert (found.what, found.words) == (what, words)
    assert found.case.texts[found.span.path][found.span.start : found.span.end] == words


@pytest.mark.parametrize(
    "line",
    [
        "docker build -t shop .",
        "docker buildx build --platform linux/amd64 .",
        "/kaniko/executor --no-push --destination registry.example/shop:1",
        "npm publish --dry-run",
        "twine upload --repository testpypi dist/*",
        "mvn verify",
        "./gradlew publishToMavenLocal",
        "kubectl apply --dry-run=client -f k8s",
        "echo please npm publish by hand",
        "git push origin main",
        "echo 'docker push is next'",
        "helm diff upgrade shop ./chart",
        "helm uninstall shop",
    ],
)
def test_what_only_looks_like_it_is_not(line: str) -> None:
    assert shipping.shipments_of(scripted(line)) == []


@pytest.mark.parametrize(
    ("task", "inputs", "shipped"),
    [
        ("docker/build-push-action@v6", "{push: 'true'}", True),
        ("docker/build-push-action@v6", "{tags: shop}", False),
        ("goreleaser/goreleaser-action@v6", "{args: release --clean}", True),
        ("goreleaser/goreleaser-action@v6", "{args: release --snapshot}", False),
        ("azure/k8s-deploy@v5", "{action: deploy}", True),
        ("actions/setup-node@v6", "{node-version: '24'}", False),
    ],
)
def test_components_ship_by_what_they_are_given(task: str, inputs: str, shipped: bool) -> None:
    text = f"on: push\njobs:\n  ship:\n    runs-on: x\n    steps:\n      - uses: {task}\n        with: {inputs}\n"
    assert bool(shipping.shipments_of(rule_fixtures.case(text, "github_actions"))) is shipped


@pytest.mark.parametrize(
    ("call", "what"),
    [
        ("image.push('latest')", What.IMAGE),
        ("kubernetesDeploy configs: 'k8s.yml'", What.DEPLOYMENT),
        ("nexusArtifactUploader artifacts: []", What.PACKAGE),
        ("stack.pushAll(1)", None),
    ],
)
def test_calls_of_jenkins_plugins_ship(call: str, what: What | None) -> None:
    text = f"node {{\n  image = docker.build('shop')\n  stage('Ship') {{\n    {call}\n  }}\n}}\n"
    found = shipping.shipments_of(rule_fixtures.case(text, "jenkins"))
    assert [one.what for one in found] == ([what] if what else [])
    other = text.replace("docker.build", "other.build")
    assert what is not What.IMAGE or shipping.shipments_of(rule_fixtures.case(other, "jenkins")) == []


def test_what_is_missing_is_only_said_of_a_repository_that_was_walked_whole() -> None:
    found = scripted("npm publish")
    rule = rules.load("no-sbom")
    assert rule.survey is not None
    (hit,) = rule.survey(Estate([found], texts=found.texts))
    assert hit.key == ("publish", "npm publish")
    assert rule.survey(Estate([found], texts=found.texts, whole=False)) is None


def test_what_could_not_be_looked_into_may_be_where_it_is_done() -> None:
    text = "include:\n  - project: platform/pipelines\n    file: /publish.yml\npublish:\n  script: npm publish\n"
    found = rule_fixtures.case(text, "gitlab_ci")
    answer = rules.load("no-sbom").survey(Estate([found], texts=found.texts))
    assert isinstance(answer, Unclear)
    assert "publish.yml" in answer.why


def test_pipelines_of_examples_and_templates_are_not_those_of_the_repository() -> None:
    one = scripted("npm publish")
    places = {
        ".gitlab-ci.yml": True,
        "examples/shop/.gitlab-ci.yml": False,
        "{{cookiecutter.name}}/.gitlab-ci.yml": False,
        "services/shop/.gitlab-ci.yml": True,
        ".github/workflows/examples.yml": True,
    }
    for path, lives in places.items():
        moved = Case(dataclasses.replace(one.pipeline, path=path), one.texts)
        assert bool(shipping.live(Estate([moved]))) is lives, path


def test_comments_are_no_words() -> None:
    found = scripted("npm publish")
    text = found.texts[".gitlab-ci.yml"]
    spoken = Case(found.pipeline, {".gitlab-ci.yml": text + "# no syft yet\n"})
    assert "syft" not in shipping.words(Estate([spoken]))
    assert "syft" in shipping.words(Estate([Case(found.pipeline, {"a": text + "    - syft .\n"})]))
