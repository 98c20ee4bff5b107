"""Mistakes that other tools made with these metrics, each as a test with what would go wrong beside it (assessment pitfalls 1 to 25)."""

from __future__ import annotations

from pathlib import Path

import pytest

from seaway.adapters._commits import Commits
from seaway.adapters._git import Git
from seaway.assess.dora import bands, text, words
from seaway.assess.dora.changes import know
from seaway.assess.dora.owners import attribute
from seaway.model.delivery import Deployment, Pull
from seaway.model.history import PICKS, REVERTS
from support.delivery import BEGIN, DAY, at, commit, deploy, failed, history, incident, line, one, report, sha
from support.repositories import Repository, git


def test_01_a_deployment_of_ten_commits_with_one_incident_fails_whole_not_by_a_tenth() -> None:
    past = history(*line(12))
    found = one(past, deploy("d0", "c1", 2), deploy("d1", "c11", 12), incidents=[incident("i", 12.1, 13)])
    failed_ones = [row for row in found.fail_rate.rows() if row["failed"]]
    assert [row["deployment"] for row in failed_ones] == ["d1"]
    assert found.fail_rate.rate.value == pytest.approx(1 / 2)
    per_commit = 1 / found.lead_time.commits.n
    assert found.fail_rate.rate.value != pytest.approx(per_commit)


def test_02_an_incident_that_is_told_five_times_is_one() -> None:
    past, steps = history(*line(9)), [deploy(f"d{n}", f"c{n}", n + 0.5) for n in range(9)]
    open_, closed = incident("i", 4.6), incident("i", 4.6, 5.5)
    once = one(past, *steps, incidents=[closed])
    often = one(past, *steps, incidents=[open_, closed, open_, closed, closed])
    assert once.fail_rate == often.fail_rate
    assert once.recovery == often.recovery
    other = one(past, *steps, incidents=[closed, incident("j", 6.6, 7)])
    assert other.fail_rate.failed == 2


def test_03_no_failure_is_zero_where_incidents_are_told_and_unknown_where_not() -> None:
    past, steps = history(*line(3)), [deploy("d0", "c0", 1), deploy("d1", "c1", 2), failed("d2", "c2", 3)]
    told, silent = one(past, *steps, incidents=[]), one(past, *steps)
    assert told.fail_rate.rate.value == 0.0
    assert silent.fail_rate.rate.value is None
    assert told.frequency.failed == 1


def test_04_the_four_times_of_a_recovery_are_kept_and_the_one_used_is_named() -> None:
    past, steps = history(*line(3)), [deploy("d0", "c0", 1), deploy("d1", "c1", 2), deploy("d2", "c2", 30)]
    hurt = incident("i", 2.5, 6, impact=2.25, mitigated=4)
    found = report(past, *steps, incidents=[hurt])
    (row,) = found.lanes[0].recovery.rows()
    assert (row["impact_start"], row["detected"], row["mitigated"], row["resolved"]) == (
        at(2.25),
        at(2.5),
        at(4),
        at(6),
    )
    assert row["seconds"] == 1.75 * 3600
    assert found.lanes[0].recovery.from_detected.p50.value == 1.5 * 3600
    assert "impact_start" in words.DEFINITIONS["failed_deployment_recovery_time"]
    assert "from impact_start" in text.render(found)


def test_05_the_report_says_clock_population_and_formula() -> None:
    told = words.DEFINITIONS["change_lead_time"]
    assert all(word in told for word in ("finish", "minus", "Population", "clock"))
    assert "clock: committer" in text.render(report(history(*line(8)), deploy("a", "c1", 2), deploy("b", "c7", 9)))


def test_06_two_incidents_of_one_deployment_count_once() -> None:
    past, steps = history(*line(30)), [deploy(f"d{n}", f"c{n}", n * DAY) for n in range(23)]
    begun = [incident(f"i{n}", 24 * n + 0.5, 24 * n + 2) for n in (3, 7, 9, 20)]
    twice = [incident(f"again{n}", 24 * n + 0.6, 24 * n + 3) for n in (3, 7)]
    found = one(past, *steps, incidents=[*begun, *twice])
    assert found.fail_rate.rate.value == pytest.approx(4 / 23)
    assert found.fail_rate.rate.value != pytest.approx(6 / 23)


