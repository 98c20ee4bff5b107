"""OBS-69: an alert on the burning of an error budget that cannot fire, or that fires on one window. Run by `assess.examine`.

An error ratio is at most 1. At an objective of 90 % the usual factor 14.4 asks for a ratio above 1.44.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from seaway.assess import monitoring, promql
from seaway.assess.aside import quietly
from seaway.assess.estate import Estate, Kind
from seaway.assess.promql import Is, Part
from seaway.assess.rule import Hit, Rule
from seaway.formats.monitoring.prometheus.files import MonitoringRule
from seaway.model.finding import Impact, Severity

_BURN = re.compile(r"burn_?rate|budget_?burn|error_?budget|burning", re.IGNORECASE)
_RATIO = re.compile(r"error[s_:]*ratio|ratio_rate\d|burn_?rate\d|errors?:ratio", re.IGNORECASE)
_AT_THE_END = re.compile(r"(\d+(?:ms|s|m|h|d|w))$")


def survey(estate: Estate) -> list[Hit] | None:
    """Alerts whose threshold for an error ratio is 1 or more, and burn-rate alerts that look at one window only."""
    alerts = [one for one in monitoring.rules(estate, every=True) if one.alert]
    burning = [one for one in alerts if _is_about_burning(one)]
    found: list[Hit] = []
    for one in alerts:
        part = promql.parse(one.expression).part
        if part is not None:
            found += _unreachable(estate, one, part)
            if one in burning:
                found += _single_window(one, part)
    return quietly(found) if burning or found else None


def _is_about_burning(one: MonitoringRule) -> bool:
    return _BURN.search(one.alert) is not None or any(_BURN.search(label) for label in one.labels)


def _unreachable(estate: Estate, one: MonitoringRule, part: Part) -> Iterator[Hit]:
    for each in part.walk():
        if each.kind is not Is.BINARY or each.name not in {">", ">="}:
            continue
        left, right = each.inner
        least = right.constant
        if least is None or least < 1 or (least == 1 and each.name == ">="):
            continue
        if _divides_errors(left) or (right.kind is Is.BINARY and _is_named_ratio(left)):
            name = left.series[0].name
            words = f"{one.alert} cannot fire: it waits for an error ratio above {least:g}, and a ratio is at most 1"
            yield Hit(monitoring.place(estate, one, one.get("expr"), name), words, (one.alert, "unreachable", name))


def _divides_errors(part: Part) -> bool:
    """Some requests by all requests: the same metric above and below, with a condition above only."""
    if part.kind is Is.BINARY and part.name == "-" and part.inner[0].constant == 1:
        part = part.inner[1]
    if part.kind is not Is.BINARY or part.name != "/":
        return False
    above, below = (one.series for one in part.inner)
    same = len(above) == len(below) == 1 and above[0].name == below[0].name and above[0].name != ""
    wide = set(below[0].matchers) < set(above[0].matchers) if same else False
    return wide and not any(one.kind is Is.BINARY for side in part.inner for one in side.walk())


def _is_named_ratio(part: Part) -> bool:
    return part.kind is Is.SERIES and _RATIO.search(part.name) is not None


def _single_window(one: MonitoringRule, part: Part) -> Iterator[Hit]:
    windows: set[timedelta] = set()
    for each in part.walk():
        if each.window is not None:
            windows.add(each.window)
        written = _AT_THE_END.search(each.name) if each.kind is Is.SERIES else None
        length = promql.duration(written[1]) if written else None
        if length is not None:
            windows.add(length)
    if len(windows) == 1:
        words = f"{one.alert} looks at one window: a second, shorter one lets it end soon after the trouble, and a longer one keeps it from firing on a blip"
        yield Hit(one.place, words, (one.alert, "single window"), Severity.LOW, 0.8)


RULE = Rule(
    id="unreachable-burn-alert",
    number="OBS-69",
    title="An alert on the error budget that cannot fire, or fires on a blip",
    why="The whole budget burns and nobody is called; or everybody is called for a minute that cost nothing.",
    advice="A factor below 1 / (1 - objective); two windows per alert, the short one a twelfth of the long one.",
    severity=Severity.HIGH,
    confidence=0.95,
    impact=Impact("recovery"),
    effort="S",
    refs=("Google SRE workbook: alerting on SLOs", "DORA: monitoring and observability"),
    kinds=frozenset({Kind.PROMETHEUS, Kind.KUBERNETES}),
    survey=survey,
)
