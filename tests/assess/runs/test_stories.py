"""The fixtures of rules about runs are what their stories say; `python tests/support/rule_stories.py` writes them anew."""

from __future__ import annotations

from support import rule_stories


def test_fixtures_are_what_their_stories_say() -> None:
    wanted = rule_stories.wanted()
    there = {
        file.relative_to(rule_stories.FOLDER).as_posix(): file.read_text(encoding="utf-8")
        for place in rule_stories.places()
        for file in (rule_stories.FOLDER / place).rglob("*")
        if file.is_file()
    }
    assert sorted(wanted) == sorted(there)
    assert [name for name, text in wanted.items() if there[name] != text] == []
    assert len(wanted) > 40
