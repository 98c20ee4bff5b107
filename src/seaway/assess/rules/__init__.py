"""The visible table of rules: id -> module. A rule's id is its file's name with `-` for `_`; a test holds them together."""

from __future__ import annotations

import importlib
from functools import cache

from seaway.assess.rule import Rule

TABLE = (  # in the order of their numbers
    "no-dependency-cache",
    "cache-key-without-lockfile",
    "low-cache-hit-rate",
    "serial-jobs",
    "dominant-job",
    "long-queue",
    "no-concurrency",
    "no-path-filter",
    "unsharded-tests",
    "full-clone",
    "dockerfile-layer-order",
    "heavy-image",
    "image-rebuilt-per-environment",
    "flaky-job",
    "slow-pipeline",
    "retry-hides-failure",
    "missing-timeout",
    "long-lived-branch",
    "large-batch",
    "duplicate-trigger",
    "no-probe",
    "probe-depends-on-others",
    "unsafe-strategy",
    "no-disruption-budget",
    "no-progressive-delivery",
    "canary-without-analysis",
    "analysis-not-split-by-version",
    "no-automatic-rollback",
    "no-smoke-test",
    "migration-in-deploy-step",
    "concurrent-deployments",
    "mutable-image-tag",
    "no-resource-requests",
    "unsafe-terraform-apply",
    "unsafe-ansible-play",
    "gitops-sync-without-checks",
    "pipeline-without-safeguards",
    "flag-without-expiry",
    "environment-drift",
    "slow-rollback",
    "unpinned-action",
    "script-injection",
    "excessive-permissions",
    "long-lived-cloud-keys",
    "plaintext-secret",
    "secret-in-argv",
    "no-security-scan",
    "no-sbom",
    "no-provenance",
    "no-admission-verification",
    "self-hosted-on-public-trigger",
    "curl-pipe-shell",
    "privileged-container",
    "no-dependency-updates",
    "no-code-owners",
    "unsafe-ci-setting",
    "not-built-once",
    "untraceable-version",
    "mutable-version",
    "no-retention",
    "mutable-registry",
    "unverified-artifact",
    "not-reproducible",
    "public-registry-in-production",
    "rollback-artifact-missing",
    "promotion-by-rebuild",
    "not-scraped",
    "no-slo",
    "unreachable-burn-alert",
    "incomplete-alert",
    "wrong-promql",
    "alert-to-nobody",
    "incomplete-dashboard",
    "no-tracing",
    "unstructured-logs",
    "no-deployment-event",
    "no-synthetic-probe",
    "alerts-per-deployment",
    "no-pipeline-telemetry",
    "canary-metric-unavailable",
    "manual-job",
    "rubber-stamp-approval",
    "approval-without-record",
    "manual-production-change",
    "click-operations",
    "single-maintainer",
    "copied-pipeline",
    "no-policy-as-code",
    "human-change-freeze",
    "incomplete-audit-trail",
    "separation-of-duties",
    "manual-rerun",
    "unreviewed-break-glass",
    "deprecated-syntax",
)


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, in the order of the table."""
    return tuple(load(name) for name in TABLE)


def load(name: str) -> Rule:
    """The rule of one file."""
    module = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
    found: Rule = module.RULE
    return found
