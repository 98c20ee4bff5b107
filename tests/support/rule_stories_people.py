"""Stories of the rules about artifacts, alerts, approvals and records. Told by `rule_stories`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from seaway.model.delivery import Kind
from seaway.model.runs import Approval, Kept, Run
from support.run_stories import BAD, BEGIN, CI, DAY, HOUR, OK, Story, at, job, run, sha

WORKFLOW = """\
on: push
jobs:
  build:
    runs-on: ubuntu-24.04
    steps: [{run: make}]
  test:
    needs: build
    runs-on: ubuntu-24.04
    steps: [{run: make test}]
  deploy:
    needs: test
    environment: production
    runs-on: ubuntu-24.04
    steps: [{run: make deploy}]
"""
_OF_JOB = ("artifact", "approvals", "conclusion", "environment", "manual", "queue")


def ship(number: int, kind: Kind | None = None, work: float = 120, **more: Any) -> Run:
    """A deployment to production, one a day."""
    told = {"environment": "production", **{key: more.pop(key) for key in _OF_JOB if key in more}}
    made = job("deploy", 0, work, told.pop("queue", 0.0), kind=kind, **told)
    return run(number, [made], at=BEGIN + number * DAY, **more)


def digests(number: int, staging: str, production: str, name: str = "deploy") -> Run:
    """One commit in two environments."""
    jobs = [
        job(f"{name} staging", 0, 60, environment="staging", artifact=staging),
        job(f"{name} production", 60, 60, environment="production", artifact=production),
    ]
    return run(number, jobs, at=BEGIN + number * DAY)


def artifacts() -> Iterator[tuple[str, str, Story]]:
    one, two = "sha256:" + "1" * 64, "sha256:" + "2" * 64
    name = "not-built-once"
    yield name, "another", Story([digests(0, one, two), digests(1, one, two)], at(2))
    apart = [
        each
        for number in range(3)
        for each in (
            run(number, [job("deploy", 0, 9, environment="staging", artifact=one)], pipeline="a.yml"),
            run(number, [job("deploy", 99, 9, environment="prod", artifact=two)], pipeline="b.yml"),
        )
    ]
    yield name, "two-pipelines", Story(apart, at(6))
    yield name, "promoted", Story([digests(number, one, one) for number in range(3)])
    services = [
        run(number, [*digests(0, one, one, "shop").jobs, *digests(0, two, two, "till").jobs]) for number in range(3)
    ]
    yield name, "two-services", Story(services)
    yield name, "a-mishap", Story([digests(0, one, two), *(digests(number, one, one) for number in range(1, 4))])
    yield name, "not-told", Story([ship(number) for number in range(3)])

    def releases(*present: bool | None) -> list[Run]:
        return [
            ship(number, artifact=f"sha256:{number}", artifacts=(Kept(f"sha256:{number}", there),))
            for number, there in enumerate(present)
        ]

    name = "rollback-artifact-missing"
    yield name, "gone", Story(releases(False, True, False, True), at(3))
    yield name, "in-file", Story(releases(True, False, True), [(CI, 10)], {CI: WORKFLOW})
    yield name, "there", Story(releases(True, True, True))
    yield name, "long-ago", Story(releases(False, True, True, True, True))
    yield name, "not-told", Story(releases(None, None, None))
    never = [run(number, [job("build", 0, 9)], artifacts=(Kept("sha256:a", False),)) for number in range(3)]
    yield name, "never-shipped", Story(never)


def _line(**told: Any) -> str:
    return json.dumps(told) + "\n"


def hurt(*seen_by: str) -> str:
    """Incidents, four a day, and who saw them."""
    return "".join(
        _line(id=f"i{number}", service="shop", started=f"2026-01-{6 + number // 4:02d}T1{number % 4}:00:00Z", resolved=None, seen_by=by or None)
        for number, by in enumerate(seen_by)
    )  # fmt: skip


def deployed(*shas: str) -> str:
    """Deployments that something else than the pipeline recorded, one a day, beside its runs."""
    return "".join(
        _line(id=f"d{number}", service="shop", environment="production", sha=each, started=f"2026-01-{5 + number:02d}T09:02:00Z",
              finished=f"2026-01-{5 + number:02d}T09:03:00Z", outcome="succeeded", kind=None)
        for number, each in enumerate(shas)
    )  # fmt: skip


def watching() -> Iterator[tuple[str, str, Story]]:
    shipped = [ship(number) for number in range(12)]
    name, file = "alerts-per-deployment", "incidents.jsonl"
    yield name, "people-first", Story(shipped, at(12), {file: hurt(*["person"] * 6, "alert")})
    yield name, "one-each", Story(shipped, at(12), {file: hurt(*["alert"] * 14)})
    yield name, "alerts-first", Story(shipped, [], {file: hurt("person", "alert", "alert", "alert", "alert")})
    yield name, "not-told", Story(shipped, [], {file: hurt("", "", "", "", "", "")})
    yield name, "few", Story(shipped, [], {file: hurt("person", "person")})
    yield name, "no-incidents", Story(shipped)


def governance() -> Iterator[tuple[str, str, Story]]:
    shipped = [ship(number) for number in range(8)]
    name, file = "manual-production-change", "deployments.jsonl"
    others = [sha(number) for number in range(6)]
    yield name, "by-hand", Story(shipped, at(8), {file: deployed(*others, "abcdef1", "abcdef2")})
    yield name, "in-file", Story(shipped, [(CI, 10)], {CI: WORKFLOW, file: deployed(*others, "abcdef1")})
    yield name, "by-the-pipeline", Story(shipped, [], {file: deployed(*others)})
    yield name, "before-the-runs", Story(shipped[6:], [], {file: deployed(*["abcdef1"] * 6, *others[:2])})
    yield name, "few", Story(shipped, [], {file: deployed("abcdef1")})
    name = "manual-job"
    gate = [ship(number, manual=True, queue=9000 + number) for number in range(6)]
    test = [run(number, [job("test", 0, 9, 7200, manual=True), job("deploy", 7300, 9)]) for number in range(6)]
    yield name, "waits", Story(gate, at(6))
    yield name, "in-file", Story(test, [(CI, 6)], {CI: WORKFLOW})
    yield name, "at-once", Story([ship(number, manual=True, queue=300) for number in range(6)])
    staging = [ship(number, manual=True, queue=9000, environment="staging") for number in range(6)]
    yield name, "in-staging", Story(staging)
    yield name, "few", Story(gate[:2])
    yield name, "by-itself", Story([ship(number, queue=9000) for number in range(6)])
    for told in (approvals, freezes, trails, alone, again, glass):
        yield from told()


def approved(number: int, seconds: float, by: str = "bob") -> Run:
    """A deployment that somebody approved so long after it was asked for."""
    begin = BEGIN + number * DAY
    return ship(number, approvals=(Approval(by, begin, begin + seconds),), author="ann")


def approvals() -> Iterator[tuple[str, str, Story]]:
    name = "rubber-stamp-approval"
    yield name, "at-once", Story([approved(number, 12 + number) for number in range(6)], at(6))
    yield name, "own", Story([approved(number, 900, "ann") for number in range(6)], at(6))
    yield name, "thought-about", Story([approved(number, 900) for number in range(6)])
    yield name, "mixed", Story([approved(number, 20 if number % 2 else 1200) for number in range(8)])
    yield name, "few", Story([approved(number, 5) for number in range(3)])
    yield name, "none", Story([ship(number) for number in range(6)])


def freezes() -> Iterator[tuple[str, str, Story]]:
    def often(first: int, count: int, day: float, **more: Any) -> list[Run]:
        return [run(first + n, [job("deploy", 0, 60, **more)], at=BEGIN + (day + n / 2) * DAY) for n in range(count)]

    def story(pause: int, going_on: int = 14) -> list[Run]:
        live = {"environment": "production"}
        tried = [run(100 + n, [job("test", 0, 60)], at=BEGIN + (8 + n / 2) * DAY) for n in range(going_on)]
        back = run(150, [job("back", 0, 60, kind=Kind.ROLLBACK, **live)], at=BEGIN + (8 + pause / 2) * DAY)
        return [*often(0, 15, 0, **live), *tried, *often(200, 10, 8 + pause, **live), back]

    name = "human-change-freeze"
    yield name, "auditor-a-fortnight", Story(story(14), at(30))
    yield name, "auditor-in-file", Story(story(20, 30), [(CI, 10)], {CI: WORKFLOW})
    yield name, "seen-by-auditors-only", Story(story(14))
    yield name, "auditor-a-weekend", Story(story(2))
    yield name, "auditor-nobody-worked", Story(story(14, 3))
    written = WORKFLOW + "# no deployments in a freeze: scripts/freeze --check\n"
    yield name, "auditor-written", Story(story(14), [], {CI: written})


def trails() -> Iterator[tuple[str, str, Story]]:
    whole: dict[str, Any] = {"artifact": "sha256:1", "approvals": (Approval("bob"),), "evidence": ("sbom",)}
    name = "incomplete-audit-trail"
    yield (
        name,
        "no-approver",
        Story([ship(0, **whole), ship(1, **whole), ship(2, **{**whole, "approvals": None})], at(3)),
    )
    gaps = [ship(0, **whole), ship(1, **whole, sha=""), ship(2, **{**whole, "evidence": ()})]
    yield name, "no-commit-and-no-evidence", Story(gaps, [*at(2), *at(3)])
    yield name, "whole", Story([ship(number, **whole) for number in range(3)])
    yield name, "never-told", Story([ship(number) for number in range(3)])
    yield name, "failed", Story([ship(0, **whole), ship(1, conclusion=BAD)])


def alone() -> Iterator[tuple[str, str, Story]]:
    bob = (Approval("bob"),)
    name = "separation-of-duties"
    yield name, "nobody", Story([ship(0, author="ann", reviewers=()), ship(1, author="ann", reviewers=("bob",))], at(1))
    yield name, "own-approval", Story([ship(0, author="ann", approvals=(Approval("ann"),), actor="ann")], at(1))
    yield (
        name,
        "reviewed",
        Story([ship(0, author="ann", reviewers=("ann", "bob")), ship(1, author="ann", approvals=bob)]),
    )
    yield name, "another-started-it", Story([ship(0, author="ann", reviewers=(), actor="bob")])
    yield name, "not-told", Story([ship(0, author="ann", actor="ann"), ship(1, reviewers=())])


def again() -> Iterator[tuple[str, str, Story]]:
    def story(repeated: int, count: int = 25) -> list[Run]:
        found = []
        for number in range(count):
            for attempt in (1, 2) if number < repeated else (1,):
                end = OK if attempt == 2 or number >= repeated else BAD
                begin = BEGIN + number * HOUR + attempt * 60
                found.append(run(number, [job("test", 0, 60, conclusion=end)], attempt=attempt, at=begin))
        return found

    def weekend(count: int) -> list[Run]:
        return [ship(number * 7 + (5 if number < count else 1), trigger="manual") for number in range(22)]

    name = "manual-rerun"
    yield name, "often", Story(story(6), at(12))
    yield name, "in-file", Story(story(9), [(CI, 1)], {CI: WORKFLOW})
    yield name, "rarely", Story(story(1))
    yield name, "few", Story(story(4, 8))
    yield name, "auditor-weekends", Story(weekend(12), at(12))
    yield name, "weekends-for-auditors-only", Story(weekend(12))
    yield name, "auditor-weekdays", Story(weekend(0))


def glass() -> Iterator[tuple[str, str, Story]]:
    later = ship(20)
    name = "unreviewed-break-glass"
    yield name, "never", Story([ship(0, broke_glass=True, actor="ann"), later], at(1))
    yield name, "late", Story([ship(0), ship(1, broke_glass=True, reviewed=BEGIN + 12 * DAY), later], at(2))
    yield name, "reviewed", Story([ship(0, broke_glass=True, reviewed=BEGIN + 2 * DAY), later])
    yield name, "just-now", Story([ship(0), ship(1, broke_glass=True)])
    yield name, "ordinary", Story([ship(0), later])
