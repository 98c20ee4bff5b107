"""OBS-73: a dashboard that does not show what changed, or has panels that show nothing. Run by `assess.examine`."""

from __future__ import annotations

from seaway.assess import monitoring, promql
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule
from seaway.assess.rules.no_slo import REQUESTS
from seaway.formats.monitoring.grafana import Dashboard, Panel
from seaway.formats.yaml.tree import get, string
from seaway.model.finding import Impact, Persona, Severity
from seaway.model.span import Span

_ASKS = frozenset(
    [
        "timeseries",
        "graph",
        "stat",
        "gauge",
        "bargauge",
        "heatmap",
        "barchart",
        "piechart",
        "singlestat",
        "histogram",
        "state-timeline",
        "status-history",
    ]
)


def survey(estate: Estate) -> list[Hit] | None:
    """Dashboards of a service's requests without an annotation query, so that no release is seen in them, and panels without a query or with one for a recorded series
    that no rule of this repository makes, where it records most of them. An auditor is also shown dashboards without variables.
    """
    boards = monitoring.things(estate, Dashboard)
    found = _blind(estate, [one for one in boards if _shows_requests(one)])
    missing = monitoring.unrecorded(estate)
    for one in boards:
        if one.panels and not one.variables:
            words = f"{one.title} has no variables: one environment and one version, or all of them together"
            found.append(Hit(_title(estate, one), words, (one.title, "variables"), Severity.INFO, 0.6, Persona.AUDITOR))
        for panel in one.panels:
            found += _dead(estate, one, panel, missing)
            if panel.kind in _ASKS and _asks_nothing(panel):
                words = f"{one.title}: the panel {panel.title or panel.kind} asks for nothing and stays empty"
                title = panel.at(panel.get("title") or panel.get("type") or panel.get("spec", "title"))
                found.append(Hit(estate.within(title, ""), words, (one.title, panel.title, "empty")))
    return found if boards else None


def _dead(estate: Estate, one: Dashboard, panel: Panel, missing: frozenset[str]) -> list[Hit]:
    """Queries of a panel for a recorded series that no rule makes."""
    found = []
    for query in panel.queries if missing else ():
        for name in dict.fromkeys(part.name for part in promql.parse(query.expression).parts if part.name in missing):
            words = f"{one.title}: the panel {panel.title} asks for {name}, which no recording rule makes"
            node = get(query.node, "expr") or get(query.node, "spec", "expr")
            found.append(Hit(monitoring.place(estate, panel, node, name), words, (one.title, panel.title, name)))
    return found


def _blind(estate: Estate, boards: list[Dashboard]) -> list[Hit]:
    """Dashboards of requests in which no release is seen: each of them where others show releases, else the first for all."""
    blind = [one for one in boards if not one.annotations]
    if len(blind) == len(boards) > 1:
        words = f"{len(blind)} dashboards show requests and no releases: none has an annotation query, so nobody sees which change made a curve bend"
        return [Hit(_title(estate, blind[0]), words, ("annotations",), confidence=0.8)]
    words = (
        "{} shows requests and no releases: it has no annotation query, so nobody sees which change made a curve bend"
    )
    return [
        Hit(_title(estate, one), words.format(one.title), (one.title, "annotations"), confidence=0.8) for one in blind
    ]


def _title(estate: Estate, one: Dashboard) -> Span:
    return estate.within(one.at(one.get("title") or one.get("spec", "title")), "")


def _shows_requests(one: Dashboard) -> bool:
    texts = (query.expression for panel in one.panels for query in panel.queries if query.expression)
    return any(
        REQUESTS.search(part.name)
        for text in texts
        for part in promql.parse(text).parts
        if part.kind is promql.Is.SERIES
    )


def _asks_nothing(panel: Panel) -> bool:
    if panel.get("libraryPanel") is not None or "dashboard" in string(panel.get("datasource")).lower():
        return False
    return not panel.queries or all(string(get(query.node, "hide")) == "true" for query in panel.queries)


RULE = Rule(
    id="incomplete-dashboard",
    number="OBS-73",
    title="A dashboard that does not show what changed",
    why="During an incident the first question is what changed, and whoever looks at the curves has to ask around for it.",
    advice="An annotation query on deployments, variables for environment and version, and no panel without a query.",
    severity=Severity.LOW,
    confidence=0.85,
    impact=Impact("recovery"),
    effort="S",
    refs=("Grafana: annotate visualizations", "DORA: monitoring and observability"),
    kinds=frozenset({Kind.GRAFANA, Kind.KUBERNETES}),
    survey=survey,
)
