"""SAF-26: traffic is shifted and nothing is measured, or too little to tell. Run by `assess.examine`.

A step that waits for a person is a look of somebody's, so such releases are for an auditor. A window that holds fewer than four
measurements is often empty, and an empty answer fails a canary of Flagger and passes none of Argo's conditions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from seaway.assess import canaries, monitoring, promql
from seaway.assess.aside import quietly
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule
from seaway.formats.infrastructure.kubernetes import Object
from seaway.formats.yaml.tree import Node, get, is_true, sequence, string
from seaway.model import duration
from seaway.model.finding import Impact, Persona, Severity

_WINDOW = re.compile(r"\[((?:\d+(?:ms|s|m|h|d|w|y))+)[\]:]")
_LOOKS = frozenset({"", "rollout", "pre-rollout", "confirm-traffic-increase", "confirm-promotion"})
_DECIDES_ITSELF = ("job", "kayenta")


def survey(estate: Estate) -> list[Hit] | None:
    """Rollouts and Canaries that shift traffic without any analysis, metrics of Argo Rollouts that cannot fail because they have no condition, and
    analyses whose interval or window holds fewer than four scrapes, as far as any file says how often is scraped.
    """
    rollouts, flagger = canaries.rollouts(estate), canaries.canaries(estate)
    measures = canaries.measures(estate)
    found = [hit for one in rollouts for hit in _rollout(estate, one)] + [
        hit for one in flagger for hit in _canary(estate, one)
    ]
    for measure in measures:
        if measure.template.kind != "MetricTemplate" and not _can_fail(measure.node):
            words = f"{measure.template.name}: {measure.name} has neither successCondition nor failureCondition, so it succeeds whatever is measured"
            node = get(measure.node, "name")
            found.append(Hit(measure.template.at(node), words, (measure.template.name, measure.name, "no condition")))
    interval = monitoring.scrape_interval(estate)
    if interval is not None:
        found += [hit for measure in measures for hit in _measured(estate, measure, interval)]
        found += [hit for one in flagger for hit in _often(one, interval)]
    return quietly(found) if rollouts or flagger or measures else None


def _rollout(estate: Estate, one: Object) -> Iterator[Hit]:
    canary = one.get("spec", "strategy", "canary")
    steps = sequence(canaries.steps_node(one))
    if get(canary, "analysis") is not None or any(
        get(step, name) is not None for step in steps for name in ("analysis", "experiment", "plugin")
    ):
        return
    waits = any(get(step, "pause") is not None and get(step, "pause", "duration") is None for step in steps)
    words = f"{one.name} shifts traffic in {len(steps)} steps, and nothing is measured: a broken version reaches everybody on time"
    persona = Persona.AUDITOR if waits else Persona.REGULAR
    yield Hit(estate.within(one.at(canaries.steps_node(one)), ""), words, (one.name,), persona=persona)


def _canary(estate: Estate, one: Object) -> Iterator[Hit]:
    node = canaries.analysis(one)
    skipped = one.get("spec", "skipAnalysis")
    if is_true(skipped):
        yield Hit(
            one.at(skipped), f"{one.name} skips its analysis: every version is promoted at once", (one.name, "skipped")
        )
        return
    hooks = {string(get(hook, "type")) for hook in sequence(get(node, "webhooks"))}
    if not sequence(get(node, "metrics")) and not hooks & _LOOKS:
        words = f"{one.name} shifts traffic, and nothing is measured: its analysis has no metrics"
        yield Hit(estate.within(one.at(node), ""), words, (one.name,))


def _can_fail(metric: Node) -> bool:
    own = any(get(metric, name) is not None for name in ("successCondition", "failureCondition"))
    return own or any(get(metric, "provider", name) is not None for name in _DECIDES_ITSELF)


def _measured(estate: Estate, measure: canaries.Measure, interval: timedelta) -> Iterator[Hit]:
    every = duration.render(interval)
    if measure.query is not None:
        for written in dict.fromkeys(_WINDOW.findall(measure.text[: promql.MAX_LENGTH])):
            window = promql.duration(written)
            if window is not None and window < 4 * interval:
                words = f"{measure.template.name}: the window of {written} holds fewer than four measurements, which come every {every}: its answer may be empty"
                span = estate.within(measure.template.at(measure.query), written)
                yield Hit(span, words, (measure.template.name, measure.name, written), confidence=0.85)
    node = get(measure.node, "interval")
    own = promql.duration(string(node))
    if own is not None and own < 4 * interval:
        yield _too_often(measure.template, node, own, interval)


def _often(one: Object, interval: timedelta) -> Iterator[Hit]:
    analysis = canaries.analysis(one)
    nodes = [get(analysis, "interval"), *(get(metric, "interval") for metric in sequence(get(analysis, "metrics")))]
    for node in nodes:
        own = promql.duration(string(node))
        if own is not None and own < 4 * interval:
            yield _too_often(one, node, own, interval)
            return


def _too_often(one: Object, node: Node, own: timedelta, interval: timedelta) -> Hit:
    every = duration.render(interval)
    words = f"{one.name} judges every {duration.render(own)} what is measured every {every}: fewer than four measurements are too few to tell"
    persona = Persona.REGULAR if own <= 2 * interval else Persona.AUDITOR
    return Hit(one.at(node), words, (one.name, "interval"), Severity.MEDIUM, 0.8, persona)


RULE = Rule(
    id="canary-without-analysis",
    number="SAF-26",
    title="Traffic is shifted, and nothing is measured",
    why="A canary that nobody looks at is a slow roll-out: it delays a broken version by minutes and stops nothing.",
    advice="An analysis beside the steps, by error ratio and latency of the new version, with an interval and windows of at least four scrapes.",
    severity=Severity.HIGH,
    confidence=0.9,
    impact=Impact("cfr"),
    effort="M",
    refs=(
        "Argo Rollouts: analysis and progressive delivery",
        "Flagger: how it works, canary analysis",
        "fluxcd/flagger#1123",
    ),
    kinds=frozenset({Kind.KUBERNETES, Kind.PROMETHEUS}),
    survey=survey,
)
