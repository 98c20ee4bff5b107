"""Row `executions`: pipelines of one system and their conversions to the other do the same, as the runners of both show.

The pipelines are those of tests/formats/pipelines/execution. The control runs one of them with its needs taken away.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from bench.figures import Figure, Settings
from formats.pipelines.execution.running import Ran, differences, orders_of, run_github, run_gitlab
from seaway.formats.pipelines import github_actions, gitlab_ci
from seaway.formats.pipelines.sources import from_mapping

_CASES = Path(__file__).parents[1] / "tests" / "formats" / "pipelines" / "execution"


def rows(settings: Settings) -> Iterator[Figure]:
    """One row: the share of pipelines that do the same."""
    cases = [("github", path) for path in sorted((_CASES / "github").glob("*.yml"))]
    cases += [("gitlab", path) for path in sorted((_CASES / "gitlab").glob("*.yml"))]
    chosen = cases[:: 4 if settings.quick else 1]
    with tempfile.TemporaryDirectory(prefix="seaway-bench-") as name:
        folder = Path(name)
        same = sum(not _compared(system, path.read_text("utf-8"), folder) for system, path in chosen)
        caught = _control(folder)
    share = same / len(chosen)
    yield Figure(
        "pipelines executions", "pipelines whose conversion between GitHub and GitLab does the same steps, as act and gitlab-ci-local run them",
        f"{share:.0%} ({same} of {len(chosen)})", "100 %", share == 1, f"{len(chosen)} pipelines, both run", "",
        f"a job whose needs were taken away on purpose: {'caught' if caught else 'NOT caught'}",
    )  # fmt: skip


def _compared(system: str, text: str, folder: Path) -> list[str]:
    if system == "github":
        before, after = run_github(text, folder / "a"), run_gitlab(_to_gitlab(text), folder / "b")
    else:
        before, after = run_gitlab(text, folder / "a"), run_github(_to_github(text), folder / "b")
    return differences(before, after, orders_of(text)) if before.notes else ["nothing ran"]


def _to_gitlab(text: str) -> str:
    return gitlab_ci.render(github_actions.parse(text, "it.yml", from_mapping({}))).text


def _to_github(text: str) -> str:
    return github_actions.render(gitlab_ci.parse(text, ".gitlab-ci.yml", from_mapping({}))).text


def _control(folder: Path) -> bool:
    text = (_CASES / "github" / "needs.yml").read_text("utf-8")
    wrong = re.sub(r"needs: \[.+\]", "needs: []", _to_gitlab(text))
    broken: Ran = run_gitlab(wrong, folder / "b")
    return bool(broken.violated(orders_of(text)))
