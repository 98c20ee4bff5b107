"""Counters into batches: differences, and never a number out of a reset, a gap or a standstill."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from seaway.judge import sampling
from seaway.model.batch import Batch, Side
from seaway.model.verdict import Histogram, Sample

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def sample(
    revision: str, requests: int, failed: int, counts: tuple[int, ...] = (), *, at: int = 0, epoch: str = "e"
) -> Sample:
    edges = (10.0, 100.0) if counts else ()
    return Sample(revision, NOW + timedelta(seconds=at), requests, failed, Histogram(edges, counts), epoch)


BEFORE = {"old": sample("old", 100, 1, (50, 30, 20)), "new": sample("new", 10, 0, (5, 3, 2))}
AFTER = {"old": sample("old", 1050, 3, (500, 330, 220), at=1), "new": sample("new", 60, 1, (30, 20, 10), at=1)}


def between(after: dict[str, Sample], before: dict[str, Sample] = BEFORE) -> list[Batch]:
    return sampling.between(before, after, stable="old", candidate="new", t=1.0, weight=50_000)


def test_two_looks_become_a_batch_of_errors_and_one_of_latency() -> None:
    errors, latency = between(AFTER)
    assert errors == Batch("errors", 1.0, Side(950, 2), Side(50, 1), 50_000)
    assert latency == Batch(
        "latency", 1.0, Side(950, 0, (450, 300, 200)), Side(50, 0, (25, 17, 8)), 50_000, (10.0, 100.0)
    )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"epoch": "other"}, "started anew"),
        ({"at": NOW}, "not newer"),
        ({"requests": 5}, "went backwards"),
        ({"failed": 900, "requests": 60}, "more failures than requests"),
        ({"latency": Histogram((10.0, 100.0), (1, 20, 10))}, "went backwards"),
        ({"latency": Histogram((10.0, 50.0), (30, 20, 10))}, "buckets of new changed"),
    ],
)
def test_what_is_no_evidence_becomes_an_unreadable_batch_never_zeros(change: dict[str, object], why: str) -> None:
    found = between({**AFTER, "new": dataclasses.replace(AFTER["new"], **change)})  # type: ignore[arg-type]
    assert all(why in batch.unreadable and batch.candidate is None for batch in found)


@pytest.mark.parametrize(("missing", "words"), [("new", "candidate"), ("old", "stable")])
def test_a_missing_side_is_named(missing: str, words: str) -> None:
    found = between({name: value for name, value in AFTER.items() if name != missing})
    assert {batch.unreadable for batch in found} == {f"no numbers for {words}"}


def test_without_histograms_there_are_only_errors() -> None:
    plain = {name: dataclasses.replace(value, latency=Histogram()) for name, value in AFTER.items()}
    start = {name: dataclasses.replace(value, latency=Histogram()) for name, value in BEFORE.items()}
    assert [batch.metric for batch in between(plain, start)] == ["errors"]
