"""No rule trips over a file that somebody is in the middle of writing: lines missing, doubled, or with a word less."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seaway.assess import rules
from seaway.assess.estate import Estate
from seaway.assess.rule import Case
from seaway.errors import SeawayError
from seaway.formats.yaml.patch import Overlap, Unfit
from support import rule_fixtures

FIXTURES = [(system, file) for _, system, file in rule_fixtures.fixtures() if system in rule_fixtures.PATHS]
FILES = frozenset({"package.json", "package-lock.json", "a/package.json", "b/go.mod", "Dockerfile"})
WORDS = (":", "-", "run", "script", "{", "}", "'", '"', "helm", "docker", "push")


def broken(text: str, cuts: list[tuple[int, str]]) -> str:
    """The text with some lines dropped, doubled, or with a word less."""
    lines = text.split("\n")
    for place, what in cuts:
        at = place % len(lines)
        if what == "drop":
            lines[at] = ""
        elif what == "double":
            lines.insert(at, lines[at])
        else:
            lines[at] = lines[at].replace(what, "", 1)
    return "\n".join(lines)


def ask_all(text: str, system: str) -> int:
    """How many findings all rules have, each with a place in the text, and their patches made."""
    try:
        made = rule_fixtures.case(text, system, FILES)
    except SeawayError:
        return 0
    whole = Estate([made], texts=dict(made.texts), files=FILES)
    count = 0
    for rule in rules.rules():
        for subject in (made, whole):
            answer = rule.ask(subject)
            for hit in answer if isinstance(answer, list) else []:
                count += 1
                assert 0 <= hit.span.start <= hit.span.end <= len(subject.texts[hit.span.path])
                try:
                    list(hit.fix() if hit.fix else ())
                except (Unfit, Overlap):
                    continue
    return count


@settings(max_examples=40)
@given(
    st.sampled_from(FIXTURES),
    st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(("drop", "double", *WORDS))), max_size=4),
)
def test_rules_answer_about_whatever_can_be_read(fixture: tuple[str, object], cuts: list[tuple[int, str]]) -> None:
    system, file = fixture
    ask_all(broken(file.read_text(encoding="utf-8"), cuts), system)  # type: ignore[attr-defined]


def test_a_rule_that_trips_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    system, file = FIXTURES[0]
    text = file.read_text(encoding="utf-8")
    assert ask_all(text, system) > 0

    def trips(case: Case) -> None:
        raise KeyError(case.pipeline.path)

    tripping = replace(rules.load("no-smoke-test"), check=trips)
    monkeypatch.setattr(rules, "rules", lambda: (tripping,))
    with pytest.raises(KeyError):
        ask_all(text, system)
