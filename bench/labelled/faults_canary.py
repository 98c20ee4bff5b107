"""Faults of canaries: traffic that nobody looks at, numbers of the whole service, templates that are not there; and a Prometheus that never
looks from outside. As `faults`, with the look-alikes that stand in the same files.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from bench.labelled import estate
from bench.labelled.decoys import decoy
from bench.labelled.draft import Draft, Label
from bench.labelled.faults import GITHUB, GITLAB, fault

_ONE = (GITHUB, GITLAB)
CANARY, PROMETHEUS, SERIES, PROBE = "deploy/canary.yaml", "monitoring/prometheus.yml", "monitoring/canary.rules.yml", "monitoring/probe.yaml"  # fmt: skip

_ROLLOUT = """\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: {name}
  namespace: {name}
spec:
  replicas: 4
  selector:
    matchLabels:
      app: {name}
  workloadRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {name}
  strategy:
    canary:
      canaryService: {name}-canary
      stableService: {name}-stable
{analysis}      steps:
        - setWeight: 10
        - pause:
            duration: 10m
        - setWeight: 50
        - pause:
            duration: 10m
"""
_ANALYSIS = """\
      analysis:
        startingStep: 1
        templates:
          - templateName: {template}
        args:
          - name: hash
            valueFrom:
              podTemplateHashValue: Latest
          - name: service
            value: {name}-canary
"""
_TEMPLATE = """\
apiVersion: argoproj.io/v1alpha1
kind: {kind}
metadata:
  name: {template}
  namespace: {name}
spec:
  args:
    - name: hash
    - name: service
  metrics:
    - name: errors{name_mark}
      interval: {interval}{interval_mark}
      count: 5
      failureLimit: 1
{condition}      provider:
        prometheus:
          address: http://prometheus.monitoring:9090
          query: |{query_mark}
            {query}
"""
_FLAGGER = """\
apiVersion: flagger.app/v1beta1
kind: Canary
metadata:
  name: {name}
  namespace: {name}
spec:
  provider: istio
  targetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {name}
  progressDeadlineSeconds: 600
  service:
    port: 80
    targetPort: http
  analysis:
    interval: {interval}{interval_mark}
    threshold: 5
    maxWeight: 50
    stepWeight: 10
{metrics}"""
_METRICS = """\
    metrics:
      - name: request-success-rate
        thresholdRange:
          min: 99
        interval: {interval}
      - name: errors
        templateRef:
          name: {template}
        thresholdRange:
          max: 1
        interval: {interval}
"""
_METRIC_TEMPLATE = """\
apiVersion: flagger.app/v1beta1
kind: MetricTemplate
metadata:
  name: {template}
  namespace: {name}
spec:
  provider:
    type: prometheus
    address: http://prometheus.monitoring:9090
  query: |{query_mark}
    {query}
"""
_PROMETHEUS = """\
global:
  scrape_interval: {scrape}
  evaluation_interval: {scrape}
rule_files:
  - "*rules.yml"
alerting:
  alertmanagers:
    - static_configs:
        - targets: ["alertmanager:9093"]
scrape_configs:
  - job_name: {name}
    kubernetes_sd_configs:
      - role: pod
"""
_OUTSIDE = """\
  - job_name: {job}
    metrics_path: /probe
    params:
      module: [http_2xx]
    static_configs:
      - targets: ["https://{name}.acme.example"]
    relabel_configs:
      - source_labels: [__address__]
        target_label: __param_target
      - source_labels: [__param_target]
        target_label: instance
      - target_label: __address__
        replacement: blackbox:9115
"""
_AGENT = """\
global:
  scrape_interval: {scrape}
remote_write:
  - url: https://metrics.acme.example/api/v1/write
scrape_configs:
  - job_name: {name}
    kubernetes_sd_configs:
      - role: pod
"""
_PROBE_OBJECT = """\
apiVersion: monitoring.coreos.com/v1
kind: Probe
metadata:
  name: {name}
  namespace: {name}
spec:
  prober:
    url: blackbox.monitoring:9115
  module: http_2xx
  targets:
    staticConfig:
      static: ["https://{name}.acme.example"]
"""
_RECORDED = """\
groups:
  - name: canary
    rules:
      - record: version:errors:ratio_rate5m
        expr: sum by (version) (rate(http_requests_total{{job="{name}",code=~"5.."}}[5m])) / sum by (version) (rate(http_requests_total{{job="{name}"}}[5m]))
