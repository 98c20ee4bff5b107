"""Hostile files, for every system that is read: a clear error with a place, or a pipeline, within a second and 200 MB."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from seaway import registry
from seaway.app import pipelines
from seaway.errors import ConfigError, SeawayError
from seaway.formats.pipelines.sources import Sources, inside

pytestmark = pytest.mark.broad

TESTS = Path(__file__).parents[2]
SYSTEMS = registry.formats("pipelines")

_LAUGHS = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 25))]
)
_ENTITIES = '<!DOCTYPE p [<!ENTITY e0 "ha">' + "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 25))
_FRAMES = {
    "azure_pipelines": "{}\ntrigger: none\nvariables: *a24\nsteps:\n- script: x\n  env: *a24\n",
    "circleci": "version: 2.1\n{}\njobs:\n  build: {{docker: [{{image: x}}], environment: *a24, steps: *a24}}\n",
    "github_actions": "{}\non: push\nenv: *a24\njobs:\n  a: {{runs-on: *a24, strategy: {{matrix: *a24}}, steps: *a24}}\n",
    "gitlab_ci": "{}\nvariables: *a24\na: {{script: *a24, rules: *a24, parallel: {{matrix: *a24}}, needs: *a24}}\n",
    "tekton": "apiVersion: tekton.dev/v1\nkind: Pipeline\n{}\nspec: {{tasks: [{{name: a, params: *a24, when: *a24, taskSpec: {{steps: *a24}}}}]}}\n",
}
_OPEN = {
    "jenkins": "pipeline { stages { stage('a') { steps { echo ",
    "teamcity": "project { buildType(A) }\nobject A : BuildType({ params { ",
    "teamcity_xml": "<project><name>",
}


def hostile(system: str) -> dict[str, str | bytes]:
    found: dict[str, str | bytes] = {
        "a line of 10 MB": "a: " + "x" * 10_000_000,
        "invalid UTF-8": b"on: push\n\xff\xfe\xfa",
        "depth by brackets": _OPEN.get(system, "a: ") + "[" * 10_000 + "]" * 10_000,
        "depth by braces": _OPEN.get(system, "a: ") + "{" * 10_000 + "}" * 10_000,
        "depth by parentheses": _OPEN.get(system, "a: ") + "(" * 10_000 + ")" * 10_000,
        "nothing": "",
        "noise": "\x00\x01\x02" * 1000,
    }
    if system in _FRAMES:
        found["billion laughs"] = _FRAMES[system].format(_LAUGHS)
        found["an anchor inside itself"] = (
            f"a: &a [*a]\nb: &b {{<<: *b, c: *b}}\n{_FRAMES[system].format('').replace('*a24', '*a')}"
        )
    if system == "teamcity_xml":
        found["billion laughs"] = _ENTITIES + "]><project><name>&e24;</name></project>"
        found["an entity inside itself"] = '<!DOCTYPE p [<!ENTITY a "&a;">]><project><name>&a;</name></project>'
        found["a file of the machine"] = '<!DOCTYPE p [<!ENTITY a SYSTEM "file:///etc/passwd">]><project>&a;</project>'
        found["a document type elsewhere"] = '<!DOCTYPE p SYSTEM "http://127.0.0.1:1/p.dtd"><project/>'
        found["depth by elements"] = "<project>" + "<build-type><settings>" * 10_000
        found["attributes without end"] = "<project " + " ".join(f'a{n}="x"' for n in range(200_000)) + "/>"
        found["two bytes a character, by an encoding that is said wrongly"] = (
            '<?xml version="1.0" encoding="UTF-16"?><project/>'
        )
    if system == "jenkins":
        found["strings that never end"] = 'pipeline { stages { stage(\'a\') { steps { sh """' + "${" * 5_000
        found["many closures"] = "x {" * 9_000
    return found


