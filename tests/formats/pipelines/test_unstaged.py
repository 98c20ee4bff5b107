"""What a stage says, its jobs say where a system has no stages."""

from __future__ import annotations

from seaway.formats.pipelines.losses import Losses
from seaway.formats.pipelines.unstaged import unstaged
from seaway.model.expression import Binary, Condition, Literal, Ref
from seaway.model.pipeline import Job, Pipeline, Post, Run, Stage, Step, System

ONE, TWO = (Condition(Binary("==", Ref("git", ("branch",)), Literal(name)), text=name) for name in ("one", "two"))
LATER = (Post("always", (Step(Run("later")),)),)


def lowered(stages: tuple[Stage, ...], *jobs: Job) -> tuple[list[Job], Losses]:
    losses = Losses()
    return unstaged(Pipeline(System.JENKINS, "x", stages=stages, jobs=jobs), losses), losses


def test_order_conditions_and_later_work_go_to_the_jobs() -> None:
    outer = Stage("outer", condition=ONE, post=LATER)
    inner = Stage("inner", parent="outer", condition=TWO)
    last = Stage("last")
    jobs, losses = lowered(
        (outer, inner, last), Job("a", stage="inner"), Job("b", stage="last"), Job("t", template=True)
    )
    first, second = jobs
    assert (first.stage, second.stage) == ("", "")
    assert first.condition is not None
    assert first.condition.expr == Binary("&&", ONE.expr, TWO.expr)
    assert first.condition.text == "one && two"
    assert first.post == LATER
    assert [need.job for need in second.needs or ()] == ["a"]
    assert second.condition is None
    assert losses.all() == ()


def test_work_after_several_jobs_is_a_loss() -> None:
    jobs, losses = lowered((Stage("s", post=LATER),), Job("a", stage="s"), Job("b", stage="s"))
    assert [job.post for job in jobs] == [(), ()]
    assert [loss.construct for loss in losses.all()] == ["post always of s"]


def test_stages_around_each_other_end() -> None:
    jobs, _ = lowered((Stage("a", parent="b", condition=ONE), Stage("b", parent="a")), Job("x", stage="a"))
    assert jobs[0].condition == ONE


def test_without_stages_jobs_stay() -> None:
    job = Job("a", needs=(), condition=TWO)
    assert lowered((), job)[0] == [job]
