"""Monitoring and infrastructure files made to keep rules busy are judged in a moment."""

from __future__ import annotations

from datetime import date

import pytest

from seaway.assess import examine, rules
from seaway.assess.estate import Estate, Kind
from seaway.registry import load_format
from support import pace

pytestmark = pytest.mark.broad

RULE = "      - alert: A{}\n        expr: {}\n"
HEAD = "groups:\n  - name: a\n    rules:\n"


def estate(kind: str, text: str, path: str) -> Estate:
    things = load_format("infrastructure", kind).parse(text, path)
    assert things
    return Estate((), things, {path: text}, frozenset({path}), {path: Kind(kind)})


def alerts(expression: str, count: int) -> str:
    return HEAD + "".join(RULE.format(number, expression) for number in range(count))


TEXTS = {
    "expressions": ("prometheus", alerts("'" + "sum(rate(a[5m])) + " * 60 + "1'", 40), "rules.yml"),
    "long": ("prometheus", alerts("'" + "rate(" * 40_000 + "'", 5), "rules.yml"),
    "windows": ("prometheus", alerts("'" + "[$a" * 1_300 + "'", 40), "rules.yml"),
    "many": ("prometheus", alerts("up == 0", 3_000), "rules.yml"),
    "names": ("prometheus", alerts("'" + "slo_error_burn_" * 200 + " > 1'", 300), "rules.yml"),
    "routes": ("alertmanager", "route:\n  receiver: a\n  routes: [" + "{receiver: b}," * 5_000 + "]\nreceivers: [{name: a}]\n", "a.yml"),
    "panels": (
        "grafana",
        '{"schemaVersion": 1, "panels": [' + ",".join(['{"type": "stat", "targets": [{"expr": "rate(x_ratio[$a])"}]}'] * 2_000) + "]}",
        "d.json",
    ),
    "applications": ("kubernetes", "---\n".join(["apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {syncPolicy: {automated: {prune: true}}}\n"] * 800), "a.yaml"),
    "queries": (
        "kubernetes",
        "apiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: {name: a}\nspec:\n  metrics:\n"
        + "".join(f"    - name: m{n}\n      provider: {{prometheus: {{query: '{'{{args.a' * 400}'}}}}\n" for n in range(50)),
        "t.yaml",
    ),
    "blocks": ("terraform", 'resource "aws_db_instance" "a" {\n  skip_final_snapshot = true\n}\n' * 3_000, "main.tf"),
    "registries": ("terraform", 'resource "aws_ecr_repository" "a" {\n}\nresource "aws_ecr_lifecycle_policy" "a" {\n  repository = "b"\n}\n' * 4_000, "main.tf"),
    "tasks": ("ansible", "- hosts: prod\n  tasks:\n" + "    - shell: '" + ">> " * 300 + "x'\n" + "    - shell: echo >> a\n" * 3_000, "site.yml"),
    "stages": (
        "spinnaker",
        '{"stages": [' + ",".join(f'{{"type": "deploy", "name": "prod", "refId": "{n}", "requisiteStageRefIds": ["{n - 1}"]}}' for n in range(1_000)) + "]}",
        "p.json",
    ),
    "flags": ("flags", "flags:\n" + "".join(f"  f{n}: {{variants: {{a: b}}, metadata: {{k: {'owner' * 50}}}}}\n" for n in range(2_000)), "f.yaml"),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_file_costs_a_moment(name: str) -> None:
    subject = estate(*TEXTS[name])
    done = examine.Examination(rules.rules(), date(2026, 11, 27))
    with pace.within(2.0):
        done.survey(subject)


def test_more_than_a_moment_would_be_seen() -> None:
    subject = estate(*TEXTS["many"])
    with pytest.raises(AssertionError, match="than a calm one"), pace.within(0.001):
        examine.Examination(rules.rules(), date(2026, 11, 27)).survey(subject)
