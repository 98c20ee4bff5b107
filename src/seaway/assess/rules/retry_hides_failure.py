"""VEL-16: a check whose failure changes nothing. Run by `assess.examine`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.assess import commands
from seaway.assess.rule import Case, Hit, Rule, Script
from seaway.model.finding import Impact, Severity
from seaway.model.pipeline import Job, Native, System

_CAUGHT = re.compile(r"(?:^|\.)(?:catchError|warnError)$")  # Jenkins: the key of what stands around a step
_MADE = re.compile(r"buildResult:\s*[\w.]{0,40}['\"]?(SUCCESS|UNSTABLE)\b")
_FORGIVEN = re.compile(r"\|\|\s*(?:true|:|exit\s+0)\s*(?:$|[;)#])")


def check(case: Case) -> list[Hit] | None:
    """Tests and linters that end in `|| true`, that may fail, or that are run again until they pass."""
    found: list[Hit] = []
    tested = False
    for script in case.scripts:
        if not commands.TEST.search(script.text):
            continue
        tested = True
        found += _script(case, script)
    found += _around(case)
    if not tested:
        return None
    for job in case.jobs:
        found += _job(case, job)
    return found


def _script(case: Case, script: Script) -> Iterator[Hit]:
    job = script.job
    for line in script.lines:
        test, forgiven = commands.TEST.search(line), _FORGIVEN.search(line)
        if test and forgiven and test.start() < forgiven.start():
            span = case.within(script.step.span, line, job)
            words = f"`{_short(test[0])}` may fail and the run goes on green: {forgiven[0].strip()} forgives it"
            yield Hit(span, words, (*script.place, "forgiven", _short(test[0])))
    own = [one for one in script.step.natives if one.key == "catchError"]
    if script.step.continue_on_error is True and not _is_experiment(job) and all(_ends(one) for one in own):
        span = case.within(script.step.span, _tolerance(case, script), job)
        test = commands.TEST.search(script.text)
        ends = _ends(own[0]) if own else "green"
        words = f"`{_short(test[0]) if test else ''}` may fail and the run goes on {ends}"
        yield Hit(span, words, (*script.place, "continues", _short(test[0]) if test else ""))
    if script.step.retry is not None and script.step.retry.attempts > 0 and not script.step.retry.when:
        span = script.step.retry.span or case.within(script.step.span, "", job)
        words = f"the tests are run up to {script.step.retry.attempts + 1} times until they pass: what is flaky stays hidden"
        yield Hit(span, words, (*script.place, "retry"), Severity.LOW)


def _around(case: Case) -> Iterator[Hit]:
    """Jenkins' `catchError` around several steps: one hit for each, at its head."""
    seen = set()
    for script in case.scripts:
        test = commands.TEST.search(script.text)
        for native in script.step.natives if test and not _is_experiment(script.job) else ():
            ends = _ends(native) if _CAUGHT.search(native.key) and native.span is not None else ""
            if test and ends and native.span is not None and native.span.start not in seen:
                seen.add(native.span.start)
                words = f"`{_short(test[0])}` may fail and the run goes on {ends}: {native.text.partition('(')[0]} forgives it"
                span = case.within(native.span, native.text, script.job)
                yield Hit(span, words, (*script.place, "caught", _short(test[0])))


def _ends(native: Native) -> str:
    """What the run is after a failure in there; "" where it fails all the same, as `catchError` says unless it is told."""
    if native.text.startswith("warnError"):
        return "unstable"
    made = _MADE.search(native.text)
    return "" if made is None else "green" if made[1] == "SUCCESS" else "unstable"


def _tolerance(case: Case, script: Script) -> str:
    span = script.step.span
    if span is None:
        return ""
    match = re.compile(r"\bcontinue-?on-?error[\"']?:[^\n]*", re.IGNORECASE).search(
        case.texts.get(span.path, ""), span.start, span.end
    )
    return match[0] if match else ""


def _is_experiment(job: Job | None) -> bool:
    """Jobs that try what is not yet supported say so in their names or their matrix."""
    words = f"{job.id} {job.name} {job.matrix}".lower() if job else ""
    return any(
        one in words for one in ("experimental", "nightly", "allow_fail", "allow-fail", "beta", "canary", "optional")
    )


def _job(case: Case, job: Job) -> Iterator[Hit]:
    script = case.scripts_of(job)
    if not commands.TEST.search(script) or job.span is None or _is_experiment(job):
        return
    test = commands.TEST.search(script)
    name = _short(test[0]) if test else ""
    if job.continue_on_error is True and not job.manual:
        match = re.compile(r"\b(?:continue-?on-?error|allow_failure)[\"']?:[^\n]*", re.IGNORECASE).search(
            case.texts.get(job.span.path, ""), job.span.start, job.span.end
        )
        span = case.within(job.span, match[0] if match else "")
        yield Hit(span, f"`{name}` in {job.id} may fail and the run goes on green", (job.id, "allowed"))
    if job.retry is not None and job.retry.attempts > 0 and set(job.retry.when) <= {"always"}:
        words = (
            f"{job.id} is run up to {job.retry.attempts + 1} times until it passes: tests that are flaky stay hidden"
        )
        yield Hit(job.retry.span or case.within(job.span, ""), words, (job.id, "retry"), Severity.LOW)


def _short(words: str) -> str:
    return " ".join(words.strip(" \n;&|(").split())


RULE = Rule(
    id="retry-hides-failure",
    number="VEL-16",
    title="A check may fail and the run stays green",
    why="What a check finds is shipped all the same, and after some weeks nobody looks at it any more.",
    advice="Let it fail, or take it out. Where a test is flaky, run again that one test and report that it was.",
    severity=Severity.MEDIUM,
    confidence=0.85,
    impact=Impact("cfr"),
    effort="M",
    refs=("DORA: test automation", "NIST SSDF PW.8.2"),
    systems=frozenset(System) - {System.SEAWAY},
    check=check,
)
