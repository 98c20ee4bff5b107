"""GitHub's own tools and those of its users, asked about workflows. Used by the tests of what is written."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from support import peers

SCRIPT = Path(__file__).with_name("workflow_parser.mjs")
TIMEOUT = 300


def parser_errors(folder: Path, texts: dict[str, str]) -> dict[str, list[str]]:
    """What GitHub's own parser says about each text."""
    package = peers.npm_module("@actions/workflow-parser")
    paths = {str(write(folder, name, text)): name for name, text in texts.items()}
    result = _run(["node", str(SCRIPT), str(package), *paths], folder)
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(found) == len(texts), result.stderr
    return {paths[one["file"]]: one["errors"] for one in found if one["errors"]}


def actionlint_errors(folder: Path, texts: dict[str, str], labels: tuple[str, ...] = ()) -> list[str]:
    """What actionlint says. `labels`: of runners of one's own."""
    config = write(folder, "actionlint.yaml", json.dumps({"self-hosted-runner": {"labels": list(labels)}}))
    paths = [str(write(folder, name, text)) for name, text in texts.items()]
    program = str(peers.program("actionlint"))
    result = _run(
        [program, "-no-color", "-oneline", "-shellcheck=", "-pyflakes=", "-config-file", str(config), *paths], folder
    )
    return result.stdout.splitlines()


def zizmor_high(folder: Path, texts: dict[str, str]) -> list[tuple[str, str]]:
    """(file, rule) of each finding that zizmor takes as high."""
    program = str(peers.program("zizmor"))
    paths = {str(write(folder, name, text)): name for name, text in texts.items()}
    command = [
        program,
        "--offline",
        "--no-progress",
        "--quiet",
        "--no-exit-codes",
        "--format",
        "json",
        "--min-severity",
        "high",
    ]
    result = _run([*command, *paths], folder)
    assert result.returncode == 0, result.stderr
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return [(_place(one, paths), one["ident"]) for one in found]


def _place(finding: dict[str, Any], paths: dict[str, str]) -> str:
    given = json.dumps(finding["locations"])
    return next((name for path, name in paths.items() if Path(path).name in given), "")


def schema_errors(folder: Path, texts: dict[str, str]) -> str:
    """What the public schema of workflows says."""
    program = str(peers.program("check-jsonschema"))
    paths = [str(write(folder, name, text)) for name, text in texts.items()]
    result = _run([program, "--builtin-schema", "vendor.github-workflows", *paths], folder)
    return "" if result.returncode == 0 else result.stdout


def act(folder: Path, text: str, event: str = "push") -> tuple[int, list[dict[str, Any]]]:
    """Runs a workflow on this machine. Returns the exit code and the lines that act prints, as JSON."""
    program = str(peers.program("act"))
    work = folder / "work"
    path = write(work, ".github/workflows/x.yml", text)
    for command in (["git", "init", "-q"], ["git", "add", "-A"], ["git", *_ME, "commit", "-q", "-m", "x"]):
        subprocess.run(command, cwd=work, check=True, timeout=TIMEOUT, capture_output=True)
    command = [program, event, "-W", str(path), "-P", "ubuntu-latest=-self-hosted", "--json"]
    home = str(folder / "home")  # not within what act copies
    result = _run(command, work, {"HOME": home, "XDG_CACHE_HOME": home})
    lines = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    return result.returncode, lines


_ME = ["-c", "user.name=x", "-c", "user.email=x@example.com"]


def write(folder: Path, name: str, text: str) -> Path:
    """A file of a test's folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def _run(command: list[str], folder: Path, more: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **(more or {})}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=TIMEOUT, check=False
    )
