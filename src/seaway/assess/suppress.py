"""Comments that silence findings, with a reason and perhaps an end. Read by `examine` from the text of each file.

    # seaway: ignore[unpinned-action] our own organisation until=2027-01-31      on the finding's line, or alone above it
    # seaway: ignore-file[missing-timeout] runs on a machine that is reset nightly

`//` in place of `#` for Jenkinsfiles. Without a reason, for a rule that does not exist, or after its day, a comment has no
effect, and the report says so.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from seaway.model.finding import Blind, Suppression
from seaway.model.span import Span

MARK = "seaway:"
_LONGEST = 500  # characters from the end of a line in which a comment is looked for
_COMMENT = re.compile(r"(?:#|//)[ \t]*seaway:[ \t]*ignore(?P<whole>-file)?\[(?P<rules>[^\]\n]*)\](?P<rest>[^\r\n]*)")
_UNTIL = re.compile(r"(?:^|\s)until=(\S+)")


@dataclass(slots=True)
class Suppressions:
    """Those of one file. `wrong`: comments that have no effect, and why."""

    lines: dict[tuple[int, str], Suppression] = field(default_factory=dict)
    whole: dict[str, Suppression] = field(default_factory=dict)
    wrong: list[Blind] = field(default_factory=list)

    def of(self, rule: str, span: Span) -> Suppression | None:
        """The comment that silences this rule at this place."""
        return self.lines.get((span.line, rule)) or self.whole.get(rule)


def read(text: str, path: str, rules: Collection[str], today: date) -> Suppressions:
    """All comments of a text."""
    found = Suppressions()
    if MARK not in text:
        return found
    for number, line in enumerate(text.split("\n"), 1):
        match = _COMMENT.search(line[-_LONGEST:]) if MARK in line else None
        if match is None:
            continue
        made = _made(match, number, today)
        alone = len(line) <= _LONGEST and not line[: match.start()].strip()
        where = number + 1 if alone else number
        for rule in (name.strip() for name in match["rules"].split(",")):
            if rule not in rules:
                made_here: Suppression | str = f"there is no rule {rule!r}: this comment silences nothing"
            else:
                made_here = made
            if isinstance(made_here, str):
                found.wrong.append(Blind(path, number, line.index(MARK) + 1, made_here))
            elif match["whole"]:
                found.whole[rule] = made_here
            else:
                found.lines[where, rule] = made_here
    return found


def _made(match: re.Match[str], number: int, today: date) -> Suppression | str:
    """The suppression, or why it has no effect."""
    rest = match["rest"]
    until = None
    if named := _UNTIL.search(rest):
        try:
            until = date.fromisoformat(named[1])
        except ValueError:
            return f"until={named[1]} is no day like 2027-01-31: this comment silences nothing"
        rest = rest[: named.start()] + rest[named.end() :]
        if until < today:
            return f"this comment ended on {until.isoformat()}: it silences nothing"
    reason = rest.strip()
    return Suppression(reason, until, number) if reason else "a reason is missing: this comment silences nothing"
