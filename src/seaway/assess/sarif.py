"""An assessment as SARIF 2.1.0, for code hosts and editors. Called by `cli.assess`.

A severity becomes a level and GitHub's `security-severity`; suppressed findings stay in the log as results with a suppression;
what could not be read becomes a notification. Patches are in the JSON document and in `--diff`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from seaway.assess.rule import Rule
from seaway.model.finding import Assessment, Blind, Dimension, Finding, Severity

Json = dict[str, Any]

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
_PAGE = "docs/reference/rules.md"


def log(found: Assessment, rules: Sequence[Rule], version: str) -> Json:
    """The whole log, with one run. Columns count characters (code points) from 1, and the log says so."""
    index = {rule.id: at for at, rule in enumerate(rules)}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {"name": "seaway", "semanticVersion": version, "rules": [_rule(one) for one in rules]}
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(one, index) for one in (*found.findings, *found.suppressed)],
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "toolExecutionNotifications": [_notification(one) for one in found.unknowns],
                    }
                ],
            }
        ],
    }


def _rule(rule: Rule) -> Json:
    made: Json = {
        "id": rule.id,
        "name": rule.number,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.why}\n\nSee {_PAGE}#{rule.id}\n" + "\n".join(rule.refs)},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": [rule.dimension.value], "precision": _precision(rule.confidence)},
    }
    if rule.dimension is Dimension.SEC:
        made["properties"]["security-severity"] = f"{rule.severity.weight:.1f}"
    return made


def _precision(confidence: float) -> str:
    return "very-high" if confidence >= 0.95 else "high" if confidence >= 0.8 else "medium"


def _result(one: Finding, index: dict[str, int]) -> Json:
    made: Json = {
        "ruleId": one.rule,
        "ruleIndex": index[one.rule],
        "level": _LEVELS[one.severity],
        "message": {"text": one.message},
        "locations": [_location(one)],
        "partialFingerprints": {"seaway/v1": one.fingerprint},
        "properties": {"confidence": one.confidence, "effort": one.effort, "system": one.system},
    }
    if one.suppressed is not None:
        made["suppressions"] = [{"kind": "inSource", "justification": one.suppressed.reason}]
    return made


def _location(one: Finding) -> Json:
    span = one.span
    region = {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
    return {"physicalLocation": {"artifactLocation": {"uri": quote(span.path)}, "region": region}}


def _notification(one: Blind) -> Json:
    place = {"artifactLocation": {"uri": quote(one.path)}, "region": {"startLine": one.line, "startColumn": one.column}}
    return {"level": "note", "message": {"text": one.why}, "locations": [{"physicalLocation": place}]}
