"""Bottlenecks for a terminal of 80 columns. Called by `assess.text`."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from seaway.assess.flow.gantt import span
from seaway.assess.runs.document import moment
from seaway.model.bottleneck import Bottleneck, Figure, JobTime, Outcome

WIDTH = 80
_PIPELINES, _JOBS = 5, 6  # that are shown; the JSON report has all
_FORECASTS = 5
_NAME = 30


def report(found: Sequence[Bottleneck]) -> list[str]:
    """A block per pipeline, none without runs."""
    lines: list[str] = []
    for one in found[:_PIPELINES]:
        lines += ["", *_block(one)]
    if len(found) > _PIPELINES:
        lines += ["", f"... and {len(found) - _PIPELINES} more pipelines; --format json has them all"]
    return lines


def promises(found: Sequence[Outcome]) -> list[str]:
    """What came of stored forecasts: first those that can be compared, then those that wait."""
    if not found:
        return []
    lines = ["", f"FORECASTS  {len(found)} stored"]
    for one in sorted(found, key=lambda each: (each.observed is None, each.promise.id)):
        kept = one.promise
        foretold = (
            f"{span(kept.before)} -> {span(kept.after.value)} ({span(kept.after.low)} to {span(kept.after.high)})"
        )
        words = f"{kept.id}: foretold {foretold}, "
        if one.observed is not None and one.error is not None:
            way = "later" if one.error > 0 else "sooner"
            words += (
                f"{one.state}: {_spread(one.observed)} in {one.observed.n} runs since, {span(abs(one.error))} {way}"
            )
        else:
            words += "landed, too few runs since" if kept.landed is not None else "not landed"
        lines += _wrapped(words)
    return lines


def _block(one: Bottleneck) -> list[str]:
    days = f"{moment(one.since)[:10]} to {moment(one.until)[:10]}"
    lines = [f"TIME  {one.pipeline}", f"  {one.runs} runs from {days}, {one.succeeded} succeeded"]
    if one.duration is not None and one.duration_p90 is not None:
        lines += _wrapped(f"a run takes {_spread(one.duration)}; one of ten longer than {span(one.duration_p90.value)}")
    waits = (
        f"jobs wait {one.waiting:.0%} of their time for a machine ({span(one.queue)} beside {span(one.work)} of work)"
    )
    if one.person:
        waits += f", and {span(one.person)} for a person"
    lines += _wrapped(waits)
    if one.retried:
        lines += _wrapped(f"{one.waste:.0%} of the machines' time ({span(one.retried)}) was work that was done again")
    if one.cost is not None:
        missing = f"; {span(one.cost.unpriced)} of machines without a price" if one.cost.unpriced else ""
        lines += _wrapped(
            f"machines cost {one.cost.total:.2f}, {one.cost.run:.2f} a run, {one.cost.retried:.2f} for work done again{missing}"
        )
    if one.order == "times":
        lines += _wrapped("what waits for what is taken from the times of the runs: nobody recorded it")
    lines.append(f"  {'job':<{_NAME}}  {'on critical path':>16}  {'work':>8}  {'queue':>7}  {'flaky':>5}")
    lines += [_job(job) for job in one.jobs[:_JOBS]]
    if len(one.jobs) > _JOBS:
        lines.append(f"  ... and {len(one.jobs) - _JOBS} more jobs")
    return [*lines, *_what_if(one)]


def _what_if(one: Bottleneck) -> list[str]:
    """Forecasts, or why there are none."""
    if one.replay is None:
        return []
    if not one.replay.reproduced:
        return _wrapped(f"no forecast: {one.replay.words}")
    if not one.what_if:
        return ["  no forecast: nothing that was tried on these runs makes them shorter"]
    lines = [f"  what if, by {one.what_if[0].replays:,} replayed runs (median, 90 %):"]
    for each in one.what_if[:_FORECASTS]:
        after = f"{span(each.before)} -> {span(each.after.value)} ({span(each.after.low)} to {span(each.after.high)})"
        lines += textwrap.wrap(
            f"{each.change}: {after}, if {each.assumes}", WIDTH, initial_indent="    ", subsequent_indent="      ",
            break_on_hyphens=False,
        )  # fmt: skip
    return lines


def _job(one: JobTime) -> str:
    name = one.name if len(one.name) <= _NAME else one.name[: _NAME - 1] + "…"
    share = f"{one.critical.value:.0%} ({one.critical.low:.0%}-{one.critical.high:.0%})"
    flaky = "-" if one.flaky is None else f"{one.flaky.value:.0%}"
    return f"  {name:<{_NAME}}  {share:>16}  {span(one.work.value):>8}  {span(one.queue.value):>7}  {flaky:>5}"


def _spread(one: Figure) -> str:
    return f"{span(one.value)} (median; 90 %: {span(one.low)} to {span(one.high)})"


def _wrapped(words: str) -> list[str]:
    return textwrap.wrap(words, WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
