"""Stories of the rules about git history. Told by `rule_stories`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import astuple

from seaway.model.changes import Change
from support.rule_stories_people import WORKFLOW, ship
from support.run_stories import BEGIN, CI, DAY, HOUR, Story, sha

PEOPLE = ("Ann", "Bob", "Cid", "Dee", "Eve")


def change(number: int, parents: tuple[int, ...], when: float, who: str = "Ann", subject: str = "") -> Change:
    return Change(
        sha(number),
        tuple(sha(each) for each in parents),
        who,
        f"{who.lower().replace(' ', '.')}@example.com",
        BEGIN + when,
        subject,
    )


def written(
    found: list[Change],
    lines: dict[str, dict[str, int]] | None = None,
    pipelines: list[Change] | None = None,
    *,
    cut: bool = False,
) -> dict[str, str]:
    """The history as a file beside a workflow, newest first."""
    told = {
        "changes": [astuple(one) for one in reversed(found)],
        "lines": lines or {},
        "pipelines": [astuple(one) for one in reversed(pipelines or [])],
        "cut": cut,
    }
    return {CI: WORKFLOW, "changes.json": json.dumps(told, indent=1) + "\n"}


def story(files: dict[str, str], line: int = 0, **more: object) -> Story:
    return Story([], [(CI, line)] if line else [], files, "history", **more)  # type: ignore[arg-type]


def branches(count: int, days: float, who: str = "Ann") -> list[Change]:
    """A main line into which a branch of one commit is merged each day, so many days old."""
    found = [change(0, (), 0)]
    main = 0
    for number in range(count):
        when = (number + 30) * DAY
        found += [
            change(2 * number + 1, (main,), when - days * DAY, who),
            change(2 * number + 2, (main, 2 * number + 1), when),
        ]
        main = 2 * number + 2
    return found


def squashed(count: int, path: str, lines: int, who: str = "Ann") -> tuple[list[Change], dict[str, dict[str, int]]]:
    found = [
        change(number, (number - 1,) if number else (), number * HOUR, who, f"Change it (#{number})")
        for number in range(count)
    ]
    return found, {one.sha: {path: lines} for one in found}


def changes() -> Iterator[tuple[str, str, Story]]:
    name = "long-lived-branch"
    yield name, "a-week", story(written(branches(25, 7)), 1)
    yield name, "large", story(written(*squashed(25, "src/shop.py", 700)), 1)
    yield name, "a-day", story(written(branches(25, 1)))
    yield name, "small", story(written(*squashed(25, "src/shop.py", 80)))
    yield name, "lockfiles", story(written(*squashed(25, "package-lock.json", 9000)))
    yield name, "bots", story(written(branches(25, 30, "renovate[bot]")))
    yield name, "few", story(written(branches(9, 30)))
    yield name, "shallow", story(written(branches(2, 30), cut=True))

    def line(count: int) -> list[Change]:
        return [change(number, (number - 1,) if number else (), number * HOUR) for number in range(count)]

    def shipped(every: int, count: int, kind: str = "history") -> Story:
        runs = [ship(number, sha=sha(number * every)) for number in range(count)]
        return Story(runs, [(CI, 1)] if every > 10 and count > 10 else [], written(line(every * count + 1)), kind)

    name = "large-batch"
    yield name, "twenty-each", shipped(20, 14)
    yield name, "thirty-each", shipped(30, 12)
    yield name, "two-each", shipped(2, 14)
    yield name, "few", shipped(20, 5)
    yield name, "not-deployed", story(written(line(50)))
    yield (
        name,
        "the-same-again",
        Story([ship(number, sha=sha(5)) for number in range(14)], [], written(line(9)), "history"),
    )

    team = [change(number, (number - 1,) if number else (), number * HOUR, PEOPLE[number % 5]) for number in range(40)]
    ours = [change(100 + number, (), number * HOUR) for number in range(12)]
    name = "single-maintainer"
    yield name, "ann-alone", story(written(team, None, ours), 1)
    bots = [change(200 + number, (), number * HOUR, "dependabot[bot]") for number in range(9)]
    yield name, "ann-and-a-bot", story(written(team, None, [*ours, *bots]), 1)
    yield name, "two-people", story(written(team, None, [*ours, change(300, (), DAY, "Bob")]))
    yield name, "works-alone", story(written(line(40), None, ours))
    yield name, "few", story(written(team, None, ours[:4]))
    owned = {**written(team, None, ours), "CODEOWNERS": "/.github/ @ann @bob\n"}
    yield name, "owners", story(owned)
