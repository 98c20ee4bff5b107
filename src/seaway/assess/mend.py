"""Hits with edits -> patches that were tried. Called through `examine`, with hands from `app.assess`.

A patch is called verified when the format reads the patched file, the same rule finds nothing there any more, and a linter,
where one is installed, says nothing about the patched file that it did not say before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from seaway.assess.estate import Estate
from seaway.assess.rule import Case, Hit, Rule
from seaway.errors import SeawayError
from seaway.formats.yaml import patch
from seaway.model.finding import Fix

Subject = Case | Estate
# (subject, path, text) -> what the pipeline or the repository is with this text in that file's place.
Reread = Callable[[Subject, str, str], Subject]
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

    def __call__(self, rule: Rule, subject: Subject, hit: Hit) -> Fix | None:
        """The patch of a hit, or None where it has none."""
        if hit.fix is None:
            return None
        path = hit.span.path
        before = subject.texts[path]
        try:
            edits = list(hit.fix())
            after = patch.apply(before, edits) if edits else before
        except (patch.Unfit, patch.Overlap):
            return None
        if after == before:
            return None
        by = self.tried(rule, subject, hit, after)
        if by:
            self.edits.setdefault(path, []).append(edits)
        return Fix(patch.diff(before, after, path), bool(by), by)

    def tried(self, rule: Rule, subject: Subject, hit: Hit, after: str) -> tuple[str, ...]:
        """What the patched text passed; () when something objected."""
        path = hit.span.path
        try:
            again = self.reread(subject, path, after)
        except SeawayError:
            return ()
        if _alike(rule, again, hit) >= _alike(rule, subject, hit):
            return ()
        try:
            linter = self.lint(path, subject.texts[path], after)
        except Objection:
            return ()
        reader = subject.system.value if isinstance(subject, Case) else subject.system(path)
        return (reader, rule.id, *([linter] if linter else []))


def _alike(rule: Rule, subject: Subject, hit: Hit) -> int:
    """How often the rule says the same."""
    answer = rule.ask(subject)
    listed = answer if isinstance(answer, (list, tuple)) else ()
    return sum(one.key == hit.key and one.span.path == hit.span.path for one in listed)


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
