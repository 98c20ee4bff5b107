"""`seaway convert` and `seaway pipeline`: what goes where, exit codes, and mistakes in words."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from seaway import registry
from seaway.cli import main
from seaway.config import docs

GITLAB = """\
stages: [build, test]
# compiles
build:
  stage: build
  script: make
  artifacts: {paths: [out/]}
test:
  stage: test
  parallel:
    matrix:
      - OS: [a, b]
  script: make test
lint:
  stage: test
  script: make lint
  coverage: '/\\d+%/'
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / ".gitlab-ci.yml"
    path.write_text(GITLAB)
    return path


def run(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> tuple[str, str]:
    assert main.run(list(words)) == code
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return said.out, said.err


def test_a_conversion_prints_the_text_and_tells_the_losses(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, err = run(capsys, "convert", str(file), "--to", "GitHub-Actions", "--report", "losses.json")
    assert "runs-on:" in out
    assert "# compiles" in out
    assert "gitlab_ci -> github_actions:" in err
    report = json.loads(Path("losses.json").read_text())
    assert report["format"] == "seaway.losses/v1"
    assert sum(report["counts"].values()) == len(report["losses"])
    coverage = next(one for one in report["losses"] if "coverage" in one["construct"])
    assert coverage["source"]["path"] == ".gitlab-ci.yml"
    assert coverage["source"]["line"] == 16


def test_strict_fails_on_what_was_dropped_and_only_then(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "convert", str(file), "--to", "github_actions", "--strict", code=1)
    file.write_text("a:\n  image: alpine:3.20\n  script: make\n")
    run(capsys, "convert", str(file), "--to", "gitlab_ci", "--strict")


def test_an_output_is_a_file_or_a_folder_of_files_and_nothing_goes_to_stdout(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    printed, _ = run(capsys, "convert", str(file), "--to", "github_actions")
    out, err = run(capsys, "convert", str(file), "--to", "github_actions", "--output", "new/ci.yml")
    assert (tmp_path / "new/ci.yml").read_text() == printed
    assert out == ""
    assert "written: new/ci.yml" in err
    out, err = run(capsys, "convert", str(file), "--to", "teamcity-xml", "--output", "tc", "--report", "losses.json")
    assert out == ""
    made = {path.relative_to(tmp_path / "tc").as_posix() for path in (tmp_path / "tc").rglob("*.xml")}
    assert "project-config.xml" in made
    assert {path.partition("/")[0] for path in made} == {"project-config.xml", "buildTypes", "vcsRoots"}
    assert all(f"written: tc/{path}" in err for path in made)
    losses = json.loads((tmp_path / "losses.json").read_text())["losses"]
    assert {loss["target"]["path"] for loss in losses if loss["target"]} <= made
    whole, _ = run(capsys, "convert", str(file), "--to", "teamcity_xml")
    again, _ = run(capsys, "convert", "tc/project-config.xml", "--to", "teamcity_xml")
    assert again.count("<build-type ") == whole.count("<build-type ") == sum("buildTypes" in path for path in made)


def test_show_as_tree_document_and_pictures(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = run(capsys, "pipeline", "show", str(file))
    assert "  test   stage test\n    after    build\n" in out
    assert max(len(line) for line in out.splitlines()) <= 80
    found = json.loads(run(capsys, "pipeline", "show", str(file), "--json")[0])
    assert found["format"] == "seaway.pipeline/v1"
    assert [(job["id"], job["needs"]) for job in found["jobs"]] == [
        ("build", []),
        ("test", ["build"]),
        ("lint", ["build"]),
    ]
    expanded = json.loads(run(capsys, "pipeline", "show", str(file), "--json", "--expanded")[0])
    assert [job["id"] for job in expanded["jobs"]] == ["build", "test (a)", "test (b)", "lint"]
    assert "digraph" in run(capsys, "pipeline", "show", str(file), "--format", "dot")[0]
    assert "flowchart LR" in run(capsys, "pipeline", "show", str(file), "--format", "mermaid")[0]
    assert run(capsys, "pipeline", "show", str(file), "--format", "svg")[0].count("<rect") == 3


def test_settings_in_xml_are_found_by_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(
        Path(__file__).parents[1] / "formats/teamcity_xml/shop", tmp_path / ".BuildServer/config/projects/Shop"
    )
    for place, jobs in (
        ("project-config.xml", ["Shop_Build", "Shop_Deploy"]),
        ("buildTypes/Shop_Deploy.xml", ["Shop_Deploy"]),
    ):
        out, _ = run(capsys, "pipeline", "show", f".BuildServer/config/projects/Shop/{place}", "--json")
        shown = json.loads(out)
        assert (shown["format"], shown["system"]) == ("seaway.pipeline/v1", "teamcity")
        assert [job["id"] for job in shown["jobs"]] == jobs
        assert all(job["span"]["path"].endswith(f"buildTypes/{job['id']}.xml") for job in shown["jobs"])


def test_a_jenkins_library_is_read_from_the_folder_that_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "shared/vars").mkdir(parents=True)
    (tmp_path / "shared/vars/ship.groovy").write_text('def call(String where) { sh "./ship ${where}" }\n')
    monkeypatch.chdir(tmp_path / "own")
    Path("Jenkinsfile").write_text(
        "@Library('shared') _\npipeline { agent any\n stages { stage('A') { steps { ship 'here' } } } }\n"
    )
    words = ("convert", "Jenkinsfile", "--to", "gitlab_ci")
    out, _ = run(capsys, *words, "--library", "shared=../shared", "--strict")
    assert "./ship here" in out
    out, err = run(capsys, *words)
    assert "./ship here" not in out
    assert "opaque" in err


@pytest.mark.parametrize("to", registry.formats("pipelines"))
def test_the_section_of_seaway_yaml_is_written_for_every_system(
    file: Path, to: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("seaway.yaml").write_text(docs.section("pipeline"))
    out, _ = run(capsys, "pipeline", "render", "seaway.yaml", "--to", to)
    again = registry.load_format("pipelines", to).parse(out, "written")
    assert len(again.jobs) >= 2
    assert "python -m pytest --python" in out


def test_simulate_says_how_long_and_what_would_help(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("d.csv").write_text("job,seconds\nbuild,100\ntest,300\ntest,310\ntest,290\n")
    words = ["pipeline", "simulate", str(file), "--durations", "d.csv"]
    out, _ = run(capsys, *words, "--cache", "test=50%", "--shards", "test=3", "--svg", "s.svg")
    assert "6m 40s with as many runners as it wants" in out
    assert "critical path: build -> test (a)" in out
    assert "2m 30s less  test with a cache that saves 50%" in out
    assert "no duration was given, 1m 00s assumed: lint" in out
    assert "<svg" in Path("s.svg").read_text()
    found = json.loads(run(capsys, *words, "--runners", "1", "--json")[0])
    assert (found["format"], found["total_s"], found["critical_path_s"]) == ("seaway.simulation/v1", 760.0, 400.0)
    by_data = json.loads(run(capsys, *words, "--by-data", "--json")[0])["what_if"][0]
    assert by_data["saved_s"] >= 0


def test_render_writes_the_section_of_seaway_yaml(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("seaway.yaml").write_text(docs.section("pipeline"))
    out, err = run(capsys, "pipeline", "render", "seaway.yaml", "--to", "github_actions")
    assert "runs-on: ubuntu-latest" in out
    assert "manual: " in err
    Path("seaway.yaml").write_text("services: {a: {command: [x]}}\nenvironments: {p: {}}\n")
    _, err = run(capsys, "pipeline", "render", "seaway.yaml", "--to", "github_actions", code=2)
    assert "has no `pipeline:`" in err


MISTAKES = {
    "no file": (["convert", "none.yml", "--to", "github_actions"], "none.yml cannot be read"),
    "a folder": (["convert", ".", "--to", "github_actions"], "is a folder"),
    "a folder where a file is written": (
        ["convert", ".gitlab-ci.yml", "--to", "github_actions", "--output", "."],
        ". is a folder",
    ),
    "a file where a folder is written": (
        ["convert", ".gitlab-ci.yml", "--to", "teamcity_xml", "--output", "other.txt"],
        "other.txt is a file",
    ),
    "an output below a file": (
        ["convert", ".gitlab-ci.yml", "--to", "github_actions", "--output", "other.txt/x.yml"],
        "other.txt/x.yml cannot be written",
    ),
    "an unknown target": (["convert", ".gitlab-ci.yml", "--to", "travis"], "known: azure_pipelines"),
    "an unknown source": (["convert", "other.txt", "--to", "gitlab_ci"], "no pipeline of a system that is known"),
    "not of that system": (
        ["convert", ".gitlab-ci.yml", "--to", "gitlab_ci", "--from", "tekton"],
        ".gitlab-ci.yml:1:1:",
    ),
    "broken YAML": (["pipeline", "show", "broken.yml", "--from", "gitlab_ci"], "broken.yml:2:1:"),
    "no library": (["pipeline", "show", ".gitlab-ci.yml", "--library", "x"], "not a name and a folder"),
    "no such job": (["pipeline", "simulate", ".gitlab-ci.yml", "--cache", "nobody=10%"], "no job 'nobody'"),
    "no share": (["pipeline", "simulate", ".gitlab-ci.yml", "--cache", "test=much"], "not a job and a share"),
    "one shard": (["pipeline", "simulate", ".gitlab-ci.yml", "--shards", "test=1"], "a number from 2"),
    "no durations": (["pipeline", "simulate", ".gitlab-ci.yml", "--durations", "d.csv"], "d.csv cannot be read"),
    "a duration in words": (["pipeline", "simulate", ".gitlab-ci.yml", "--durations", "bad.csv"], "bad.csv:2:1:"),
    "durations that are no JSON": (
        ["pipeline", "simulate", ".gitlab-ci.yml", "--durations", "bad.json"],
        "bad.json:1:",
    ),
    "a circle": (["pipeline", "simulate", "circle.yml", "--from", "gitlab_ci"], "wait for each other"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_says_what_and_what_next_and_exits_with_2(
    name: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("broken.yml").write_text("a: [\n")
    Path("other.txt").write_text("hello\n")
    Path("bad.csv").write_text("test,1\ntest,soon\n")
    Path("bad.json").write_text("{nope")
    Path("circle.yml").write_text("a: {script: x, needs: [b]}\nb: {script: x, needs: [a]}\n")
    words, said = MISTAKES[name]
    out, err = run(capsys, *words, code=2)
    assert out == ""
    assert said in err


def test_converting_loads_nothing_of_the_engine() -> None:
    program = (
        "import sys; from seaway.cli import main; main.run(['pipeline', 'show', '--help']);"
        "from seaway.app import pipelines;"
        "assert not {'dbos', 'sqlalchemy', 'pydantic', 'numpy', 'starlette'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, timeout=60)
