"""Signals of rework and of failures, one at a time, each with what must not be taken for it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from seaway.assess.dora.rework import CONFIDENCE
from seaway.model.history import FIXES
from support.delivery import DAY, HOTFIX, ROLLBACK, commit, deploy, failed, history, incident, line, one, report, sha

TOUCHED = {"c2": {"pay.py"}, "c3": {"pay.py", "x"}, "c4": {"other.py"}, "c5": {"pay.py"}}


def files(shas: Sequence[str]) -> dict[str, frozenset[str]]:
    known = {sha(name): frozenset(paths) for name, paths in TOUCHED.items()}
    return {name: known.get(name, frozenset()) for name in shas}


def signals(*steps: object, past: object = None, **more: object) -> dict[str, tuple[list[str], float]]:
    found = one(past or history(*line(9)), *steps, **more)
    return {row["deployment"]: (row["signals"], row["confidence"]) for row in found.rework.rows() if row["signals"]}


def test_a_declared_hotfix_is_rework_and_blames_the_deployment_before_it() -> None:
    steps = [deploy("d0", "c0", 1), deploy("d1", "c1", 2), deploy("d2", "c2", 3, kind=HOTFIX)]
    assert signals(*steps) == {"d2": (["declared hotfix"], pytest.approx(CONFIDENCE["declared hotfix"]))}
    rows = {row["deployment"]: row for row in one(history(*line(9)), *steps).fail_rate.rows()}
    assert rows["d1"]["by"] == ["hotfix after it"]
    assert rows["d1"]["probability"] == pytest.approx(0.7)
    assert not rows["d0"]["failed"]


def test_a_hotfix_long_after_blames_nobody() -> None:
    steps = [deploy("d0", "c0", 1), deploy("d1", "c1", 2), deploy("d2", "c2", 3 * DAY, kind=HOTFIX)]
    assert one(history(*line(9)), *steps, incidents=[]).fail_rate.failed == 0


def test_a_declared_rollback_is_one_although_its_commit_is_new() -> None:
    found = one(history(*line(9)), deploy("d0", "c0", 1), deploy("d1", "c1", 2), deploy("d2", "c2", 3, kind=ROLLBACK))
    assert found.frequency.moves == {"first": 1, "forward": 1, "rollback": 1}
    assert [row["deployment"] for row in found.fail_rate.rows() if row["failed"]] == ["d1"]
    assert found.lead_time.commits.n == 2


def test_a_rollback_over_a_redeployment_blames_what_was_deployed_first() -> None:
    steps = [deploy("d0", "c0", 1), deploy("d1", "c3", 4), deploy("again", "c3", 5), deploy("back", "c0", 6)]
    rows = one(history(*line(9)), *steps).fail_rate.rows()
    assert {row["deployment"]: row["failed"] for row in rows} == {"d0": False, "d1": True, "back": False}


def test_a_second_rollback_further_back_blames_nothing_more() -> None:
    steps = [
        deploy("d0", "c0", 1),
        deploy("d1", "c1", 2),
        deploy("d2", "c2", 3),
        deploy("b1", "c1", 4),
        deploy("b0", "c0", 5),
    ]
    failed_ones = [row["deployment"] for row in one(history(*line(9)), *steps).fail_rate.rows() if row["failed"]]
    assert failed_ones == ["d2"]


def test_a_commit_that_names_the_incident_is_rework_from_its_first_deployment_on() -> None:
    past = history(*line(3), commit("fix", "c2", hours=3, links=((FIXES, "inc-1"),)), commit("n", "fix", hours=4))
    steps = [deploy("d0", "c1", 1.5), deploy("d1", "c2", 2.5), deploy("d2", "fix", 3.5), deploy("d3", "n", 4.5)]
    assert set(signals(*steps, past=past)) == {"d2"}
    assert signals(deploy("d0", "fix", 3.5), deploy("d1", "n", 4.5), past=past) == {}  # pre-history names nothing


def test_a_fix_of_the_same_files_while_users_suffer_is_rework_and_one_elsewhere_or_later_is_not() -> None:
    steps = [deploy(f"d{n}", f"c{n}", n + 0.5) for n in range(6)]
    hurt = [incident("i", 2.6, 4.7, caused_by="d2")]
    assert set(signals(*steps, incidents=hurt, files=files)) == {"d3"}  # d4 touches others, d5 is after the end
    assert signals(*steps, incidents=hurt) == {}  # nobody can tell what was touched
    assert signals(*steps, incidents=[], files=files) == {}
    open_ = [incident("i", 2.6, caused_by="d2")]
    assert set(signals(*steps, incidents=open_, files=files)) == {"d3", "d5"}


def test_signals_add_up_and_never_reach_certainty() -> None:
    past = history(*line(3), commit("fix", "c2", hours=3, links=((FIXES, "i"),)))
    steps = [deploy("d0", "c1", 1.5), deploy("d1", "c2", 2.5), deploy("d2", "fix", 3.5, kind=HOTFIX)]
    ((names, confidence),) = signals(*steps, past=past).values()
    assert names == ["declared hotfix", "names an incident that it fixes"]
    assert confidence == pytest.approx(1 - 0.05 * 0.1)


def test_equal_ids_in_two_services_do_not_share_their_incidents() -> None:
    past = history(*line(9))
    steps = [deploy(str(n), f"c{n}", n + 0.5, service=service) for n in range(6) for service in ("pay", "shop")]
    found = report(past, *steps, incidents=[incident("i", 3.7, 5, service="pay", caused_by="3")])
    assert {each.lane.service: each.fail_rate.failed for each in found.lanes} == {"pay": 1, "shop": 0}
    assert found.causes[0].best
    assert found.causes[0].best.place == ("pay", "production")


def test_a_canary_that_was_taken_back_is_a_failure_with_its_own_recovery() -> None:
    past = history(*line(9))
    found = one(past, deploy("d0", "c0", 1), deploy("d1", "c1", 2), failed("x", "c2", 4, exposed=3), incidents=[])
    assert [(row["deployment"], row["by"]) for row in found.fail_rate.rows() if row["failed"]] == [("x", ["taken back after users saw it"])]  # fmt: skip
    (row,) = found.recovery.rows()
    assert (row["deployment"], row["seconds"], row["open"]) == ("x", 3600, False)
    assert found.frequency.n == 2


def test_a_rollback_mends_an_incident_before_somebody_closes_it() -> None:
    past = history(*line(9))
    steps = [deploy("d0", "c0", 1), deploy("d1", "c3", 4), deploy("back", "c0", 5)]
    (row,) = one(past, *steps, incidents=[incident("i", 4.25, 9)]).recovery.rows()
    assert (row["mitigated"] - row["impact_start"], row["seconds"]) == (3600, 3600)
    (late,) = one(past, *steps[:2], incidents=[incident("i", 4.25, 9)]).recovery.rows()
    assert (late["mitigated"], late["seconds"]) == (None, 5 * 3600)


def test_two_incidents_of_one_deployment_end_with_the_last() -> None:
    steps = [deploy("d0", "c0", 1), deploy("d1", "c1", 2), deploy("d2", "c2", 3 * DAY)]
    hurt = [incident("i", 2.1, 3, caused_by="d1"), incident("j", 2.2, 8, caused_by="d1")]
    (row,) = one(history(*line(9)), *steps, incidents=hurt).recovery.rows()
    assert (row["incidents"], row["seconds"]) == (["i", "j"], 6 * 3600)
    (going,) = one(history(*line(9)), *steps, incidents=[*hurt, incident("k", 2.3, caused_by="d1")]).recovery.rows()
    assert going["open"]
