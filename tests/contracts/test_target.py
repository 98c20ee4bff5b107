"""The promises of the port `target`, run on every adapter of it: add a harness, not a test."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.target_harness import FAST, PASSWORD, ProcessHarness, fence, get, ready, revision, until
from seaway import errors
from seaway.model.instance import InstanceState, JobState
from seaway.model.service import Probe, ProbeKind

HARNESSES = [ProcessHarness]
pytestmark = pytest.mark.real


@pytest.fixture(params=HARNESSES, ids=lambda harness: harness.__name__.removesuffix("Harness").lower())
def harness(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    made = request.param(tmp_path)
    yield made
    made.clear()


def ids(seen: Any) -> set[tuple[str, int]]:
    return {(each.id, each.pid) for each in seen}


# ------------------------------------------------------------ as many as asked for


def test_exactly_the_wished_number_becomes_ready_and_each_answers_at_its_own_address(harness):
    target, one = harness.engine(), revision()
    target.converge(one, 3, fence())
    seen = ready(target, 3, one)
    assert {get(each.address) for each in seen} == {f"{each.pid} {each.id}" for each in seen}
    assert len({each.address for each in seen}) == 3


def test_converging_again_changes_nothing_also_from_a_new_engine(harness):
    target, one = harness.engine(), revision()
    target.converge(one, 2, fence())
    before = ready(target, 2, one)
    target.converge(one, 2, fence())
    other = harness.engine()
    other.converge(one, 2, fence(2))
    assert ids(other.look("web")) == ids(before)
    assert all(each.state is InstanceState.READY for each in other.look("web"))


def test_shrinking_spares_the_addresses_to_keep_and_growing_leaves_the_rest_alone(harness):
    target, one = harness.engine(), revision()
    target.converge(one, 3, fence())
    spared = ready(target, 3, one)[2]
    target.converge(one, 1, fence(), keep=(spared.address,))
    assert ids(ready(target, 1, one)) == ids([spared])
    target.converge(one, 2, fence())
    assert ids([spared]) < ids(ready(target, 2, one))


def test_zero_stops_every_instance_and_leaves_no_process(harness):
    target, one = harness.engine(), revision(flags={"GRANDCHILD": "plain"})
    target.converge(one, 2, fence())
    ready(target, 2, one)
    assert len(harness.processes()) == 4  # the control: there was something to stop
    target.converge(one, 0, fence())
    until(lambda: target.look("web") == ())
    until(lambda: harness.processes() == [])


def test_revisions_and_services_live_side_by_side(harness):
    target, old, new, other = harness.engine(), revision("old"), revision("new"), revision(name="api")
    for each, service in ((old, "web"), (new, "web"), (other, "api")):
        target.converge(each, 1, fence(service=service))
    kept = ids(ready(target, 1, new)) | ids(ready(target, 1, other))
    target.converge(old, 0, fence())
    ready(target, 0, old)
    assert ids(target.look("web") + target.look("api")) == kept


def test_growing_right_after_shrinking_does_not_count_those_on_their_way_out(harness):
    target, one = harness.engine(), revision(flags={"STUBBORN": "1"}, stop_grace=timedelta(milliseconds=500))
    target.converge(one, 1, fence())
    leaving = ready(target, 1, one)[0]
    target.converge(one, 0, fence())
    target.converge(one, 1, fence())
    until(lambda: [each.state for each in target.look("web") if each.id != leaving.id] == [InstanceState.READY])
    until(lambda: len(target.look("web")) == 1)


# ------------------------------------------------------------ states


def test_a_crashed_instance_comes_back_under_the_same_name_and_its_restart_is_counted(harness):
    target, one = harness.engine(), revision()
    target.converge(one, 1, fence())
    (before,) = ready(target, 1, one)
    os.kill(before.pid, signal.SIGKILL)
    until(lambda: target.look("web")[0].restarts == 1 and target.look("web")[0].state is InstanceState.READY)
    (after,) = target.look("web")
    assert after.id == before.id
    assert after.pid != before.pid


def test_readiness_follows_the_probe_both_ways_and_says_why(harness, tmp_path):
    refusal = tmp_path / "refuse"
    target, one = harness.engine(), revision(flags={"REFUSE_READY": str(refusal)})
    target.converge(one, 1, fence())
    ready(target, 1, one)
    refusal.touch()
    until(lambda: target.look("web")[0].state is InstanceState.UNREADY)
    assert target.look("web")[0].detail == "GET /ready answered 503"
    refusal.unlink()
    ready(target, 1, one)
    assert target.look("web")[0].restarts == 0  # the control: unready is not dead


def test_an_instance_that_is_not_alive_is_restarted_and_a_living_one_is_not(harness, tmp_path):
    refusal = tmp_path / "refuse"
    live = Probe(ProbeKind.HTTP, "/live", interval=timedelta(milliseconds=50), failures=2)
    target, one = harness.engine(), revision(flags={"REFUSE_LIVE": str(refusal)}, liveness=live)
    target.converge(one, 1, fence())
    (before,) = ready(target, 1, one)
    time.sleep(1.5)
    assert target.look("web")[0].pid == before.pid
    refusal.touch()
    until(lambda: target.look("web")[0].restarts == 1)
    refusal.unlink()


@pytest.mark.parametrize(
    ("probe", "up"),
    [
        (Probe(ProbeKind.TCP), True),
        (Probe(ProbeKind.COMMAND, command=("sh", "-c", 'test -n "$PORT$PASSWORD"')), True),
        (Probe(ProbeKind.COMMAND, command=("sh", "-c", "exit 3")), False),
        (Probe(ProbeKind.COMMAND, command=("no-such-probe",)), False),
    ],
    ids=["tcp", "command", "failing command", "missing command"],
)
def test_probes_of_every_kind_are_asked(harness, probe, up):
    target, one = harness.engine(), revision(readiness=probe, start_timeout=timedelta(seconds=60 if up else 1))
    target.converge(one, 1, fence())
    wanted = InstanceState.READY if up else InstanceState.FAILED
    until(lambda: target.look("web")[0].state is wanted)
    assert up or target.look("web")[0].detail.startswith("not ready within 1s: ")


def test_a_worker_without_a_port_is_ready_when_it_stays_and_has_no_address(harness):
    target, one = (
        harness.engine(),
        revision(worker=True, readiness=Probe(ProbeKind.TCP, interval=timedelta(seconds=0.2))),
    )
    target.converge(one, 1, fence())
    (seen,) = ready(target, 1, one)
    assert seen.address == ""


def test_what_never_becomes_ready_fails_after_the_start_timeout_and_not_before(harness):
    target, one = harness.engine(), revision(flags={"DEAF": "1"}, start_timeout=timedelta(seconds=1))
    target.converge(one, 1, fence())
    assert target.look("web")[0].state is InstanceState.STARTING
    until(lambda: target.look("web")[0].state is InstanceState.FAILED)
    assert "not ready within 1s: port" in target.look("web")[0].detail


def test_what_keeps_exiting_fails_and_says_how_it_ended(harness):
    target, one = harness.engine(), revision(flags={"EXIT": "7"})
    target.converge(one, 1, fence())
    until(lambda: target.look("web")[0].state is InstanceState.FAILED)
    assert "times while it started: exited with code 7" in target.look("web")[0].detail


def test_a_missing_program_is_a_failed_instance_not_an_error(harness):
    target, one = harness.engine(), revision(command=("no-such-program", "x"))
    target.converge(one, 1, fence())
    until(lambda: target.look("web")[0].state is InstanceState.FAILED)
    assert target.look("web")[0].detail == "program not found: no-such-program"


def test_an_unknown_service_has_no_instances_and_no_logs(harness):
    assert harness.engine().look("nobody") == ()
    assert harness.engine().logs("nobody") == ()


# ------------------------------------------------------------ crashes


def test_instances_outlive_their_supervision_and_get_a_new_one_within_ten_seconds(harness):
    target, one = harness.engine(), revision()
    target.converge(one, 2, fence())
    before = ids(ready(target, 2, one))
    harness.kill_supervision()
    until(harness.supervised, 10)  # nobody asked for it
    assert ids(ready(target, 2, one)) == before
    assert len(harness.processes()) == 2


def test_a_new_engine_adopts_what_runs_without_supervision(harness):
    target, one = harness.engine(), revision()
    target.converge(one, 2, fence())
    before = ids(ready(target, 2, one))
    harness.leave()
    harness.kill_supervision()
    other = harness.engine()
    assert ids(other.look("web")) == before
    other.converge(one, 2, fence(2))
    assert harness.supervised()
    assert ids(ready(other, 2, one)) == before
    adopted = ready(other, 2, one)[0]
    os.kill(adopted.pid, signal.SIGKILL)  # and it is supervised indeed
    until(lambda: [each.restarts for each in other.look("web") if each.id == adopted.id] == [1])
    ready(other, 2, one)


def test_what_runs_without_supervision_can_still_be_stopped(harness):
    target, one = harness.engine(), revision()
    target.converge(one, 1, fence())
    ready(target, 1, one)
    harness.leave()
    harness.kill_supervision()
    assert len(harness.processes()) == 1
    harness.engine().converge(one, 0, fence(2))
    until(lambda: harness.processes() == [])


def test_after_a_power_cut_the_same_instances_start_again(harness):
    target, one = harness.engine(), revision()
    target.converge(one, 2, fence())
    names = {each.id for each in ready(target, 2, one)}
    harness.leave()
    harness.kill_everything()
    other = harness.engine()
    assert all(each.state is not InstanceState.READY for each in other.look("web"))
    other.converge(one, 2, fence(2))
    assert {each.id for each in ready(other, 2, one)} == names
    assert len(harness.processes()) == 2


def test_a_stubborn_instance_is_killed_after_its_grace_and_a_polite_one_at_once(harness):
    target = harness.engine()
    stubborn, polite = revision(flags={"STUBBORN": "1"}), revision("polite", stop_grace=timedelta(seconds=40))
    for each in (stubborn, polite):
        target.converge(each, 1, fence())
        ready(target, 1, each)
    began = time.monotonic()
    target.converge(polite, 0, fence())
    until(lambda: len(target.look("web")) == 1)
    assert time.monotonic() - began < polite.service.stop_grace.total_seconds() / 2
    began = time.monotonic()
    target.converge(stubborn, 0, fence())
    assert target.look("web")[0].state is InstanceState.STOPPING
    until(lambda: target.look("web") == ())
    assert 1.8 < time.monotonic() - began < 60


def test_down_leaves_nothing_running_and_names_what_it_stopped(harness):
    target, one = harness.engine(), revision(flags={"GRANDCHILD": "detached"})
    target.converge(one, 2, fence())
    seen = ready(target, 2, one)
    harness.leave()
    lines = harness.engine().down()
    assert sorted(lines) == sorted(f"stopped {each.id} (pid {each.pid})" for each in seen)
    assert harness.processes() == []
    assert harness.engine().down() == ()


# ------------------------------------------------------------ fencing


def test_a_lower_epoch_is_refused_and_changes_nothing(harness):
    target, one = harness.engine(), revision()
    target.converge(one, 1, fence(5))
    before = ids(ready(target, 1, one))
    late = harness.engine()
    for attempt in (
        lambda: late.converge(one, 0, fence(4)),
        lambda: late.converge(revision("b"), 1, fence(4)),
        lambda: late.run("job", one, ("true",), fence(4)),
    ):
        with pytest.raises(errors.Fenced):
            attempt()
    assert ids(ready(target, 1, one)) == before
    assert len(harness.processes()) == 1
    late.converge(one, 0, fence(4, "api"))  # the control: another scope has its own epochs


# ------------------------------------------------------------ jobs


def test_a_job_runs_once_per_key_and_again_for_another_key(harness, tmp_path):
    target, one = harness.engine(), revision(secrets={"PASSWORD": "env:PASSWORD"})
    count = tmp_path / "count"
    command = ("sh", "-c", f'echo "$TEXT $PASSWORD"; echo x >> {count}')
    for engine in (target, target, harness.engine()):
        until(lambda engine=engine: engine.run("r1/before", one, command, fence()).state is JobState.SUCCEEDED)
    assert count.read_text() == "x\n"
    done = target.run("r1/before", one, command, fence())
    assert (done.exit_code, done.tail) == (0, "a ***\n")
    until(lambda: target.run("r2/before", one, command, fence()).state is JobState.SUCCEEDED)
    assert count.read_text() == "x\nx\n"


def test_a_failing_job_and_a_missing_program_say_what_happened(harness):
    target, one = harness.engine(), revision()
    command = ("sh", "-c", "echo broken table; exit 4")
    until(lambda: target.run("k", one, command, fence()).state is JobState.FAILED)
    seen = target.run("k", one, command, fence())
    assert (seen.exit_code, seen.tail) == (4, "broken table\nexited with code 4")
    until(lambda: target.run("m", one, ("no-such-program",), fence()).state is JobState.FAILED)
    assert target.run("m", one, ("no-such-program",), fence()).tail == "program not found: no-such-program"


def test_a_running_job_is_adopted_and_one_whose_end_was_not_seen_is_never_repeated(harness, tmp_path):
    target, one = harness.engine(), revision()
    count = tmp_path / "count"
    command = ("sh", "-c", f"echo x >> {count}; sleep 600")
    assert target.run("k", one, command, fence()).state is JobState.RUNNING
    until(count.exists)
    harness.leave()
    harness.kill_supervision()
    other = harness.engine()
    assert other.run("k", one, command, fence(2)).state is JobState.RUNNING
    assert harness.supervised()
    harness.kill_everything()
    seen = until(lambda: (job := harness.engine().run("k", one, command, fence(3))).state is JobState.FAILED and job)
    assert seen.exit_code is None
    assert "not known" in seen.tail
    assert count.read_text() == "x\n"


def test_an_adopted_job_keeps_its_secrets_to_itself_as_well(harness, tmp_path):
    target, one, go = harness.engine(), revision(secrets={"PASSWORD": "env:PASSWORD"}), tmp_path / "go"
    command = ("sh", "-c", f'until test -e {go}; do sleep 0.05; done; echo "it is $PASSWORD"')
    assert target.run("k", one, command, fence()).state is JobState.RUNNING
    harness.leave()
    harness.kill_supervision()
    other = harness.engine()
    other.run("k", one, command, fence(2))
    go.touch()
    seen = until(lambda: (job := other.run("k", one, command, fence(2))).state is not JobState.RUNNING and job)
    assert seen.tail.startswith("it is ***\n")


# ------------------------------------------------------------ secrets and logs


def test_secrets_reach_the_instance_and_neither_disk_nor_argv(harness):
    target, one = harness.engine(), revision(secrets={"PASSWORD": "env:PASSWORD"})
    target.converge(one, 1, fence())
    (seen,) = ready(target, 1, one)
    assert get(seen.address, "/length") == str(len(PASSWORD))
    until(lambda: target.run("k", one, ("true",), fence()).state is JobState.SUCCEEDED)
    written = list(harness.written())
    assert not [text for text in written if PASSWORD.encode() in text]
    assert [text for text in written if one.id.encode() in text]  # the control: it looks where things are written


def test_secrets_survive_a_restart_by_supervision_and_an_adoption(harness):
    target, one = harness.engine(), revision(secrets={"PASSWORD": "env:PASSWORD"})
    target.converge(one, 1, fence())
    ready(target, 1, one)
    harness.kill_supervision()
    until(harness.supervised)
    os.kill(target.look("web")[0].pid, signal.SIGKILL)
    until(lambda: target.look("web")[0].restarts == 1)
    (seen,) = ready(target, 1, one)
    assert get(seen.address, "/length") == str(len(PASSWORD))


def test_a_missing_secret_is_said_before_anything_changes(harness):
    target, one = harness.engine(), revision(secrets={"PASSWORD": "env:GONE"})
    with pytest.raises(errors.NotFound, match="env:GONE"):
        target.converge(one, 1, fence())
    assert target.look("web") == ()
    target.converge(one, 0, fence())  # stopping needs no secret


def test_logs_hold_what_an_instance_said_and_carry_its_name(harness):
    target, one = harness.engine(), revision(readiness=FAST)
    target.converge(one, 1, fence())
    (seen,) = ready(target, 1, one)
    (log,) = target.logs("web")
    assert seen.id in log.name
    assert log.read_text() == f"pid {seen.pid} revision {one.id}\n"
    target.converge(one, 0, fence())
    until(lambda: target.look("web") == ())
    assert target.logs("web") == (log,)  # it can still be read when the instance is gone
