"""SEC-52: what the network sends is run, or kept, unread. Run by `assess.examine`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.assess.rule import Case, Hit, Rule, Script
from seaway.model.finding import Impact, Severity
from seaway.model.pipeline import System

_SHELL = r"(?:sudo\s+(?:-\S+\s+)*)?(?:env\s+(?:\S+=\S+\s+)*)?(?:/(?:usr/)?bin/)?(?:ba|z|da|k)?sh\b"
_PROGRAM = r"(?:sudo\s+(?:-\S+\s+)*)?(?:python3?|perl|ruby|node)\b(?:\s+-(?=\s|$))?"
_PIPED = re.compile(
    rf"\b(?:curl|wget)\b[^\n|;&]*\|\s*(?:{_SHELL}|{_PROGRAM}\s*(?:$|[&;|)#]))",
    re.MULTILINE,
)
_INSIDE = re.compile(
    r"(?:\b(?:ba|z|da)?sh\s+-c\s+[\"']?\$\(|\beval\s+[\"']?\$\(|(?:\b(?:ba|z)?sh|\bsource|(?:^|\s)\.)\s+<\()\s*(?:curl|wget)\b[^\n)]*\)"
)
_POWERSHELL = re.compile(
    r"(?:\b(?:iwr|irm|curl|Invoke-WebRequest|Invoke-RestMethod)\b[^\n]*\|\s*(?:iex|Invoke-Expression)\b"
    r"|\b(?:iex|Invoke-Expression)\b[^\n]*(?:DownloadString|\biwr\b|\birm\b|Invoke-WebRequest))",
    re.IGNORECASE,
)
_OPEN = re.compile(
    r"\b(?:curl\b(?=[^\n|;&]*\s(?:-[a-zA-Z]*[oO]\b|--output\b|--remote-name\b|>))|wget\b(?![^\n|;&]*(?:--spider|-O\s*-|-qO-|-O\s*/dev/null)))"
    r"(?![^\n|;&]*/dev/null)[^\n|;&]*\bhttp://(?P<host>[\w.-]+\.[a-z]{2,})(?=[:/\s\"'])"
)
_INNER = re.compile(r"(?:^|\.)(?:localhost|local|internal|lan|corp|svc|cluster|test|example|invalid)\Z")
_CHECKED = re.compile(
    r"\bsha(?:1|256|384|512)sum\b|\bshasum\b|\bgpg\b[^\n]*--verify|\bcosign\s+verify|\bminisign\b|Get-FileHash|\bopenssl\s+dgst"
)


def check(case: Case) -> list[Hit] | None:
    """Downloads into an interpreter; downloads over http:// to a file that nobody checks."""
    return [hit for script in case.scripts for hit in _script(case, script)] if case.scripts else None


def _script(case: Case, script: Script) -> Iterator[Hit]:
    for line in script.lines:
        match = _PIPED.search(line) or _INSIDE.search(line) or _POWERSHELL.search(line)
        if match is not None:
            plain = "http://" in match[0]
            words = "what is downloaded here is run unread" + (
                ", and anybody on the way can change it" if plain else ""
            )
            severity = Severity.HIGH if plain else None
            span = case.within(script.step.span, match[0], script.job)
            yield Hit(
                span,
                f"{words}: fetch a fixed version and check its digest first",
                (*script.place, "run", match[0]),
                severity,
            )
            continue
        found = _OPEN.search(line)
        if found is not None and not _CHECKED.search(script.text) and not _INNER.search(found["host"]):
            span = case.within(script.step.span, found[0], script.job)
            words = f"a file from {found['host']} comes over http:// and nothing checks it"
            yield Hit(span, words, (*script.place, "http", found["host"]), None, 0.85)


RULE = Rule(
    id="curl-pipe-shell",
    number="SEC-52",
    title="What is downloaded is run unread",
    why="The server, or whoever takes it over, decides anew at every run what this pipeline does, with its secrets.",
    advice="Download a fixed version to a file, compare its digest with one that stands in the repository, then run it.",
    severity=Severity.MEDIUM,
    confidence=0.95,
    impact=Impact("risk"),
    effort="S",
    refs=(
        "OpenSSF Scorecard: Pinned-Dependencies",
        "CIS Software Supply Chain Security Guide 2.4.2",
        "NIST SSDF PW.4.1",
    ),
    systems=frozenset(System) - {System.SEAWAY},
    check=check,
)
