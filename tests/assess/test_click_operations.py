"""Texts made to keep the rule about runbooks busy are judged in a moment."""

from __future__ import annotations

import pytest

from seaway.assess.estate import Estate
from seaway.assess.rules import load
from seaway.formats.infrastructure import runbook
from support import pace


@pytest.mark.broad
@pytest.mark.parametrize(
    "word", ["ssh ", "ssh -a ", "log in to the ", "click on the ", "`ssh a", "a@", "ssh a.a", "then ", "- ", "press . "]
)
def test_a_long_line_costs_a_moment(word: str) -> None:
    text = "# Deploy\n" + ("ssh " + word * (900 // len(word)) + "\n") * 300
    told = runbook.parse(text, "README.md")
    estate = Estate(things=told, texts={"README.md": text})
    with pace.within(1.0):
        load("click-operations").ask(estate)
    assert len(told) == 300
