"""`seaway demo`: a good and a broken release of a sample service under load, by the commands that a user would type.

Everything runs in a state folder of its own and is stopped at the end, also by ^C.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import click

from seaway.cli import console, words
from seaway.cli.commands import Command
from seaway.cli.demo import story
from seaway.cli.demo.load import Load, Mix
from seaway.cli.demo.stage import ENVIRONMENT, SERVICE, Stage
from seaway.cli.demo.stream import Where
from seaway.errors import SeawayError

Json = dict[str, Any]
_MIX = Mix(keepalive=8, rate=240, websocket=4, post=4, session=1.0)
_LIMIT = "60s"  # of one rollout
INTERRUPTED = 130
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Ended(BaseException):
    """A signal asked the demo to end. No Exception: nothing on the way may take it for a failure and go on."""


@click.command(
    cls=Command,
    examples=("seaway demo", "NO_COLOR=1 seaway demo"),
    short_help="Show a good and a broken release under load on this machine.",
)
def command() -> None:
    """Ship a sample service behind Envoy under load: a first release, a good one by canary, a broken one that is rolled back
    by itself, and an undo.

    It takes less than a minute, in a state folder of its own. ^C stops the demo and everything it started: the one command
    where it does.
    """
    began = time.monotonic()
    with Stage.open() as stage, _signals():
        told: list[str] = []
        try:
            told = _play(stage)
        except _Ended:
            console.say("\n^C: the demo ends here; everything it started is stopped")
        finally:
            left = _clean(stage)
        if not told:
            raise click.exceptions.Exit(1 if left else INTERRUPTED)
        console.result("\n" + "\n".join(told))
        console.say(f"\nThe demo took {words.span(time.monotonic() - began)}.")
        raise click.exceptions.Exit(1 if left else 0)


def _play(stage: Stage) -> list[str]:
    """All acts; what happened, as lines. Raises SeawayError when the story goes another way."""
    from seaway.app import serving

    console.say(f"A sample service behind Envoy on http://127.0.0.1:{stage.port}/,\nits state in {stage.home.root}.")
    console.say("^C stops the demo and everything it started.")
    serving.ensure(stage.home)
    load = Load(Where(port=stage.port), _MIX)
    documents = [_act(stage, story.ACTS[0], [])]
    load.start()
    try:
        console.say(f"\nFrom now on {_clients()}\nask it without a break; none of them ever retries.")
        time.sleep(1.0)
        for act in story.ACTS[1:]:
            documents.append(_act(stage, act, documents))
    finally:
        records = load.stop()
    return [*story.summary(documents, records), "", *story.further(_program(), str(stage.home.root), documents)]


def _act(stage: Stage, act: story.Act, before: list[Json]) -> Json:
    """One release, by the words that a user types; the rollout as it ended. Raises SeawayError for another end than the story's."""
    console.say(f"\n{act.title}")
    if act.knobs:
        stage.release(**dict(act.knobs))
        _type("deploy", ENVIRONMENT, "--file", str(stage.configuration), "--timeout", _LIMIT)
    else:
        undone = before[1]["id"]
        _type("rollout", "undo", undone, "--timeout", _LIMIT)
        _type("rollout", "watch", "--timeout", _LIMIT)
    document = _newest(stage)
    if document["state"] != act.expected:
        message = f"{document['id']} is {words.state(document['state'])}; the story wants {words.state(act.expected)}"
        raise SeawayError(message, hint=f"see {stage.home.control_log}")
    return document


def _type(*arguments: str) -> None:
    """Run a command of Seaway as if it had been typed; its outcome is read from the rollout, not from its exit code."""
    from seaway.cli.main import seaway

    console.say(f"$ seaway {' '.join(arguments)}")
    with contextlib.suppress(click.exceptions.Exit):
        seaway.main(list(arguments), prog_name="seaway", standalone_mode=False)


def _newest(stage: Stage) -> Json:
    """The newest rollout once its losses were counted."""
    from seaway.app.client import Client
    from seaway.cli import watching

    with Client(stage.home) as client:
        name = client.documents(SERVICE, ENVIRONMENT)[0]["id"]
        return watching.wait(client, name, 60.0, watching.counted)


def _clients() -> str:
    return f"{_MIX.keepalive} keep-alive clients ({_MIX.rate:g} requests/s), {_MIX.websocket} WebSockets and {_MIX.post} slow POSTs"


def _clean(stage: Stage) -> list[str]:
    """Stop everything and look whether all has ended; what had to be killed."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    try:
        for line in stage.clear():
            console.say(line)
    except SeawayError as error:
        console.say(f"seaway: {error.message}")
    left = stage.leftovers()
    for line in left:
        console.say(f"did not end by itself and was killed: {line}")
    if not left:
        console.say("Nothing of the demo runs any more.")
    return left


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    """While the demo plays, ^C and its like end it here and nowhere else."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise _Ended

    before = {number: signal.signal(number, end) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _program() -> str:
    """How this program was called, so that lines can be pasted."""
    called = Path(sys.argv[0])
    return str(called) if called.name == "seaway" else f"{sys.executable} -m seaway"
