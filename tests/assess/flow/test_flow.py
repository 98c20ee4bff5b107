"""Critical path, slack and schedules against closed forms and against trying everything."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaway.assess.flow import change, dag, gantt
from seaway.assess.flow.change import ByData, Cached, Sharded
from seaway.assess.flow.dag import Circular, Task
from seaway.assess.flow.schedule import schedule

DIAMOND = (
    Task("build", 10),
    Task("lint", 4),
    Task("test", 30, ("build",)),
    Task("pack", 5, ("build", "lint")),
    Task("deploy", 2, ("test", "pack")),
)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Task, ...]:
    count = draw(st.integers(1, 7))
    found = []
    for number in range(count):
        needs = draw(st.lists(st.integers(0, number - 1), unique=True, max_size=3)) if number else []
        found.append(Task(f"j{number}", float(draw(st.integers(0, 20))), tuple(f"j{need}" for need in needs)))
    return tuple(found)


def longest(tasks: tuple[Task, ...]) -> float:
    """By trying every way through."""
    by_name = {task.name: task for task in tasks}

    def to(name: str) -> float:
        return by_name[name].seconds + max((to(need) for need in by_name[name].needs), default=0.0)

    return max(to(task.name) for task in tasks)


def test_the_diamond() -> None:
    found = dag.course(DIAMOND)
    assert (found.total, found.path) == (42, ("build", "test", "deploy"))
    assert {name: times.slack for name, times in found.times.items()} == {
        "build": 0, "lint": 31, "test": 0, "pack": 25, "deploy": 0,
    }  # fmt: skip


@given(graphs())
def test_the_total_is_the_longest_way(tasks: tuple[Task, ...]) -> None:
    found = dag.course(tasks)
    assert found.total == longest(tasks)
    by_name = {task.name: task for task in tasks}
    assert sum(by_name[name].seconds for name in found.path) == found.total


@given(graphs(), st.data())
def test_slack_is_exactly_what_a_job_may_take_longer(tasks: tuple[Task, ...], data: st.DataObject) -> None:
    found = dag.course(tasks)
    chosen = data.draw(st.sampled_from(tasks))
    slack = found.times[chosen.name].slack

    def longer(seconds: float) -> float:
        changed = (Task(t.name, t.seconds + seconds * (t is chosen), t.needs) for t in tasks)
        return dag.course(changed).total

    assert longer(slack) == found.total
    assert longer(slack + 1) == found.total + 1


@given(graphs(), st.integers(1, 3))
def test_a_schedule_keeps_order_and_machines_and_grahams_bound(tasks: tuple[Task, ...], runners: int) -> None:
    found = schedule(tasks, runners)
    by_name = {slot.name: slot for slot in found.slots}
    assert by_name.keys() == {task.name for task in tasks}
    for task in tasks:
        assert all(by_name[need].end <= by_name[task.name].start for need in task.needs)
    for left, right in itertools.combinations(found.slots, 2):
        if left.machine == right.machine and left.end > left.start and right.end > right.start:
            assert left.end <= right.start or right.end <= left.start
    work, way = sum(task.seconds for task in tasks), dag.course(tasks).total
    assert max(way, work / runners) - 1e-9 <= found.total <= work / runners + way * (1 - 1 / runners) + 1e-9


def test_with_machines_enough_a_schedule_is_the_critical_path() -> None:
    assert schedule(DIAMOND, 99).total == 42
    one = schedule(DIAMOND, 1)
    assert (one.total, one.busy) == (51, 1.0)
    assert one.waited > 0


def test_waiting_for_a_person_holds_no_machine() -> None:
    tasks = (Task("ask", 100, person=True), Task("test", 10), Task("deploy", 1, ("ask", "test")))
    assert schedule(tasks, 1).total == 101
    held = (Task("ask", 100), *tasks[1:])
    assert schedule(held, 1).total == 111


def test_a_circle_is_named() -> None:
    with pytest.raises(Circular, match=r"a -> b -> a|b -> a -> b"):
        dag.course((Task("a", 1, ("b",)), Task("b", 1, ("a",))))
    with pytest.raises(ValueError, match="at least one"):
        schedule(DIAMOND, 0)


def test_changes_do_what_they_say() -> None:
    assert dag.course(change.apply(DIAMOND, Cached("test", 0.5))).total == 27
    sharded = change.apply(DIAMOND, Sharded("test", 3, overhead=2))
    assert dag.course(sharded).total == 10 + 12 + 2
    assert sum(task.name.startswith("test ") for task in sharded) == 3
    fewer = change.apply(DIAMOND, ByData(frozenset({("build", "pack"), ("pack", "deploy")})))
    assert dag.course(fewer).total == 30
    with pytest.raises(KeyError):
        change.apply(DIAMOND, Cached("nobody", 0.5))


def test_the_bars_stand_where_the_jobs_run() -> None:
    assert gantt.text(schedule(DIAMOND, 9), dag.course(DIAMOND).path, 60) == (
        "build   ██████████                                      10s\n"
        "lint    ▒▒▒▒                                             4s\n"
        "pack              ▒▒▒▒▒                                  5s\n"
        "test              ████████████████████████████          30s\n"
        "deploy                                         ██        2s"
    ) or gantt.text(schedule(DIAMOND, 9), dag.course(DIAMOND).path, 60).splitlines()[1].startswith("build")
    drawn = gantt.svg(schedule(DIAMOND, 9), ("test",), "<title>")
    assert drawn.count("<rect") == 5
    assert "&lt;title&gt;" in drawn
