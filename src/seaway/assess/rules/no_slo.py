"""OBS-68: alerts on failing requests, and no objective that says how many may fail. Run by `assess.examine`."""

from __future__ import annotations

import re

from seaway.assess import monitoring, promql
from seaway.assess.estate import Estate, Kind
from seaway.assess.promql import COUNTS, Is
from seaway.assess.rule import Hit, Rule
from seaway.formats.infrastructure.kubernetes import Object
from seaway.formats.monitoring.prometheus.files import MonitoringRule
from seaway.model.finding import Impact, Severity

REQUESTS = re.compile(
    r"^(?:\w*_)?(?:http|grpc|rpc|istio|request|requests|nginx_ingress_controller|traefik_service)\w*_(?:requests?_total|requests?|handled_total|responses?_total|total|count)$"
    r"|^envoy_cluster_upstream_rq\w*$"
)
_FAILED = re.compile(
    r"(?:^|[^\d])[45](?:\d\d|\.\.|xx|\[|\.\*)|error|fail|(?:^|\|)(?:Internal|Unavailable)", re.IGNORECASE
)
_OBJECTIVE = re.compile(
    r"(?:^|[_:\W])slos?(?:[_:\W]|$)|slo:|burn_?rate|error_?budget|budget_?burn|objective|SLO", re.ASCII
)
_NAMED = re.compile(r"(?:^|[/_.-])slos?(?:[/_.-]|$)|sloth|pyrra|openslo", re.IGNORECASE)
_KINDS = frozenset({"PrometheusServiceLevel", "ServiceLevelObjective", "SLO"})


def survey(estate: Estate) -> list[Hit] | None:
    """Alerts on the share or the rate of failed requests, in a repository without any objective, burn-rate alert or file of Sloth, Pyrra or OpenSLO."""
    alerts = [one for one in monitoring.rules(estate) if one.alert]
    about = [one for one in alerts if _is_about_failures(one)]
    if not about:
        return None
    rules = monitoring.rules(estate)
    spoken = any(_OBJECTIVE.search(word) for one in rules for word in (one.name, one.expression, *one.labels))
    objects = any(one.kind in _KINDS for one in estate.all(Object))
    if spoken or objects or any(_NAMED.search(path) for path in estate.files):
        return []
    words = f"{about[0].alert} watches failed requests, and no objective says how many may fail: each blip calls, and a slow loss never does"
    return [Hit(about[0].place, words, ("no objective",))]


def _is_about_failures(one: MonitoringRule) -> bool:
    return any(
        part.kind is Is.CALL
        and part.name in COUNTS
        and part.inner[0].kind is Is.SERIES
        and REQUESTS.search(part.inner[0].name)
        and any(_FAILED.search(value) for _, value in part.inner[0].matchers)
        for part in promql.parse(one.expression).parts
    )


RULE = Rule(
    id="no-slo",
    number="OBS-68",
    title="Requests are watched, and nobody said how many may fail",
    why="A threshold by feeling calls for nothing and stays silent while customers leave; and no release can be judged by it.",
    advice="An objective per public service, recorded as an error ratio, with burn-rate alerts over two windows.",
    severity=Severity.LOW,
    confidence=0.75,
    impact=Impact("recovery"),
    effort="M",
    refs=("Google SRE workbook: implementing SLOs", "DORA: monitoring and observability"),
    kinds=frozenset({Kind.PROMETHEUS, Kind.KUBERNETES}),
    survey=survey,
)
