"""What is Envoy's own: its records and their rotation, its files after a crash, its keeper and its recorder."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contracts.traffic_harness import FACTORIES, WHOLE, Stage
from seaway import errors
from seaway.adapters import _envoy_records, _kept, _listeners
from seaway.adapters._envoy_files import Layout, Stored
from seaway.formats.proxies.envoy import routes, wire
from seaway.model.routing import Backend, Routing
from seaway.model.service import Probe, ProbeKind, Route
from traffic_peers import eventually


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(FACTORIES[0], tmp_path / "gateway", tmp_path / "run")
    yield made
    made.close()


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "gateway", tmp_path / "run")
    made.make()
    return made


def now() -> datetime:
    return datetime.now(UTC)


def line(at: float, revision: str = "api-a", status: int = 200) -> bytes:
    entry = {"t": round(at + 0.001, 3), "d": 0, "c": f"api/{revision}", "s": status, "f": "-", "n": "1", "u": "1000"}
    return json.dumps(entry, separators=(",", ":")).encode() + b"\n"


class _Quiet:
    """An admin whose proxy opens a new log at once."""

    def __init__(self, layout: Layout) -> None:
        self.layout, self.posts = layout, 0

    def post(self, _path: str) -> bytes:
        self.posts += 1
        self.layout.access_log.touch()
        return b"OK"


class TestRecords:
    def fill(self, layout: Layout, minutes: int, each: int) -> float:
        """Files of old minutes, newest last; the time at which the first begins."""
        begin = (time.time() // 60 - minutes) * 60
        for minute in range(minutes):
            text = b"".join(
                line(begin + 60 * minute + 0.01 * number, status=503 if number == 0 else 200) for number in range(each)
            )
            (layout.logs / f"access-{minute:020d}.log").write_bytes(text)
        return begin

    def test_dropped_files_leave_their_counts(self, layout: Layout) -> None:
        begin = self.fill(layout, minutes=4, each=50)
        before = _envoy_records.tallies(layout, "api", begin, time.time() - 1)["api-a"]
        _envoy_records.rotate(layout, _Quiet(layout), kept_bytes=1)  # type: ignore[arg-type]
        assert len(list(layout.logs.glob("access-*.log"))) == 1
        after = _envoy_records.tallies(layout, "api", begin, time.time() - 1)["api-a"]
        assert after == before
        assert (after.served, after.failed) == (4 * 49, 4)

    def test_a_crash_between_folding_and_dropping_counts_nothing_twice(self, layout: Layout) -> None:
        begin = self.fill(layout, minutes=2, each=10)
        oldest = layout.logs / f"access-{0:020d}.log"
        text = oldest.read_bytes()
        _envoy_records.rotate(layout, _Quiet(layout), kept_bytes=1)  # type: ignore[arg-type]
        oldest.write_bytes(text)  # as if it had not been dropped yet
        assert _envoy_records.tallies(layout, "api", begin, time.time() - 1)["api-a"].served == 18
        _envoy_records.rotate(layout, _Quiet(layout), kept_bytes=1)  # type: ignore[arg-type]
        assert _envoy_records.tallies(layout, "api", begin, time.time() - 1)["api-a"].served == 18

    def test_a_torn_summary_is_written_again(self, layout: Layout) -> None:
        begin = self.fill(layout, minutes=2, each=10)
        layout.folded.write_text('{"file": "access-0')
        _envoy_records.rotate(layout, _Quiet(layout), kept_bytes=1)  # type: ignore[arg-type]
        assert _envoy_records.tallies(layout, "api", begin, time.time() - 1)["api-a"].served == 18

    def test_small_logs_are_left_alone(self, layout: Layout) -> None:
        layout.access_log.write_bytes(line(1.0))
        admin = _Quiet(layout)
        _envoy_records.rotate(layout, admin)  # type: ignore[arg-type]
        assert admin.posts == 0

    def test_gaps_are_cut_to_the_interval(self, layout: Layout) -> None:
        _envoy_records.note(layout, ended=None, serving=50.0)
        _envoy_records.note(layout, ended=100.0, serving=103.0)
        _envoy_records.note(layout, ended=200.0, serving=201.0)
        assert _envoy_records.unseen(layout, 0, 1000, alive=True) == 4
        assert _envoy_records.unseen(layout, 102, 200.5, alive=True) == 1.5
        assert _envoy_records.unseen(layout, 110, 190, alive=True) == 0

    def test_a_proxy_that_is_gone_is_unseen_since_its_last_sign_of_life(self, layout: Layout) -> None:
        layout.heartbeat.touch()
        os.utime(layout.heartbeat, (500, 500))
        assert _envoy_records.unseen(layout, 400, 510, alive=False) == 10
        assert _envoy_records.unseen(layout, 400, 510, alive=True) == 0

    @pytest.mark.real
    def test_rotation_under_load_keeps_totals_exact(self, stage: Stage) -> None:
        from traffic_peers import Load

        stage.shift({"api-a": WHOLE})
        admin, place = stage.router._process.admin, Layout(stage.folder, stage.runtime)
        begin = now()
        load = Load(stage.loop, stage.port, pause=0)
        for _ in range(6):
            time.sleep(0.3)
            _envoy_records.rotate(place, admin, file_bytes=1, kept_bytes=30_000)
        load.stop()
        assert place.folded.exists()
        since = begin.replace(second=0, microsecond=0)
        served = stage.router.losses("api", since, now()).sides["api-a"].served
        assert (served, load.failures) == (load.answers["api-a"], [])


def routing(generation: int, ppm: int = 0) -> Routing:
    backends = (Backend("api-b", ppm, ()), Backend("api-a", WHOLE - ppm, ("127.0.0.1:1",)))
    return Routing("api", generation, backends, (Route(),), Probe(ProbeKind.TCP))


class TestStored:
    def effective(self, layout: Layout, wish: Routing) -> None:
        layout.routes.write_bytes(wire.dump(routes.document([wish], "s", "v", secure=False)))

    def test_after_a_crash_the_routes_file_decides_which_wish_holds(self, layout: Layout) -> None:
        stored = Stored(layout)
        stored.propose(routing(1))
        stored.settle("api")
        stored.propose(routing(2, 5))
        self.effective(layout, routing(1))
        assert stored.load() == {"api": routing(1)}
        self.effective(layout, routing(2, 5))
        assert stored.load() == {"api": routing(2, 5)}

    def test_a_wish_that_was_refused_leaves_no_trace(self, layout: Layout) -> None:
        stored = Stored(layout)
        stored.propose(routing(1))
        stored.settle("api")
        stored.propose(routing(2, 5))
        stored.withdraw("api")
        self.effective(layout, routing(2, 5))
        assert stored.load() == {"api": routing(1)}

    def test_a_forgotten_service_is_gone(self, layout: Layout) -> None:
        stored = Stored(layout)
        stored.propose(routing(1))
        stored.settle("api")
        stored.forget("api")
        assert stored.load() == {}

    def test_a_file_of_somebody_else_is_an_error(self, layout: Layout) -> None:
        (layout.services / "api.json").write_text('{"service": "api"}')
        with pytest.raises(errors.Refused, match=r"api\.json is not a routing"):
            Stored(layout).load()


class TestFiles:
    def test_a_path_too_long_for_a_socket_is_refused_at_once(self, tmp_path: Path) -> None:
        with pytest.raises(errors.PortError, match="longer than 107"):
            Layout(tmp_path, tmp_path / ("x" * 100))

    def test_secrets_are_made_once_and_readable_by_the_owner_only(self, layout: Layout) -> None:
        assert layout.secrets() == layout.secrets()
        assert (layout.folder / "secrets.json").stat().st_mode & 0o777 == 0o600

    @pytest.mark.real
    def test_nobody_else_may_speak_to_the_proxys_sockets(self, stage: Stage) -> None:
        stage.shift({"api-a": WHOLE})
        for socket in stage.runtime.glob("*.sock"):
            assert socket.stat().st_mode & 0o777 == 0o600
        secrets = Layout(stage.folder, stage.runtime).secrets()
        pid = stage.router._process.pid()
        argv = Path(f"/proc/{pid}/cmdline").read_bytes().decode()
        assert not any(each in argv for each in (secrets.process, secrets.verify, secrets.probe))


class TestListeners:
    def test_a_free_port_has_no_owner(self) -> None:
        from traffic_peers import free_port

        assert _listeners.owner("127.0.0.1", free_port(), ours=0) is None

    def test_addresses_meet_as_the_kernel_sees_it(self) -> None:
        import socket

        with socket.create_server(("0.0.0.0", 0)) as anywhere:
            port = anywhere.getsockname()[1]
            assert _listeners.owner("127.0.0.1", port, ours=0).pid == os.getpid()
            assert _listeners.owner("127.0.0.1", port, ours=os.getpid()) is None
        with socket.create_server(("127.0.0.2", 0)) as elsewhere:
            assert _listeners.owner("127.0.0.1", elsewhere.getsockname()[1], ours=0) is None


@pytest.mark.real
class TestProcesses:
    def test_a_killed_keeper_costs_no_request_and_the_proxy_is_kept_again(self, stage: Stage) -> None:
        from traffic_peers import Load

        seen = stage.shift({"api-a": WHOLE})
        load = Load(stage.loop, stage.port)
        os.kill(_kept.keeper(stage.folder / "proxy"), signal.SIGKILL)
        time.sleep(0.2)
        assert stage.shift({"api-b": 0, "api-a": WHOLE}).proxy == seen.proxy
        assert _kept.keeper(stage.folder / "proxy")
        assert load.stop().failures == []

    def test_looking_is_enough_to_give_a_proxy_its_keeper_and_recorder_back(self, stage: Stage) -> None:
        seen = stage.shift({"api-a": WHOLE})
        layout = Layout(stage.folder, stage.runtime)
        for folder in (layout.kept, layout.recorder):
            os.kill(_kept.keeper(folder), signal.SIGKILL)
        time.sleep(2.1)  # longer than between two looks at the keeper
        assert stage.router.look("api").proxy == seen.proxy
        assert _kept.keeper(layout.kept)
        assert _kept.keeper(layout.recorder)

    def test_looking_brings_back_nothing_that_was_told_to_stop(self, stage: Stage) -> None:
        stage.shift({"api-a": WHOLE})
        layout = Layout(stage.folder, stage.runtime)
        os.kill(_kept.keeper(layout.kept), signal.SIGKILL)
        (layout.kept / "stop").touch()
        time.sleep(2.1)
        stage.router.look("api")
        assert not _kept.keeper(layout.kept)
        assert (layout.kept / "stop").exists()

    def test_everything_killed_comes_back_with_the_next_wish_and_the_gap_is_told(self, stage: Stage) -> None:
        seen = stage.shift({"api-b": 250_000, "api-a": 750_000})
        begin = now()
        layout = Layout(stage.folder, stage.runtime)
        assert eventually(layout.heartbeat.exists)
        time.sleep(0.2)
        for pid in (
            _kept.keeper(layout.kept),
            _kept.keeper(layout.recorder),
            _kept.look(layout.recorder).pid,
            int(seen.proxy.split("-")[0]),
        ):
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.5)
        with pytest.raises(errors.NotReachable):
            stage.router.look("api")
        assert stage.router.losses("api", begin, now()).unseen.total_seconds() > 0.4
        stage.shift({"api-b": 250_000, "api-a": 750_000})

        def gap() -> float:
            return float(stage.router.losses("api", begin, now()).unseen.total_seconds())

        assert eventually(lambda: 0.5 < gap() < 5)
        assert stage.request()[0] == 200

    def test_a_stop_that_was_wished_is_no_gap(self, stage: Stage) -> None:
        stage.shift({"api-a": WHOLE})
        begin = now()
        time.sleep(0.3)
        stage.router.down(0)
        time.sleep(0.3)
        stage.shift({"api-a": WHOLE})
        time.sleep(0.5)
        assert stage.router.losses("api", begin, now()).unseen.total_seconds() == 0

    def test_a_stopped_owner_that_continues_after_a_take_over_is_fenced(self, stage: Stage) -> None:
        stage.shift({"api-b": 0, "api-a": WHOLE})
        stage.router.converge(stage.routing({"api-b": 0, "api-a": WHOLE}), stage.fence(epoch=2))
        with suppress(errors.Fenced):
            stage.router.converge(stage.routing({"api-b": WHOLE, "api-a": 0}), stage.fence(epoch=1))
            pytest.fail("the old owner's write was accepted")
        assert stage.router.look("api").weights["api-b"] == 0
