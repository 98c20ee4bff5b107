"""Follows one rollout until it rests: as a tree that redraws, as appended lines, or as events. Used by `deploy`, `watch`, `status`.

The truth is in the control plane: ^C, a lost terminal or a restarted control plane end or mend the view, never the rollout.
"""

from __future__ import annotations

import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import FrameType
from typing import Any

from seaway.app.client import Client
from seaway.cli import console, lines, tree, words
from seaway.config.home import Home
from seaway.errors import ControlPlaneUnreachable
from seaway.model.weight import WHOLE

Json = dict[str, Any]
REDRAW = 0.2  # seconds between two pictures of the tree
SOON = 0.02  # seconds between two questions of a command that only waits
HEARTBEAT = 10.0  # seconds of silence after which a line says that all goes on
AWAY = 60.0  # seconds that a control plane may be away (it restarts) before the view gives up
LAST_EVENT = 2.0  # seconds to wait for the last event of a rollout whose end was seen already
GOES_ON = 130  # exit code: the view ended, the rollout did not

Resting = Callable[[Json], bool]


def ended(document: Json) -> bool:
    """Nothing will happen any more."""
    return document["state"] in words.ENDED


def counted(document: Json) -> bool:
    """Ended, and its losses are known: they are read from the proxy's records a moment later."""
    return ended(document) and (document["loss"] or {}).get("served") is not None


def resting(document: Json) -> bool:
    """Ended, or a person is needed: nobody sits here who could decide."""
    return words.STATES[document["state"]][2] is not None


def serving(document: Json) -> str:
    """The revision that has all the traffic, verified; "" while none has."""
    return next((name for name, weight in document["weights"].items() if weight["verified"] == WHOLE), "")


def returned(document: Json) -> bool:
    """The way back has arrived: the traffic is where an undo wanted it, or nothing more will come."""
    wanted = "candidate" if document.get("undo") else "stable"
    return ended(document) or serving(document) == document["revisions"][wanted]


def wait(client: Client, rollout: str, timeout: float | None, until: Resting) -> Json:
    """Ask until it is so or `timeout` seconds passed; the last answer."""
    deadline = None if timeout is None else time.monotonic() + timeout
    away: list[float] = []
    document = client.document(rollout)
    while not until(document) and not _passed(deadline):
        time.sleep(SOON)
        document = _patiently(lambda: client.document(rollout), away) or document
    return document


def code(document: Json) -> int:
    """The outcome as exit code; GOES_ON when there is none yet."""
    found = words.STATES[document["state"]][2]
    return GOES_ON if found is None else found


def follow(home: Home, rollout: str, *, timeout: float | None, as_json: bool, until: Resting | None = None) -> int:
    """Watch until the rollout rests or `timeout` seconds passed; the exit code. ^C leaves, with what to type to come back."""
    done = until or (ended if console.live() and not as_json else resting)
    deadline = None if timeout is None else time.monotonic() + timeout
    try:
        with _interruptible(done) as rests:
            if console.live() and not as_json:
                document = _tree(home, rollout, rests, deadline)
            else:
                document = _lines(home, rollout, rests, deadline, console.line if as_json else _line)
    except KeyboardInterrupt:
        console.say(f"\nleft; the rollout goes on\nnext: seaway rollout watch {rollout}")
        return GOES_ON
    if ended(document) and not counted(document):
        with Client(home) as client:
            document = wait(client, rollout, LAST_EVENT, counted)
    _last_words(document, as_json=as_json)
    return code(document)


