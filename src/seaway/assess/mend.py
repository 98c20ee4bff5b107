"""Hits with edits -> patches that were tried. Called through `examine`, with hands from `app.assess`.

A patch is called verified when the format reads the patched file, the same rule finds nothing there any more, and a linter,
where one is installed, says nothing about the patched file that it did not say before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from seaway.assess.rule import Case, Hit, Rule
from seaway.errors import SeawayError
from seaway.formats.yaml import patch
from seaway.model.finding import Fix

# (path, text) -> the case that the pipeline of `case` is with this text in that file's place.
Reread = Callable[[Case, str, str], Case]
# (path, text before, text after) -> the linter's name, "" where none is installed; raises Objection.
Lint = Callable[[str, str, str], str]


class Objection(Exception):
    """What a linter said about a patched file."""


@dataclass(slots=True)
class Mender:
    """Tries patches, and keeps the edits of those that held, by path."""

    reread: Reread
    lint: Lint
    edits: dict[str, list[list[patch.Edit]]]

    def __call__(self, rule: Rule, case: Case, hit: Hit) -> Fix | None:
        """The patch of a hit, or None where it has none."""
        if hit.fix is None:
            return None
        path = hit.span.path
        before = case.texts[path]
        try:
            edits = list(hit.fix())
            after = patch.apply(before, edits) if edits else before
        except (patch.Unfit, patch.Overlap):
            return None
        if after == before:
            return None
        by = self.tried(rule, case, hit, after)
        if by:
            self.edits.setdefault(path, []).append(edits)
        return Fix(patch.diff(before, after, path), bool(by), by)

    def tried(self, rule: Rule, case: Case, hit: Hit, after: str) -> tuple[str, ...]:
        """What the patched text passed; () when something objected."""
        try:
            again = self.reread(case, hit.span.path, after)
        except SeawayError:
            return ()
        answer = rule.check(again)
        left = [one for one in answer if one.key == hit.key] if isinstance(answer, (list, tuple)) else []
        answer_before = rule.check(case)
        before = (
            [one for one in answer_before if one.key == hit.key] if isinstance(answer_before, (list, tuple)) else []
        )
        if len(left) >= len(before):
            return ()
        try:
            linter = self.lint(hit.span.path, case.texts[hit.span.path], after)
        except Objection:
            return ()
        return (case.system.value, rule.id, *([linter] if linter else []))


def combined(text: str, groups: list[list[patch.Edit]]) -> tuple[str, int]:
    """The text with as many of the patches as go together, in order, and how many those are."""
    kept: list[patch.Edit] = []
    count = 0
    for group in groups:
        if all(edit in kept for edit in group):
            count += 1
            continue
        try:
            patch.apply(text, [*kept, *group])
        except patch.Overlap:
            continue
        kept += group
        count += 1
    return patch.apply(text, kept), count
