"""OBS-80: a canary waits for numbers that nobody makes. Run by `assess.examine`.

Files cannot say what Prometheus holds. They say which templates and recorded series there are; where a repository has none of a
sort, they live elsewhere, and nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator

from seaway.assess import canaries, monitoring, promql
from seaway.assess.aside import aside, quietly
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule
from seaway.model.finding import Impact, Severity


def survey(estate: Estate) -> list[Hit] | None:
    """Releases that name an analysis or metric template which is not among those of this repository, and queries of templates that ask for a recorded
    series (`a:b:c`) which none of its recording rules makes.
    """
    templates = canaries.templates(estate)
    references = canaries.references(estate) if not all(aside(one.path) for one in templates) else []
    known = {one.name for one in templates}
    found = []
    for one in references:
        if one.name not in known:
            words = f"{one.release.name} is judged by {one.name}, and there is no template of this name: the analysis ends with an error"
            found.append(Hit(one.release.at(one.node), words, (one.release.name, one.name)))
    recorded = {rule.name for rule in monitoring.rules(estate) if not rule.alert}
    measures = [one for one in canaries.measures(estate) if one.query is not None] if recorded else []
    for measure in measures:
        for name in _recorded(measure.text):
            if name not in recorded:
                words = f"{measure.template.name} asks for {name}, which no recording rule makes: the answer is empty"
                span = monitoring.place(estate, measure.template, measure.query, name)
                found.append(Hit(span, words, (measure.template.name, name), confidence=0.75))
    return quietly(found) if references or measures else None


def _recorded(text: str) -> Iterator[str]:
    """The series in a query that are recorded by their name."""
    names = (part.name for part in promql.parse(_filled(text)).parts if part.kind is promql.Is.SERIES)
    return (name for name in dict.fromkeys(names) if ":" in name)


def _filled(text: str) -> str:
    """Placeholders of Argo and Flagger as variables, which the parser knows."""
    made, rest = "", text[: promql.MAX_LENGTH]
    while "{{" in rest and "}}" in rest:
        before, _, rest = rest.partition("{{")
        _, _, rest = rest.partition("}}")
        made += f"{before}$v"
    return made + rest


RULE = Rule(
    id="canary-metric-unavailable",
    number="OBS-80",
    title="A canary waits for numbers that nobody makes",
    why="The analysis ends with an error or without an answer, and every release is stopped, or the check is switched off.",
    advice="Keep templates, recording rules and releases in one change, and try the query against Prometheus before the release.",
    severity=Severity.HIGH,
    confidence=0.85,
    impact=Impact("lead_time"),
    effort="S",
    refs=("Argo Rollouts: analysis", "Flagger: custom metrics", "Prometheus: recording rules, naming"),
    kinds=frozenset({Kind.KUBERNETES, Kind.PROMETHEUS}),
    survey=survey,
)