@contextmanager
def _interruptible(done: Resting) -> Iterator[Resting]:
    """`done`, which also ends the view after ^C: Python loses the exception when it comes in the middle of a destructor."""
    asked: list[int] = []

    def hear(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        raise KeyboardInterrupt

    def rests(document: Json) -> bool:
        if asked:
            raise KeyboardInterrupt
        return done(document)

    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler or threading.current_thread() is not threading.main_thread():
        yield done  # somebody else decides what ^C means, or it is not heard here
        return
    signal.signal(signal.SIGINT, hear)
    try:
        yield rests
    finally:
        signal.signal(signal.SIGINT, before)


def _line(event: Json) -> None:
    console.say(lines.render(event))


def _last_words(document: Json, *, as_json: bool) -> None:
    name, state = document["id"], document["state"]
    if not as_json:
        console.result(f"{name} {words.state(state)}{_losses(document)}")
    if state not in words.ENDED:
        held = words.STATES[state][2] is not None
        console.say("a person is needed" if held else "still running; the rollout goes on")
        console.say(f"next: seaway rollout {'why' if held else 'watch'} {name}")
    elif state in ("rolled_back", "failed"):
        console.say(f"next: seaway rollout why {name}")


def _losses(document: Json) -> str:
    loss = document["loss"] or {}
    if not ended(document) or loss.get("served") is None:
        return ""
    return f": {loss['served']} requests served, {loss['failed']} failed, {loss['cut']} cut"


def _passed(deadline: float | None) -> bool:
    return deadline is not None and time.monotonic() >= deadline


def _patiently(ask: Callable[[], Json], since: list[float]) -> Json | None:
    """The answer, or None while the control plane is away; raises when it stays away."""
    try:
        document = ask()
    except ControlPlaneUnreachable:
        since[:] = since or [time.monotonic()]
        if time.monotonic() - since[0] > AWAY:
            raise
        return None
    since.clear()
    return document


def _tree(home: Home, rollout: str, done: Resting, deadline: float | None) -> Json:
    from rich.console import Console
    from rich.live import Live

    terminal = Console(stderr=True, highlight=False)
    away: list[float] = []
    with Client(home) as client, Live(console=terminal, auto_refresh=False, vertical_overflow="visible") as live:
        document = client.document(rollout)
        while True:
            finished = done(document) or _passed(deadline)
            live.update(_picture(document, terminal.width, hints=not finished), refresh=True)
            if finished:
                return document
            time.sleep(REDRAW)
            document = _patiently(lambda: client.document(rollout), away) or document


def _picture(document: Json, width: int, *, hints: bool) -> Any:
    from rich.text import Text

    made = tree.lines(document, datetime.now(UTC), width=min(width, 100), hints=hints)
    return Text("\n").join(Text.assemble(*line, no_wrap=True) for line in made)


def _lines(home: Home, rollout: str, done: Resting, deadline: float | None, show: Callable[[Json], None]) -> Json:
    away: list[float] = []
    arrived: queue.Queue[Json] = queue.Queue()
    threading.Thread(target=_listen, args=(home, rollout, arrived), daemon=True).start()
    spoken = time.monotonic()
    last = False  # the last event of the rollout has come
    patience = 0.0  # until when it is waited for, once the end is known
    with Client(home) as client:
        while True:
            document = _patiently(lambda: client.document(rollout), away)
            for event in _drain(arrived, wait=REDRAW):
                show(event)
                spoken = time.monotonic()
                last = last or event["customData"]["seaway"]["event"] == "rollout.finished"
            if document is not None and (done(document) or _passed(deadline)):
                patience = patience or time.monotonic() + LAST_EVENT
                if last or not ended(document) or time.monotonic() > patience:
                    return document
            elif time.monotonic() - spoken > HEARTBEAT:
                console.say(_alive(document))
                spoken = time.monotonic()


def _alive(document: Json | None) -> str:
    if document is None:
        return f"{words.clock(datetime.now(UTC))} ◌ the control plane is away; the rollout's state is safe"
    waiting = document.get("waiting") or {}
    what = f", waiting for {waiting['for']}" if waiting else ""
    return f"{words.clock(datetime.now(UTC))} ◌ still {words.state(document['state'])}{what}"


def _drain(arrived: queue.Queue[Json], wait: float) -> Iterator[Json]:
    """What arrives within `wait` seconds, and all that follows at once."""
    try:
        yield arrived.get(timeout=wait)
        while True:
            yield arrived.get_nowait()
    except queue.Empty:
        return


def _listen(home: Home, rollout: str, arrived: queue.Queue[Json]) -> None:
    """Feed the queue from the stream, resumed where it broke, for as long as this process lives."""
    after = 0
    while True:
        try:
            with Client(home) as client:
                for item in client.events(rollout, after):
                    if item is not None:
                        after = item[0]
                        arrived.put(item[1])
        except ControlPlaneUnreachable:
            pass
        time.sleep(REDRAW)
