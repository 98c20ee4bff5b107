"""GitLab's schema and gitlab-ci-local as judges: of what is resolved from files, and of what is written."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from formats.pipelines.gitlab_ci.test_writing import CASES, CONVERTED, comparable
from seaway.formats.pipelines import github_actions, gitlab_ci
from seaway.formats.pipelines.gitlab_ci import merge
from seaway.formats.pipelines.sources import from_mapping
from seaway.model.pipeline import Artifact, Cache, Job, Pipeline
from support.peers import program

HERE = Path(__file__).parents[2] / "gitlab_ci"
ORACLE = sorted((HERE / "oracle").iterdir())
NAME = ".gitlab-ci.yml"

pytestmark = pytest.mark.real


def files(case: Path) -> dict[str, str]:
    return {path.relative_to(case).as_posix(): path.read_text("utf-8") for path in case.rglob("*.y*ml")}


def read(found: dict[str, str]) -> Pipeline:
    return gitlab_ci.parse(found[NAME], NAME, from_mapping(found))


def preview(found: dict[str, str], folder: Path) -> str:
    """The file as gitlab-ci-local understands it, with everything in it."""
    peer, git = program("gitlab-ci-local"), program("git")
    program("rsync")
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in found.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")
    for words in (["init", "-q"], ["remote", "add", "origin", "git@example.com:group/project.git"], ["add", "-A"],
                  ["-c", "user.email=a@example.com", "-c", "user.name=a", "commit", "-qm", "x"]):  # fmt: skip
        subprocess.run([git, *words], cwd=folder, check=True, timeout=300, capture_output=True)
    result = subprocess.run([peer, "--preview"], cwd=folder, check=False, timeout=60, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def normal(pipeline: Pipeline) -> Pipeline:
    """What both say alike: the peer writes out some habits (`.pre`, the policy of a cache), and forgets unused variables."""
    found = comparable(pipeline)
    stages = tuple(stage for stage in found.stages if stage.name not in {".pre", ".post"})
    jobs = tuple(sorted((_normal(job) for job in found.jobs), key=lambda job: job.id))
    variables = tuple(sorted(found.variables, key=lambda one: one.name))
    return dataclasses.replace(found, stages=stages, jobs=jobs, variables=variables, natives=(), index={})


def _normal(job: Job) -> Job:
    caches = tuple(dataclasses.replace(one) if isinstance(one, Cache) else one for one in job.caches)
    artifacts = tuple(one for one in job.artifacts if isinstance(one, Artifact))
    variables = tuple(sorted(job.variables, key=lambda one: one.name))
    return dataclasses.replace(job, caches=caches, artifacts=artifacts, variables=variables)


@pytest.mark.parametrize("case", ORACLE, ids=lambda case: case.name)
def test_the_peer_joins_files_as_we_do(case: Path, tmp_path: Path) -> None:
    found = files(case)
    assert normal(read({NAME: preview(found, tmp_path / "a")})) == normal(read(found))


@pytest.mark.parametrize("case", ORACLE, ids=lambda case: case.name)
def test_what_is_written_means_the_same_to_the_peer(case: Path, tmp_path: Path) -> None:
    found = files(case)
    written = {NAME: gitlab_ci.render(read(found)).text}
    before, after = preview(found, tmp_path / "a"), preview(written, tmp_path / "a")
    assert normal(read({NAME: after})) == normal(read({NAME: before}))


def test_a_wrong_order_of_joining_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = files(HERE / "oracle" / "layers")
    told = preview(found, tmp_path / "a")
    right = merge.Joiner.joined
    monkeypatch.setattr(merge.Joiner, "joined", lambda self, base, over, depth=0: right(self, over, base, depth))
    assert normal(read({NAME: told})) != normal(read(found))


def check(text: str, folder: Path) -> str:
    peer = program("check-jsonschema")
    place = folder / NAME
    place.write_text(text, "utf-8")
    words = [peer, "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", place]
    result = subprocess.run(words, check=False, timeout=60, capture_output=True, text=True)
    return "" if result.returncode == 0 else result.stdout + result.stderr


@pytest.mark.parametrize("case", [*CASES, *ORACLE], ids=lambda case: case.name)
def test_what_is_written_is_valid(case: Path, tmp_path: Path) -> None:
    if case.name in {"legacy", "rules", "reuse"}:
        # `odd` is no job, `types` and an unreadable `if` are no longer allowed: they come back as they were written.
        assert "odd" in check(gitlab_ci.render(read(files(case))).text, tmp_path) or case.name != "legacy"
        return
    assert check(body(gitlab_ci.render(read(files(case))).text), tmp_path) == ""


@pytest.mark.parametrize("case", CONVERTED, ids=lambda case: case.name)
def test_a_converted_workflow_is_valid(case: Path, tmp_path: Path) -> None:
    workflow = github_actions.parse((case / "workflow.yml").read_text("utf-8"), "workflow.yml", from_mapping({}))
    assert check(body(gitlab_ci.render(workflow).text), tmp_path) == ""


def test_the_schema_refuses_what_is_wrong(tmp_path: Path) -> None:
    assert "script" in check("a: {script: 3, retry: 9}\n", tmp_path)


def body(text: str) -> str:
    """Without `spec` and `---`: the schema takes one document."""
    return re.split(r"^---\n", text, maxsplit=1, flags=re.MULTILINE)[-1]
