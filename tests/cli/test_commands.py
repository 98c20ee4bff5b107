"""The commands against a control plane: what they print where, what they ask for, and how they end."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from seaway.cli import main, watching, words
from seaway.config.home import Home
from seaway.ledger import cdevents
from seaway.model.rollout import State, Waiting
from seaway.rollout import document
from seaway.rollout.messages import Emit
from surface_plane import FakePlane
from surface_samples import NOW, rollout
from surface_server import Running

Json = dict[str, Any]
NAME = "ro-06b3x1k9m-4fq7"


class Rollouts(FakePlane):
    """Knows whole documents, and events as the ledger writes them."""

    def __init__(self) -> None:
        super().__init__()
        self.known = {
            NAME: document.render(rollout()),
            "ro-1": document.render(rollout(id="ro-1", state=State.SUCCEEDED)),
        }

    def become(self, state: State, **changes: Any) -> None:
        self.known[NAME] = document.render(rollout(state=state, **changes))

    def happen(self, name: str, **facts: Any) -> None:
        number = self.newest() + 1
        self.ledger.append((number, cdevents.render(Emit(name, facts), rollout(), number, NOW)))

    def documents(self, service: str, environment: str, *, active: bool | None) -> list[Json]:
        super().documents(service, environment, active=active)
        return [each for each in self.known.values() if not active or each["state"] not in words.ENDED]


@pytest.fixture
def plane() -> Rollouts:
    return Rollouts()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("SEAWAY_HOME", str(tmp_path / "home"))
    made = Home(tmp_path / "home")
    made.ensure()
    return made


@pytest.fixture
def running(home: Home, plane: Rollouts) -> Iterator[Running]:
    made = Running(home, plane)
    made.start()
    yield made
    made.end()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents of these tests have no losses, and nobody needs to wait for them."""
    monkeypatch.setattr(watching, "LAST_EVENT", 0.3)


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "clock", lambda when: f"{when:%H:%M:%S}")


def seaway(*arguments: str) -> int:
    return main.run(arguments)


# ------------------------------------------------------------ without a control plane


@pytest.mark.parametrize(
    "command",
    [
        "rollout list",
        "rollout show",
        "rollout watch",
        "rollout status",
        "rollout why",
        "rollout abort",
        "approve",
        "events",
    ],
)
def test_without_a_control_plane_commands_end_with_5_and_start_none(
    home: Home, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert seaway(*command.split()) == 5
    assert capsys.readouterr().err.splitlines()[-1] == "next: seaway serve --detach"
    assert not home.control_socket.exists()
    assert not home.control_log.exists()


# ------------------------------------------------------------ looking


@pytest.mark.usefixtures("running")
def test_the_list_is_aligned_and_fits_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words, "between", lambda *_: "1m 12s")
    assert seaway("rollout", "list") == 0
    assert capsys.readouterr().out == (
        "   ROLLOUT            PLACE            WEIGHT  TIME    STATE\n"
        "⟳  ro-06b3x1k9m-4fq7  production/shop  5 %     1m 12s  observing\n"
        "✔  ro-1               production/shop  5 %     1m 12s  succeeded\n"
    )


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("rollout list --json", "seaway.rollouts/v1"),
        ("rollout show --json", "seaway.rollout/v1"),
        ("rollout status --timeout 0 --json", "seaway.rollout/v1"),
        ("rollout why --json", "seaway.why/v1"),
    ],
)
def test_json_goes_to_stdout_alone_with_its_format(capsys: pytest.CaptureFixture[str], command: str, kind: str) -> None:
    seaway(*command.split())
    said = capsys.readouterr()
    assert json.loads(said.out)["format"] == kind
    assert said.err == ""


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("name", [NAME, "4fq7", "production", "production/shop", ""])
def test_a_rollout_is_named_by_id_end_place_or_not_at_all(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert seaway("rollout", "show", *filter(None, [name])) == 0
    assert NAME in capsys.readouterr().out


@pytest.mark.usefixtures("running")
def test_a_name_that_means_nothing_says_what_to_look_at(capsys: pytest.CaptureFixture[str]) -> None:
    assert seaway("rollout", "show", "nowhere") == 1
    assert capsys.readouterr().err == "seaway: no rollout is named 'nowhere'\nnext: seaway rollout list\n"


@pytest.mark.usefixtures("running")
def test_show_prints_the_tree(capsys: pytest.CaptureFixture[str]) -> None:
    assert seaway("rollout", "show") == 0
    shown = capsys.readouterr().out
    assert "⟳ shop to production   observing" in shown
    assert "candidate shop-bbbbbbbbbbbb  set 5 %   verified 5 %   observed 4.9 % of 8143" in shown


# ------------------------------------------------------------ steering


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("rollout abort production -m bad", ("abort", NAME, "mona", "bad")),
        ("rollout promote", ("promote", NAME, "mona", False)),
        ("rollout promote --full", ("promote", NAME, "mona", True)),
        ("rollout pause", ("pause", NAME, "mona")),
        ("rollout resume", ("resume", NAME, "mona")),
        ("rollout retry ro-1", ("retry", "ro-1", "mona")),
        ("approve -m fine", ("approve", NAME, "mona", "c" * 64, True, "fine")),
        ("reject", ("approve", NAME, "mona", "c" * 64, False, "")),
    ],
)
def test_words_reach_the_rollout_that_was_meant(plane: Rollouts, command: str, told: tuple[Any, ...]) -> None:
    assert seaway(*command.split()) == 0
    action, name, actor, _, *rest = plane.told[-1]
    assert (action, name, actor, *rest) == told