def test_07_an_incident_ninety_days_after_the_last_deployment_is_not_a_change() -> None:
    past, steps = history(*line(3)), [deploy("d0", "c0", 1), deploy("d1", "c1", 2)]
    (late,) = report(past, *steps, incidents=[incident("i", 90 * DAY, 91 * DAY)]).causes
    assert (late.best, late.not_a_change) == (None, 1.0)
    (soon,) = report(past, *steps, incidents=[incident("i", 2.1, 3)]).causes
    assert soon.best
    assert soon.best.deployment == "d1"


def test_08_a_later_deployment_or_another_window_does_not_move_an_incident() -> None:
    past = history(*line(40))
    steps = [deploy(f"d{n}", f"c{n}", n + 0.5) for n in range(40)]
    hurt = [incident(f"i{n}", n + 0.9, n + 2) for n in (5, 11, 23)]

    def answers(until: int) -> dict[str, str]:
        found = report(past, *reversed(steps[:until]), incidents=list(reversed(hurt)))
        return {cause.incident.id: cause.best.deployment for cause in found.causes if cause.best}

    assert answers(40) == answers(30) == answers(25) == {"i5": "d5", "i11": "d11", "i23": "d23"}


def test_09_the_first_deployment_of_five_years_of_work_gives_no_lead_times() -> None:
    past = history(*line(1800, every=DAY))
    first = one(past, deploy("d0", "c1799", 1799 * DAY + 1))
    assert (first.lead_time.commits.n, first.lead_time.changes.prehistory) == (0, 1800)
    grown = history(*line(1801, every=DAY))
    second = one(grown, deploy("d0", "c1799", 1799 * DAY + 1), deploy("d1", "c1800", 1801 * DAY))
    assert second.lead_time.commits.p50.value == DAY * 3600


def test_10_old_pull_requests_of_the_first_deployment_give_no_lead_times() -> None:
    past = history(*line(400, every=DAY))
    old = Pull("1", sha("c10"), ((sha("x1"), at(1)),))
    new = Pull("2", sha("c399"), ((sha("x2"), at(398 * DAY)),))
    found = one(past, deploy("d0", "c390", 391 * DAY), deploy("d1", "c399", 400 * DAY), pulls=[old, new])
    assert found.lead_time.pulls.n == 1
    assert found.lead_time.pulls.p50.value == 2 * DAY * 3600


def test_11_squashes_and_rebases_count_and_merges_only_carry() -> None:
    past = history(
        commit("base"),
        commit("b1", "base", hours=1),
        commit("merge", "base", "b1", hours=2),
        commit("squash", "merge", hours=3, squash=True),
        commit("rebased", "squash", hours=4),
    )
    found = one(past, deploy("d0", "base", 0.5), deploy("d1", "rebased", 5))
    assert {row["commit"] for row in found.lead_time.rows()} == {sha("b1"), sha("squash"), sha("rebased")}
    assert (found.lead_time.changes.merges, found.lead_time.lower_bound) == (1, 1)


def test_11_a_squash_is_replaced_by_the_commits_that_its_request_had() -> None:
    past = history(commit("base"), commit("squash", "base", hours=8, squash=True))
    request = Pull("7", sha("squash"), ((sha("w1"), at(1)), (sha("w2"), at(5))))
    steps = deploy("d0", "base", 0.5), deploy("d1", "squash", 9)
    found = one(past, *steps, pulls=[request])
    assert {row["commit"]: row["seconds"] / 3600 for row in found.lead_time.rows()} == {sha("w1"): 8, sha("w2"): 4}
    assert found.lead_time.lower_bound == 0
    assert one(past, *steps).lead_time.lower_bound == 1


