"""What every router promises about its life: its port, its death, and what happens when nobody leads it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contracts.traffic_harness import WHOLE, Stage
from seaway import errors
from seaway.model.service import Route
from traffic_peers import eventually

pytestmark = pytest.mark.real


def now() -> datetime:
    return datetime.now(UTC)


class TestPort:
    def foreign(self, port: int):
        """A server that is not ours."""

        argv = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def listens() -> bool:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
                return True
            return False

        assert eventually(listens)
        return process

    def test_a_foreign_owner_of_the_port_is_named_and_can_be_taken_over(self, stage: Stage) -> None:
        process = self.foreign(stage.port)
        try:
            with pytest.raises(errors.Conflict, match=f"process {process.pid} .*http.server"):
                stage.router.converge(stage.routing({"api-a": WHOLE}), stage.fence())
            owner = stage.router.owner()
            assert owner is not None
            assert owner.pid == process.pid
            with pytest.raises(errors.Conflict, match="no longer the one"):
                stage.router.take_over(replace(owner, started="1"), stage.fence())
            assert process.poll() is None
            begin = now()
            gap = stage.router.take_over(owner, stage.fence())
            process.wait(5)
            assert gap >= 0
            assert stage.router.losses("api", begin, now()).unseen.total_seconds() == pytest.approx(gap, abs=0.001)
            assert stage.request()[2].startswith(b"api-a")
            assert stage.router.owner() is None
        finally:
            process.kill()
            process.wait()

    def test_a_process_that_will_not_go_keeps_the_port(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        from seaway.adapters.traffic import envoy

        monkeypatch.setattr(envoy, "_LEAVING", 0.3)
        process = self.foreign(stage.port)
        try:
            with pytest.raises(errors.Conflict):
                stage.router.converge(stage.routing({"api-a": WHOLE}), stage.fence())
            owner = stage.router.owner()
            process.send_signal(signal.SIGSTOP)
            with pytest.raises(errors.Conflict, match="still listens"):
                stage.router.take_over(owner, stage.fence())
        finally:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()

    def test_everything_can_be_loaded_before_a_take_over(self, stage: Stage) -> None:
        process = self.foreign(stage.port)
        try:
            stage.shift({"api-a": WHOLE}, listen=False)
            assert stage.router.owner().pid == process.pid
            stage.router.take_over(stage.router.owner(), stage.fence())
            assert stage.request()[2].startswith(b"api-a")
            stage.shift({"api-a": WHOLE}, listen=False)
            assert stage.request()[0] == 200
        finally:
            process.kill()
            process.wait()

    def test_a_supervisor_that_starts_the_old_process_again_is_named(self, stage: Stage) -> None:

        again = "import subprocess,sys,time\nwhile 1: subprocess.run([sys.executable,'-m','http.server',sys.argv[1],'--bind','127.0.0.1'])"
        quiet = subprocess.DEVNULL
        supervisor = subprocess.Popen([sys.executable, "-c", again, str(stage.port)], stdout=quiet, stderr=quiet)
        try:
            assert eventually(stage.router.owner)
            stage.shift({"api-a": WHOLE}, listen=False)
            owner = stage.router.owner()
            with suppress(errors.Conflict):  # either side may win the race for the port
                stage.router.take_over(owner, stage.fence())
                assert stage.request()[2].startswith(b"api-a")
                return
            assert stage.router.owner().pid != owner.pid
        finally:
            supervisor.kill()
            supervisor.wait()
            left = stage.router.owner()
            if left:
                os.kill(left.pid, signal.SIGKILL)

    def test_nothing_is_taken_over_while_nothing_could_answer(self, stage: Stage) -> None:
        process = self.foreign(stage.port)
        try:
            with pytest.raises(errors.Refused, match="nothing is loaded"):
                stage.router.take_over(stage.router.owner(), stage.fence())
            assert process.poll() is None
        finally:
            process.kill()
            process.wait()

    def test_a_second_router_on_the_port_is_refused(self, stage: Stage, tmp_path: Path) -> None:
        stage.shift({"api-a": WHOLE})
        second = stage.factory.router(stage.gateway, tmp_path / "second", tmp_path / "run")
        try:
            with pytest.raises(errors.Conflict, match="is held by process"):
                second.converge(stage.routing({"api-b": WHOLE}), stage.fence())
            assert {stage.request()[2] for _ in range(20)} == {b"api-a GET 0"}
        finally:
            second.down(0)


class TestDeath:
    def pid(self, stage: Stage) -> int:
        return int(stage.router.look("api").proxy.split("-")[0])

    def test_a_killed_proxy_comes_back_with_its_routes_and_the_gap_is_seen(self, stage: Stage) -> None:
        seen = stage.shift({"api-b": 300_000, "api-a": 700_000})
        begin = now()
        time.sleep(0.3)
        killed = time.monotonic()
        os.kill(self.pid(stage), signal.SIGKILL)

        def back() -> bool:
            with suppress(errors.PortError, OSError):
                return bool(stage.router.look("api").proxy != seen.proxy and stage.request()[0] == 200)
            return False

        assert eventually(back)
        took = time.monotonic() - killed
        assert stage.router.look("api").weights == {"api-b": 300_000, "api-a": 700_000}

        def gap() -> float:
            return float(stage.router.losses("api", begin, now()).unseen.total_seconds())

        unseen = eventually(gap)
        assert 0.02 < unseen < took + 2

    def test_what_runs_is_adopted_by_the_next_object(self, stage: Stage) -> None:
        before = stage.shift({"api-a": WHOLE}).proxy
        later = stage.another()
        later.converge(stage.routing({"api-b": 0, "api-a": WHOLE}), stage.fence(epoch=2))
        assert later.look("api").proxy == before

    def test_down_leaves_nothing_running(self, stage: Stage) -> None:
        stage.shift({"api-a": WHOLE})
        pid = self.pid(stage)
        begin = now()
        assert any(str(pid) in line for line in stage.router.down(1))
        assert not Path(f"/proc/{pid}").exists()
        assert stage.router.down(1) == ()
        assert stage.router.owner() is None
        assert begin

    def test_open_requests_end_before_the_proxy_does(self, stage: Stage) -> None:
        stage.shift({"api-a": WHOLE})
        slow = stage.fly("/slow/0.6")
        time.sleep(0.2)
        stage.router.down(30)
        assert slow.result(60)[0] == 200


class TestDeadMan:
    def test_without_a_sign_of_life_all_traffic_returns_to_stable(self, stage: Stage) -> None:
        stage.shift({"api-b": 500_000, "api-a": 500_000})
        stable = stage.routing({"api-b": 0, "api-a": WHOLE}, generation=1_000_000)
        stage.router.arm(stable, timedelta(seconds=5), stage.fence())
        for _ in range(20):
            stage.router.touch()
            time.sleep(0.3)
        assert stage.router.look("api").weights["api-b"] == 500_000
        assert eventually(lambda: stage.router.look("api").verified(1_000_000), step=0.1)
        assert stage.router.look("api").weights == {"api-b": 0, "api-a": WHOLE}
        stage.shift({"web-a": WHOLE}, service="web", routes=(Route(paths=("/web",)),))
        assert stage.router.look("api").weights == {"api-b": 0, "api-a": WHOLE}

    def test_a_disarmed_service_stays_where_it_is(self, stage: Stage) -> None:
        stage.shift({"api-b": 500_000, "api-a": 500_000})
        stage.router.arm(stage.routing({"api-b": 0, "api-a": WHOLE}), timedelta(seconds=1), stage.fence())
        stage.router.disarm("api", stage.fence())
        time.sleep(2.2)
        assert stage.router.look("api").weights["api-b"] == 500_000
