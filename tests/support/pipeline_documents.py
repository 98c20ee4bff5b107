"""The example documents of pipelines in the reference. `python tests/support/pipeline_documents.py` writes them anew."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import chdir
from pathlib import Path
from typing import Any

from seaway.app import pipelines, simulation
from seaway.formats.pipelines import document, expand

FOLDER = Path(__file__).parents[2] / "docs" / "reference" / "documents"
FILE = """\
stages: [build, test, deploy]
build:
  stage: build
  image: golang:1.22
  script: make
  artifacts: {paths: [bin/], expire_in: 1 week}
test:
  stage: test
  image: golang:1.22
  parallel:
    matrix:
      - DATABASE: [postgres, mysql]
  script: make test
  coverage: '/total: (\\d+)%/'
deploy:
  stage: deploy
  script: ./deploy
  environment: production
  rules:
    - if: $CI_COMMIT_BRANCH == "main"
      when: manual
"""


def documents() -> dict[str, Any]:
    """File name -> document, of one small pipeline."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        os.mkdir(".git")  # noqa: PTH102 - the root of a repository
        path = Path(".gitlab-ci.yml")
        path.write_text(FILE, encoding="utf-8")
        Path("durations.csv").write_text("build,120\\ntest,300\\ndeploy,30\\n".replace("\\n", "\n"), encoding="utf-8")
        read = pipelines.read(path)
        converted = pipelines.convert(path, "github_actions")
        asked = simulation.Asked("", {}, Path("durations.csv"), 1, (("test", 0.4),), (("test", 2),), by_data=False)
        return {
            "pipeline.json": document.document(expand.ordered(read)),
            "losses.json": document.losses(converted.written.losses, "gitlab_ci", "github_actions"),
            "simulation.json": simulation.simulate(path, asked).document,
        }


if __name__ == "__main__":
    for name, found in documents().items():
        (FOLDER / name).write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