def test_12_coverage_is_what_was_attributed_of_what_was_made() -> None:
    found = one(history(*line(11)), deploy("d0", "c0", 0.5), deploy("d1", "c7", 8))
    assert found.lead_time.coverage == pytest.approx(7 / 10)
    assert one(history(*line(8)), deploy("d0", "c0", 0.5), deploy("d1", "c7", 8)).lead_time.coverage == 1.0


def test_13_two_lanes_that_deploy_in_the_same_minute_stay_apart() -> None:
    past = history(*line(9))
    pairs = [
        deploy(f"{service}{n}", f"c{4 * n}", 4 * n + 0.5, service=service, environment=environment)
        for n in range(3)
        for service, environment in (("shop", "production"), ("pay", "production"), ("shop", "staging"))
    ]
    found = report(past, *pairs, incidents=[incident("i", 8.6, 9, service="pay")]).lanes
    assert [(each.lane.service, each.lane.environment) for each in found] == [("pay", "production"), ("shop", "production"), ("shop", "staging")]  # fmt: skip
    assert [each.lead_time.commits.n for each in found] == [8, 8, 8]
    assert [each.fail_rate.failed for each in found] == [1, 0, 0]


def test_14_eight_requests_through_a_staging_branch_are_one_batch() -> None:
    commits, pulls, tip = [commit("base")], [], "base"
    for n in range(8):
        commits += [commit(f"w{n}", "base", hours=n + 1), commit(f"m{n}", tip, f"w{n}", hours=10 + n)]
        pulls.append(Pull(str(n), sha(f"m{n}"), ((sha(f"w{n}"), at(n + 1)),)))
        tip = f"m{n}"
    commits.append(commit("promote", "base", tip, hours=30))
    found = one(history(*commits), deploy("d0", "base", 0.5), deploy("d1", "promote", 31), pulls=pulls)
    lead = found.lead_time
    assert (lead.commits.n, lead.commits.clusters, lead.pulls.n, lead.changes.merges) == (8, 1, 8, 9)
    assert lead.batch_delay.p50.value == 3600
    assert lead.deployments.n == 1


def test_15_rework_exists_and_says_how_sure_it_is() -> None:
    revert = commit("r", "c3", hours=5, links=((REVERTS, sha("c2")),))
    past = history(*line(4), revert, commit("n", "r", hours=6))
    found = one(past, deploy("d0", "c1", 1.5), deploy("d1", "c3", 3.5), deploy("d2", "r", 5.5), deploy("d3", "n", 6.5))
    rows = {row["deployment"]: row for row in found.rework.rows()}
    assert [name for name, row in rows.items() if row["rework"]] == ["d2"]
    assert rows["d2"]["signals"] == ["reverts what was deployed"]
    assert 0.5 < rows["d2"]["confidence"] < 1
    assert found.rework.rate.value == 0.25


def test_16_one_incident_that_goes_on_is_not_reached_rather_than_empty() -> None:
    past, steps = history(*line(3)), [deploy("d0", "c0", 1), deploy("d1", "c1", 2), deploy("d2", "c2", 30)]
    open_ = report(past, *steps, incidents=[incident("i", 2.1)])
    curve = open_.lanes[0].recovery.from_impact
    assert (curve.n, curve.open, curve.p50.value) == (1, 1, None)
    assert "p50 not reached" in text.render(open_)
    none = report(past, *steps, incidents=[])
    assert none.lanes[0].recovery.from_impact.n == 0
    assert "not reached" not in text.render(none)


def test_17_a_pipeline_that_failed_before_users_saw_it_is_no_change_failure() -> None:
    past, steps = history(*line(5)), [deploy("d0", "c0", 1), deploy("d1", "c1", 2), deploy("d2", "c2", 3)]
    calm = one(past, *steps, incidents=[])
    assert one(past, *steps, failed("x", "c3", 4), incidents=[]).fail_rate.rate == calm.fail_rate.rate
    exposed = one(past, *steps, failed("x", "c3", 4, exposed=3.9), incidents=[])
    assert (exposed.fail_rate.failed, exposed.fail_rate.n) == (1, 4)


