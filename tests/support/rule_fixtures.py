"""The fixtures of rules. A line with FINDING in it is where a finding begins.

A rule over pipelines has files `tests/assess/rules/<rule>/<system>/<case>.<ext>`; one that surveys repositories has small
repositories `<rule>/<kind>/<case>/`, where a file `FINDINGS` lists `path:line` of what cannot be marked in a comment. What is
marked in a case named `auditor...` is shown to auditors alone.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from seaway import registry
from seaway.adapters import _render
from seaway.app import assess
from seaway.assess.examine import Examination
from seaway.assess.rule import Answer, Case, Hit, Rule
from seaway.formats.history import deployments, incidents, runs
from seaway.formats.pipelines.sources import Sources
from seaway.model.changes import Change, GitHistory
from seaway.model.finding import Persona
from seaway.model.runs import RunHistory
from support import peers

FOLDER = Path(__file__).parent.parent / "assess" / "rules"
MARK = "FINDING"
LISTED = "FINDINGS"
RUNS, CHANGES = "runs.jsonl", "changes.json"
PATHS = {
    "github_actions": ".github/workflows/ci.yml",
    "gitlab_ci": ".gitlab-ci.yml",
    "azure_pipelines": "azure-pipelines.yml",
    "circleci": ".circleci/config.yml",
    "tekton": ".tekton/build.yaml",
    "jenkins": "Jenkinsfile",
    "teamcity": ".teamcity/settings.kts",
}


def fixtures() -> Iterator[tuple[str, str, Path]]:
    """(rule, system, file) of each."""
    for rule in sorted(one for one in FOLDER.iterdir() if one.is_dir() and "-" in one.name):
        for system in sorted(one for one in rule.iterdir() if one.is_dir()):
            for file in sorted(one for one in system.iterdir() if one.is_file()):
                yield rule.name, system.name, file


def estates() -> Iterator[tuple[str, str, Path]]:
    """(rule, kind, folder) of each small repository."""
    for rule in sorted(one for one in FOLDER.iterdir() if one.is_dir() and "-" in one.name):
        for kind in sorted(one for one in rule.iterdir() if one.is_dir()):
            for folder in sorted(one for one in kind.iterdir() if one.is_dir()):
                yield rule.name, kind.name, folder


def everything() -> Iterator[tuple[str, str, Path]]:
    """Both."""
    yield from fixtures()
    yield from estates()


def survey(rule: Rule, folder: Path, persona: Persona = Persona.REGULAR) -> list[Hit]:
    """What a reader of this persona is shown of a small repository. All its files must be readable."""
    if any(folder.rglob("kustomization.yaml")):
        peers.program("kubectl")
    done = Examination((rule,), date(2026, 11, 27), persona)
    with TemporaryDirectory() as empty, pytest.MonkeyPatch.context() as patience:
        patience.setattr(_render, "SECONDS", 120.0)  # a busy machine is no mistake
        place = Path(empty) / "repository"
        shutil.copytree(folder, place, ignore=shutil.ignore_patterns(LISTED))
        subject = assess.survey(place, done, _runs(place), _happened(place))
    assert done.unknowns == []
    return _shown(rule.ask(subject), persona)


def persona(place: Path) -> Persona:
    """Who is shown what is marked in this fixture."""
    return Persona.AUDITOR if place.stem.startswith("auditor") else Persona.REGULAR


def _happened(place: Path) -> list[object]:
    """Deployments and incidents of a small repository."""
    found: list[object] = []
    for name, parse in (("deployments.jsonl", deployments.parse), ("incidents.jsonl", incidents.parse)):
        if (place / name).exists():
            found += parse((place / name).read_bytes(), name)
    if (place / CHANGES).exists():
        told = json.loads((place / CHANGES).read_text(encoding="utf-8"))
        both = [tuple(Change(one[0], tuple(one[1]), *one[2:]) for one in told[key]) for key in ("changes", "pipelines")]
        found.append(GitHistory(both[0], told["lines"], both[1], told["cut"]))
    return found


def _runs(place: Path) -> RunHistory | None:
    """The run history of a small repository, where it has one."""
    file = place / RUNS
    return RunHistory(RUNS, tuple(runs.parse(file.read_bytes(), RUNS))) if file.exists() else None


def marked(place: Path) -> set[tuple[str, int]]:
    """(path, line) of each expected finding in a fixture; the path of a single file is empty."""
    if place.is_file():
        return {("", number) for number in expected(place.read_text(encoding="utf-8"))}
    found = set()
    for file in (one for one in place.rglob("*") if one.is_file()):
        name, text = file.relative_to(place).as_posix(), file.read_text(encoding="utf-8")
        if name == LISTED:
            found |= {(path, int(line)) for path, _, line in (row.rpartition(":") for row in text.split())}
        else:
            found |= {(name, number) for number in expected(text)}
    return found


def case(text: str, system: str, files: frozenset[str] = frozenset(), **more: str) -> Case:
    """A case of one text, and of others by path (`/` as `__`, `.yml` added)."""
    path = PATHS[system]
    texts = {path: text} | {name.replace("__", "/") + ".yml": other for name, other in more.items()}
    module = registry.load_format("pipelines", system)
    return Case(module.parse(text, path, Sources(texts.get)), texts, files)


def hits(rule: Rule, found: Case, persona: Persona = Persona.REGULAR) -> list[Hit]:
    """What a reader of this persona is shown."""
    return _shown(rule.ask(found), persona)


def _shown(answer: Answer, persona: Persona) -> list[Hit]:
    listed = list(answer) if isinstance(answer, (list, tuple)) else []
    return [one for one in listed if persona is Persona.AUDITOR or one.persona is Persona.REGULAR]


def expected(text: str) -> set[int]:
    """The lines that are marked."""
    return {number for number, line in enumerate(text.splitlines(), 1) if MARK in line}