"""


@dataclass(slots=True)
class _Canary:
    """A sound one; an operator changes what its fault needs. `split`: labels of the query; `series`: a recorded one, in place of the ratio."""

    name: str
    flagger: bool
    interval: str = "2m"
    window: str = "5m"
    split: str = ""
    series: str = ""
    asked: str = ""  # the template that the release names, with its mark
    template: str = "error-ratio"
    kind: str = "AnalysisTemplate"
    condition: str = "      successCondition: result[0] < 0.01\n"
    analysed: bool = True
    marks: dict[str, str] | None = None

    def query(self) -> str:
        both = [word for word in (f'job="{self.name}"', self.split) if word]
        if self.series:
            return f"{self.series}{{{self.split}}}"
        chosen = ",".join(both)
        return f'sum(rate(http_requests_total{{{chosen},code=~"5.."}}[{self.window}])) / sum(rate(http_requests_total{{{chosen}}}[{self.window}]))'

    def text(self) -> str:
        marks = {"name_mark": "", "interval_mark": "", "query_mark": "", **(self.marks or {})}
        words = {"name": self.name, "template": self.template, "kind": self.kind, "interval": self.interval, "query": self.query(), "condition": self.condition}  # fmt: skip
        asked = {**words, "template": self.asked or self.template}
        if self.flagger:
            release = _FLAGGER.format(**words, **marks, metrics=_METRICS.format(**asked) if self.analysed else "")
            return release + ("---\n" + _METRIC_TEMPLATE.format(**words, **marks) if self.analysed else "")
        release = _ROLLOUT.format(**words, analysis=_ANALYSIS.format(**asked) if self.analysed else "")
        return release + ("---\n" + _TEMPLATE.format(**words, **marks) if self.analysed else "")


def _sound(draft: Draft, dice: Random) -> _Canary:
    made = _Canary(draft.name, flagger=dice.random() < 0.5)
    made.template = dice.choice(("error-ratio", "errors", "success-of-requests"))
    made.split = dice.choice(
        ('pod=~"{{ target }}-[0-9a-zA-Z]+-[0-9a-zA-Z]+"', 'version="canary"', 'service="{{ target }}-canary"')
        if made.flagger
        else ('rollouts_pod_template_hash="{{args.hash}}"', 'service="{{args.service}}"', 'version="canary"')
    )
    return made


def _put(draft: Draft, made: _Canary) -> bool:
    """Beside the service's own manifests."""
    draft.files[CANARY] = made.text()
    return True


def _possible(draft: Draft) -> bool:
    return estate.WORKLOAD in draft.files and CANARY not in draft.files


def _scraped(draft: Draft, every: str, *, outside: bool = True) -> None:
    words = {"name": draft.name, "scrape": every, "job": "blackbox"}
    draft.files[PROMETHEUS] = _PROMETHEUS.format(**words) + (_OUTSIDE.format(**words) if outside else "")


# --- canary-without-analysis ----------------------------------------------------------------------------------------


@fault("canary-without-analysis", *_ONE)
def nobody_looks(draft: Draft, dice: Random) -> bool:
    if not _possible(draft):
        return False
    made = _sound(draft, dice)
    made.analysed = False
    draft.labels.append(Label("canary-without-analysis", CANARY, 0))
    return _put(draft, made)


@fault("canary-without-analysis", *_ONE)
def cannot_fail(draft: Draft, dice: Random) -> bool:
    if not _possible(draft):
        return False
    made = _sound(draft, dice)
    made.flagger, made.split, made.condition = False, 'version="canary"', ""
    made.marks = {"name_mark": " #@canary-without-analysis"}
    return _put(draft, made)


@fault("canary-without-analysis", *_ONE)
def too_few_scrapes(draft: Draft, dice: Random) -> bool:
    """Two looks, or fewer, at a time."""
    if not _possible(draft):
        return False
    made = _sound(draft, dice)
    _scraped(draft, dice.choice(("30s", "1m")))
    made.interval = dice.choice(("30s", "1m"))
    made.marks = {"interval_mark": " #@canary-without-analysis"}
    return _put(draft, made)


@fault("canary-without-analysis", *_ONE)
def window_of_few_scrapes(draft: Draft, dice: Random) -> bool:
    if not _possible(draft):
        return False
    made = _sound(draft, dice)
    _scraped(draft, dice.choice(("30s", "1m")))
    made.interval, made.window = "5m", "1m"
    made.marks = {"query_mark": " #@canary-without-analysis"}
    return _put(draft, made)


# --- analysis-not-split-by-version ----------------------------------------------------------------------------------


@fault("analysis-not-split-by-version", *_ONE)
def all_together(draft: Draft, dice: Random) -> bool:
    if not _possible(draft):
        return False
    made = _sound(draft, dice)
    made.split = dice.choice(("", 'method="GET"', 'environment="production"', 'route!="/healthz"'))
    made.marks = {"query_mark": " #@analysis-not-split-by-version"}
    return _put(draft, made)


