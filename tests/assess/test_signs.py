"""Looking for stems first finds exactly what the whole expression finds."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaway.assess import rules
from seaway.assess.signs import Signs, _alternatives, _stem
from support import pace

PATTERNS = {
    name: module._SIGNS.pattern
    for name in ("no-sbom", "no-security-scan", "no-deployment-event", "no-policy-as-code", "no-pipeline-telemetry")
    if (module := __import__(f"seaway.assess.rules.{name.replace('-', '_')}", fromlist=["x"]))
}


@pytest.mark.parametrize(
    ("alternative", "stem"),
    [
        ("semgrep", "semgrep"),
        (r"\bsnyk", "snyk"),
        (r"(?:npm|yarn)[ -](?:npm )?audit", "audit"),
        (r"dependency-?check", "dependency"),
        (r"actions/attest\b", "actions/attest"),
        (r"gpg2?\s[^\n]{0,200}(?:--detach|-s\b)", "gpg"),
        (r"\bdd_", "dd_"),
        (r"a(?:b)c", ""),
        (r"provenance: ?[\"']?(?:true|mode=)", "provenance:"),
        (r"xy{2,3}zabc", "zabc"),
    ],
)
def test_a_stem_stands_in_all_that_is_meant(alternative: str, stem: str) -> None:
    assert _stem(alternative) == stem


def test_bars_in_brackets_do_not_split() -> None:
    assert list(_alternatives(r"a|(b|c)|[|]d|e\|f")) == ["a", "(b|c)", "[|]d", r"e\|f"]


@pytest.mark.parametrize("name", PATTERNS)
def test_the_same_is_found_as_by_the_whole_expression(name: str) -> None:
    pattern = PATTERNS[name]
    whole, signs = re.compile(pattern), Signs(pattern)

    @given(st.lists(st.sampled_from(_pieces(pattern)), max_size=6))
    def same(pieces: list[str]) -> None:
        text = "".join(pieces)
        assert signs.search(text) is (whole.search(text) is not None)

    same()


def _pieces(pattern: str) -> list[str]:
    """Words of the pattern, whole and broken, and what stands between words."""
    words = re.findall(r"[a-z0-9_-]{3,}", re.sub(r"\\.", " ", pattern))
    return [*words, *(word[:-1] for word in words), " ", "\n", "-", "_", "x", ": ", "--"]


def test_text_without_any_of_them_is_read_in_a_moment() -> None:
    text = "make all the things that nobody looks for\n" * 25_000
    with pace.within(0.3):
        for pattern in PATTERNS.values():
            Signs(pattern).search(text)


def test_rules_ask_with_stems() -> None:
    assert all(
        isinstance(__import__(f"seaway.assess.rules.{name.replace('-', '_')}", fromlist=["x"])._SIGNS, Signs)
        for name in PATTERNS
    )
    assert set(PATTERNS) <= set(rules.TABLE)
