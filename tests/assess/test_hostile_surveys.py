"""Texts made to keep surveys busy: they read whole files, whose lines nobody has cut."""

from __future__ import annotations

import dataclasses
import re

import pytest

from seaway.assess import rules
from seaway.assess.estate import Estate
from seaway.assess.rule import Case
from support import pace, rule_fixtures

pytestmark = pytest.mark.broad

SIZE = 200_000
SHIPS = "publish:\n  script:\n    - npm publish\n    - kubectl apply -f k8s\n"
WORDS = (
    "gpg ",
    "mvn ",
    "trivy ",
    "pulumi ",
    "helm package ",
    "when {",
    "npm install --a ",
    "docker push a/a:1 ",
    "# ",
    "\n",
    "a\n",
)
SURVEYS = [rule for rule in rules.rules() if rule.survey is not None]


def estate(text: str) -> Estate:
    """A repository whose one pipeline has this text behind what it ships."""
    made = rule_fixtures.case(SHIPS, "gitlab_ci")
    texts = {".gitlab-ci.yml": SHIPS + text}
    files = frozenset({".gitlab-ci.yml", "a/package.json", "b/package.json", "package.json"})
    return Estate([Case(made.pipeline, texts, files)], texts=texts, files=files)


@pytest.mark.parametrize("word", WORDS)
def test_a_long_text_costs_surveys_a_moment(word: str) -> None:
    whole = estate(word * (SIZE // len(word)))
    with pace.within(2.0):
        for rule in SURVEYS:
            assert rule.survey is not None
            rule.survey(whole)


def test_many_pipelines_are_compared_in_a_moment() -> None:
    cases = []
    for number in range(600):
        text = SHIPS + "".join(f"    - step {number % 7 * line} of {line}\n" for line in range(60))
        path = f"services/s{number}/.gitlab-ci.yml"
        moved = rule_fixtures.case(text, "gitlab_ci")
        cases.append(Case(dataclasses.replace(moved.pipeline, path=path), {path: text}))
    whole = Estate(cases, texts={case.pipeline.path: case.texts[case.pipeline.path] for case in cases})
    with pace.within(2.0):
        found = rules.load("copied-pipeline").survey(whole)
    assert len(found) == 600 - 7


def test_a_survey_that_takes_its_time_would_be_seen() -> None:
    text = estate("gpg " * 20_000).texts[".gitlab-ci.yml"]
    with pytest.raises(AssertionError, match="than a calm one"), pace.within(0.005):
        re.search(r"gpg\s.*--sign", text)
