"""Hits with edits -> patches that were tried. Called through `examine`, with hands from `app.assess`.

A patch is called verified when the format reads the patched file, the same rule finds nothing there any more, and a linter,
where one is installed, says nothing about the patched file that it did not say before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from seaway.assess.estate import Estate
from seaway.assess.rule import Case, Hit, Rule
from seaway.errors import SeawayError
from seaway.formats.yaml import patch
from seaway.model.finding import Finding, Fix

Subject = Case | Estate
# (subject, path, text) -> what the pipeline or the repository is with this text in that file's place.
Reread = Callable[[Subject, str, str], Subject]
# [(path, text before, text after)] -> of each the linter's name, "" where none looks at it, None where it objects; asked once for all.
Lint = Callable[[Sequence[tuple[str, str, str]]], Sequence[str | None]]


@dataclass(frozen=True, slots=True)
class _Patched:
    """A patch that the format and the rule accept."""

    path: str
    before: str
    after: str
    edits: list[patch.Edit]


@dataclass(slots=True)
class Mender:
    """Tries patches, and keeps the edits of those that held, by path. The linter is asked at the end, about all at once."""

    reread: Reread
    edits: dict[str, list[list[patch.Edit]]]
    _waiting: dict[int, tuple[Fix, _Patched]] = field(default_factory=dict)

    def __call__(self, rule: Rule, subject: Subject, hit: Hit) -> Fix | None:
        """The patch of a hit, or None where it has none; what is called verified here has still to be `settled`."""
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
        made = Fix(patch.diff(before, after, path), bool(by), by)
        if by:
            self._waiting[id(made)] = (made, _Patched(path, before, after, edits))
        return made

    def tried(self, rule: Rule, subject: Subject, hit: Hit, after: str) -> tuple[str, ...]:
        """What the patched text passed; () when something objected."""
        path = hit.span.path
        try:
            again = self.reread(subject, path, after)
        except SeawayError:
            return ()
        if _alike(rule, again, hit) >= _alike(rule, subject, hit):
            return ()
        reader = subject.system.value if isinstance(subject, Case) else subject.system(path)
        return (reader, rule.id)

    def settled(self, findings: Iterable[Finding], lint: Lint) -> list[Finding]:
        """The findings with what the linter said of their patches."""
        waiting = [patched for _, patched in self._waiting.values()]
        answers = lint([(one.path, one.before, one.after) for one in waiting])
        final: dict[int, Fix] = {}
        for (key, (made, patched)), answer in zip(self._waiting.items(), answers, strict=True):
            if answer is None:
                final[key] = replace(made, verified=False, by=())
                continue
            self.edits.setdefault(patched.path, []).append(patched.edits)
            final[key] = replace(made, by=(*made.by, answer)) if answer else made
        return [replace(one, fix=final[id(one.fix)]) if id(one.fix) in final else one for one in findings]


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
