"""A report for people, in 80 columns. Called by `cli.dora`."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator

from seaway.assess.dora import bands, words
from seaway.assess.dora.document import frequency_value
from seaway.assess.dora.recovery import NOT_REACHED, Curve
from seaway.assess.dora.report import METRICS, Measured, Report
from seaway.assess.dora.spread import Estimate, Spread

WIDTH = 80
_INDENT = " " * 18


def render(report: Report) -> str:
    """Per lane the five metrics, each with n, interval, clock and bands; then what could not be known."""
    blocks = [list(_lane(each)) for each in report.lanes]
    if not blocks:
        blocks = [["no deployments"]]
    if report.causes:
        blocks.append(list(_causes(report)))
    if report.unknowns:
        blocks.append(
            ["not known:", *(line for each in report.unknowns for line in _wrapped(f"? {each}", "  ", "    "))]
        )
    since = f"{words.time(report.since)} to " if report.since is not None else "until "
    blocks.append(
        [f"{since}{words.time(report.until)}; intervals are 95 %", f"rows: seaway dora ... --rows {'|'.join(METRICS)}"]
    )
    return "\n\n".join("\n".join(block) for block in blocks)


def _lane(measured: Measured) -> Iterator[str]:
    lane = measured.lane
    yield f"{lane.service} / {lane.environment}" + (
        "" if lane.production else "   (no users: incidents are not counted here)"
    )
    yield from _lead(measured)
    yield from _frequency(measured)
    yield from _fail_rate(measured)
    yield from _recovery(measured)
    yield from _rework(measured)


def _lead(measured: Measured) -> Iterator[str]:
    lead = measured.lead_time
    yield from _head("lead time", _quantiles(lead.commits, words.span), f"n {lead.commits.n} commits")
    if not lead.commits.n:
        yield from _note(f"{lead.changes.prehistory} commits came with the first deployment: pre-history")
        return
    covered = "" if lead.coverage is None else f"; {words.percent(lead.coverage)} of what was made is deployed"
    yield from _note(f"clock: {lead.clock.replace('_', ' ')}{covered}")
    yield from _note(
        f"per deployment p50 {_shown(lead.deployments.p50, words.span)}; batch delay p50 {_shown(lead.batch_delay.p50, words.span)}"
    )
    others = [
        f"{name} p50 {_shown(spread.p50, words.span)}" for name, spread in lead.clocks.items() if name != lead.clock
    ]
    yield from _note("by other clocks: " + "; ".join(others))
    changes = lead.changes
    left = {
        "pre-history": changes.prehistory,
        "merges": changes.merges,
        "other services": changes.elsewhere,
        "copies": len(changes.duplicates),
        "reverted before": len(changes.wasted),
    }
    told = [f"{count} {name}" for name, count in left.items() if count]
    if told:
        yield from _note("left out: " + ", ".join(told))
    for count, what in (
        (lead.clamped, "negative and counted as 0 (a skewed clock)"),
        (lead.lower_bound, "squashed: a lower bound"),
        (lead.fallback, "without a push: committer date"),
        (lead.unsure, "of low confidence"),
    ):
        if count:
            yield from _note(f"{count} of {lead.commits.n} {what}")
    yield from _band(bands.LEAD, lead.commits.p50.value, lead.commits.n)


def _frequency(measured: Measured) -> Iterator[str]:
    found = measured.frequency
    yield from _head(
        "frequency", f"{_interval(found.per_day, '{:.2f}'.format)} a day", f"n {found.n} in {found.days:.0f} days"
    )
    if found.n:
        yield from _note(f"{found.bucket}: {found.active_days:g} days a week with a deployment (median)")
    apart = [
        f"{found.redeployments} redeployments" if found.redeployments else "",
        f"{found.failed} failed attempts" if found.failed else "",
    ]
    if any(apart):
        yield from _note("counted apart: " + ", ".join(each for each in apart if each))
    moves = ", ".join(f"{count} {move}" for move, count in found.moves.items())
    if moves:
        yield from _note(moves)
    yield from _band(bands.BETWEEN, frequency_value(found), found.n)


def _fail_rate(measured: Measured) -> Iterator[str]:
    found = measured.fail_rate
    value = "not known" if found.rate.value is None else _interval(found.rate, words.percent)
    yield from _head("fail rate", value, f"n {found.failed} of {found.n} deployments")
    if not found.told:
        yield from _note("nobody told of incidents (--incidents FILE): rollbacks and hotfixes only")
    if found.expected is not None:
        yield from _note(f"weighed by probability: {words.percent(found.expected)}")
    yield from _band(bands.FAIL, found.rate.value, found.n)


def _recovery(measured: Measured) -> Iterator[str]:
    found = measured.recovery
    curve = found.from_impact
    yield from _head("recovery time", _quantiles(curve, words.span), f"n {curve.n} failed, {curve.open} open")
    if curve.n:
        yield from _note(f"from impact_start; from detected p50 {_shown(found.from_detected.p50, words.span)}")
    yield from _band(bands.RECOVERY, curve.p50.value, curve.n)


def _rework(measured: Measured) -> Iterator[str]:
    found = measured.rework
    value = "not known" if found.rate.value is None else _interval(found.rate, words.percent)
    yield from _head("rework rate", value, f"n {found.reworked} of {found.n} deployments")
    if found.confidence is not None:
        yield from _note(f"mean confidence {found.confidence:.2f}")
    yield from _band(bands.REWORK, found.rate.value, found.n)


def _head(name: str, value: str, n: str) -> list[str]:
    line = f"  {name:<14}  {value}   {n}"
    return [line] if len(line) <= WIDTH else [f"  {name:<14}  {value}", f"{_INDENT}{n}"]


def _note(text: str) -> list[str]:
    return _wrapped(text, _INDENT, _INDENT)


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=True)


def _band(metric: str, value: float | None, n: int) -> Iterator[str]:
    if value is None:
        return
    against = bands.against(metric, value, n)
    if against is None:
        yield from _note(f"no bands below {bands.FEWEST} samples")
        return
    found = [f"{each.year} {' or '.join(each.names) or 'no rank'}" for each in bands.levels(metric, value, n)]
    found.append(f"2025 {against.score:.1f} of 10 (all: {against.mean:.1f} ± {against.sd:.1f})")
    yield from _note("bands: " + ", ".join(found))


def _quantiles(found: Spread | Curve, show: Callable[[float], str]) -> str:
    if not found.n:
        return "no data"
    if found.p50.value is None:
        return f"p50 {NOT_REACHED}"
    rest = [f"{name} {_shown(estimate, show)}" for name, estimate in (("p75", found.p75), ("p90", found.p90))]
    return f"p50 {_interval(found.p50, show)}  " + "  ".join(rest)


def _shown(found: Estimate, show: Callable[[float], str]) -> str:
    return NOT_REACHED if found.value is None else show(found.value)


def _interval(found: Estimate, show: Callable[[float], str]) -> str:
    if found.value is None:
        return "not known"
    low = "?" if found.low is None else show(found.low)
    high = "open" if found.high is None else show(found.high)
    return f"{show(found.value)} [{low}, {high}]"


def _causes(report: Report) -> Iterator[str]:
    caused = sum(cause.best is not None for cause in report.causes)
    yield f"incidents: {len(report.causes)}, {caused} caused by a deployment"
    for cause in report.causes[:10]:
        if cause.best:
            said = f"{cause.best.deployment} {cause.best.probability:.2f} ({cause.best.why})"
        else:
            said = f"not a change {cause.not_a_change:.2f}"
        others = [f"{each.deployment} {each.probability:.2f}" for each in cause.answers if each is not cause.best][:2]
        yield from _wrapped(
            f"{cause.incident.id}: {said}" + (f"; else {', '.join(others)}" if others else ""), "  ", "    "
        )
    if len(report.causes) > 10:
        yield f"  ... {len(report.causes) - 10} more: --json"