@pytest.mark.usefixtures("running")
def test_an_abort_says_what_happens_and_how_to_watch_it(capsys: pytest.CaptureFixture[str]) -> None:
    seaway("rollout", "abort")
    said = capsys.readouterr()
    assert said.out == f"{NAME} (shop to production) brings the traffic back\n"
    assert said.err == f"next: seaway rollout watch {NAME}\n"


@pytest.mark.usefixtures("running")
def test_a_refusal_of_the_control_plane_is_told_in_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert seaway("rollout", "abort", "-m", "late") == 1
    assert capsys.readouterr().err == "seaway: it has ended\nnext: seaway rollout undo\n"


def test_undo_ends_when_the_old_revision_has_all_the_traffic_verified(
    running: Running, plane: Rollouts, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def undo(rollout: str, *, actor: str, key: str, to: str) -> Json:
        def arrive() -> None:
            from seaway.model.rollout import Weight

            both = {"shop-bbbbbbbbbbbb": Weight(0, 0), "shop-aaaaaaaaaaaa": Weight(1_000_000, 1_000_000)}
            plane.become(State.ROLLING_BACK, weights=both)

        threading.Timer(0.1, arrive).start()
        return {"id": rollout}

    monkeypatch.setattr(plane, "undo", undo)
    plane.become(State.SOAKING)
    assert seaway("rollout", "undo", "production") == 0
    said = capsys.readouterr().out
    assert re.match(r"shop-aaaaaaaaaaaa serves production at 100 %, verified after \d+(\.\d)? s", said), said


@pytest.mark.usefixtures("running")
def test_undo_does_not_wait_longer_than_it_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert seaway("rollout", "undo", "ro-06b3x1k9m-4fq7", "--detach") == 0
    assert capsys.readouterr().out == "ro-9\n"


# ------------------------------------------------------------ watching


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize(
    ("state", "code"),
    [
        (State.SUCCEEDED, 0),
        (State.FAILED, 1),
        (State.ROLLED_BACK, 3),
        (State.HELD, 4),
        (State.INDETERMINATE, 4),
        (State.SUPERSEDED, 6),
    ],
)
@pytest.mark.parametrize("command", ["watch", "status"])
def test_the_exit_code_is_the_outcome(plane: Rollouts, state: State, code: int, command: str) -> None:
    plane.become(state)
    assert seaway("rollout", command, NAME) == code


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("command", ["watch", "status"])
def test_a_wait_that_is_over_says_that_the_rollout_goes_on(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert seaway("rollout", command, NAME, "--timeout", "0") == 130
    assert seaway("rollout", command, NAME, "--timeout", "100ms") == 130


def test_without_a_terminal_events_become_lines_on_stderr_and_the_outcome_one_on_stdout(
    running: Running, plane: Rollouts, capsys: pytest.CaptureFixture[str]
) -> None:
    plane.happen("rollout.started")
    plane.happen("weight.verified", weight=50_000, workers=2)

    def end() -> None:
        plane.happen("rollout.finished", outcome="rolled_back", reason="bad")
        plane.become(State.ROLLED_BACK)

    threading.Timer(0.3, end).start()
    assert seaway("rollout", "watch", NAME) == 3
    said = capsys.readouterr()
    assert said.err.splitlines() == [
        "05:06:07 ⟳ started: shop-bbbbbbbbbbbb for production",
        "05:06:07 ✔ candidate at 5 %, verified on 2 workers",
        "05:06:07 ↶ rolled back: bad",
        f"next: seaway rollout why {NAME}",
    ]
    assert said.out == f"{NAME} rolled back\n"


def test_with_json_each_event_is_one_line_on_stdout(
    running: Running, plane: Rollouts, capsys: pytest.CaptureFixture[str]
) -> None:
    plane.happen("rollout.started")
    plane.happen("rollout.finished", outcome="succeeded")
    plane.become(State.SUCCEEDED)
    assert seaway("rollout", "watch", NAME, "--json") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["customData"]["seaway"]["event"] for line in lines] == ["rollout.started", "rollout.finished"]


def test_silence_is_broken_by_what_is_waited_for(
    running: Running, plane: Rollouts, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "HEARTBEAT", 0.2)
    plane.become(State.OBSERVING, waiting=Waiting("the pause", "the engine", NOW, "it goes on"))
    assert seaway("rollout", "watch", NAME, "--timeout", "4s") == 130
    assert "◌ still observing, waiting for the pause" in capsys.readouterr().err


def test_a_control_plane_that_comes_back_mends_the_view(
    home: Home, plane: Rollouts, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(watching.console, "say", said.append)
    first = Running(home, plane)
    first.start()
    plane.happen("rollout.started")
    codes: list[int] = []
    view = threading.Thread(target=lambda: codes.append(seaway("rollout", "watch", NAME)))
    view.start()
    until(lambda: said)
    first.end()
    time.sleep(0.3)
    second = Running(home, plane)
    second.start()
    plane.happen("rollout.finished", outcome="succeeded")
    monkeypatch.setattr(watching, "LAST_EVENT", 60.0)
    plane.become(State.SUCCEEDED)
    view.join(120)
    second.end()
    assert codes == [0]
    assert said == ["05:06:07 ⟳ started: shop-bbbbbbbbbbbb for production", "05:06:07 ✔ succeeded"]


def test_an_interrupt_leaves_and_says_how_to_come_back(running: Running, home: Home, plane: Rollouts) -> None:
    plane.happen("rollout.started")
    process = subprocess.Popen(
        [sys.executable, "-m", "seaway", "rollout", "watch", NAME],
        env={**os.environ, "SEAWAY_HOME": str(home.root)}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    assert "started" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=150)
    assert process.returncode == 130
    assert "left; the rollout goes on" in err
    assert f"next: seaway rollout watch {NAME}" in err
    assert out == ""


def test_an_interrupt_that_comes_in_the_middle_of_a_destructor_is_not_lost(
    running: Running, home: Home, plane: Rollouts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def swallowed(_document: watching.Json) -> bool:
        with contextlib.suppress(KeyboardInterrupt):  # what Python does around a destructor
            os.kill(os.getpid(), signal.SIGINT)
        return False

    monkeypatch.setattr(watching, "REDRAW", 0.02)
    before = signal.getsignal(signal.SIGINT)
    assert watching.follow(home, NAME, timeout=60, as_json=False, until=swallowed) == watching.GOES_ON
    assert signal.getsignal(signal.SIGINT) is before


def test_on_a_terminal_the_tree_is_drawn_and_a_held_rollout_is_watched_on(
    running: Running, home: Home, plane: Rollouts
) -> None:
    import pty

    plane.become(State.HELD, reason="no data")
    control, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "seaway", "rollout", "watch", NAME],
        env={**os.environ, "SEAWAY_HOME": str(home.root), "TERM": "xterm", "COLUMNS": "80", "NO_COLOR": "1"},
        stdin=terminal, stdout=subprocess.PIPE, stderr=terminal, text=True,
    )  # fmt: skip
    os.close(terminal)
    shown = bytearray()
    reader = threading.Thread(target=_read, args=(control, shown))
    reader.start()
    until(lambda: "॥ shop to production".encode() in shown)
    time.sleep(0.5)
    assert process.poll() is None
    plane.become(State.SUCCEEDED, ended=datetime.now(UTC))
    out, _ = process.communicate(timeout=60)
    reader.join()
    os.close(control)
    assert process.returncode == 0
    assert out.startswith(f"{NAME} succeeded")
    text = shown.decode()
    assert "✔ shop to production" in text
    assert "\x1b[3" not in text  # NO_COLOR: no colours, only movements of the cursor


def _read(control: int, shown: bytearray) -> None:
    try:
        while chunk := os.read(control, 4096):
            shown += chunk
    except OSError:  # the terminal is gone with its last program
        return


def until(condition: Any) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_completion_knows_live_rollouts(running: Running, home: Home) -> None:
    environment = {
        **os.environ,
        "SEAWAY_HOME": str(home.root),
        "_SEAWAY_COMPLETE": "bash_complete",
        "COMP_WORDS": "seaway rollout watch ro-0",
        "COMP_CWORD": "3",
    }
    script = Path(sys.executable).with_name("seaway")
    done = subprocess.run([script], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [f"plain,{NAME}"]
