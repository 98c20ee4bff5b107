"""OBS-76: a deployment tells nobody that it happened. Run by `assess.examine`.

An `environment` of GitHub or GitLab and a deployment job of Azure are records that tools can read, so they count as telling.
"""

from __future__ import annotations

from seaway.assess import shipping
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Answer, Hit, Rule
from seaway.assess.shipping import DEPLOYED, Shipment
from seaway.assess.signs import Signs
from seaway.model.finding import Impact, Persona, Severity
from seaway.model.pipeline import System

_SIGNS = Signs(
    r"cdevents?\b|deployment_status|/deployments\b|createdeployment|/annotations\b|grafana-annotation|datadog|\bdd_|new-?relic|sentry|honeymarker|dynatrace"
    r"|\bdora\b|devlake|\bkosli\b|sleuth|linearb|\bfaros\b|swarmia|\bjellyfish\b|jiras?enddeploymentinfo|deploymentinfo|argocd|argo-cd|/v1/events|pagerduty|opsgenie|rollbar"
    r"|bugsnag|appsignal|honeybadger|backstage|slack|msteams|teams-?webhook|webhook|seaway deploy|notify|octopus|spinnaker"
)  # fmt: skip
_RECORDS = frozenset({System.GITHUB_ACTIONS, System.GITLAB_CI, System.AZURE_PIPELINES})


def survey(estate: Estate) -> Answer:
    """Repositories that deploy, with no environment on any job, and whose pipelines send no event, annotation or message."""
    if any(job.environment is not None for case in shipping.live(estate) for job in case.jobs):
        return []
    return shipping.absent(estate, DEPLOYED, _SIGNS, _said)


def _said(one: Shipment) -> Hit:
    easy = one.case.system in _RECORDS
    how = "the job names no environment, and no event is sent" if easy else "no event is sent"
    words = f"`{one.shown}` changes what runs, and nothing records it where a dashboard or an on-call engineer would look: {how}"
    return Hit(one.span, words, one.key, persona=Persona.REGULAR if easy else Persona.AUDITOR)


RULE = Rule(
    id="no-deployment-event",
    number="OBS-76",
    title="Deployments are not recorded as events",
    why="The first question of every incident, what changed, is answered by asking around; how often and how fast one ships cannot be measured.",
    advice="Name the `environment` of the job, or send an event or an annotation (CDEvents, Grafana, the tracker) when a deployment begins and ends.",
    severity=Severity.LOW,
    confidence=0.8,
    impact=Impact("recovery"),
    effort="S",
    refs=("CDEvents: service.deployed", "DORA: monitoring and observability"),
    kinds=frozenset({Kind.REPOSITORY}),
    survey=survey,
)
