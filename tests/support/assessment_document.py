"""The example report of the reference. `python tests/support/assessment_document.py` writes it anew."""

from __future__ import annotations

import json
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from seaway.adapters import _actionlint
from seaway.app import assess
from seaway.assess import document
from seaway.assess.runs.bottlenecks import Prices
from seaway.model.runs import Run

sys.path.insert(0, str(Path(__file__).parents[1]))
from support import run_stories

FILE = Path(__file__).parents[2] / "docs" / "reference" / "documents" / "assessment.json"
WORKFLOW = """\
on:
  push:
    branches: [main]
permissions:
  contents: read
jobs:
  build:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
      - run: curl -fsSL https://get.tool.example/install.sh | sh  # seaway: ignore[curl-pipe-shell] our own server
"""
GITLAB = """\
include:
  - template: Jobs/SAST.gitlab-ci.yml
deploy:
  image: alpine:3.22
  script: ./deploy
  environment: production
"""


def fresh() -> Any:
    """The report of a small repository, as it is printed now."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / ".git").mkdir()
        (root / ".github/workflows").mkdir(parents=True)
        (root / ".github/workflows/ci.yml").write_text(WORKFLOW, encoding="utf-8")
        (root / ".gitlab-ci.yml").write_text(GITLAB, encoding="utf-8")
        runs = run_stories.history(*(_run(number) for number in range(6)))
        found = assess.assess(root, today=date(2026, 3, 2), runs=runs, prices=Prices(0.008))
        return document.document(found.assessment)


def _run(number: int) -> Run:
    """A run of the workflow, a little longer each time."""
    return run_stories.run(number, [run_stories.job("build", 0, 200 + 10 * number, 15, runner="ubuntu-24.04")])


def without_linter(data: Any) -> Any:
    """The same on a machine that has no actionlint."""
    text = json.dumps(data)
    return json.loads(text if _actionlint.found() else text.replace(', "actionlint"', ""))


if __name__ == "__main__":
    FILE.write_text(json.dumps(fresh(), indent=2) + "\n", encoding="utf-8")
