"""Runs one pipeline under act (GitHub's language) or gitlab-ci-local (GitLab's) and reads what its steps noted.

A step calls `note JOB STEP [WORDS]`, which appends a line to a file outside. Two runs are the same when every job noted the
same lines in the same order, when what had to come first came first in both, and when both ended alike.

There is no network: checkout is done by act itself, the artifact actions are the stubs beside this file, which act is told to
take instead of the repositories. gitlab-ci-local does not repeat a failed job; `retry` is done here, by running it again.
What one of the two does not know is in no case: act takes no notice of a whole job's `continue-on-error`, gitlab-ci-local
none of `except`, and it lets a job wait for ever for one that was skipped.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from seaway.formats.yaml import tree
from support.peers import program

HERE = Path(__file__).parent
_STUBS = {"actions/upload-artifact": "upload", "actions/download-artifact": "download"}
_REPORT = re.compile(r"^\s*(PASS|FAIL|WARN)\s+(\S.*?)\s*$")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_NOTE = '#!/bin/sh\necho "$@" >> "{log}"\n'
_FLAKY = """#!/bin/sh
# flaky KEY N: fails until it is called the N-th time.
count=$(($(cat "{home}/flaky-$1" 2>/dev/null || echo 0) + 1))
echo "$count" > "{home}/flaky-$1"
[ "$count" -ge "$2" ]
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """`notes`: lines in the order in which they were written. `good`: the pipeline succeeded. `said`: the runner's output."""

    notes: tuple[str, ...]
    good: bool
    said: str = field(default="", compare=False)

    def jobs(self) -> dict[str, list[str]]:
        """Each job's notes in order; a job is the first word of its notes."""
        found: dict[str, list[str]] = {}
        for line in self.notes:
            job, _, rest = line.partition(" ")
            found.setdefault(job, []).append(rest)
        return found

    def violated(self, orders: list[tuple[str, str]]) -> list[str]:
        """Orders that this run did not keep: `before` noted something after `behind` had begun."""
        found = []
        for before, behind in orders:
            first = [index for index, line in enumerate(self.notes) if line.split()[0] == before]
            second = [index for index, line in enumerate(self.notes) if line.split()[0] == behind]
            if first and second and max(first) > min(second):
                found.append(f"{before} < {behind}")
        return found


def differences(one: Ran, other: Ran, orders: list[tuple[str, str]]) -> list[str]:
    """In what two runs are not the same; nothing when they are."""
    first, second = one.jobs(), other.jobs()
    found = [
        f"{job}: {first.get(job)} | {second.get(job)}"
        for job in sorted({*first, *second})
        if first.get(job) != second.get(job)
    ]
    if Counter(one.notes) != Counter(other.notes) and not found:
        found.append("another number of steps")
    if one.good != other.good:
        found.append(f"ended: {one.good} | {other.good}")
    found += [f"order: {words}" for words in one.violated(orders)]
    found += [f"order after conversion: {words}" for words in other.violated(orders)]
    return found


def orders_of(text: str) -> list[tuple[str, str]]:
    """`# order: a < b, a < c` in a pipeline's head: what must have noted all before the other begins."""
    found = re.search(r"^# order: (.*)$", text, re.MULTILINE)
    pairs = [one.split("<") for one in found[1].split(",")] if found else []
    return [(before.strip(), behind.strip()) for before, behind in pairs]


def run_github(text: str, folder: Path, files: Mapping[str, str] | None = None) -> Ran:
    """The workflow under act, on this machine without containers."""
    act = program("act")
    home, env = _prepared(folder, {**(files or {}), ".github/workflows/it.yml": text})
    words = [str(act), "push", "--json", "-P", "ubuntu-latest=-self-hosted", "--env", f"HOME={home}"]
    for found in set(re.findall(r"uses: (actions/[\w-]+)@(\S+)", text)):
        stub = _STUBS.get(found[0])
        if stub:
            words += ["--local-repository", f"{found[0]}@{found[1]}={HERE / 'stubs' / stub}"]
    result = subprocess.run(
        words, cwd=folder / "repo", env=env, check=False, timeout=120, capture_output=True, text=True
    )
    said = "\n".join(_message(line) for line in result.stdout.splitlines()) + result.stderr
    return Ran(_notes(home), result.returncode == 0, said)