@fault("analysis-not-split-by-version", *_ONE)
def recorded_together(draft: Draft, dice: Random) -> bool:
    """The series is there, and is one of all versions."""
    if not _possible(draft) or estate.RULES not in draft.files:
        return False
    made = _sound(draft, dice)
    made.split, made.series = "", "job:errors:ratio_rate5m"
    made.marks = {"query_mark": " #@analysis-not-split-by-version"}
    return _put(draft, made)


# --- canary-metric-unavailable --------------------------------------------------------------------------------------


@fault("canary-metric-unavailable", *_ONE)
def template_that_is_not(draft: Draft, dice: Random) -> bool:
    """The name has changed in one place."""
    if not _possible(draft):
        return False
    made = _sound(draft, dice)
    made.asked = made.template + dice.choice(("-v2", "s", "-old")) + " #@canary-metric-unavailable"
    return _put(draft, made)


@fault("canary-metric-unavailable", *_ONE)
def series_that_nobody_makes(draft: Draft, dice: Random) -> bool:
    if not _possible(draft):
        return False
    made = _sound(draft, dice)
    made.split = 'version="canary"'
    made.series = dice.choice(("version:errors:ratio_rate2m", "version:requests:errors_rate5m", "service:errors:ratio"))
    made.marks = {"query_mark": " #@canary-metric-unavailable"}
    draft.files[SERIES] = _RECORDED.format(name=draft.name)
    return _put(draft, made)


# --- no-synthetic-probe ---------------------------------------------------------------------------------------------


@fault("no-synthetic-probe", *_ONE)
def nobody_outside(draft: Draft, dice: Random) -> bool:
    if estate.RULES not in draft.files or PROMETHEUS in draft.files:
        return False
    _scraped(draft, "15s", outside=False)
    draft.labels.append(Label("no-synthetic-probe", PROMETHEUS, 0))
    return True


@fault("no-synthetic-probe", *_ONE)
def only_inside(draft: Draft, dice: Random) -> bool:
    """A second job, of another exporter: it looks at machines."""
    if not nobody_outside(draft, dice):
        return False
    job = dice.choice(("node", "postgres", "kubelet", "pushgateway"))
    draft.files[PROMETHEUS] += f'  - job_name: {job}\n    static_configs:\n      - targets: ["{job}:9100"]\n'
    return True


# --- look-alikes ----------------------------------------------------------------------------------------------------


def _alike(change: Callable[[Draft, Random, _Canary], None]) -> None:
    def put(draft: Draft, dice: Random) -> None:
        missed = any(label.rule == "no-progressive-delivery" for label in draft.labels)
        if _possible(draft) and PROMETHEUS not in draft.files and not missed:
            made = _sound(draft, dice)
            change(draft, dice, made)
            _put(draft, made)

    decoy(*_ONE)(put)


def _ample(draft: Draft, dice: Random, made: _Canary) -> None:
    """As many scrapes as it takes."""
    _scraped(draft, "15s")


def _for_the_cluster(draft: Draft, dice: Random, made: _Canary) -> None:
    made.flagger, made.split, made.kind = False, 'version="canary"', "ClusterAnalysisTemplate"
    made.asked = made.template + "\n            clusterScope: true"


def _recorded_by_version(draft: Draft, dice: Random, made: _Canary) -> None:
    made.split, made.series = 'version="canary"', "version:errors:ratio_rate5m"
    draft.files[SERIES] = _RECORDED.format(name=draft.name)


def _template_of_nobody(draft: Draft, dice: Random, made: _Canary) -> None:
    """No release asks it: it may be for people."""
    other = _Canary(draft.name, flagger=False, template="whole-service")
    draft.files["deploy/by-hand.yaml"] = other.text().partition("---\n")[2]


for _one in (_ample, _for_the_cluster, _recorded_by_version, _template_of_nobody):
    _alike(_one)


@decoy(*_ONE)
def looked_at_from_outside(draft: Draft, dice: Random) -> None:
    if estate.RULES not in draft.files or PROMETHEUS in draft.files:
        return
    words = {"name": draft.name, "scrape": "15s", "job": dice.choice(("blackbox", "public-addresses", "synthetic"))}
    way = dice.choice(("job", "object", "elsewhere"))
    if way == "job":
        draft.files[PROMETHEUS] = _PROMETHEUS.format(**words) + _OUTSIDE.format(**words)
    elif way == "object":
        draft.files |= {PROMETHEUS: _PROMETHEUS.format(**words), PROBE: _PROBE_OBJECT.format(**words)}
    elif CANARY not in draft.files:  # an agent: who alerts stands in another repository
        draft.files[PROMETHEUS] = _AGENT.format(**words)
