"""Manifests made to keep the rules busy are judged in a moment, or refused by their reader with a place."""

from __future__ import annotations

from datetime import date

import pytest

from seaway import registry
from seaway.assess import examine, rules
from seaway.assess.estate import Estate, Kind
from seaway.errors import ConfigError
from support import pace

pytestmark = pytest.mark.broad

LONG = 200_000
POD = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    metadata: {labels: {a: b}}\n    spec:\n      containers:\n"
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n"


def container(rest: str) -> str:
    return f"{POD}        - {{name: web, {rest}}}\n"


TEXTS = {
    "images": ("kubernetes", container("image: '" + "a/" * (LONG // 2) + "'")),
    "tags": ("kubernetes", container("image: '" + "a:" * (LONG // 2) + "'")),
    "probes": ("kubernetes", container("livenessProbe: {httpGet: {path: '" + "/ready" * (LONG // 6) + "x'}}")),
    "commands": ("kubernetes", container("livenessProbe: {exec: {command: ['" + "pg_isready " * (LONG // 11) + "']}}")),
    "addresses": ("kubernetes", container("livenessProbe: {exec: {command: ['" + "http://" * (LONG // 7) + "']}}")),
    "variables": ("kubernetes", container("env: [{name: '" + "A_" * (LONG // 2) + "TOKEN', value: '" + "x1" * 9_000 + "'}]")),
    "options": ("kubernetes", container("args: ['" + "--log-format" * (LONG // 12) + "']")),
    "containers": ("kubernetes", POD + "        - {name: web, image: web}\n" * 5_000),
    "aliases": ("kubernetes", POD.replace("spec:\n  t", "x: &a {name: web, image: web}\nspec:\n  t") + "        - *a\n" * 10_000),
    "volumes": ("kubernetes", POD + "        - {name: web}\n      volumes:\n" + "        - {hostPath: {path: /}}\n" * 5_000),
    "objects": ("kubernetes", "---\n".join([container("ports: [{containerPort: 1}]")] * 800)),
    "budgets": ("kubernetes", "---\n".join([container("ports: [{containerPort: 1}]"), *(["apiVersion: policy/v1\nkind: PodDisruptionBudget\nspec: {minAvailable: 1, selector: {matchLabels: {a: b}}}\n"] * 2_000)])),
    "values of secrets": ("kubernetes", SECRET + "  password: '" + "a1" * LONG + "'\n"),
    "many secrets": ("kubernetes", SECRET + "".join(f"  token{number}: abc{number}XYZ\n" for number in range(10_000))),
    "services": ("compose", "services:\n" + "".join(f"  s{number}: {{image: 'a', privileged: true}}\n" for number in range(3_000))),
    "environments": ("compose", "services:\n  a:\n    environment:\n" + "      - A_TOKEN=x9x8x7x6x5x4\n" * 5_000),
    "settings": ("helm", "a: {" * 60 + "readinessProbe: {}" + "}" * 60 + "\n"),
    "patches": ("kustomize", "patches:\n" + "  - path: ../../../../x\n" * 5_000),
    "stages": ("dockerfile", "FROM a AS s\n" + ("FROM s AS s\n" + "RUN npm ci\n" * 40) * 99),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_a_manifest_costs_a_moment(name: str) -> None:
    kind, text = TEXTS[name]
    path = {"helm": "values-prod.yaml"}.get(kind, kind)
    with pace.within(4.0):
        things = registry.load_format("infrastructure", kind).parse(text, path)
        estate = Estate(things=things, texts={path: text}, files=frozenset({path}), kinds={path: Kind(kind)})
        examine.Examination(rules.rules(), date(2026, 11, 27)).survey(estate)
    assert things


def bomb(last: str, first: str = "{x: y}") -> str:
    """Nine times nine times nine, in a few lines."""
    rows = [
        f"a{level}: &a{level} {{{', '.join(f'k{one}: *a{level - 1}' for one in range(9))}}}\n" for level in range(1, 12)
    ]
    return f"a0: &a0 {first}\n{''.join(rows)}{last}"


BOMBS = {
    "lists": ("kubernetes", "x: &x {apiVersion: v1, kind: A}\ny: &y0 {kind: List, items: [*x, *x]}\n"
              + "".join(f"y{n}: &y{n} {{kind: List, items: [{', '.join([f'*y{n - 1}'] * 9)}]}}\n" for n in range(1, 12))
              + "kind: List\nitems: [*y11]\n"),
    "values": ("helm", bomb("b: *a11\n")),
    "probes": ("helm", bomb("readinessProbe: *a11\n")),
    "rights": ("kubernetes", bomb("apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, securityContext: *a11, livenessProbe: *a11, readinessProbe: *a11}]}\n")),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_aliases_that_grow_cost_a_moment(name: str) -> None:
    kind, text = BOMBS[name]
    paths = ("values-staging.yaml", "values-prod.yaml") if kind == "helm" else ("a.yaml",)
    with pace.within(2.0):
        things = [one for path in paths for one in registry.load_format("infrastructure", kind).parse(text, path)]
        texts = dict.fromkeys(paths, text)
        estate = Estate(things=things, texts=texts, files=frozenset(paths), kinds=dict.fromkeys(paths, Kind(kind)))
        examine.Examination(rules.rules(), date(2026, 11, 27)).survey(estate)
    assert things


@pytest.mark.parametrize("kind", ["kubernetes", "compose", "helm", "kustomize"])
def test_what_is_too_deep_or_too_large_is_refused(kind: str) -> None:
    parse = registry.load_format("infrastructure", kind).parse
    for text in ("a: " + "[" * 5_000, "a: &a {b: *a}\n", "a: " + "x" * 5_000_000):
        with pytest.raises(ConfigError) as caught:
            parse(text, "x.yaml")
        assert caught.value.problems[0].line >= 1
