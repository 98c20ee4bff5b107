"""The fixtures of rules: `tests/assess/rules/<rule>/<system>/<case>.<ext>`; a line with FINDING in it is where a finding begins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from seaway import registry
from seaway.assess.rule import Case, Hit, Rule
from seaway.formats.pipelines.sources import Sources
from seaway.model.finding import Persona

FOLDER = Path(__file__).parent.parent / "assess" / "rules"
MARK = "FINDING"
PATHS = {
    "github_actions": ".github/workflows/ci.yml",
    "gitlab_ci": ".gitlab-ci.yml",
    "azure_pipelines": "azure-pipelines.yml",
    "circleci": ".circleci/config.yml",
    "tekton": ".tekton/build.yaml",
    "jenkins": "Jenkinsfile",
}


def fixtures() -> Iterator[tuple[str, str, Path]]:
    """(rule, system, file) of each."""
    for rule in sorted(one for one in FOLDER.iterdir() if one.is_dir() and "-" in one.name):
        for system in sorted(one for one in rule.iterdir() if one.is_dir()):
            for file in sorted(system.iterdir()):
                yield rule.name, system.name, file


def case(text: str, system: str, files: frozenset[str] = frozenset(), **more: str) -> Case:
    """A case of one text, and of others by path (`/` as `__`, `.yml` added)."""
    path = PATHS[system]
    texts = {path: text} | {name.replace("__", "/") + ".yml": other for name, other in more.items()}
    module = registry.load_format("pipelines", system)
    return Case(module.parse(text, path, Sources(texts.get)), texts, files)


def hits(rule: Rule, found: Case, persona: Persona = Persona.REGULAR) -> list[Hit]:
    """What a reader of this persona is shown."""
    answer = rule.check(found)
    listed = list(answer) if isinstance(answer, (list, tuple)) else []
    return [one for one in listed if persona is Persona.AUDITOR or one.persona is Persona.REGULAR]


def expected(text: str) -> set[int]:
    """The lines that are marked."""
    return {number for number, line in enumerate(text.splitlines(), 1) if MARK in line}
