"""Shapes of providers' secrets are found and never repeated; what only looks like one is not found.

The secrets are put together here, so that none stands in this repository.
"""

from __future__ import annotations

import json
import random
import string
from datetime import date

import pytest

from seaway.assess import document, examine, rules, sarif, text
from support import rule_fixtures

_LETTERS = string.ascii_letters + string.digits


def made(prefix: str, length: int, letters: str = _LETTERS) -> str:
    chosen = random.Random(length)  # the same in every run
    return prefix + "".join(chosen.choice(letters) for _ in range(length))


SECRETS = {
    "AWS": made("AKIA", 16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
    "GitHub": made("ghp_", 36),
    "GitLab": made("glpat-", 20),
    "Slack": made("xoxb-", 40),
    "Google": made("AIza", 35),
    "Stripe": made("sk_live_", 24),
    "npm": made("npm_", 36),
    "PyPI": made("pypi-AgE", 60),
}


def workflow(value: str) -> str:
    return f"on: push\njobs:\n  build:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: ./upload {value}\n"


@pytest.mark.parametrize("name", SECRETS)
def test_a_providers_secret_is_found_and_never_repeated(name: str) -> None:
    value = SECRETS[name]
    done = examine.Examination(rules.rules(), date(2026, 3, 2))
    done.look(rule_fixtures.case(workflow(value), "github_actions"))
    found = [one for one in done.findings if one.rule == "plaintext-secret"]
    assert [(one.span.line, one.span.column) for one in found] == [(6, 23)]
    assert name in found[0].message
    whole = examine.assessment(done, "", [".github/workflows/ci.yml"], frozenset())
    said = (
        json.dumps(document.document(whole)) + json.dumps(sarif.log(whole, rules.rules(), "1.0.0")) + text.report(whole)
    )
    assert value not in said
    assert value[8:20] not in said


def test_a_private_key_is_found() -> None:
    key = "-----BEGIN " + "RSA PRIVATE KEY-----"
    found = rule_fixtures.hits(
        rules.load("plaintext-secret"), rule_fixtures.case(workflow(f'"{key}"'), "github_actions")
    )
    assert [hit.key for hit in found] == [("shape", "a private key")]


@pytest.mark.parametrize(
    "value",
    [
        "AKIAIOSFODNN7" + "EXAMPLE",
        "ghp_" + "x" * 36,
        "ghp_" + "0" * 36,
        "npm_" + "a1" * 18,
        "https://user:$PASSWORD@host.example/",
        "AKIA123",
    ],
)
def test_what_only_looks_like_a_secret_is_not_found(value: str) -> None:
    assert (
        rule_fixtures.hits(rules.load("plaintext-secret"), rule_fixtures.case(workflow(value), "github_actions")) == []
    )
