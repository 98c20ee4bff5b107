"""What only an auditor is shown: right to do, and rarely worth stopping for."""

from __future__ import annotations

from pathlib import Path

import pytest

from seaway.assess import rules
from seaway.model.finding import Persona
from support import rule_fixtures

ALERT = "groups:\n  - name: a\n    rules:\n      - alert: A\n        expr: queue > 1\n        labels: {severity: page}\n        annotations: {summary: s}\n"
ROUTES = "route:\n  receiver: a\n  routes: [{receiver: a}]\nreceivers:\n  - name: a\n    email_configs: [{to: a@example.test}]\n"
CANARY = """\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec:
  strategy:
    canary:
      steps:
        - setWeight: 10
        - pause: {}
"""
FLUX = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: web}\nspec: {path: ./web}\n"
BOARD = '{"schemaVersion": 39, "title": "Host", "panels": [{"type": "stat", "targets": [{"expr": "up"}]}]}\n'
CASES = {
    "incomplete-alert": ("rules.yml", ALERT, 4),
    "alert-to-nobody": ("alertmanager.yml", ROUTES, 1),
    "wrong-promql": ("rules.yml", ALERT.replace("queue > 1", "brand_new_function(queue) > 1"), 5),
    "wrong-promql ": ("rules.yml", ALERT.replace("queue > 1", "delta(orders_total[5m]) < 1"), 5),
    "canary-without-analysis": ("rollout.yaml", CANARY, 8),
    "gitops-sync-without-checks": ("flux.yaml", FLUX, 3),
    "unsafe-terraform-apply": ("main.tf", 'resource "aws_rds_cluster" "orders" {\n}\n', 1),
    "unsafe-ansible-play": ("site.yml", "- hosts: web\n  roles: [shop]\n", 1),
    "incomplete-dashboard": ("host.json", BOARD, 1),
}


@pytest.mark.parametrize("rule", CASES)
def test_an_auditor_sees_it_and_others_do_not(rule: str, tmp_path: Path) -> None:
    name, text, line = CASES[rule]
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert rule_fixtures.survey(rules.load(rule.strip()), tmp_path) == []
    shown = rule_fixtures.survey(rules.load(rule.strip()), tmp_path, Persona.AUDITOR)
    assert [hit.span.line for hit in shown] == [line]


ASIDE = {
    "wrong-promql": ("examples/rules.yml", ALERT.replace("queue > 1", "sum(queue")),
    "incomplete-alert": ("testdata/rules.yml", ALERT.replace("labels", "others")),
    "canary-without-analysis": ("examples/rollout.yaml", CANARY.replace("pause: {}", "pause: {duration: 5m}")),
    "gitops-sync-without-checks": ("docs/flux.yaml", FLUX.replace("./web", "./production")),
    "mutable-registry": ("examples/main.tf", 'resource "aws_ecr_repository" "a" {\n}\n'),
    "no-retention": ("examples/main.tf", 'resource "aws_ecr_repository" "a" {\n}\n'),
    "unsafe-terraform-apply": (
        "examples/main.tf",
        'resource "google_sql_database_instance" "a" {\n  deletion_protection = false\n}\n',
    ),
    "unsafe-ansible-play": ("tests/site.yml", "- hosts: production\n  roles: [shop]\n"),
    "flag-without-expiry": ("samples/flags.yaml", "flags:\n  a:\n    variants: {x: 1}\n    defaultVariant: x\n"),
}


@pytest.mark.parametrize("rule", ASIDE)
def test_examples_and_tests_are_for_an_auditor(rule: str, tmp_path: Path) -> None:
    name, text = ASIDE[rule]
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert rule_fixtures.survey(rules.load(rule), tmp_path) == []
    assert rule_fixtures.survey(rules.load(rule), tmp_path, Persona.AUDITOR)
    moved = tmp_path / "moved"
    moved.mkdir()
    (moved / Path(name).name).write_text(text, encoding="utf-8")
    assert rule_fixtures.survey(rules.load(rule), moved)
