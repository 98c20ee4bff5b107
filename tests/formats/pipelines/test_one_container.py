"""Images of steps become one image of the job."""

from __future__ import annotations

from seaway.formats.pipelines.losses import Losses
from seaway.formats.pipelines.one_container import one_container
from seaway.model.loss import LossKind
from seaway.model.pipeline import Image, Job, Run, Step


def test_the_first_image_is_the_jobs_and_another_one_is_told() -> None:
    losses = Losses()
    steps = (Step(Run("a")), Step(Run("b"), container=Image("x")), Step(Run("c"), container=Image("y")))
    job = one_container(Job("j", steps=steps), losses, "Azure")
    assert job.container == Image("x")
    assert [step.container for step in job.steps] == [None, None, None]
    assert {(loss.kind, loss.construct) for loss in losses.all()} == {(LossKind.APPROXIMATED, "image of a step")}
    assert [loss.why.partition(": ")[2] for loss in losses.all()] == [
        "this step ran on the machine itself",
        "this step had y",
    ]


def test_one_image_for_all_is_no_loss() -> None:
    losses = Losses()
    job = Job("j", steps=(Step(Run("a"), container=Image("x")), Step(Run("b"), container=Image("x"))))
    assert one_container(job, losses, "Azure").container == Image("x")
    assert losses.all() == ()


def test_a_job_with_an_image_keeps_it() -> None:
    losses = Losses()
    job = Job("j", container=Image("z"), steps=(Step(Run("a"), container=Image("x")),))
    assert one_container(job, losses, "Azure") is job
