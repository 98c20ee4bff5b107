"""OBS-79: the runs of the pipelines leave no traces. Run by `assess.examine`.

Jenkins' plugin and some servers send them without a word in any file: where one of those is used, nothing is known.
"""

from __future__ import annotations

from seaway.assess import shipping
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Answer, Hit, Rule, Unclear
from seaway.assess.shipping import ANY, Shipment
from seaway.assess.signs import Signs
from seaway.model.finding import Impact, Persona, Severity
from seaway.model.pipeline import System

_SIGNS = Signs(
    r"\botel|opentelemetry|traceparent|\bcicd\.|datadog-ci|\bdd_api|buildevents|honeycomb|lightstep|dash0|signoz|new-?relic"
    r"|trace-?export|buildpulse|trunk-io|gitlab-ci-pipelines-exporter|foresight|cimon|pushgateway|sematext|splunk|dynatrace"
)  # fmt: skip
_ELSEWHERE = frozenset({System.JENKINS, System.TEAMCITY, System.TEKTON})


def survey(estate: Estate) -> Answer:
    """Repositories that ship, and whose pipelines send no spans or metrics of their runs anywhere."""
    shipped = shipping.shipments(estate) if estate.whole else []
    if shipped and shipped[0].case.system in _ELSEWHERE:
        return Unclear(f"{shipped[0].case.system.value} sends traces from its server, which was not asked")
    return shipping.absent(estate, ANY, _SIGNS, _said)


def _said(one: Shipment) -> Hit:
    words = "runs of this repository's pipelines send no traces or metrics: where the time to production goes is read from logs by hand"
    return Hit(one.span, words, one.key, persona=Persona.AUDITOR)


RULE = Rule(
    id="no-pipeline-telemetry",
    number="OBS-79",
    title="Pipelines send no telemetry of their runs",
    why="A build that becomes slower or less reliable week by week is noticed when people complain.",
    advice="Export each run as a trace with the `cicd.*` attributes of OpenTelemetry (an exporter on finished runs, otel-cli around steps).",
    severity=Severity.LOW,
    confidence=0.6,
    impact=Impact("lead_time"),
    effort="M",
    refs=("OpenTelemetry: semantic conventions for CI/CD", "DORA: monitoring and observability"),
    kinds=frozenset({Kind.REPOSITORY}),
    survey=survey,
    auditor=True,
)
