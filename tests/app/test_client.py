"""The client against a real server on a real socket: words, errors, events, and who is let in."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from seaway.app import serving
from seaway.app.client import Client
from seaway.config.home import Home
from seaway.errors import Conflict, ControlPlaneUnreachable, NotFound, SeawayError, UsageError
from seaway.web import peer
from surface_plane import FakePlane
from surface_samples import plan
from surface_server import Running


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.ensure()
    return made


@pytest.fixture
def running(home: Home) -> Iterator[Running]:
    made = Running(home, FakePlane())
    made.start()
    yield made
    made.end()


@pytest.fixture
def client(home: Home, running: Running) -> Iterator[Client]:
    with Client(home) as made:
        yield made


def test_socket_and_token_are_the_owners_alone(home: Home, running: Running) -> None:
    assert stat.S_IMODE(home.control_socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.control_socket.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(home.token.stat().st_mode) == 0o600
    assert len(home.token.read_text().strip()) >= 43


def test_a_token_is_made_once(home: Home) -> None:
    settings = serving.Settings(str(home.root))
    assert serving.token(settings) == serving.token(settings)
    assert list(home.root.glob(".token*")) == []


def test_words_reach_the_control_plane(client: Client, running: Running) -> None:
    assert client.health()["format"] == "seaway.health/v1"
    assert client.submit(plan(), key="k") == "ro-1"
    assert client.submit(plan(), key="k") == "ro-1"
    assert client.act("ro-1", "abort", reason="bad") == {"accepted": True}
    assert [told[0] for told in running.plane.told] == ["submit", "abort"]


def test_each_call_without_a_key_is_a_new_one(client: Client, running: Running) -> None:
    client.act("ro-1", "pause")
    client.act("ro-1", "pause")
    assert len(running.plane.told) == 2


def test_filters_are_sent(client: Client, running: Running) -> None:
    assert len(client.documents("shop", "production", active=False)) == 2
    assert running.plane.told == [("documents", "shop", "production", False)]


def test_errors_come_back_as_they_were_raised(client: Client) -> None:
    with pytest.raises(NotFound, match="no rollout 'ro-7'") as missing:
        client.document("ro-7")
    assert missing.value.hint == "seaway rollout list"
    with pytest.raises(Conflict, match="it has ended"):
        client.act("ro-1", "abort", reason="late")
    with pytest.raises(UsageError):
        client.act("ro-1", "promote", full="yes")


def test_names_cannot_leave_their_place_in_the_path(client: Client, running: Running) -> None:
    with pytest.raises(SeawayError):
        client.act("../rollouts/ro-1", "abort", reason="x")
    assert running.plane.told == []


def test_events_come_with_their_numbers_and_heartbeats(client: Client, running: Running) -> None:
    running.plane.emit("one")
    with contextlib.closing(client.events()) as stream:
        assert next(stream) is None
        item = next(stream)
        assert item is not None
        assert (item[0], item[1]["customData"]["seaway"]["event"]) == (1, "one")
        assert next(stream) is None
        running.plane.emit("two")
        later = next(item for item in stream if item is not None)
        assert later[0] == 2


def test_a_stream_ends_with_the_server_and_can_be_asked_for_again(home: Home) -> None:
    running = Running(home, FakePlane())
    running.start()
    running.plane.emit()
    with Client(home) as client:
        stream = client.events()
        assert next(stream) is None
        assert next(stream) is not None
        running.stop()
        assert [item for item in stream if item is not None] == []
    running.end()
    with Client(home) as client, pytest.raises(ControlPlaneUnreachable):
        next(client.events(after=1))


def test_nobody_there_is_unreachable_with_the_command_that_starts_one(home: Home) -> None:
    with Client(home) as client, pytest.raises(ControlPlaneUnreachable) as missing:
        client.health()
    assert missing.value.hint == "seaway serve --detach"
    assert missing.value.exit_code == 5


def test_a_wrong_token_is_refused(home: Home, running: Running) -> None:
    home.token.chmod(0o600)
    home.token.write_text("wrong\n")
    with Client(home) as client, pytest.raises(SeawayError, match="wants the token"):
        client.health()


def test_connections_of_other_users_are_closed_before_a_byte_is_read(
    home: Home, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peer, "uid", lambda _: os.getuid() + 1)
    with Client(home) as client, pytest.raises(ControlPlaneUnreachable):
        client.health()


def test_the_user_of_a_connection_is_read_from_the_system() -> None:
    one, other = socket.socketpair(socket.AF_UNIX)
    with one, other:
        assert peer.uid(one) == os.getuid()
    assert peer.welcome(os.getuid())
    assert peer.welcome(0)
    assert not peer.welcome(os.getuid() + 1)


def test_shutdown_is_asked_for_and_seen(home: Home, running: Running) -> None:
    assert serving.alive(home)
    with Client(home) as client:
        client.shutdown()
    running.thread.join(5)
    assert not running.thread.is_alive()
