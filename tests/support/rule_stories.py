"""What the rules about runs must find and must let be, told as histories of runs: (rule, case) -> runs and the lines of findings.

`python tests/support/rule_stories.py` writes them as fixtures, `tests/assess/rules/<rule>/runs/<case>/`; a test compares.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from seaway.model.delivery import Kind
from seaway.model.runs import JobRun, Run
from support.rule_stories_changes import changes
from support.rule_stories_people import WORKFLOW, artifacts, governance, ship, watching
from support.run_stories import BAD, BEGIN, CI, DAY, HOUR, OK, Story, at, job, run, sha

FOLDER = Path(__file__).parents[1] / "assess" / "rules"


def many(count: int, *jobs: JobRun, **more: Any) -> list[Run]:
    """The same run again and again."""
    return [run(number, jobs, **more) for number in range(count)]


def caches(hits: int, misses: int) -> list[Run]:
    return [run(number, [job("build", 0, 60, cache=number >= misses)]) for number in range(hits + misses)]


def velocity() -> Iterator[tuple[str, str, Story]]:
    yield "low-cache-hit-rate", "missed", Story(caches(10, 20), at(30))
    yield (
        "low-cache-hit-rate",
        "in-file",
        Story([run(number, [job("build", 0, 9, cache=False)]) for number in range(20)], [(CI, 3)], {CI: WORKFLOW}),
    )
    yield "low-cache-hit-rate", "hit", Story(caches(19, 3))
    yield "low-cache-hit-rate", "by-chance", Story(caches(15, 5))
    yield "low-cache-hit-rate", "few", Story(caches(0, 9))
    yield "low-cache-hit-rate", "not-told", Story(many(30, job("build", 0, 60)))
    long = (
        job("build", 0, 60, needs=()),
        job("test", 60, 600, needs=("build",)),
        job("lint", 60, 50, needs=("build",)),
    )
    yield "dominant-job", "most-of-it", Story(many(12, *long), at(12))
    yield "dominant-job", "in-file", Story(many(12, *long[:2]), [(CI, 6)], {CI: WORKFLOW})
    yield (
        "dominant-job",
        "short",
        Story(many(12, job("build", 0, 20, needs=()), job("test", 20, 200, needs=("build",)))),
    )
    yield "dominant-job", "alone", Story(many(12, job("all", 0, 900)))
    yield (
        "dominant-job",
        "even",
        Story(many(12, job("build", 0, 300, needs=()), job("test", 300, 300, needs=("build",)))),
    )
    yield "dominant-job", "few", Story(many(4, *long))
    yield (
        "long-queue",
        "one-in-ten",
        Story(
            [
                run(number, [job("a", 0, 600, 200 if number % 2 == 0 else 2), job("b", 0, 500, 2)])
                for number in range(40)
            ],
            at(40),
        ),
    )
    yield "long-queue", "half-of-it", Story(many(30, job("a", 0, 60, 45)), at(30))
    yield "long-queue", "quick", Story(many(30, job("a", 0, 600, 20)))
    yield "long-queue", "person", Story(many(30, job("gate", 0, 10, 4000, manual=True), job("a", 0, 600, 3)))
    yield (
        "long-queue",
        "one-bad-day",
        Story([run(number, [job("a", 0, 600, 900 if number == 7 else 2)]) for number in range(40)]),
    )
    yield "long-queue", "not-told", Story([
        run(number, [JobRun("a", OK, started=0.0, finished=60.0)]) for number in range(40)
    ])  # fmt: skip
    tests = job("integration tests", 0, 1200)
    yield "unsharded-tests", "one-machine", Story(many(12, tests), at(12))
    yield "unsharded-tests", "in-file", Story(many(12, job("test", 0, 900)), [(CI, 6)], {CI: WORKFLOW})
    yield "unsharded-tests", "sharded", Story(many(12, job("test (1)", 0, 700), job("test (2)", 0, 650)))
    yield "unsharded-tests", "short", Story(many(12, job("test", 0, 500)))
    yield "unsharded-tests", "nightly", Story(many(12, tests, trigger="schedule"))
    yield "unsharded-tests", "no-tests", Story(many(12, job("contest images", 0, 1200), job("latest", 0, 1300)))
    yield from flaky()
    yield "slow-pipeline", "slow", Story(many(12, job("a", 0, 1500)), at(12))
    yield "slow-pipeline", "in-file", Story(many(12, job("build", 0, 800)), [(CI, 1)], {CI: WORKFLOW})
    yield (
        "slow-pipeline",
        "uneven",
        Story([run(number, [job("a", 0, 1800 if number % 5 == 0 else 300)]) for number in range(20)], at(20)),
    )
    yield "slow-pipeline", "quick", Story(many(12, job("a", 0, 300)))
    yield "slow-pipeline", "nightly", Story(many(12, job("a", 0, 3000), trigger="schedule"))
    yield (
        "slow-pipeline",
        "a-person-decides",
        Story(many(12, job("a", 0, 200, needs=()), job("gate", 200, 10, 9000, manual=True, needs=("a",)))),
    )
    yield "slow-pipeline", "few", Story(many(5, job("a", 0, 1500)))


def flaky() -> Iterator[tuple[str, str, Story]]:
    def twice(number: int, first: bool) -> list[Run]:
        ends = (OK,) if first else (BAD, OK)
        return [
            run(number, [job("test", 0, 60, conclusion=end)], attempt=attempt, at=BEGIN + number * DAY + attempt * HOUR)
            for attempt, end in enumerate(ends, 1)
        ]

    def story(bad: set[int], count: int = 25) -> list[Run]:
        return [one for number in range(count) for one in twice(number, number not in bad)]

    yield "flaky-job", "thrice", Story(story({3, 9, 11}), at(15))
    yield "flaky-job", "in-file", Story(story({3, 9, 12}), [(CI, 6)], {CI: WORKFLOW})
    yield "flaky-job", "by-chance", Story(story({3, 9}))
    yield "flaky-job", "few", Story(story({3, 4, 5}, 8))
    broken = [run(number, [job("test", 0, 60, conclusion=BAD if number < 5 else OK)]) for number in range(25)]
    yield "flaky-job", "mended-by-changes", Story(broken)
    merges = [
        run(
            number,
            [job("test", 0, 60, conclusion=BAD if number % 2 else OK)],
            sha=sha(number // 2),
            trigger="pull_request",
        )
        for number in range(60)
    ]
    yield "flaky-job", "another-base", Story(merges)


def safety() -> Iterator[tuple[str, str, Story]]:
    back = Kind.ROLLBACK
    yield (
        "slow-rollback",
        "failed",
        Story([ship(0, back), ship(1, back, conclusion=BAD), ship(2, back, conclusion=BAD)], at(3)),
    )
    yield "slow-rollback", "failed-once", Story([ship(0, back), ship(1, back, conclusion=BAD), ship(2, back)])
    yield "slow-rollback", "slow", Story([ship(0, back, 300), ship(1, back, 1500), ship(2, back, 1300)], at(2))
    yield "slow-rollback", "quick", Story([ship(number, back) for number in range(4)])
    yield "slow-rollback", "few", Story([ship(0, back, 5000)])
    yield "slow-rollback", "in-staging", Story([ship(number, back, 5000, environment="staging") for number in range(4)])
    yield "slow-rollback", "no-rollback", Story([ship(number, None, 5000) for number in range(4)])


def stories() -> Iterator[tuple[str, str, Story]]:
    """All of them."""
    yield from velocity()
    yield from safety()
    yield from artifacts()
    yield from watching()
    yield from governance()
    yield from changes()


def wanted() -> dict[str, str]:
    """Path below the fixtures -> text."""
    return {
        f"{rule}/{story.kind}/{case}/{name}": text
        for rule, case, story in stories()
        for name, text in story.written().items()
    }


def places() -> set[str]:
    """Folders that stories fill."""
    return {f"{rule}/{story.kind}" for rule, _, story in stories()}


if __name__ == "__main__":
    for name, text in wanted().items():
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_text(text, encoding="utf-8")
