"""A plan as text, as a document, and beside another one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from rollout import given
from rollout.machine import PLANS
from seaway.errors import PlanRefused
from seaway.model.environment import EngineLost, Gate, IfEngineLost, Strategy
from seaway.model.plan import Plan, Promote, Scale, SetWeight, Soak, TakeOver
from seaway.model.service import Before, RollbackClass
from seaway.model.verdict import Guard, Measure
from seaway.plan import document, text
from seaway.plan.check import check
from seaway.plan.diff import diff
from seaway.plan.identity import plan_hash


@pytest.mark.parametrize("name", sorted(PLANS))
def test_every_plan_is_printed_in_80_columns(name: str) -> None:
    plan = PLANS[name]()
    lines = text.render(plan).splitlines()
    assert max(len(line) for line in lines) <= 80
    assert sum(line.strip().startswith(f"{n}.") for n in range(1, 30) for line in lines) == len(plan.steps)


def test_a_plan_reads_like_a_story() -> None:
    before = Before(("./migrate",), RollbackClass.FORWARD_ONLY)
    plan = given.plan(
        of=given.service(before=before),
        gates=(Gate("approval", approvers=("grace",)), Gate("until", until=given.NOW + timedelta(days=1))),
        if_engine_lost=IfEngineLost(EngineLost.STABLE, timedelta(minutes=3)),
        objectives=(
            given.SUCCESS,
            Guard("p99", Measure.LATENCY, at_most=250.0),
            Guard("beside", Measure.SUCCESS_RATE, "stable", margin=0.01),
        ),
    )
    flat = " ".join(text.render(plan).split())
    for part in (
        "web to production: web-bbbbbbbbbbbb",
        f"from web-aaaaaaaaaaaa, plan {plan_hash(plan)[:12]}",
        "! `before` is forward-only",
        "1. gate: approval by grace within 1d, or it ends",
        "2. gate: wait until 2026-01-02T00:00:00Z",
        "3. run `./migrate` once, at most 10m",
        "4. instances: candidate 1, stable 3; wait until they are ready, at most 1m30s",
        "5. traffic: candidate 10 %; verified on every worker within 10s, then observed",
        "6. pause 3s under the guards",
        "every guard must pass within 5s",
        "promote: the candidate becomes stable",
        "soak 4s under the guards",
        "success: success >= 99 %, over 10s, from 20 requests on; fail: rollback",
        "p99: p99 <= 250 ms",
        "beside: success >= stable - 1 %",
        "not by itself after `before` (forward-only)",
        "one shift to web-aaaaaaaaaaaa, once 3 of its instances are ready",
        "after 3m without a sign of life all traffic goes to stable",
    ):  # fmt: skip
        assert part in flat, part


def test_waits_for_people_say_who_and_what_then() -> None:
    plan = given.plan(strategy=Strategy("blue-green", preview_host="next.example", auto_promotion=False), objectives=())
    flat = " ".join(text.render(plan).split())
    assert "the candidate answers on next.example" in flat
    assert "pause until a person promotes, at most 1h, then traffic goes back" in flat
    assert "guards: none" in flat
    assert "nothing to go back to" in " ".join(text.render(given.plan(first=True, owner=given.OWNER)).split())
    assert "the instances of web-aaaaaaaaaaaa are brought back" in " ".join(text.render(PLANS["worker"]()).split())


@pytest.mark.parametrize("name", sorted(PLANS))
def test_a_document_reads_back_to_the_same_plan(name: str) -> None:
    plan = PLANS[name]()
    saved = json.loads(json.dumps(document.render(plan)))
    assert document.parse(saved) == plan
    assert (saved["format"], saved["plan_hash"]) == ("seaway.plan/v1", plan_hash(plan))


def test_a_document_that_was_changed_does_not_fit_or_is_none_is_refused() -> None:
    saved = document.render(given.plan())
    for broken, words in (
        ({**saved, "environment": "staging"}, "was changed"),
        ({**saved, "steps": [{"kind": "jump"}]}, r"\$\.steps\[0\]"),
        ({**saved, "colour": "red"}, "has no field 'colour'"),
        ({**saved, "format": "seaway.plan/v9"}, "'seaway.plan/v9'"),
        ([], "no saved plan"),
    ):
        with pytest.raises(PlanRefused, match=words):
            document.parse(json.loads(json.dumps(broken)))


def test_a_document_keeps_the_promises_of_a_plan() -> None:
    """A person who computes a new hash still cannot promote what has no traffic."""
    plan = given.plan()
    careless = replace(plan, steps=(Scale(3, 3), SetWeight(500_000), Promote()))
    with pytest.raises(PlanRefused, match="50 % of the traffic"):
        document.parse(document.render(careless))


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ((Scale(3, 3), SetWeight(1_000_000)), "promotes exactly once"),
        ((Scale(3, 3), Promote(), SetWeight(1_000_000)), "only one `soak` may follow"),
        ((Scale(3, 3), given.plan(gates=(given.APPROVAL,)).steps[0], SetWeight(1_000_000), Promote()), "gates come first"),
        ((Scale(1, 3), SetWeight(1_000_000), Promote()), "1 instances do not cover 100 %"),
        ((Scale(3, 3), SetWeight(500_000), SetWeight(400_000), SetWeight(1_000_000), Promote()), "must grow"),
        ((Scale(3, 3), SetWeight(500_000), Scale(3, 0), SetWeight(1_000_000), Promote()), "no instance while it has 50 %"),
        ((Scale(3, 3), SetWeight(1_000_000), Scale(2, 3), Promote()), "may only grow"),
        ((Scale(3, 3), SetWeight(1_000_000), Promote(), Soak(timedelta(1)), Soak(timedelta(1))), "only one `soak`"),
    ],
)  # fmt: skip
def test_a_plan_that_could_not_keep_its_promises_is_refused(steps: tuple, words: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(PlanRefused, match=words):
        check(replace(given.plan(), steps=steps))


def test_a_worker_with_weights_is_refused() -> None:
    with pytest.raises(PlanRefused, match="no traffic to divide"):
        check(replace(PLANS["worker"](), steps=(Scale(3, 3), SetWeight(1_000_000), Promote())))


def changed(before: Plan, **changes) -> list[str]:  # type: ignore[no-untyped-def]
    return list(diff(before, replace(before, **changes)))


def test_a_diff_names_what_changed_and_nothing_else() -> None:
    plan = given.plan()
    assert diff(plan, plan) == ()
    assert changed(plan, drain=timedelta(seconds=9)) == ["drain: 2s -> 9s"]
    other = replace(plan.candidate, service=replace(plan.candidate.service, environment={"LOG": "debug"}))
    assert changed(plan, candidate=other) == ["candidate.service.environment.LOG: null -> debug"]
    assert changed(plan, stable=None)[0] == "stable: web-aaaaaaaaaaaa -> nothing"
    steps = changed(plan, steps=(*plan.steps[:2], *plan.steps[3:]))
    assert steps == ["- pause 3s under the guards"]
    assert any(
        line.startswith("+ take the port over") for line in changed(plan, steps=(TakeOver(given.OWNER), *plan.steps))
    )
