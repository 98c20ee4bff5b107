"""Deployments in lanes: once each, in the order of finishing, regions together; and the clocks, requests and copies of a lane."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaway.assess.dora import graph, lanes
from seaway.model.delivery import Deployment, Outcome, Pull, Push
from seaway.model.history import PICKS, REVERTS
from support.delivery import at, commit, deploy, failed, history, incident, line, one, report, sha


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.sampled_from(["", "eu", "us"])), max_size=12),
    st.randoms(),
)
def test_lanes_do_not_depend_on_the_order_of_arrival(made: list[tuple[int, int, str]], dice: random.Random) -> None:
    steps = [deploy(f"d{name}", f"c{name}", hours, region=region) for name, hours, region in made]
    shuffled = list(steps)
    dice.shuffle(shuffled)
    assert lanes.lanes(steps) == lanes.lanes(shuffled)
    finished = [each.finished for lane in lanes.lanes(steps) for each in lane.deployments]
    assert finished == sorted(finished)


def test_a_record_that_comes_again_replaces_what_was_told_before() -> None:
    first, again = failed("d1", "c1", 2), deploy("d1", "c1", 3)
    (lane,) = lanes.lanes([again, first, again])
    assert lane.deployments == (again,)


def test_a_region_that_failed_leaves_a_failed_deployment_that_users_saw() -> None:
    (lane,) = lanes.lanes([deploy("eu", "c1", 2, region="eu"), failed("us", "c1", 3, region="us")])
    (whole,) = lane.deployments
    assert (whole.outcome, whole.finished, whole.seen, whole.parts) == (Outcome.FAILED, at(3), at(2), ("eu", "us"))


def test_the_same_commit_in_a_region_again_is_another_deployment() -> None:
    steps = [deploy(f"{n}-{region}", "c1", n, region=region) for n in (1, 2) for region in ("eu", "us")]
    (lane,) = lanes.lanes(steps)
    assert [each.id for each in lane.deployments] == ["1-eu", "2-eu"]


def test_regions_that_overlap_with_the_next_commit_stay_with_their_own() -> None:
    steps = [
        deploy("a-eu", "c1", 1, region="eu"), deploy("b-eu", "c2", 2, region="eu"),
        deploy("a-us", "c1", 2.5, region="us"), deploy("b-us", "c2", 3, region="us"),
    ]  # fmt: skip
    (lane,) = lanes.lanes(steps)
    assert [(each.id, each.finished) for each in lane.deployments] == [("a-eu", at(2.5)), ("b-eu", at(3))]


@pytest.mark.parametrize(
    ("environments", "named", "seen"),
    [
        (("production", "staging"), (), {"production"}),
        (("prod-eu", "live", "qa"), (), {"prod-eu", "live"}),
        (("qa", "canary"), (), {"qa", "canary"}),
        (("production", "shop"), ("shop",), {"shop"}),
        (("production",), ("nowhere",), set()),
    ],
)
def test_environments_that_users_see_are_named_or_called_so(
    environments: tuple[str, ...], named: tuple[str, ...], seen: set[str]
) -> None:
    steps = [deploy(name, "c", 1, environment=name) for name in environments]
    assert {each.environment for each in lanes.lanes(steps, named) if each.production} == seen


def test_an_incident_keeps_every_fact_that_any_update_told() -> None:
    updates = [
        incident("i", 2), incident("i", 1.5, 9, version="v"), incident("i", 2, 8, caused_by="d", impact=1), incident("i", 2, mitigated=3),
    ]  # fmt: skip
    (found,) = lanes.incidents(updates)
    (again,) = lanes.incidents(reversed(updates))
    assert found == again
    assert (found.started, found.resolved, found.caused_by, found.version) == (at(1.5), at(9), "d", "v")
    assert (found.impact, found.mitigated) == (at(1), at(3))


def test_commits_apart_are_counted_on_both_sides_and_none_between_equals() -> None:
    past = history(*line(5), commit("x", "c1", hours=6), commit("m", "x", "c3", hours=7))
    where = past.where
    assert graph.apart(past, where[sha("m")], where[sha("c4")]) == (2, 1)
    assert graph.apart(past, where[sha("c4")], where[sha("c1")]) == (3, 0)
    assert graph.apart(past, 2, 2) == (0, 0)
    strangers = history(commit("a"), commit("b"))
    assert graph.apart(strangers, 0, 1) == (1, 1)


def test_two_picks_of_a_commit_that_is_not_here_are_one_change() -> None:
    picks = [
        commit(f"p{n}", f"p{n - 1}" if n else "base", hours=n + 1, links=((PICKS, sha("gone")),)) for n in range(2)
    ]
    found = one(history(commit("base"), *picks), deploy("d0", "base", 0.5), deploy("d1", "p1", 3))
    assert [row["commit"] for row in found.lead_time.rows()] == [sha("p0")]


def test_a_copy_of_something_from_before_the_first_deployment_counts_nothing() -> None:
    past = history(
        commit("base"), commit("fix", "base", hours=1), commit("pick", "fix", hours=2, links=((PICKS, sha("fix")),))
    )
    found = one(past, deploy("d0", "fix", 1.5), deploy("d1", "pick", 3))
    assert (found.lead_time.commits.n, len(found.lead_time.changes.duplicates)) == (0, 1)
    links = replace(past.links[0], kind=REVERTS)
    past.links[:] = [links]
    assert one(past, deploy("d0", "fix", 1.5), deploy("d1", "pick", 3)).lead_time.commits.n == 1


def test_a_merged_request_is_timed_by_its_first_commit_and_its_commits_count_as_they_are() -> None:
    past = history(
        commit("base"), commit("w1", "base", hours=1), commit("w2", "w1", hours=4), commit("m", "base", "w2", hours=5)
    )
    request = Pull("1", sha("m"), ((sha("w1"), at(1)), (sha("w2"), at(4))))
    found = one(past, deploy("d0", "base", 0.5), deploy("d1", "m", 6), pulls=[request])
    assert (found.lead_time.commits.n, found.lead_time.pulls.p50.value) == (2, 5 * 3600)
    pushed = one(past, deploy("d0", "base", 0.5), deploy("d1", "m", 6), pulls=[request], pushes=[Push(sha("base"), at(0.1)), Push(sha("m"), at(5.5))])  # fmt: skip
    assert pushed.lead_time.pulls.p50.value == 1800


def test_a_push_of_a_commit_that_nobody_has_is_passed_over() -> None:
    past = history(*line(3))
    found = one(past, deploy("d0", "c0", 0.5), deploy("d1", "c2", 3), pushes=[Push(sha("gone"), at(1))])
    assert found.lead_time.clock == "committer"


def test_only_unknown_commits_give_frequency_and_no_lead_time() -> None:
    found = report(history(*line(3)), deploy("d0", "x", 1), deploy("d1", "y", 2), incidents=[])
    (lane,) = found.lanes
    assert (lane.frequency.n, lane.lead_time.commits.n, lane.lead_time.coverage) == (2, 0, 0.0)
    assert lane.lead_time.changes.prehistory == 0
    assert report(history(), Deployment("d", "s", "e", "", 1.0, 2.0)).lanes[0].frequency.n == 1


def test_without_a_head_nobody_knows_what_is_not_deployed() -> None:
    from seaway.assess.dora.report import Inputs, Scope, assess

    inputs = Inputs(history(*line(3)), [deploy("d0", "c0", 0.5), deploy("d1", "c2", 3)], head=-1)
    (lane,) = assess(inputs, Scope()).lanes
    assert (lane.lead_time.coverage, lane.lead_time.changes.undeployed) == (None, None)
