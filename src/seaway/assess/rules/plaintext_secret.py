"""SEC-45: a secret stands in the file. Run by `assess.examine`.

No message, key or document of this rule ever holds what it found, only its kind and its place.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from seaway.assess.rule import Case, Hit, Rule, place
from seaway.model.finding import Impact, Severity
from seaway.model.pipeline import System, Use, Variable

_SHAPES: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    ("an access key of AWS", "AKIA|ASIA", re.compile(r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b")),
    ("a token of GitHub", "gh", re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{60,}\b")),
    ("a token of GitLab", "gl", re.compile(r"\bgl(?:pat|dt|rt|ptt|agent)-[\w-]{20,}")),
    ("a token of Slack", "xox", re.compile(r"\bxox[abeprs]-[A-Za-z0-9-]{20,}")),
    ("a webhook of Slack", "hooks.slack", re.compile(r"https://hooks\.slack\.com/services/T\w{6,}/B\w{6,}/\w{16,}")),
    ("a key of Google", "AIza", re.compile(r"\bAIza[\w-]{35}\b")),
    ("a live key of Stripe", "k_live_", re.compile(r"\b[sr]k_live_[A-Za-z0-9]{20,}\b")),
    ("a token of npm", "npm_", re.compile(r"\bnpm_[A-Za-z0-9]{36}\b")),
    ("a token of PyPI", "pypi-", re.compile(r"\bpypi-AgE[\w-]{50,}")),
    ("a key of SendGrid", "SG.", re.compile(r"\bSG\.[\w-]{20,24}\.[\w-]{40,45}")),
    ("a private key", "PRIVATE KEY", re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----")),
    ("a password in an address", "://", re.compile(r"\b[a-z][a-z+]{2,9}://[^\s:/@$<{'\"]+:([^\s:/@$<{%'\"]{8,})@[\w.-]+")),
)  # fmt: skip
_NAMED = re.compile(
    r"(?:^|[_.-])(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_KEY|ACCESS_KEY|SECRET_KEY)\Z", re.IGNORECASE
)
_NOT_ONE = re.compile(
    r"example|change.?me|dummy|test|fake|placeholder|sample|your|todo|xxx|redacted|insecure|default|local|secret|password|12345|abcd|none|null",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"(?:arn|vault|op|ref|secret|env|file|projects|https?)[:/]|/|\./|[\w.]+\.(?:json|txt|pem|key|yml|yaml)\Z"
)
_MOST = 200  # of one shape in one file
_ENOUGH = 3.2  # bits per character


def check(case: Case) -> list[Hit] | None:
    """Shapes of known providers anywhere in the text, and literal values of variables that are named like secrets."""
    return [*_shapes(case), *_named(case)]


def _shapes(case: Case) -> Iterator[Hit]:
    for path, text in case.texts.items():
        for kind, marks, shape in _SHAPES:
            if not any(mark in text for mark in marks.split("|")):
                continue
            for match in islice(shape.finditer(text), _MOST):
                value = match[match.lastindex or 0]
                if kind != "a private key" and (entropy(value) < _low(kind) or _NOT_ONE.search(value)):
                    continue
                span = place(text, path, match.start(), match.end())
                severity = Severity.HIGH if kind == "a password in an address" else None
                yield Hit(
                    span, f"{kind} stands in the file: whoever reads the repository has it", ("shape", kind), severity
                )


def _low(kind: str) -> float:
    return 2.5 if kind == "a password in an address" else 3.0


def _named(case: Case) -> Iterator[Hit]:
    rows: list[tuple[str, Variable]] = [("", one) for one in case.pipeline.variables]
    for job in case.jobs:
        rows += [(job.id, one) for one in job.variables]
        rows += [(job.id, one) for service in (job.container, *job.services) if service for one in service.env]
    for job_or_none, step in case.steps:
        name = job_or_none.id if job_or_none else ""
        rows += [(name, one) for one in step.env]
        if isinstance(step.work, Use):
            rows += [(name, one) for one in step.work.inputs]
    for job_id, one in rows:
        if one.span is None or not isinstance(one.value, str) or not _NAMED.search(one.name) or not _is_one(one.value):
            continue
        words = f"the value of {one.name} stands in the file: keep it as a secret of the CI system"
        yield Hit(one.span, words, (job_id, one.name), Severity.HIGH, 0.85)


def _is_one(value: str) -> bool:
    if len(value) < 12 or any(mark in value for mark in " $<{\n%") or _REFERENCE.match(value) or _NOT_ONE.search(value):
        return False
    if any(shape.search(value) for _, _, shape in _SHAPES):
        return False  # told already, as what it is
    mixed = any(one.isdigit() for one in value) and any(one.isalpha() for one in value)
    return mixed and entropy(value) >= _ENOUGH


def entropy(value: str) -> float:
    """Shannon's, in bits per character."""
    counts = Counter(value)
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())


RULE = Rule(
    id="plaintext-secret",
    number="SEC-45",
    title="A secret stands in the file",
    why="It is in every clone and every fork, and stays in the history after it was deleted: only a new one helps.",
    advice="Revoke it first; then keep the new one as a secret of the CI system and refer to it.",
    severity=Severity.CRITICAL,
    confidence=0.95,
    impact=Impact("risk"),
    effort="M",
    refs=("CIS Software Supply Chain Security Guide 1.5.1", "NIST SSDF PO.5.2", "OWASP CI/CD: CICD-SEC-6"),
    systems=frozenset(System) - {System.SEAWAY, System.TEAMCITY},
    check=check,
)