def test_18_a_commit_that_speaks_of_a_bug_fails_nothing() -> None:
    fix = commit("fix", "c2", hours=3)
    past = history(*line(3), fix)
    steps = [deploy("d0", "c0", 0.5), deploy("d1", "c2", 2.5), deploy("d2", "fix", 3.5)]
    found = one(past, *steps, incidents=[])
    assert (found.fail_rate.failed, found.rework.reworked) == (0, 0)
    assert one(past, *steps, incidents=[incident("i", 2.6, 3.6)]).fail_rate.failed == 1


def test_19_a_recovery_is_shown_as_a_distribution_with_its_n() -> None:
    past, steps = history(*line(9)), [deploy(f"d{n}", f"c{n}", n * DAY + 1) for n in range(9)]
    hurt = [incident(f"i{n}", n * DAY + 1.2, n * DAY + 2 + n) for n in range(1, 8)]
    found = report(past, *steps, incidents=hurt)
    curve = found.lanes[0].recovery.from_impact
    assert curve.n == 7
    assert (curve.p50.low or 0) < (curve.p50.value or 0) < (curve.p75.value or 0) < (curve.p90.value or 0)
    shown = text.render(found)
    assert all(word in shown for word in ("p75", "p90", "n 7 failed"))


def test_21_regions_that_deploy_one_after_the_other_are_one_deployment_that_ends_with_the_last() -> None:
    past = history(*line(6))
    steps = [
        deploy(f"d{n}-{region}", f"c{n}", n + 0.5 + delay, region=region)
        for n in (0, 2, 5)
        for region, delay in (("eu", 0.0), ("us", 0.2), ("asia", 0.4))
    ]
    found = one(past, *steps)
    assert (found.frequency.n, found.frequency.redeployments) == (3, 0)
    assert {row["finished"] for row in found.lead_time.rows()} == {at(2.9), at(5.9)}
    separate = one(past, *(Deployment(**{**_fields(each), "region": ""}) for each in steps))
    assert separate.frequency.redeployments == 6


def _fields(each: Deployment) -> dict[str, object]:
    return {name: getattr(each, name) for name in each.__slots__}


def test_22_a_commit_and_a_deployment_in_the_same_second_and_a_skewed_clock_stay_in_n() -> None:
    past = history(commit("base"), commit("bot", "base", hours=1), commit("skewed", "bot", hours=3))
    found = one(past, deploy("d0", "base", 0.5), deploy("d1", "bot", 1), deploy("d2", "skewed", 2))
    rows = list(found.lead_time.rows())
    assert [(row["seconds"], row["clamped"]) for row in rows] == [(0, False), (0, True)]
    assert (found.lead_time.commits.n, found.lead_time.clamped) == (2, 1)


def test_23_subjects_with_carriage_returns_and_bytes_that_are_no_text_break_nothing(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "odd")
    base = repository.commit(files={"a": "1"}, at=int(BEGIN), message=b"one\rtwo\r\n\nbody")
    tip = repository.commit(
        base, files={"a": "2"}, at=int(BEGIN) + 60, message=b"\xff\xfe \x01\x1e\x1f bytes\n\xc3\x28 (#12)"
    )
    last = repository.commit(tip, files={"a": "3"}, at=int(BEGIN) + 90, message=b"")
    repository.point("heads/main", last)
    past, found = Commits(Git(tmp_path / "odd"), None).read([base, tip])
    assert past.shas == [base, tip, last]
    assert set(found) == {"HEAD", base, tip}
    in_text = b"one\rtwo".decode().splitlines()
    assert len(in_text) == 2  # what a reader of lines would have seen


