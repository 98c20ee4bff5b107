"""The delivery of a small shop over five weeks, as `seaway.dora/v1`: what docs/reference/documents/dora.json shows.

`python tests/support/delivery_story.py` records it anew, after the document has grown on purpose.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from seaway.assess.dora import document
from seaway.assess.dora.report import Report
from seaway.model.delivery import Incident, Pull, Push
from seaway.model.history import REVERTS
from support.delivery import (
    DAY,
    HOTFIX,
    at,
    commit,
    deploy,
    failed,
    history,
    incident,
    line,
    report,
    sha,
)

FOLDER = Path(__file__).parents[2] / "docs" / "reference" / "documents"


def told() -> Report:
    """Sixteen deployments: one rolled back, one hotfix, one failed attempt, one incident that nobody deployed, one that goes on."""
    past = history(
        *line(30, every=DAY),
        commit("w1", "c29", hours=30 * DAY),
        commit("merge", "c29", "w1", hours=30 * DAY + 2),
        commit("undo", "merge", hours=31 * DAY, links=((REVERTS, sha("c25")),)),
        commit("next", "undo", hours=33 * DAY),
    )
    steps = [deploy(f"deploy-{n}", f"c{2 * n}", 2 * n * DAY + 4) for n in range(13)]
    steps += [
        failed("deploy-13a", "c26", 26 * DAY + 3),
        deploy("deploy-13", "c26", 26 * DAY + 5),
        deploy("deploy-14", "c24", 26 * DAY + 7),
        deploy("deploy-15", "merge", 30 * DAY + 4),
        deploy("deploy-16", "undo", 31 * DAY + 1, kind=HOTFIX),
    ]
    hurt: list[Incident] = [
        incident("inc-1", 8 * DAY + 5, 8 * DAY + 9, caused_by="deploy-4"),
        incident("inc-2", 19 * DAY + 9, 19 * DAY + 10),
        incident("inc-3", 26 * DAY + 5.5, 26 * DAY + 8),
        incident("inc-4", 31 * DAY + 1.5, caused_by="deploy-99"),
    ]
    pushes = [Push(sha(f"c{n}"), at(n * DAY + 1)) for n in range(0, 27, 2)] + [
        Push(sha("merge"), at(30 * DAY + 3)),
        Push(sha("undo"), at(31 * DAY + 1.2)),
    ]
    pulls = [Pull("17", sha("merge"), ((sha("w1"), at(30 * DAY)),))]
    return report(past, *steps, incidents=hurt, pushes=pushes, pulls=pulls)


def example() -> str:
    """The document as it is recorded."""
    return json.dumps(document.render(told()), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    (FOLDER / "dora.json").write_text(example(), encoding="utf-8")
