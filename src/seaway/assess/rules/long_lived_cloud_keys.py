"""SEC-44: the pipeline signs in to a cloud with a key that stays valid, where the system could prove who it is. Run by `assess.examine`."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from seaway.assess.rule import Case, Hit, Rule, flat
from seaway.model.expression import refs
from seaway.model.finding import Impact, Severity
from seaway.model.pipeline import Job, Step, System, Use, Variable
from seaway.model.span import Span

_NAMES = {
    "AWS_SECRET_ACCESS_KEY": "AWS",
    "GOOGLE_CREDENTIALS": "Google Cloud",
    "GCP_SA_KEY": "Google Cloud",
    "GCLOUD_SERVICE_KEY": "Google Cloud",
    "GCP_SERVICE_ACCOUNT_KEY": "Google Cloud",
    "AZURE_CREDENTIALS": "Azure",
    "AZURE_CLIENT_SECRET": "Azure",
    "ARM_CLIENT_SECRET": "Azure",
}
# Inputs of the clouds' own actions, by the action's name.
_INPUTS = {
    ("aws-actions/configure-aws-credentials", "aws-secret-access-key"): "AWS",
    ("google-github-actions/auth", "credentials_json"): "Google Cloud",
    ("google-github-actions/setup-gcloud", "service_account_key"): "Google Cloud",
    ("azure/login", "creds"): "Azure",
}
_USED = re.compile(r"\$[{(]?(" + "|".join(_NAMES) + r")\b")
_SET = re.compile(r"(?:^|[\s;&|])(?:export\s+)?(" + "|".join(_NAMES) + r")=|read\s[^\n]*(" + "|".join(_NAMES) + r")\b")
_BY_ENVIRONMENT = frozenset({System.GITLAB_CI, System.CIRCLECI})  # variables of a project that no file shows


def check(case: Case) -> list[Hit] | None:
    """Known names of long-lived keys whose value comes from a store of secrets, once per job and name."""
    found: dict[tuple[str, ...], Hit] = {}
    for hit in _hits(case):
        found.setdefault(hit.key, hit)
    return list(found.values()) if found or _signs_in(case) else None


def _hits(case: Case) -> Iterator[Hit]:
    for one in case.pipeline.variables:
        yield from _variable(one, "", None)
    for job in case.jobs:
        for one in job.variables:
            yield from _variable(one, job.id, None)
        for one in job.inputs:
            yield from _variable(one, job.id, None)
    for owner, step in case.steps:
        yield from _step(case, owner, step)
    for script in case.scripts:
        if case.system not in _BY_ENVIRONMENT or _SET.search(
            case.scripts_of(script.job) if script.job else script.text
        ):
            continue
        for match in _USED.finditer(script.text):
            yield _hit(case.within(script.step.span, match[0], script.job), script.place[0], match[1], _NAMES[match[1]])


def _step(case: Case, job: Job | None, step: Step) -> Iterator[Hit]:
    name = job.id if job else ""
    for one in step.env:
        if one.span is None and step.span is not None:
            one = dataclasses.replace(one, span=case.within(step.span, one.name, job))  # noqa: PLW2901 - the same, with a place
        yield from _variable(one, name, None)
    if isinstance(step.work, Use):
        for one in step.work.inputs:
            cloud = _INPUTS.get((step.work.ref.name.lower(), one.name.lower()))
            yield from _variable(one, name, cloud)


def _variable(one: Variable, job: str, cloud: str | None) -> Iterator[Hit]:
    name = one.name.upper().replace("-", "_")
    cloud = cloud or _NAMES.get(name)
    if cloud and one.span is not None and _from_store(one):
        yield _hit(one.span, job, one.name, cloud)


def _from_store(one: Variable) -> bool:
    """Its value is a secret or a variable kept elsewhere; what a step or a job made just now may well be short-lived."""
    if any(ref.context in {"step", "job"} for ref in refs(one.value)):
        return False
    if one.secret or any(ref.context in {"secret", "var"} for ref in refs(one.value)):
        return True
    return bool(re.fullmatch(r"\$\{?[A-Za-z_]\w*\}?", flat(one.value)))


def _hit(span: Span, job: str, name: str, cloud: str) -> Hit:
    words = (
        f"{name} is a key of {cloud} that stays valid until somebody changes it; sign in with the run's identity (OIDC)"
    )
    return Hit(span, words, (job, name))


def _signs_in(case: Case) -> bool:
    """Something here signs in to a cloud at all."""
    actions = {name for name, _ in _INPUTS}
    if any(isinstance(step.work, Use) and step.work.ref.name.lower() in actions for _, step in case.steps):
        return True
    words = re.compile(r"\b(?:aws|gcloud|az)\s+\w|assume-role-with-web-identity")
    return any(words.search(script.text) for script in case.scripts)


RULE = Rule(
    id="long-lived-cloud-keys",
    number="SEC-44",
    title="A cloud is entered with a key that stays valid",
    why="A key that leaks from a log, a cache or a fork works for everybody until it is noticed; a token of the run ends with it.",
    advice="Let the cloud trust the CI system's OpenID Connect tokens (GitHub `id-token: write`, GitLab `id_tokens`, Azure workload identity, CircleCI `$CIRCLE_OIDC_TOKEN`), then delete the key.",
    severity=Severity.HIGH,
    confidence=0.9,
    impact=Impact("risk"),
    effort="M",
    refs=("OWASP CI/CD: CICD-SEC-6", "NIST SSDF PO.5.2"),
    systems=frozenset(System) - {System.SEAWAY},
    check=check,
)