def test_24_the_fail_rates_of_2024_do_not_rise_so_no_rank_is_claimed() -> None:
    by_year = {each.year: each for each in bands.levels(bands.FAIL, 0.15, 40)}
    assert by_year["2024"].names == ()
    assert "do not rise" in by_year["2024"].why
    assert by_year["2023"].names == ("medium",)
    assert by_year["2021"].names == ("elite",)


def test_25_fail_and_rework_are_turned_once() -> None:
    shown = {metric: bands.against(metric, 0.5, 9) for metric in (bands.FAIL, bands.REWORK)}
    assert [each.mean for each in shown.values() if each] == [pytest.approx(8.1), pytest.approx(7.8)]
    means = [found.mean for metric in bands.SETS if (found := bands.against(metric, 0.5, 9))]
    assert round(sum(means) / len(means), 1) == 6.7  # as the site shows for all industries


def test_a_cherry_pick_counts_once_per_lane_and_a_stranger_with_the_same_time_counts() -> None:
    past = history(
        commit("base"),
        commit("fix", "base", hours=1),
        commit("pick", "base", hours=2, links=((PICKS, sha("fix")),)),
        commit("twin", "pick", hours=3, authored=1),
        commit("other", "twin", hours=4, authored=1),
        commit("all", "other", "fix", hours=5),
    )
    patches = {sha("fix"): "p1", sha("twin"): "p1", sha("other"): "p2"}
    ownership = attribute(past, [deploy("d0", "base", 0.5), deploy("d1", "pick", 2.5), deploy("d2", "all", 6)])
    known = know(
        past, -1, [ownership.owners], patches=lambda shas: {name: patches[name] for name in shas if name in patches}
    )
    assert known.groups == (tuple(past.where[sha(name)] for name in ("fix", "pick", "twin")),)
    found = one(
        past, deploy("d0", "base", 0.5), deploy("d1", "pick", 2.5), deploy("d2", "all", 6),
        patches=lambda shas: {name: patches[name] for name in shas if name in patches},
    )  # fmt: skip
    assert {row["commit"] for row in found.lead_time.rows()} == {sha("pick"), sha("other")}
    assert len(found.lead_time.changes.duplicates) == 2


def test_a_revert_before_deployment_wastes_both_and_a_reland_saves_the_change() -> None:
    work = [commit("base"), commit("a", "base", hours=1), commit("ra", "a", hours=2, links=((REVERTS, sha("a")),))]
    reland = commit("aa", "ra", hours=3, links=((REVERTS, sha("ra")),))
    wasted = one(history(*work), deploy("d0", "base", 0.5), deploy("d1", "ra", 4))
    assert (wasted.lead_time.commits.n, len(wasted.lead_time.changes.wasted)) == (0, 2)
    saved = one(history(*work, reland), deploy("d0", "base", 0.5), deploy("d1", "aa", 4))
    assert [row["commit"] for row in saved.lead_time.rows()] == [sha("a")]
    undeployed = one(history(*work), deploy("d0", "base", 0.5))
    assert undeployed.lead_time.changes.undeployed == 0


def test_a_rollback_owns_nothing_and_the_way_forward_again_is_re_exposure() -> None:
    past = history(*line(8))
    found = one(
        past,
        deploy("d0", "c0", 0.5), deploy("d1", "c3", 3.5), deploy("d2", "c0", 4),
        deploy("d3", "c3", 5), deploy("d4", "c0", 5.5), deploy("d5", "c7", 8),
    )  # fmt: skip
    steps = {step.deployment.id: step for step in found.lead_time.ownership.steps}
    assert [steps[f"d{n}"].move.value for n in range(6)] == ["first", "forward", "rollback", "re-exposure", "rollback", "forward"]  # fmt: skip
    assert (steps["d3"].again, steps["d5"].new, steps["d5"].again) == (3, 4, 3)
    assert found.lead_time.commits.n == 7
    assert found.frequency.n == 6
    assert found.fail_rate.failed == 2


