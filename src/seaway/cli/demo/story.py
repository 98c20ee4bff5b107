"""What a demo tells: its acts while they run, and at the end what happened, from the ledger and from the clients. Pure, but for `Act`."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from seaway.cli import words
from seaway.cli.console import table
from seaway.cli.demo.records import Outcome, Records

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Act:
    """One release of the story: what is shown, the environment of the service, the outcome that the story expects."""

    title: str
    command: str
    expected: str
    knobs: tuple[tuple[str, str], ...] = ()


ACTS = (
    Act("1. The first release: v1 starts and takes the traffic.", "deploy production", "succeeded", (("VERSION", "v1"),)),
    Act("2. A good release: v2 by canary to 100 %, under load.", "deploy production", "succeeded", (("VERSION", "v2"),)),
    Act(
        "3. A broken release: v3 fails 3 of 10 requests. Nobody touches anything.",
        "deploy production",
        "rolled_back",
        (("VERSION", "v3"), ("FAIL_RATE", "0.3")),
    ),
    Act("4. Second thoughts about v2: undo.", "rollout undo", "succeeded"),
)  # fmt: skip


def summary(documents: list[Json], records: Records) -> list[str]:
    """What happened, per release. `documents` in the order of ACTS."""
    _, good, broken, undone = documents
    took = f"{_took(good, 'promote')} after deploy ({_paused(good)} of it planned pauses)"
    return [
        *_beside("promoted", f"v2 was at 100 %, verified, {took}"),
        *_beside("rolled back", _exposure(records, broken)),
        *_beside("undone", f"v1 was at 100 % again, verified, {_took(undone, 'promote')} after the word"),
        "",
        *_ledger(documents),
        "",
        *_clients(documents, records),
    ]


def _beside(word: str, said: str) -> list[str]:
    """A word and what it means, within 80 columns."""
    return textwrap.wrap(f"{word:<11}  {said}", 80, subsequent_indent=" " * 13, break_on_hyphens=False)


def _moment(text: str | None) -> float:
    found = words.moment(text)
    return found.timestamp() if found else 0.0


def _step(document: Json, kind: str) -> Json:
    return next((step for step in document["steps"] if step["kind"] == kind), {})


def _took(document: Json, kind: str) -> str:
    """From the start of the rollout to the end of the step."""
    end = _moment(_step(document, kind).get("ended")) or _moment(document["ended"])
    return words.span(end - _moment(document["created"]))


def _paused(document: Json) -> str:
    steps = [step for step in document["steps"] if step["kind"] in ("pause", "analysis") and step["ended"]]
    return words.span(sum(_moment(step["ended"]) - _moment(step["started"]) for step in steps))


def _exposure(records: Records, broken: Json) -> str:
    """How long the broken release failed requests, as its users saw it."""
    name = broken["revisions"]["candidate"]
    failed = [ended for _, ended, outcome, revision in records.rows() if outcome is Outcome.FAILED and revision == name]
    answered = [ended for _, ended, _, revision in records.rows() if revision == name]
    if not failed:
        return "v3 failed no request"
    return (
        f"v3 gave its last answer {words.span(answered[-1] - failed[0])} after its first failed one;"
        f" {len(failed)} requests failed, and nobody touched anything"
    )


def _ledger(documents: list[Json]) -> list[str]:
    rows = []
    for title, document in zip(("v1 first", "v2 good", "v3 broken", "v1 undo"), documents, strict=True):
        loss = document["loss"]
        rows.append((
            title, words.state(document["state"]), words.between(document["created"], document["ended"], _end(document)),
            *(str(loss[name]) for name in ("served", "failed", "retried", "cut")), f"{loss['unseen_s'] or 0:.3g} s",
        ))  # fmt: skip
    head = ("release", "outcome", "took", "served", "failed", "retried", "cut", "unseen")
    return ["The loss ledger, from the proxy's own records:", "", *table(head, rows).splitlines()]


def _end(document: Json) -> datetime:
    return datetime.fromisoformat(document["ended"])


def _clients(documents: list[Json], records: Records) -> list[str]:
    """The same, as the clients counted it: exchanges that ended while the rollout ran."""
    total, failed = len(records.ended), records.count(Outcome.FAILED)
    by_v3 = records.totals().get(documents[2]["revisions"]["candidate"], {}).get("failed", 0)
    lost = records.count(Outcome.CUT) + records.count(Outcome.UNSEEN) + failed - by_v3
    return textwrap.wrap(
        f"The clients, who never retry, counted {total} exchanges over all four releases: {by_v3} failed by v3 itself, "
        f"{lost} lost by switching (failed elsewhere, cut, or refused).",
        80,
    )


def further(program: str, home: str, documents: list[Json]) -> list[str]:
    """Commands that go on from here."""
    commands = {
        f"export SEAWAY_HOME={home}": "",
        f"{program} serve --detach": "starts what was stable again",
        f"{program} rollout list": "",
        f"{program} rollout show {documents[2]['id']}": "the broken release",
        f"{program} logs production": "",
        f"{program} down": "",
    }
    wide = max(len(command) for command, why in commands.items() if why)
    lines = [f"  {command:<{wide}}   # {why}" if why else f"  {command}" for command, why in commands.items()]
    return ["Look further (the state folder stays until the next demo):", "", *lines]