def _message(line: str) -> str:
    try:
        found = json.loads(line)
    except ValueError:
        return line
    return f"{found.get('job', '')}: {str(found.get('msg', '')).rstrip()}"


def run_gitlab(text: str, folder: Path, files: Mapping[str, str] | None = None) -> Ran:
    """The pipeline under gitlab-ci-local, each job in a folder of its own."""
    peer = program("gitlab-ci-local")
    program("rsync")
    home, env = _prepared(folder, {**(files or {}), ".gitlab-ci.yml": text})
    words = [str(peer), "--shell-executor-no-image=true", "--shell-isolation=true"]
    outcome, said = _gitlab_once(words, folder, env)
    for job, attempts in _retries(text).items():
        left = attempts
        while outcome.get(job) == "FAIL" and left:
            left -= 1
            more, told = _gitlab_once([*words, job], folder, env)
            outcome, said = {**outcome, **more}, said + told
    return Ran(_notes(home), bool(outcome) and "FAIL" not in outcome.values(), said)


def _gitlab_once(words: list[str], folder: Path, env: dict[str, str]) -> tuple[dict[str, str], str]:
    result = subprocess.run(
        words, cwd=folder / "repo", env=env, check=False, timeout=120, capture_output=True, text=True
    )
    lines = [_COLOUR.sub("", line) for line in result.stdout.splitlines()]
    found = {match[2]: match[1] for line in lines if (match := _REPORT.match(line))}
    return found, "\n".join(lines) + _COLOUR.sub("", result.stderr)


def _retries(text: str) -> dict[str, int]:
    document = tree.read(text, "").documents[-1]
    found = {name: tree.get(job, "retry") for name, _, job in tree.items(document)}
    return {
        name: tree.integer(node) or tree.integer(tree.get(node, "max")) or 0 for name, node in found.items() if node
    }


def _prepared(folder: Path, files: Mapping[str, str]) -> tuple[Path, dict[str, str]]:
    """A repository on branch main with the files, a home with the helpers on its path; its environment."""
    git = program("git")
    shutil.rmtree(folder, ignore_errors=True)
    repo, home = folder / "repo", folder / "home"
    for name, text in {"src/code.txt": "code\n", **files}.items():
        place = repo / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")
    tools = home / "bin"
    tools.mkdir(parents=True)
    files_at = HERE / "stubs" / "files.py"
    store = home / "store"
    store.mkdir()
    scripts = {
        "note": _NOTE.format(log=home / "notes"),
        "flaky": _FLAKY.format(home=home),
        "files-up": f'#!/bin/sh\nexec "{sys.executable}" "{files_at}" up "{store}"\n',
        "files-down": f'#!/bin/sh\nexec "{sys.executable}" "{files_at}" down "{store}"\n',
    }
    for name, script in scripts.items():
        (tools / name).write_text(script, "utf-8")
        (tools / name).chmod(0o755)
    path = os.pathsep.join([str(tools), os.environ.get("PATH", os.defpath)])
    env = {"PATH": path, "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "LANG": "C.UTF-8"}
    for words in (["init", "-q", "-b", "main"], ["remote", "add", "origin", "git@example.com:group/project.git"], ["add", "-A"],
                  ["-c", "user.email=a@example.com", "-c", "user.name=a", "commit", "-qm", "x"]):  # fmt: skip
        subprocess.run([git, *words], cwd=repo, env=env, check=True, timeout=20, capture_output=True)
    return home, env


def _notes(home: Path) -> tuple[str, ...]:
    log = home / "notes"
    return tuple(log.read_text("utf-8").splitlines()) if log.exists() else ()
