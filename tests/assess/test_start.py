"""Assessing one file loads all rules and nothing heavy: an editor waits for it at every save."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("numpy", "tree_sitter", "promql_parser", "sqlalchemy", "dbos", "pydantic", "httpx2", "rich", "seaway.formats.pipelines.teamcity.reader",
         "seaway.formats.pipelines.jenkins", "seaway.assess.page", "seaway.app.dora")  # fmt: skip
_LOADED = "import sys, seaway.cli.main, seaway.cli.assess, seaway.app.assess, seaway.app.report; from seaway.assess import rules; rules.rules(); {more}; print(*sys.modules)"


def loaded(more: str = "pass") -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", _LOADED.format(more=more)], capture_output=True, text=True, check=True, timeout=60
    )
    names = set(done.stdout.split())
    return [name for name in HEAVY if name in names]


def test_all_rules_load_without_anything_heavy() -> None:
    assert loaded() == []


def test_something_heavy_is_noticed() -> None:
    assert loaded("import numpy") == ["numpy"]
