"""Prints docs/reference/rules.md: what each rule of `seaway assess` looks for, why, and what to do. Run by scripts/generate-docs."""

from __future__ import annotations

import inspect

from seaway.assess.estate import Kind
from seaway.assess.rule import Rule
from seaway.assess.rules import rules
from seaway.model.finding import Dimension
from seaway.model.pipeline import System

HEAD = """\
# Rules

What `seaway assess` looks for. A rule works on the pipeline that a file *means*, with everything in place that it includes, so
one rule serves all CI systems; where a system has no such fault, or no file can show it, the rule says nothing there. Other
rules survey the whole repository: its manifests, its monitoring, its history. How findings, scores and patches are made is told in the [guide](../guides/assess.md).

| rule | number | severity | reads |
|---|---|---|---|
"""
NAMES = {
    System.GITHUB_ACTIONS: "GitHub Actions",
    System.GITLAB_CI: "GitLab CI",
    System.JENKINS: "Jenkins",
    System.AZURE_PIPELINES: "Azure Pipelines",
    System.CIRCLECI: "CircleCI",
    System.TEAMCITY: "TeamCity",
    System.TEKTON: "Tekton",
}
KINDS = {
    Kind.REPOSITORY: "the whole repository",
    Kind.DOCKERFILE: "Dockerfiles",
    Kind.COMPOSE: "compose files",
    Kind.KUBERNETES: "Kubernetes manifests",
    Kind.HELM: "Helm charts",
    Kind.KUSTOMIZE: "Kustomize overlays",
    Kind.TERRAFORM: "Terraform",
    Kind.ANSIBLE: "Ansible",
    Kind.SPINNAKER: "Spinnaker",
    Kind.FLAGS: "feature flags",
    Kind.PROMETHEUS: "Prometheus rules and configuration",
    Kind.ALERTMANAGER: "Alertmanager",
    Kind.GRAFANA: "Grafana dashboards",
    Kind.RUNBOOK: "READMEs and runbooks",
    Kind.HISTORY: "git history",
    Kind.RUNS: "run history",
}


def systems(rule: Rule) -> str:
    """The systems that it applies to, in words, and what it surveys."""
    named = [name for system, name in NAMES.items() if system in rule.systems]
    named = ["all CI systems"] if len(named) == len(NAMES) else named
    return ", ".join([*named, *(words for kind, words in KINDS.items() if kind in rule.kinds)])


def looks(rule: Rule) -> str:
    """What its functions say that they look for."""
    said = [inspect.getdoc(one) or "" for one in (rule.check, rule.survey) if one is not None]
    return " ".join([_small(said[0]), *said[1:]])


def _small(words: str) -> str:
    return words if words.startswith(("`", "GitHub", "Azure")) else words[0].lower() + words[1:]


def section(rule: Rule) -> str:
    """A rule's section."""
    lines = [
        f"### {rule.id}",
        "",
        f"{rule.number}, {rule.severity.value}, confidence {rule.confidence}, effort {rule.effort}; {systems(rule)}."
        + (" For auditors." if rule.auditor else ""),
        "",
        f"{rule.title}. {rule.why}",
        "",
        f"- Looks for: {looks(rule)}",
        f"- What to do: {rule.advice}",
    ]
    if rule.patch:
        lines.append(f"- Patch: {rule.patch}")
    lines += [f"- References: {'; '.join(rule.refs)}.", ""]
    return "\n".join(lines)


def page() -> str:
    """The whole page."""
    rows = [f"| [{one.id}](#{one.id}) | {one.number} | {one.severity.value} | {systems(one)} |" for one in rules()]
    text = HEAD + "\n".join(rows) + "\n"
    for dimension in Dimension:
        own = [one for one in rules() if one.dimension is dimension]
        if own:
            text += f"\n## {dimension.value.capitalize()}\n\n" + "\n".join(section(one) for one in own)
    return text


if __name__ == "__main__":
    print(page(), end="")
