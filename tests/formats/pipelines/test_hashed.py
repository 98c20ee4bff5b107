"""Times with Jenkins' hash elsewhere, and folders that the jobs of a run share."""

from __future__ import annotations

import pytest

from seaway.formats.pipelines import hashed, limits
from seaway.formats.pipelines.losses import Losses
from seaway.model.pipeline import Checkout, Job, Pipeline, Run, Step, System, Trigger, TriggerKind


@pytest.mark.parametrize(
    ("cron", "fixed"),
    [
        ("H 4 * * *", "17 4 * * *"),
        ("H/15 * * * *", "7-59/15 * * * *"),
        ("H H(0-3) * * *", "17 0 * * *"),
        ("H(0-29)/10 * * * *", "0-29/10 * * * *"),
        ("H H H * *", "17 4 1 * *"),
    ],
)
def test_a_hash_becomes_a_fixed_time_and_is_told(cron: str, fixed: str) -> None:
    losses = Losses()
    assert hashed.fixed(Trigger(TriggerKind.SCHEDULE, cron=cron), losses) == fixed
    assert [loss.kind.value for loss in losses.all()] == ["approximated"]


@pytest.mark.parametrize("cron", ["0 4 * * *", "@daily", "H"])
def test_a_time_without_one_stays_and_nothing_is_told(cron: str) -> None:
    losses = Losses()
    assert hashed.fixed(Trigger(TriggerKind.SCHEDULE, cron=cron), losses) == cron
    assert losses.all() == ()


def told(*jobs: Job) -> list[str]:
    losses = Losses()
    limits.of_jobs(Pipeline(System.JENKINS, "x", jobs=jobs), losses, "GitHub")
    return [loss.construct for loss in losses.all()]


def test_who_goes_on_in_a_folder_is_told() -> None:
    make = (Step(Run("make")),)
    first, second = Job("a", steps=make, workspace="w"), Job("b", steps=make, workspace="w")
    assert told(first, second) == ["workspace of b"]
    assert told(first, Job("c", steps=make, workspace="other"), Job("d", steps=make)) == []
    assert told(Job("a", steps=(Step(Checkout()),), workspace="w"), second) == []
