"""SEC-45: a secret stands in the file. Run by `assess.examine`.

No message, key or document of this rule ever holds what it found, only its kind and its place.
"""

from __future__ import annotations

import base64
import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice

from seaway.assess import clusters
from seaway.assess.aside import persona
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Case, Hit, Rule, place
from seaway.formats.infrastructure.compose import Service
from seaway.formats.infrastructure.dockerfile import Dockerfile
from seaway.formats.infrastructure.dockerfile import variables as variables_of
from seaway.formats.infrastructure.kubernetes import Object
from seaway.formats.yaml.tree import items, string
from seaway.model.finding import Impact, Severity
from seaway.model.pipeline import System, Use, Variable
from seaway.model.span import Span

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
_FIELD = re.compile(r"(?:password|passwd|secret|token|api[_-]?key|private[_-]?key|access[_-]?key)\Z", re.IGNORECASE)
_NOT_ONE = re.compile(
    r"example|change.?me|dummy|test|fake|placeholder|sample|your|todo|xxx|redacted|insecure|default|local|secret|password|12345|abcd|none|null",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"(?:arn|vault|op|ref|secret|env|file|projects|https?)[:/]|/|\./|[\w.]+\.(?:json|txt|pem|key|yml|yaml)\Z"
)
_KINDS = frozenset({Kind.DOCKERFILE, Kind.COMPOSE, Kind.KUBERNETES, Kind.HELM})
_LONGEST = 20_000  # characters of one value of a Secret
_MOST = 200  # of one shape in one file
_ENOUGH = 3.2  # bits per character


def check(case: Case) -> list[Hit] | None:
    """Shapes of known providers anywhere in the text, and literal values of variables that are named like secrets."""
    return [*_shapes(case.texts), *_named(case)]


def survey(estate: Estate) -> list[Hit] | None:
    """In manifests, values of charts, compose files and Dockerfiles the same, in a Kubernetes Secret what its values decode to, unless it is
    encrypted (SOPS); in examples and tests for an auditor.
    """
    texts = {path: text for path, text in estate.texts.items() if estate.kinds.get(path) in _KINDS}
    found = [*_shapes(texts), *_values(estate)]
    told: dict[str, list[int]] = {}
    for hit in sorted(found, key=lambda hit: hit.span.start):
        told.setdefault(hit.span.path, []).append(hit.span.start)
    for one in estate.all(Object):
        if one.kind == "Secret" and one.get("sops") is None:
            found += _decoded(estate, one, told)
    return [replace(hit, persona=persona(hit.span.path)) for hit in found] if texts else None


def _values(estate: Estate) -> Iterator[Hit]:
    """Variables of containers, services and images that are named like secrets."""
    rows: list[tuple[str, str, str, Span]] = []
    for one in clusters.workloads(estate):
        variables = [row for container in one.all_containers for row in clusters.environment(container)]
        rows += [(one.title, name, value, one.at(node)) for name, value, node in variables]
    for service in estate.all(Service):
        rows += [(service.name, name, value, service.at(node)) for name, value, node in service.environment]
    for file in estate.all(Dockerfile):
        settings = [row for stage in file.stages for one in stage.all("ENV", "ARG") for row in variables_of(one)]
        rows += [("", name, value or "", span) for name, value, span in settings]
    for owner, name, value, span in rows:
        if _NAMED.search(name) and _is_one(value):
            words = f"the value of {name} stands in the file: refer to a secret that is kept elsewhere"
            yield Hit(estate.within(span, value), words, (owner, name), Severity.HIGH, 0.85)


def _decoded(estate: Estate, secret: Object, told: Mapping[str, list[int]]) -> Iterator[Hit]:
    """Its values that are real ones. `told`: where something was found in the text already, by path."""
    for field, encoded in (("data", True), ("stringData", False)):
        for name, _, node in items(secret.get(field)):
            value, span = string(node)[:_LONGEST], secret.at(node)
            starts = told.get(span.path, [])
            if (at := bisect_left(starts, span.start)) < len(starts) and starts[at] < span.end:
                continue
            if encoded:
                try:
                    value = base64.b64decode(value, validate=False).decode("utf-8", errors="replace")
                except ValueError:
                    continue
            kind = _kind(value)
            if kind:
                words = f"{secret.title} holds {kind} under {name}: base64 hides nothing"
                yield Hit(estate.within(span, ""), words, (secret.title, name))
            elif _FIELD.search(name) and _is_one(value):
                words = f"{secret.title} holds a value under {name} that looks like a real one: base64 hides nothing"
                yield Hit(estate.within(span, ""), words, (secret.title, name), Severity.HIGH, 0.85)


def _kind(value: str) -> str:
    """Which provider's shape a value has, or ""."""
    for kind, marks, shape in _SHAPES:
        match = shape.search(value) if any(mark in value for mark in marks.split("|")) else None
        if match and (kind == "a private key" or (entropy(match[0]) >= _low(kind) and not _NOT_ONE.search(match[0]))):
            return kind
    return ""


def _shapes(texts: Mapping[str, str]) -> Iterator[Hit]:
    for path, text in texts.items():
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
    systems=frozenset(System) - {System.SEAWAY},
    check=check,
    kinds=_KINDS,
    survey=survey,
)
