"""What is computed equals what git says for every deployment, on histories with merges, squashes, reverts, rollbacks, picks and lanes."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import numpy as np
import pytest

from seaway.adapters._commits import Commits
from seaway.adapters._git import Git
from seaway.assess.dora import graph, owners
from seaway.assess.dora.report import Inputs, Report, Scope, assess
from seaway.model.delivery import Deployment
from seaway.model.history import History
from support import oracle
from support.repositories import Story, git

pytestmark = pytest.mark.broad

SEEDS = range(12)


def deployments(story: Story) -> list[Deployment]:
    return [
        Deployment(f"d{number}", "shop", f"prod-{lane}", sha, finished - 1.0, float(finished))
        for number, (lane, sha, finished) in enumerate(story.deployments)
    ]


def read(folder: Path, store: Path | None, happened: list[Deployment]) -> tuple[Inputs, Commits]:
    commits = Commits(Git(folder), store)
    history, found = commits.read([each.sha for each in happened])
    head = history.where[found["HEAD"]]
    return Inputs(history, happened, (), head=head, patches=commits.patches, files=commits.files), commits


def leads(report: Report) -> dict[str, dict[str, float]]:
    return {
        each.lane.environment: {row["commit"]: row["seconds"] for row in each.lead_time.rows()} for each in report.lanes
    }


def expected(folder: Path, story: Story) -> dict[str, dict[str, int]]:
    lanes = sorted({lane for lane, _, _ in story.deployments})
    chosen = {lane: [(sha, when) for name, sha, when in story.deployments if name == lane] for lane in lanes}
    everywhere = [sha for _, sha, _ in story.deployments]
    return {
        f"prod-{lane}": oracle.population(folder, [sha for sha, _ in steps], [when for _, when in steps], everywhere)
        for lane, steps in chosen.items()
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_every_lead_time_of_a_random_history_is_what_git_says(tmp_path: Path, seed: int) -> None:
    story = Story(tmp_path / "shop", seed)
    inputs, _ = read(tmp_path / "shop", None, deployments(story))
    assert leads(assess(inputs, Scope())) == expected(tmp_path / "shop", story)


@pytest.mark.parametrize("seed", SEEDS)
def test_owners_are_those_of_rev_list_and_one_wrong_owner_would_be_seen(tmp_path: Path, seed: int) -> None:
    story = Story(tmp_path / "shop", seed)
    inputs, _ = read(tmp_path / "shop", None, deployments(story))
    steps = [each for each in inputs.deployments if each.environment == "prod-main"]
    found = owners.attribute(inputs.history, steps).owner
    told = {sha: owner for sha, owner in zip(inputs.history.shas, found, strict=True) if owner >= 0}
    truth = oracle.owners(tmp_path / "shop", [each.sha for each in steps])
    assert told == truth
    if len(steps) > 1:
        told[steps[-1].sha] = len(steps)
        assert told != truth


def test_the_stories_have_every_kind_of_step(tmp_path: Path) -> None:
    moves: set[str] = set()
    copies = wasted = merges = 0
    for seed in SEEDS:
        story = Story(tmp_path / str(seed), seed)
        inputs, _ = read(tmp_path / str(seed), None, deployments(story))
        for lane in assess(inputs, Scope()).lanes:
            moves |= set(lane.frequency.moves)
            copies += len(lane.lead_time.changes.duplicates)
            wasted += len(lane.lead_time.changes.wasted)
            merges += lane.lead_time.changes.merges
    assert moves >= {"first", "forward", "redeploy", "rollback", "re-exposure"}
    assert min(copies, wasted, merges) > 0


@pytest.mark.parametrize("seed", SEEDS)
def test_ranges_are_those_of_rev_list(tmp_path: Path, seed: int) -> None:
    Story(tmp_path / "shop", seed, size=40)
    history, _ = Commits(Git(tmp_path / "shop"), None).read([])
    dice = random.Random(seed)
    for _ in range(3):
        one, other = dice.choice(history.shas), dice.choice(history.shas)
        told = graph.apart(history, history.where[one], history.where[other])
        truth = git(tmp_path / "shop", "rev-list", "--left-right", "--count", f"{one}...{other}").decode().split()
        assert told == tuple(map(int, truth))


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_new_and_what_is_re_exposed_is_what_git_counts(tmp_path: Path, seed: int) -> None:
    story = Story(tmp_path / "shop", seed)
    inputs, _ = read(tmp_path / "shop", None, deployments(story))
    for name in ("prod-main", "prod-release"):
        steps = owners.attribute(
            inputs.history, [each for each in inputs.deployments if each.environment == name]
        ).steps
        for before, step in itertools.pairwise(steps):
            one, other = step.deployment.sha, before.deployment.sha
            ahead, behind = (
                git(tmp_path / "shop", "rev-list", "--left-right", "--count", f"{one}...{other}").decode().split()
            )
            assert step.new + step.again == (0 if step.move is owners.Move.ROLLBACK and not step.new else int(ahead))
            assert (step.move is owners.Move.ROLLBACK) == (ahead == "0" < behind)
            assert step.sure == (step.new == 0 or behind == "0")


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_arrival_changes_nothing(tmp_path: Path, seed: int) -> None:
    story = Story(tmp_path / "shop", seed)
    inputs, _ = read(tmp_path / "shop", None, deployments(story))
    first = assess(inputs, Scope())
    shuffled = list(inputs.deployments)
    random.Random(seed).shuffle(shuffled)
    again = assess(Inputs(inputs.history, shuffled, (), head=inputs.head, patches=inputs.patches), Scope())
    assert leads(first) == leads(again)
    assert [lane.frequency.moves for lane in first.lanes] == [lane.frequency.moves for lane in again.lanes]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_store_that_grew_with_every_deployment_says_what_a_new_one_says(tmp_path: Path, seed: int) -> None:
    story = Story(tmp_path / "shop", seed)
    happened = deployments(story)
    (tmp_path / "store").mkdir()
    git(tmp_path / "shop", "update-ref", "refs/heads/main", happened[0].sha)
    for count in range(1, len(happened), 4):
        read(tmp_path / "shop", tmp_path / "store", happened[:count])
    git(tmp_path / "shop", "update-ref", "refs/heads/main", story.main)
    grown, commits = read(tmp_path / "shop", tmp_path / "store", happened)
    whole, _ = read(tmp_path / "shop", None, happened)
    assert leads(assess(grown, Scope())) == leads(assess(whole, Scope()))
    assert sorted(grown.history.shas) == sorted(whole.history.shas)
    read(tmp_path / "shop", tmp_path / "store", happened)
    assert Commits(Git(tmp_path / "shop"), tmp_path / "store").read([each.sha for each in happened])[0] == grown.history
    assert commits.fresh >= 0


def test_positions_of_parents_are_lower_than_those_of_their_children(tmp_path: Path) -> None:
    Story(tmp_path / "shop", 3)
    history, _ = Commits(Git(tmp_path / "shop"), None).read([])
    assert all(parent < at for at in range(len(history)) for parent in history.parents(at))
    assert len(history) == len(set(history.shas))


def test_intervals_are_the_same_for_the_same_data(tmp_path: Path) -> None:
    story = Story(tmp_path / "shop", 5)
    inputs, _ = read(tmp_path / "shop", None, deployments(story))
    one, other = assess(inputs, Scope()), assess(inputs, Scope())
    assert [lane.lead_time.commits for lane in one.lanes] == [lane.lead_time.commits for lane in other.lanes]
    assert isinstance(inputs.history, History)
    assert not np.isnan(one.lanes[0].lead_time.commits.p50.value or 0.0)
