"""An assessment as text for a terminal of 80 columns. Called by `cli.assess`."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from itertools import groupby

from seaway.assess import moves, rules
from seaway.assess.runs import text as runs
from seaway.model.finding import Assessment, Finding, Severity, Status

WIDTH = 80
_BEST = 5
_SHOWN = 12  # places of one rule; the JSON report has all


def report(found: Assessment) -> str:
    """Scores, findings by rule with the worst first, then what could not be known. Ends in a line end."""
    lines = [
        *_head(found),
        "",
        *_scores(found),
        *_moves(found),
        *runs.report(found.bottlenecks),
        *runs.promises(found.forecasts),
    ]
    for rule, group in groupby(sorted(found.findings, key=_by_rule(found)), key=lambda one: one.rule):
        lines += ["", *_rule(rule, list(group))]
    if any(one.fix is not None and one.fix.verified for one in found.findings):
        lines += ["", "[patch]: --diff prints the patches, --fix writes them."]
    if found.suppressed:
        lines += ["", f"Suppressed: {len(found.suppressed)}"]
        lines += [_silenced(one) for one in found.suppressed]
    if found.unknowns:
        lines += ["", f"Not known: {len(found.unknowns)}"]
        for one in found.unknowns[:_SHOWN]:
            lines += _wrapped(f"{one.path}:{one.line}:{one.column} {one.why}", "  ", "      ")
        if len(found.unknowns) > _SHOWN:
            lines.append(f"  ... and {len(found.unknowns) - _SHOWN} more; --format json has them all")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _head(found: Assessment) -> list[str]:
    if not found.files and not found.unknowns:
        return ["No pipeline of a CI system was found here."]
    counts = [
        f"{number} {severity.value}"
        for severity in Severity
        if (number := sum(one.severity is severity for one in found.findings))
    ]
    files = f"{len(found.files)} file{'' if len(found.files) == 1 else 's'} read"
    known = f"; {found.known} known from the baseline" if found.known else ""
    return [f"{files}: {', '.join(counts) or 'nothing found'}{known}"]


def _scores(found: Assessment) -> list[str]:
    """One line per dimension: score, how much of it is known, rules failed of those that could be applied."""
    lines = []
    for dimension, score in found.scores.items():
        checks = [one for one in found.checks if one.dimension is dimension]
        judged = [one for one in checks if one.status in {Status.FAIL, Status.PASS}]
        if score.score is None:
            words = "not assessed" if not checks else "not assessed: nothing here that its rules judge"
            lines.append(f"  {dimension.value:<14}  -    {words}")
            continue
        failed = sum(one.status is Status.FAIL for one in judged)
        known = "" if score.confidence >= 1 else f", {score.confidence:.0%} of it known"
        lines.append(f"  {dimension.value:<14}{score.score:>4.0f}   {failed} of {len(judged)} rules fail{known}")
    return lines


def _moves(found: Assessment) -> list[str]:
    """The five best moves; where there is one rule to mend, no list is needed."""
    listed = moves.moves(found, rules.rules())[:_BEST]
    if len(listed) < 2:
        return []
    lines = ["", "Best moves, by gain over effort"]
    for at, one in enumerate(listed, 1):
        before, after = (("-" if score is None else f"{score:.0f}") for score in (one.before, one.after))
        patched = f" Patches: {one.patches} of {one.findings}." if one.patches else ""
        lines.append(
            f"  {at}. {one.rule.id:<28}  gain {one.gain:>4.1f}  effort {one.effort}  {one.rule.dimension.value} {before} -> {after}"
        )
        lines += _wrapped(one.rule.advice + patched, "     ", "     ")
    return lines


def _by_rule(found: Assessment) -> Callable[[Finding], int]:
    first: dict[str, int] = {}
    for at, one in enumerate(found.findings):
        first.setdefault(one.rule, at)
    return lambda one: first[one.rule]


def _rule(rule: str, group: list[Finding]) -> list[str]:
    first = group[0]
    lines = [f"{first.severity.value.upper()}  {rule} ({first.number})"]
    lines += _wrapped(first.why, "  ", "  ")
    for one in group[:_SHOWN]:
        mark = "" if one.fix is None else "  [patch]" if one.fix.verified else "  [patch, not verified]"
        grade = "" if one.severity is first.severity else f"{one.severity.value}: "
        lines.append(f"  {one.span}{mark}")
        lines += _wrapped(grade + one.message, "      ", "      ")
    if len(group) > _SHOWN:
        lines.append(f"  ... and {len(group) - _SHOWN} more; --format json has them all")
    return lines


def _silenced(one: Finding) -> str:
    reason = one.suppressed.reason if one.suppressed else ""
    until = one.suppressed.until if one.suppressed else None
    return f"  {one.span} {one.rule}: {reason}" + (f" (until {until.isoformat()})" if until else "")


def _wrapped(words: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(
        words, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
