"""A rollout as a tree of lines: what `watch` redraws and `show` prints. Pure: document in, lines of styled words out. Used by `cli.watching`, `cli.rollout`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from seaway.cli import words

Json = dict[str, Any]
Line = list[tuple[str, str]]  # words and their style, "" for plain
WIDTH = 80


def lines(document: Json, now: datetime, *, width: int = WIDTH, hints: bool = False) -> list[Line]:
    """The whole view, at most `width` columns where the words allow it."""
    made = [
        *_head(document, now),
        [],
        *_weights(document, width),
        [],
        *_steps(document, now),
        *_verdicts(document, width),
        *_waiting(document, now, width),
        *_end(document, width),
    ]
    if hints and document["state"] not in words.ENDED:
        made += [[], *_hints(document)]
    return made


def text(made: list[Line]) -> str:
    """The lines without styles."""
    return "\n".join("".join(part for part, _ in line).rstrip() for line in made)


def _head(document: Json, now: datetime) -> Iterator[Line]:
    glyph, style, _ = words.STATES.get(document["state"], ("•", "", None))
    age = words.between(document.get("created"), document.get("ended"), now)
    title = f"{document['service']} to {document['environment']}"
    yield [(f"{glyph} {title}", "bold"), (f"   {words.state(document['state'])}", style), (f"   {age}", "dim")]
    parts = [document["id"], str(document.get("strategy", "")), f"plan {document['plan_hash'][:12]}"]
    actor = document.get("actor")
    yield [("  " + "   ".join(part for part in parts if part) + (f"   by {actor}" if actor else ""), "dim")]


def _weights(document: Json, width: int) -> Iterator[Line]:
    """One line per side, where all sides fit; else its weights stand below its name."""
    revisions = document["revisions"]
    named = [(side, revisions.get(side)) for side in ("candidate", "stable") if revisions.get(side)]
    if len(named) == 2 and named[0][1] == named[1][1]:
        named = named[1:]
    size = max((len(name) for _, name in named), default=0)
    rows = [list(_weight(document["weights"].get(name) or {})) for _, name in named]
    fits = 12 + size + max((sum(len(part) for part, _ in row) for row in rows), default=0) <= width
    for (side, name), row in zip(named, rows, strict=True):
        head = (f"  {side:<9} {name:<{size}}", "bold" if side == "candidate" else "")
        if fits:
            yield [head, *row]
        else:
            yield [head]
            yield [("          ", ""), *row]


def _weight(weight: Json) -> Iterator[tuple[str, str]]:
    verified = weight.get("verified")
    settled = verified is not None and verified == weight["set"]
    yield f"  set {words.percent(weight.get('set')):<5}", ""
    yield f" verified {words.percent(verified):<5}", "green" if settled else "yellow"
    yield f" observed {_observed(weight.get('observed'))}", ""


def _observed(observed: Json | None) -> str:
    if not observed:
        return "–"
    share = f"{observed['ppm'] / 10_000:.1f}".removesuffix(".0")
    return f"{share} % of {_about(observed['requests'])}"


def _about(count: int) -> str:
    """A number of requests in few columns; `--json` has it exactly."""
    if count < 10_000:
        return str(count)
    return f"{count / 1000:.0f}k" if count < 1_000_000 else f"{count / 1_000_000:.1f}M"


def _steps(document: Json, now: datetime) -> Iterator[Line]:
    steps = document.get("steps", [])
    current = next((index for index, step in enumerate(steps) if step.get("started") and not step.get("ended")), None)
    for index, step in enumerate(steps):
        took = words.between(step.get("started"), step.get("ended"), now)
        if index == current and document["state"] not in words.ENDED:
            glyph, style = "⟳", "cyan"
        else:
            glyph, style = words.STEPS.get(step.get("outcome") or "", ("◌", "dim"))
        yield [(f"  {glyph} {words.step(step):<58}", style), (f" {took:>9}", "dim")]


def _verdicts(document: Json, width: int) -> Iterator[Line]:
    newest = {verdict["guard"]: verdict for verdict in document.get("verdicts", [])}
    if newest:
        yield []
    for guard, verdict in newest.items():
        glyph, style = words.OUTCOMES.get(verdict["outcome"], ("•", ""))
        head = f"  {glyph} {guard} {words.state(verdict['outcome'])}"
        yield from _wrapped(head, style, f": {verdict['reason']}", width)


def _waiting(document: Json, now: datetime, width: int) -> Iterator[Line]:
    waiting = document.get("waiting")
    if not waiting or document["state"] in words.ENDED:
        return
    yield []
    until = words.moment(waiting["until"])
    left = f" (in {words.span((until - now).total_seconds())})" if until else ""
    when = f", until {words.clock(until)}{left}" if until else ""
    yield from _wrapped("  waiting", "bold", f" for {waiting['for']}; by {waiting['owner']}{when}", width)
    yield from _wrapped("  then", "bold", f" {waiting['then']}", width)


def _end(document: Json, width: int) -> Iterator[Line]:
    if document.get("reason"):
        yield []
        yield from _wrapped("  because", "bold", f" {document['reason']}", width)
    loss = document.get("loss") or {}
    if loss.get("served") is not None and document["state"] in words.ENDED:
        yield []
        style = "green" if not (loss["failed"] or loss["cut"] or loss["unseen_s"]) else "yellow"
        counts = "   ".join(f"{name} {loss[name]}" for name in ("served", "failed", "retried", "cut"))
        yield [("  requests", "bold"), (f" {counts}   unseen {loss['unseen_s']:.3g} s", style)]


def _hints(document: Json) -> Iterator[Line]:
    name = document["id"]
    verb = {"held": "resume", "pending": "why", "soaking": "undo"}.get(document["state"], "promote")
    yield [("  ^C leaves, the rollout goes on", "dim")]
    yield [(f"  seaway rollout {verb} {name}", "dim")]
    yield [(f"  seaway rollout abort {name}", "dim")]


def _wrapped(head: str, style: str, rest: str, width: int) -> Iterator[Line]:
    """`head` in its style, `rest` behind it, broken between words below the width and indented by four."""
    import textwrap

    room = textwrap.wrap(head.lstrip() + rest, width, initial_indent=" " * (len(head) - len(head.lstrip())),
                         subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)  # fmt: skip
    first = room[0] if room else head
    yield [(first[: len(head)], style), (first[len(head) :], "")]
    for line in room[1:]:
        yield [(line, "")]
