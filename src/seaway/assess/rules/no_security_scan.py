"""SEC-47: what is shipped was looked at by no scanner, or by some that let everything pass. Run by `assess.examine`.

GitHub's default set-up of code scanning and its alerts are settings of the server, and hooks of pre-commit stand in a file of their own.
So the confidence is low where nothing is seen, and hooks make the answer unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.assess import shipping
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Answer, Case, Hit, Rule, Unclear
from seaway.assess.shipping import ANY, Shipment
from seaway.assess.signs import Signs
from seaway.model.finding import Impact, Persona, Severity
from seaway.model.pipeline import Job, Step, Use
from seaway.model.span import Span

# Scanners of code, dependencies, secrets, infrastructure and images.
_SIGNS = Signs(
    r"codeql|semgrep|\bsnyk|sonar|\btrivy|\bgrype|\bclair\b|anchore|dockle|docker scout|scout-action|twistlock|twistcli|prisma-?cloud|\bsysdig|aquasec|\bxray\b|\bjf (?:audit|scan)"
    r"|gitleaks|trufflehog|detect-secrets|ggshield|gitguardian|\bbandit\b|\bgosec\b|\bbrakeman\b|\bbearer\b|horusec|\bnjsscan|find-?sec-?bugs|spotbugs|\bsast\b|\bdast\b"
    r"|dependency-?check|dependency-review|osv-scanner|\bpip-audit|\bsafety\b|(?:npm|yarn|pnpm|cargo|bundle|composer)[ -](?:npm )?audit|bundler-audit|\bgovulncheck|\bnancy\b"
    r"|audit-check|cargo-deny|cargo deny|--vulnerable|checkov|tfsec|terrascan|\bkics\b|kubesec|kube-score|zizmor|poutine|scorecard-action|veracode|checkmarx|fortify|black-?duck|\bmend\b"
    r"|whitesource|fossa|jitsecurity|aikido|socketdev|socket-security|ossf/|msdo|microsoftsecuritydevops|security-?scan|scan-?image|container[-_]scanning|secret[-_]detection|\bzap\b|nuclei|security"
)  # fmt: skip
_FILES = re.compile(
    r"(?:^|/)(?:\.snyk|\.semgrep(?:ignore|\.ya?ml)?|\.gitleaks\.toml|\.trivyignore(?:\.ya?ml)?|sonar-project\.properties|\.bandit|\.checkov\.ya?ml|\.osv-scanner\.toml|osv-scanner\.toml|deny\.toml|\.bearer\.yml|\.horusec\S*|trivy\.ya?ml|\.whitesource)$"
)
_HOOKS = ".pre-commit-config.yaml"

_BEGIN = r"(?:^|[;&|(]\s*|\b(?:then|do|sudo|run)\s+)"
_TOOL = re.compile(
    _BEGIN + r"(?P<words>(?:trivy|grype|snyk|semgrep|gitleaks|trufflehog|bandit|gosec|pip-audit|safety|govulncheck|osv-scanner|checkov|tfsec|terrascan|kics|hadolint|dockle|brakeman"
    r"|(?:npm|yarn|pnpm|cargo|composer)\s+audit)\b)"
)  # fmt: skip
_SOFT = re.compile(r"--exit-code[= ]0\b|--soft-fail\b|--no-fail\b|--exit-zero\b|\|\|\s*(?:true|:|exit 0)\s*(?:$|[;)#])")
_SOFT_INPUTS = {"soft_fail": {"true"}, "exit-code": {"0"}, "fail-build": {"false"}, "fail_build": {"false"}}
_SCANNERS = (
    "trivy",
    "grype",
    "anchore",
    "snyk",
    "semgrep",
    "gitleaks",
    "trufflehog",
    "checkov",
    "tfsec",
    "gosec",
    "bandit",
    "kics",
    "dependency-check",
)
_REPORTS = ("sarif", "upload", "--output", "-o ", "> ", "template", "cyclonedx", "spdx")


def survey(estate: Estate) -> Answer:
    """Repositories that ship and speak of no scanner anywhere; and scans whose result ends nothing, where no other scan does."""
    found = shipping.absent(estate, ANY, _SIGNS, _said, _FILES)
    if isinstance(found, list) and found and _HOOKS in estate.files:
        return Unclear(f"the hooks of {_HOOKS} were not read, and some of them may scan")
    if found != []:
        return found
    scans = [one for case in shipping.live(estate) for one in _scans(case)]
    soft = [hit for hit, blocks in scans if not blocks]
    persona = Persona.AUDITOR if len(soft) < len(scans) else Persona.REGULAR
    return [Hit(one.span, one.message, one.key, Severity.MEDIUM, 0.85, persona) for one in soft]


def _said(one: Shipment) -> Hit:
    words = (
        f"`{one.shown}` ships what no scanner of code, dependencies, secrets or images has looked at in any pipeline"
    )
    return Hit(one.span, words, one.key)


def _scans(case: Case) -> Iterator[tuple[Hit, bool]]:
    """Each scan, and whether it can end its job."""
    for script in case.scripts:
        for line in script.lines:
            match = _TOOL.search(line)
            if match is None:
                continue
            span = case.within(script.step.span, match["words"], script.job)
            soft = _SOFT.search(line) is not None and not any(word in line for word in _REPORTS)
            yield _passed(span, match["words"], script.job), not (soft or _forgiven(script.job, script.step))
    for job, step in case.steps:
        if isinstance(step.work, Use) and any(one in step.work.ref.name.lower() for one in _SCANNERS):
            given = shipping.inputs_of(step.work)
            soft = any(given.get(name) in values for name, values in _SOFT_INPUTS.items())
            soft &= not any(word in value.lower() for value in given.values() for word in _REPORTS[:1])
            span = case.within(step.span, step.work.ref.text, job)
            yield _passed(span, step.work.ref.name, job), not (soft or _forgiven(job, step))


def _forgiven(job: Job | None, step: Step) -> bool:
    return step.continue_on_error is True or (job is not None and job.continue_on_error is True)


def _passed(span: Span, tool: str, job: Job | None) -> Hit:
    return Hit(
        span, f"whatever {tool} finds, the pipeline goes on: its result ends nothing", (job.id if job else "", tool)
    )


RULE = Rule(
    id="no-security-scan",
    number="SEC-47",
    title="What is shipped was looked at by no scanner, or by one that lets everything pass",
    why="A known hole, or a key that was committed, reaches production as fast as every other change.",
    advice="At least dependencies and secrets in every request (osv-scanner, gitleaks, or the platform's own), and a severity from which it blocks.",
    severity=Severity.MEDIUM,
    confidence=0.7,
    impact=Impact("risk"),
    effort="S",
    refs=("OpenSSF Scorecard: SAST", "OpenSSF Scorecard: Vulnerabilities", "NIST SSDF PW.7.2", "NIST SSDF RV.1.2"),
    kinds=frozenset({Kind.REPOSITORY}),
    survey=survey,
)
