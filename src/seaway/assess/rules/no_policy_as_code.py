"""GOV-88: no rule about what may be deployed is checked by a machine. Run by `assess.examine`."""

from __future__ import annotations

import re

from seaway.assess import shipping
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Answer, Hit, Rule
from seaway.assess.shipping import DEPLOYED, Shipment
from seaway.assess.signs import Signs
from seaway.formats.infrastructure.kubernetes import Object
from seaway.model.finding import Impact, Persona, Severity

_SIGNS = Signs(
    r"conftest|\bopa\b|\brego\b|kyverno|gatekeeper|sentinel|checkov|tfsec|terrascan|\bkics\b|kube-?score|kube-?linter|kube-?conform|kubeval|polaris|datree"
    r"|kubewarden|regula\b|cfn-guard|cfn[-_]nag|cdk-nag|trivy[^\n]{0,200}(?:config|\biac\b)|scan-type: ?[\"']?config|snyk iac|\bpolicy\b|pulumi[^\n]{0,200}--policy|seaway assess|sast-iac"
    r"|infrastructure-as-code|cedar\b|jspolicy|tflint"
)  # fmt: skip
_FILES = re.compile(
    r"\.rego$|\.sentinel$|(?:^|/)polic(?:y|ies)/|(?:^|/)\.?(?:checkov|conftest|kube-linter|polaris|tflint)\.(?:ya?ml|toml|hcl)$|\.guard$|kyverno"
)
_POLICIES = (
    "kyverno.io/",
    "policies.kyverno.io/",
    "constraints.gatekeeper.sh/",
    "templates.gatekeeper.sh/",
    "policies.kubewarden.io/",
)


def survey(estate: Estate) -> Answer:
    """Repositories that deploy, with no policy among their files and no check of one in their pipelines."""
    if any(one.api.startswith(_POLICIES) or one.kind == "ValidatingAdmissionPolicy" for one in estate.all(Object)):
        return []
    return shipping.absent(estate, DEPLOYED, _SIGNS, _said, _FILES)


def _said(one: Shipment) -> Hit:
    words = f"whatever is written may be deployed by `{one.shown}`: no policy is checked by a machine before"
    return Hit(one.span, words, one.key, persona=Persona.AUDITOR)


RULE = Rule(
    id="no-policy-as-code",
    number="GOV-88",
    title="What may be deployed is written in no policy that a machine checks",
    why="Rules that only people keep are kept until somebody is in a hurry; an auditor has to ask instead of reading.",
    advice="A policy beside the code (Kyverno, OPA with conftest, Sentinel), checked in the pipeline before each deployment.",
    severity=Severity.LOW,
    confidence=0.75,
    impact=Impact("risk"),
    effort="M",
    refs=("DORA: streamlining change approval", "NIST SSDF PO.3.2"),
    kinds=frozenset({Kind.REPOSITORY}),
    survey=survey,
    auditor=True,
)