def test_commits_of_other_services_are_walked_through_and_left_out() -> None:
    import numpy as np

    past = history(*line(7))
    mine = np.array([number % 2 == 0 for number in range(7)])
    found = one(past, deploy("d0", "c0", 0.5), deploy("d1", "c6", 7), touched={"shop": mine})
    assert {row["commit"] for row in found.lead_time.rows()} == {sha(f"c{n}") for n in (2, 4, 6)}
    assert found.lead_time.changes.elsewhere == 3


def test_after_a_commit_that_is_not_here_what_follows_is_of_low_confidence_and_said() -> None:
    past = history(*line(8))
    found = report(past, deploy("d0", "c1", 1.5), deploy("d1", "gone", 4), deploy("d2", "c7", 8))
    assert found.lanes[0].lead_time.unsure == found.lanes[0].lead_time.commits.n == 6
    assert len(found.unknowns) == 2
    assert report(past, deploy("d0", "c1", 1.5), deploy("d2", "c7", 8)).unknowns == ()


def test_a_shallow_clone_makes_what_came_to_its_cut_doubtful_and_is_said(tmp_path: Path) -> None:
    made = Repository(tmp_path / "whole")
    base = made.commit(files={"a": "1"}, at=int(BEGIN))
    side = [made.commit(base, files={"s": "0"}, at=int(BEGIN) + 1)]
    main = [made.commit(base, files={"m": "0"}, at=int(BEGIN) + 1)]
    for n in range(1, 6):
        side.append(made.commit(side[-1], files={"s": str(n)}, at=int(BEGIN) + 100 * n))
        main.append(made.commit(main[-1], files={"m": str(n)}, at=int(BEGIN) + 100 * n))
    merge = made.commit(main[-1], side[-1], at=int(BEGIN) + 900)
    made.point("heads/main", merge)
    git(tmp_path, "clone", "-q", "--depth", "4", f"file://{tmp_path}/whole", "cut")
    steps = [
        Deployment(name, "shop", "production", of, at(0), at(hours))
        for name, of, hours in (("d0", main[-2], 1.0), ("d1", main[-1], 2.0), ("d2", merge, 3.0))
    ]

    def doubtful(folder: str) -> tuple[list[bool], tuple[str, ...]]:
        past, _ = Commits(Git(tmp_path / folder), None).read([])
        found = report(past, *steps)
        return [step.sure for step in found.lanes[0].lead_time.ownership.steps], found.unknowns

    assert doubtful("whole") == ([True, True, True], ())
    sure, said = doubtful("cut")
    assert sure == [False, True, False]  # the second met only what the first had
    assert any("shallow" in each for each in said)


def test_a_line_that_was_rewritten_is_of_low_confidence() -> None:
    past = history(*line(4), commit("new1", "c1", hours=4), commit("new2", "new1", hours=5))
    found = one(past, deploy("d0", "c1", 1.5), deploy("d1", "c3", 3.5), deploy("d2", "new2", 6))
    assert [row["sure"] for row in found.lead_time.rows()] == [True, True, False, False]


def test_a_push_starts_the_clock_where_one_is_known() -> None:
    from seaway.model.delivery import Push

    past = history(*line(5))
    pushes = [Push(sha("c1"), at(1.1)), Push(sha("c4"), at(6))]
    found = one(past, deploy("d0", "c0", 0.5), deploy("d1", "c4", 7), pushes=pushes)
    assert found.lead_time.clock == "first_seen"
    assert [row["seconds"] / 3600 for row in found.lead_time.rows()] == [6, 1, 1, 1]
    assert found.lead_time.fallback == 1  # c1 was there before the first push that is known
    assert set(found.lead_time.clocks) == {"first_seen", "committer", "author"}


def test_the_first_exposure_of_a_canary_is_told_beside_the_finish() -> None:
    found = one(history(*line(3)), deploy("d0", "c0", 0.5), deploy("d1", "c2", 6, exposed=3))
    assert found.lead_time.commits.p50.value == 4.5 * 3600
    assert found.lead_time.exposure.p50.value == 1.5 * 3600
