"""Files of every kind that cannot be read are unknowns with their place; data that is none of them says nothing about any rule."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from seaway.app import assess
from seaway.assess import rules
from seaway.assess.examine import Examination
from seaway.model.finding import Status

BROKEN = {
    "main.tf": ('resource "a" "b" {\n  x = [1, }\n}\n', 2, "mutable-registry"),
    "rules.yml": ("groups:\n  - name: a\n    rules:\n      - alert: A\n        expr: {a: [}\n", 5, "wrong-promql"),
    "prometheus.yml": ("global: {}\nscrape_configs: [\n  - a: b: c\n", 3, "no-synthetic-probe"),
    "alertmanager.yml": ("route:\n  receiver: a\nreceivers:\n\t- name: a\n", 4, "alert-to-nobody"),
    "board.json": ('{"schemaVersion": 39,\n "panels": [{"title": }\n', 2, "incomplete-dashboard"),
    "pipeline.json": ('{"stages": [{\n"requisiteStageRefIds": [}]}\n', 2, "pipeline-without-safeguards"),
    "flags.json": ('{"flags": {"a": {"variants": {},\n "defaultVariant": "x"}}\n\n', 3, "flag-without-expiry"),
    "roles/web/tasks/main.yml": ("- shell: a\n b: [\n", 2, "unsafe-ansible-play"),
}


def examined(folder: Path) -> Examination:
    done = Examination(rules.rules(), date(2026, 11, 27))
    done.survey(assess.survey(folder, done))
    return done


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_read_is_an_unknown_with_its_place(tmp_path: Path, name: str) -> None:
    text, line, rule = BROKEN[name]
    (tmp_path / ".git").mkdir()
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    done = examined(tmp_path)
    assert [(one.path, abs(one.line - line) <= 1) for one in done.unknowns] == [(name, True)]
    assert {one.rule: one.status for one in done.checks()}[rule] is Status.UNKNOWN


@pytest.mark.parametrize(
    ("name", "content"),
    [("data.json", b"[" + b"1," * 3_000_000 + b"1]"), ("latin.json", b'{"a": "\xe4"}'), ("words.yaml", b"\xff\xfe"), ("lines.rules", b"a b c\n" * 9)],
)  # fmt: skip
def test_data_of_no_kind_says_nothing(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / name).write_bytes(content)
    done = examined(tmp_path)
    assert done.unknowns == []
    assert Status.UNKNOWN not in {
        one.status for one in done.checks() if one.rule in {case[2] for case in BROKEN.values()}
    }
