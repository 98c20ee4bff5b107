"""All rules over all pipelines: hits become findings, findings become checks, checks become scores. Called by `app.assess`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from seaway.assess import suppress
from seaway.assess.estate import Estate, Kind
from seaway.assess.fingerprint import fingerprint
from seaway.assess.rule import Case, Hit, Rule, Unclear
from seaway.assess.score import scores
from seaway.model.finding import Assessment, Blind, Check, Finding, Fix, Persona, Status
from seaway.model.pipeline import System

Subject = Case | Estate


@dataclass(slots=True)
class Examination:
    """Gathers the answers of the rules. `mend`: makes a checked patch of a hit's edits; without it findings carry none."""

    rules: Sequence[Rule]
    today: date
    persona: Persona = Persona.REGULAR
    mend: Callable[[Rule, Subject, Hit], Fix | None] | None = None
    findings: list[Finding] = field(default_factory=list)
    suppressed: list[Finding] = field(default_factory=list)
    unknowns: list[Blind] = field(default_factory=list)
    _passed: set[str] = field(default_factory=set)
    _unclear: set[str] = field(default_factory=set)
    _quiet: set[str] = field(default_factory=set)  # rules that found something for auditors alone
    _comments: dict[str, suppress.Suppressions] = field(default_factory=dict)
    _seen: set[tuple[str, str, int, int, str]] = field(default_factory=set)
    _counts: dict[tuple[str, str, tuple[str, ...]], int] = field(default_factory=dict)

    def look(self, case: Case) -> None:
        """One pipeline before all the rules that know its system."""
        for path, text in case.texts.items():
            self._read_comments(path, text)
        for one in case.pipeline.unresolved:
            if one.span is not None:
                why = f"{one.text} was not looked into: {one.why}"
                self._blind(Blind(one.span.path, one.span.line, one.span.column, why))
        self._ask(case, case.pipeline.path)

    def survey(self, estate: Estate) -> None:
        """The whole repository before all the rules that look at more than one pipeline."""
        for path, text in estate.texts.items():
            self._read_comments(path, text)
        self._ask(estate, ".")

    def _ask(self, subject: Subject, path: str) -> None:
        for rule in self.rules:
            answer = rule.ask(subject)
            if answer is None:
                continue
            if isinstance(answer, Unclear):
                self._unclear.add(rule.id)
                self._blind(Blind(path, 1, 1, f"{rule.id}: {answer.why}"))
                continue
            self._passed.add(rule.id)
            for hit in answer:
                self._take(rule, subject, hit)

    def unreadable(self, blind: Blind, name: str) -> None:
        """A file that could not be read: no rule of its system or kind (`name`, "" = any) can be said to pass."""
        self._blind(blind)
        named = {rule.id: {one.value for one in (*rule.systems, *rule.kinds)} for rule in self.rules}
        known = {one.value for one in (*System, *Kind)}
        self._unclear |= {rule for rule, names in named.items() if name not in known or name in names}

    def unseen(self, blind: Blind) -> None:
        """Something that nobody gave: the rules that would have read it are not asked."""
        self._blind(blind)

    def _read_comments(self, path: str, text: str) -> None:
        if path not in self._comments:
            found = suppress.read(text, path, {rule.id for rule in self.rules}, self.today)
            self._comments[path] = found
            for one in found.wrong:
                self._blind(one)

    def _blind(self, blind: Blind) -> None:
        if blind not in self.unknowns:
            self.unknowns.append(blind)

    def _take(self, rule: Rule, subject: Subject, hit: Hit) -> None:
        """A hit as a finding, once per place: a file that several pipelines include is judged once."""
        if hit.span.path not in subject.texts:
            return
        if hit.persona is Persona.AUDITOR and self.persona is Persona.REGULAR:
            self._quiet.add(rule.id)
            return
        same = (rule.id, hit.span.path, hit.span.line, hit.span.column, hit.message)
        if same in self._seen:
            return
        self._seen.add(same)
        about = (rule.id, hit.span.path, hit.key)
        ordinal = self._counts[about] = self._counts.get(about, 0) + 1
        silenced = self._comments[hit.span.path].of(rule.id, hit.span)
        found = Finding(
            rule.id,
            rule.number,
            rule.dimension,
            hit.severity or rule.severity,
            rule.confidence if hit.confidence is None else hit.confidence,
            hit.span,
            hit.message,
            rule.why,
            rule.impact,
            rule.effort,
            fingerprint(rule.id, hit.span.path, hit.key, ordinal),
            subject.system.value if isinstance(subject, Case) else subject.system(hit.span.path),
            self.mend(rule, subject, hit)
            if self.mend is not None and hit.fix is not None and silenced is None
            else None,
            silenced,
        )
        (self.findings if silenced is None else self.suppressed).append(found)

    def checks(self) -> tuple[Check, ...]:
        """What became of each rule: fail before unknown before pass."""
        return tuple(self._check(rule) for rule in self.rules)

    def _check(self, rule: Rule) -> Check:
        own = [one for one in self.findings if one.rule == rule.id]
        severity, confidence = rule.severity, rule.confidence
        if own:
            worst = max(own, key=lambda one: (one.severity.weight * one.confidence, one.severity.weight))
            severity, confidence, status = worst.severity, worst.confidence, Status.FAIL
        elif rule.id in self._unclear:
            status = Status.UNKNOWN
        else:
            passed = rule.id in self._passed and not (rule.auditor and rule.id in self._quiet)
            status = Status.PASS if passed else Status.NOT_APPLICABLE
        return Check(rule.id, rule.number, rule.dimension, severity, confidence, status, len(own))


def assessment(done: Examination, root: str, files: Iterable[str], known: frozenset[str]) -> Assessment:
    """The whole, worst first. `known`: fingerprints of a baseline, whose findings count in the scores and are not listed."""
    checks = done.checks()
    ordered = sorted(done.findings, key=order)
    new = tuple(one for one in ordered if one.fingerprint not in known)
    return Assessment(
        root,
        tuple(sorted(files)),
        scores(checks),
        checks,
        new,
        tuple(sorted(done.suppressed, key=order)),
        tuple(sorted(done.unknowns, key=lambda one: (one.path, one.line, one.column, one.why))),
        len(ordered) - len(new),
    )


_EFFORT: Mapping[str, int] = {"S": 1, "M": 2, "L": 3}


def order(one: Finding) -> tuple[float, int, str, int, int, str]:
    """Worst first, of the equally bad the easiest to mend first, then by place."""
    gain = -one.severity.weight * one.confidence
    return (gain, _EFFORT[one.effort], one.span.path, one.span.line, one.span.column, one.rule)