CASES = [(system, name) for system in SYSTEMS for name in hostile(system)]
_PROGRAM = """
import resource, sys
from pathlib import Path
from seaway.app import pipelines
from seaway.errors import SeawayError
from seaway.formats.pipelines.expand import expand
from seaway.formats.pipelines.document import document
from support.pace import within
pipelines.read(Path(sys.argv[3]), sys.argv[2])  # imports are not what is measured
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with within(1.0):
    try:
        print("read", len(repr(document(expand(pipelines.read(Path(sys.argv[1]), sys.argv[2]))))))
    except SeawayError as error:
        print("refused", str(error).splitlines()[0][:300])
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
_SMALL = {
    "azure_pipelines": "steps:\n- script: x\n",
    "circleci": "version: 2.1\njobs:\n  a:\n    docker: [{image: x}]\n    steps: [checkout]\n",
    "github_actions": "on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{run: x}]\n",
    "gitlab_ci": "a:\n  script: x\n",
    "jenkins": "pipeline { agent any\n stages { stage('a') { steps { echo 'x' } } } }\n",
    "teamcity": "import jetbrains.buildServer.configs.kotlin.*\nproject { }\n",
    "teamcity_xml": "<project><name>a</name></project>\n",
    "tekton": "apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: a}\nspec: {steps: [{image: x, script: y}]}\n",
}


@pytest.mark.parametrize(("system", "name"), CASES)
def test_it_is_read_or_refused_within_a_second_and_200_mb(system: str, name: str, tmp_path: Path) -> None:
    content = hostile(system)[name]
    path, small = tmp_path / "hostile", tmp_path / "small"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    small.write_text(_SMALL[system])
    ran = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(path), system, str(small)],
        capture_output=True, text=True, timeout=300, check=False, env=os.environ | {"PYTHONPATH": str(TESTS)},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-1500:]
    said, megabytes = ran.stdout.splitlines()[-2:]
    assert int(megabytes) < 200
    if said.startswith("refused"):
        assert f"{path.name}:" in said or "hostile" in said


def chain(system: str, count: int) -> tuple[str, Sources]:
    """A file that includes a file that includes ... itself in the end."""
    frames = {
        "gitlab_ci": "include: /{next}\na:\n  script: x\n",
        "azure_pipelines": "steps:\n- template: /{next}\n",
        "github_actions": "on: {{workflow_call: }}\njobs:\n  a:\n    uses: ./{next}\n",
    }
    frame = frames[system]
    files = {
        f".github/workflows/f{n}.yml": frame.format(next=f".github/workflows/f{(n + 1) % count}.yml")
        for n in range(count)
    }
    return files[".github/workflows/f0.yml"], Sources(files.get)


@pytest.mark.parametrize("count", [1, 2, 300])
@pytest.mark.parametrize("system", ["gitlab_ci", "azure_pipelines", "github_actions"])
def test_files_that_include_each_other_end(system: str, count: int) -> None:
    text, sources = chain(system, count)
    module: Any = registry.load_format("pipelines", system)
    try:
        found = module.parse(text, ".github/workflows/f0.yml", sources)
    except ConfigError as error:
        assert re.search(r"f\d+\.yml:\d+:\d+: ", str(error))  # noqa: PT017 - both endings are right
    else:
        assert found.unresolved
    assert len(sources.read) <= 200


@pytest.mark.parametrize("path", ["../x.yml", "a/../../x.yml", "/../x.yml", "..", "a\0b", "..\\x.yml"])
def test_a_path_never_leaves_the_repository(path: str) -> None:
    assert inside(path) is None


def test_a_link_out_of_the_repository_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.yml").write_text("b:\n  script: cat /etc/passwd\n")
    repository = tmp_path / "repository"
    (repository / ".git").mkdir(parents=True)
    (repository / "link.yml").symlink_to(tmp_path / "secret.yml")
    (repository / "fine.yml").write_text("c:\n  script: x\n")
    file = repository / ".gitlab-ci.yml"
    file.write_text("include: [/link.yml, /fine.yml, '../secret.yml']\na:\n  script: x\n")
    found = pipelines.read(file)
    assert {job.id for job in found.jobs} == {"a", "c"}
    assert len(found.unresolved) == 2


def test_a_folder_and_a_file_that_is_not_there_are_refused_in_words(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.yml"):
        with pytest.raises(SeawayError) as caught:
            pipelines.read(path)
        assert str(path) in str(caught.value)
