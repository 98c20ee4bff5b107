"""Prometheus' own tools agree: what the rules call broken they refuse, and what the rules' fixtures hold for sound they take."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path

import pytest

from seaway.app import assess
from seaway.assess import rules
from support import peers, rule_fixtures

FOLDER = rule_fixtures.FOLDER


def refused(program: str, *arguments: str) -> bool:
    found = subprocess.run([peers.program(program), *arguments], capture_output=True, check=False, timeout=60)
    return found.returncode != 0


SOUND = sorted(
    file
    for rule in ("incomplete-alert", "unreachable-burn-alert", "no-slo")
    for file in (FOLDER / rule / "prometheus").glob("*/rules.y*ml")
)


@pytest.mark.parametrize("file", SOUND, ids=lambda file: f"{file.parts[-4]}-{file.parent.name}")
def test_promtool_takes_rules_that_are_only_unwise(file: Path) -> None:
    assert not refused("promtool", "check", "rules", str(file))


def test_promtool_refuses_what_is_called_broken_and_nothing_else(tmp_path: Path) -> None:
    hits = rule_fixtures.survey(rules.load("wrong-promql"), FOLDER / "wrong-promql/prometheus/bad")
    broken = {hit.span.line for hit in hits if hit.key[-1] == "broken"}
    lines = (FOLDER / "wrong-promql/prometheus/bad/rules.yml").read_text().splitlines()
    text = "\n".join("" if number in broken else line for number, line in enumerate(lines, 1))
    whole, mended = tmp_path / "whole.yml", tmp_path / "mended.yml"
    whole.write_text("\n".join(lines))
    mended.write_text(
        text.replace("- alert: Broken\n", "- alert: Broken\n        expr: up").replace("expr: |\n", "expr: up\n")
    )
    assert len(broken) == 2
    assert refused("promtool", "check", "rules", str(whole))
    assert not refused("promtool", "check", "rules", str(mended))


def test_promtool_takes_the_servers_of_the_fixtures(tmp_path: Path) -> None:
    for file in FOLDER.glob("*/prometheus/*/prometheus.yml"):
        assert not refused("promtool", "check", "config", "--syntax-only", str(file)), file


@pytest.mark.parametrize(
    ("case", "wrong"), [("unknown-receiver", True), ("no-root", True), ("silent", False), ("good", False), ("simple", False)]
)  # fmt: skip
def test_amtool_refuses_what_is_called_invalid(case: str, wrong: bool) -> None:
    folder = FOLDER / "alert-to-nobody/alertmanager" / case
    hits = rule_fixtures.survey(rules.load("alert-to-nobody"), folder)
    assert any("whole configuration is refused" in hit.message for hit in hits) == wrong
    assert refused("amtool", "check-config", str(folder / "alertmanager.yml")) == wrong


def test_a_burn_alert_that_is_called_unreachable_stays_silent_when_all_fails(tmp_path: Path) -> None:
    hits = rule_fixtures.survey(rules.load("unreachable-burn-alert"), FOLDER / "unreachable-burn-alert/prometheus/bad")
    assert any(hit.key[:2] == ("Errors", "unreachable") for hit in hits)
    for threshold, fires in (("5", False), ("0.5", True)):
        text = (
            (FOLDER / "unreachable-burn-alert/prometheus/bad/rules.yaml")
            .read_text()
            .replace("> 5 #", f"> {threshold} #")
        )
        (tmp_path / "rules.yml").write_text(text)
        (tmp_path / "test.yml").write_text(f"""
rule_files: [rules.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - series: http_requests_total{{code="500"}}
        values: 0+100x30
    alert_rule_test:
      - eval_time: 20m
        alertname: Errors
        exp_alerts: {"[{}]" if fires else "[]"}
""")
        assert not refused("promtool", "test", "rules", str(tmp_path / "test.yml")), threshold


QUANTILES = """\
groups:
  - name: shop
    rules:
      - record: a
        expr: histogram_quantile(0.9, sum by (job) (rate(x_bucket[5m])))
      - record: b
        expr: |
          histogram_quantile(0.9,
            sum(rate(x_bucket[5m])))
      - record: c
        expr: histogram_quantile(0.9, sum(rate(x_bucket[5m])) by ())
      - record: d
        expr: histogram_quantile(0.9, sum by (job) (rate(x_bucket[5m]))) / sum by (job) (up)
"""


def test_the_patch_of_a_quantile_is_verified_and_promtool_takes_it(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    file = tmp_path / "rules.yml"
    file.write_text(QUANTILES)
    done = assess.assess(tmp_path, today=date(2026, 11, 27))
    own = [one for one in done.assessment.findings if one.rule == "wrong-promql"]
    assert [one.fix is not None and one.fix.verified for one in own] == [True, True, True, False]
    assess.apply(done)
    after = file.read_text()
    for words in ("sum by (le, job) (rate", "sum by (le) (rate(x_bucket[5m])))\n", "(rate(x_bucket[5m])) by (le))"):
        assert words in after
    assert after.splitlines()[-1] == QUANTILES.splitlines()[-1]
    assert not refused("promtool", "check", "rules", str(file))
    again = assess.assess(tmp_path, today=date(2026, 11, 27))
    assert sum(one.rule == "wrong-promql" for one in again.assessment.findings) == 1
