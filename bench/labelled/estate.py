"""What stands beside a service's pipeline: sound manifests, Terraform, Ansible, rules, routes, dashboards, flags. Used by `projects`."""

from __future__ import annotations

import json
from random import Random

_WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: {space}
  labels:
    app: {name}
spec:
  replicas: {replicas}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxUnavailable: 1
      maxSurge: 1
  selector:
    matchLabels:
      app: {name}
  template:
    metadata:
      labels:
        app: {name}
    spec:
      terminationGracePeriodSeconds: 60
      securityContext:
        runAsNonRoot: true
      containers:
        - name: app
          image: ghcr.io/acme/{name}:{version}
          ports:
            - name: http
              containerPort: 8080
          env:
            - name: LOG_FORMAT
              value: json
            - name: OTEL_EXPORTER_OTLP_ENDPOINT
              value: http://collector:4317
            - name: OTEL_SERVICE_NAME
              value: {name}
          readinessProbe:
            httpGet:
              path: /ready
              port: http
          livenessProbe:
            httpGet:
              path: /alive
              port: http
          lifecycle:
            preStop:
              exec:
                command: [sleep, "10"]
          resources:
            requests:
              cpu: 100m
              memory: 128Mi
            limits:
              memory: 256Mi
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: [ALL]
---
apiVersion: v1
kind: Service
metadata:
  name: {name}
  namespace: {space}
  labels:
    app: {name}
spec:
  selector:
    app: {name}
  ports:
    - name: http
      port: 80
      targetPort: http
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {name}
  namespace: {space}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      app: {name}
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: {name}
  namespace: {space}
spec:
  selector:
    matchLabels:
      app: {name}
  endpoints:
    - port: http
"""
_TERRAFORM = """\
terraform {{
  backend "s3" {{
    bucket       = "acme-state"
    key          = "{name}.tfstate"
    region       = "eu-central-1"
    use_lockfile = true
  }}
}}

resource "aws_ecr_repository" "app" {{
  name                 = "{name}"
  image_tag_mutability = "IMMUTABLE"
}}

resource "aws_ecr_lifecycle_policy" "app" {{
  repository = aws_ecr_repository.app.name
  policy     = file("lifecycle.json")
}}

resource "aws_db_instance" "main" {{
  identifier     = "{name}"
  engine         = "postgres"
  instance_class = "db.t4g.medium"

  lifecycle {{
    prevent_destroy = true
  }}
}}
"""
_PLAY = """\
- name: Ship {name}
  hosts: production
  serial: 1
  max_fail_percentage: 0
  tasks:
    - name: Unpack
      ansible.builtin.unarchive:
        src: {name}.tgz
        dest: /srv/{name}
    - name: Restart
      ansible.builtin.systemd:
        name: {name}
        state: restarted
"""
_RULES = """\
groups:
  - name: {name}
    rules:
      - record: job:errors:ratio_rate5m
        expr: sum(rate(http_requests_total{{job="{name}",code=~"5.."}}[5m])) / sum(rate(http_requests_total{{job="{name}"}}[5m]))
      - record: job:errors:ratio_rate1h
        expr: sum(rate(http_requests_total{{job="{name}",code=~"5.."}}[1h])) / sum(rate(http_requests_total{{job="{name}"}}[1h]))
      - alert: ErrorBudgetBurn
        expr: job:errors:ratio_rate5m > (14.4 * 0.001) and job:errors:ratio_rate1h > (14.4 * 0.001)
        for: 2m
        labels:
          severity: page
          team: {name}
        annotations:
          summary: "{name} burns its error budget"
          runbook_url: https://runbooks.acme.example/{name}
      - alert: InstanceDown
        expr: up{{job="{name}"}} == 0
        for: 5m
        labels:
          severity: ticket
          team: {name}
        annotations:
          summary: "an instance of {name} is down"
          runbook_url: https://runbooks.acme.example/{name}
"""
_ROUTES = """\
route:
  receiver: pager
  group_by: [alertname]
  routes:
    - matchers:
        - severity="ticket"
      receiver: tickets
receivers:
  - name: pager
    pagerduty_configs:
      - routing_key_file: /etc/alertmanager/pagerduty
  - name: tickets
    webhook_configs:
      - url: http://tickets.acme.example/alerts
inhibit_rules:
  - source_matchers: [severity="page"]
    target_matchers: [severity="ticket"]
    equal: [team]
"""
_COMPOSE = """\
services:
  app:
    image: ghcr.io/acme/{name}:{version}
    environment:
      LOG_FORMAT: json
    ports:
      - "8080:8080"
  database:
    image: postgres:17.2
    volumes:
      - data:/var/lib/postgresql/data
volumes:
  data: {{}}
"""
_APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: {name}
  namespace: argocd
spec:
  project: default
  source:
    repoURL: https://git.acme.example/{name}.git
    targetRevision: main
    path: deploy
  destination:
    server: https://kubernetes.default.svc
    namespace: {name}
  syncPolicy:
    automated:
      prune: true
      selfHeal: true
"""
_PANEL = {
    "type": "timeseries",
    "title": "Requests",
    "datasource": {"type": "prometheus", "uid": "${datasource}"},
    "targets": [{"refId": "A", "expr": 'sum(rate(http_requests_total{job="$job"}[5m])) by (code)'}],
}

WORKLOAD, TERRAFORM, PLAY = "deploy/app.yaml", "infra/main.tf", "ansible/site.yml"
RULES, ROUTES, BOARD = "monitoring/rules.yml", "monitoring/alertmanager.yml", "monitoring/dashboard.json"
APPLICATION = "gitops/application.yaml"
COMPOSE, FLAGS = "compose.production.yaml", "flags/app.flagd.json"


def files(name: str, dice: Random) -> dict[str, str]:
    """Most services have most of it."""
    words = {
        "name": name,
        "space": name,
        "replicas": dice.randrange(2, 6),
        "version": f"{dice.randrange(1, 9)}.{dice.randrange(20)}.{dice.randrange(9)}",
    }
    made = {
        WORKLOAD: _WORKLOAD.format(**words),
        TERRAFORM: _TERRAFORM.format(**words),
        PLAY: _PLAY.format(**words),
        RULES: _RULES.format(**words),
        ROUTES: _ROUTES,
        BOARD: json.dumps(board(name), indent=2) + "\n",
        COMPOSE: _COMPOSE.format(**words),
        FLAGS: json.dumps(flags(), indent=2) + "\n",
    }
    kept = {path: text for path, text in made.items() if dice.random() < 0.8}
    return kept | ({APPLICATION: _APPLICATION.format(**words)} if dice.random() < 0.5 else {})


def board(name: str) -> dict[str, object]:
    """A dashboard that shows releases."""
    return {
        "uid": name,
        "title": f"{name}: requests",
        "schemaVersion": 39,
        "annotations": {
            "list": [{"name": "Releases", "datasource": {"type": "prometheus", "uid": "${datasource}"}, "expr": "changes(build_info[5m]) > 0", "enable": True}]
        },
        "templating": {
            "list": [{"name": "datasource", "type": "datasource", "query": "prometheus"}, {"name": "job", "type": "query", "query": "label_values(up, job)"}]
        },
        "panels": [_PANEL],
    }  # fmt: skip


def flags() -> dict[str, object]:
    """Flags that end, and somebody's."""
    return {
        "$schema": "https://flagd.dev/schema/v0/flags.json",
        "flags": {
            "new-checkout": {
                "state": "ENABLED",
                "variants": {"on": True, "off": False},
                "defaultVariant": "off",
                "metadata": {"owner": "team-checkout", "expires": "2027-03-31"},
            }
        },
    }
