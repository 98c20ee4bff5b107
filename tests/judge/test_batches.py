"""The reader of batches: what fits is read exactly, what does not is named by its line, nothing breaks it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seaway.judge import batches
from seaway.model.analysis import Kind
from seaway.model.batch import Batch, Side

LINE = '{"canary": "id", "metric": "errors", "t": 12.5, "stable": {"n": 950, "events": 1}, "candidate": {"n": 50, "events": 0}, "weight": 50000}'
LATENCY = '{"canary": "c", "metric": "latency", "t": 1, "edges": [10, 20.5], "stable": {"counts": [1, 2, 3]}, "candidate": {"counts": [0, 0, 1]}}'


def test_the_line_of_the_contract_reads() -> None:
    assert batches.parse(LINE) == ("id", Batch("errors", 12.5, Side(950, 1), Side(50, 0), 50_000))


def test_a_latency_line_reads_and_its_exposure_is_the_sum() -> None:
    _, batch = batches.parse(LATENCY)
    assert batch.edges == (10.0, 20.5)
    assert batch.stable == Side(6, 0, (1, 2, 3))


def changed(**fields: object) -> str:
    return json.dumps({**json.loads(LINE), **fields})


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "not JSON"),
        ("[1]", "not a JSON object"),
        ("{", "not JSON"),
        (changed(t="soon"), "t must be"),
        (changed(t=True), "t must be"),
        (LINE.replace("12.5", "NaN"), "NaN is not a number"),
        (LINE.replace("12.5", "-Infinity"), "is not a number"),
        (LINE.replace("12.5", "1e999"), "t must be"),
        (changed(canary=""), "canary must be"),
        (changed(canary=7), "canary must be"),
        (changed(metric="m" * 300), "metric must be"),
        (changed(weight=-1), "weight must be"),
        (changed(weight=1_000_001), "weight must be"),
        (changed(weight=0.5), "weight must be"),
        (changed(stable={"n": 1, "events": 2}), "2 events in 1"),
        (changed(stable={"n": -1, "events": 0}), "whole number"),
        (changed(stable={"n": 1.5, "events": 0}), "whole number"),
        (changed(stable={"n": True, "events": 0}), "whole number"),
        (changed(stable={"n": 2**60, "events": 0}), "whole number"),
        (changed(stable={"events": 0}), "stable.n"),
        (changed(stable=[]), "must be an object"),
        (json.dumps({k: v for k, v in json.loads(LINE).items() if k != "candidate"}), "candidate is missing"),
        (LATENCY.replace("[10, 20.5]", "[20.5, 10]"), "ascending"),
        (LATENCY.replace("[10, 20.5]", "[10, 10]"), "ascending"),
        (LATENCY.replace("[10, 20.5]", "[]"), "edges must be"),
        (LATENCY.replace("[10, 20.5]", '["a", 2]'), "list of 1 to"),
        (LATENCY.replace("[10, 20.5]", "[10, 1e300]"), "finite"),
        (LATENCY.replace("[1, 2, 3]", "[1, 2]"), "must be a list of 3"),
        (LATENCY.replace('"counts": [1, 2, 3]', '"counts": [1, 2, 3], "n": 7'), "not the sum"),
    ],
)
def test_a_line_that_is_no_batch_says_why(line: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        batches.parse(line)


def test_a_side_of_null_is_a_side_without_numbers_not_zeros() -> None:
    assert batches.parse(changed(stable=None))[1].stable is None


def test_a_line_may_say_that_the_source_could_not_be_read() -> None:
    _, batch = batches.parse('{"canary": "c", "metric": "errors", "t": 3, "error": "503 from the source"}')
    assert batch.unreadable == "503 from the source"


def test_an_objective_needs_no_stable_side() -> None:
    line = '{"canary": "c", "metric": "slo", "t": 1, "candidate": {"n": 5, "events": 0}}'
    assert batches.parse(line, kinds={"slo": Kind.OBJECTIVE})[1].stable is None
    with pytest.raises(ValueError, match="stable is missing"):
        batches.parse(line, kinds={"slo": Kind.RATE})


def test_history_needs_neither_candidate_nor_canary() -> None:
    canary, batch = batches.parse(
        '{"metric": "errors", "t": 1, "stable": {"n": 9, "events": 1}, "instance": "a"}', history=True
    )
    assert (canary, batch.candidate, batch.instance) == ("", None, "a")


def test_the_line_number_counts_blank_lines_too() -> None:
    reader = batches.Reader()
    with pytest.raises(batches.Malformed, match="line 3: not JSON"):
        list(reader.read([LINE, "", "{oops"]))


def test_skipped_lines_are_counted_and_the_first_is_kept() -> None:
    reader = batches.Reader(skip_bad=True)
    assert [line for line, _, _ in reader.read(["x", LINE, b"\xff\xfe", "[" * 100_000, LINE, "9" * 5000])] == [2, 5]
    assert reader.bad == 4
    assert reader.first_bad.startswith("line 1: not JSON")


def test_a_line_beyond_the_limit_is_refused_by_its_length() -> None:
    with pytest.raises(batches.Malformed, match="longer than"):
        list(batches.Reader().read([" " + "1" * batches.MAX_LINE]))


sides = st.builds(lambda n, e: Side(n + e, e), st.integers(0, 2**40), st.integers(0, 2**40))
rates = st.builds(
    Batch,
    st.text(min_size=1, max_size=20),
    st.floats(-1e9, 1e9),
    st.none() | sides,
    st.none() | sides,
    st.none() | st.integers(0, 1_000_000),
)


@given(st.text(min_size=1, max_size=20), rates)
@settings(max_examples=40)
def test_what_is_rendered_reads_back_the_same(canary: str, batch: Batch) -> None:
    assert batches.parse(batches.render(canary, batch)) == (canary, batch)


@given(
    st.lists(st.integers(1, 10**6), min_size=1, max_size=8, unique=True),
    st.lists(st.integers(0, 10**6), min_size=9, max_size=9),
)
def test_latency_batches_read_back_the_same(edges: list[int], counts: list[int]) -> None:
    chosen = tuple(float(edge) for edge in sorted(edges))
    numbers = tuple(counts[: len(chosen) + 1])
    side = Side(sum(numbers), 0, numbers)
    batch = Batch("l", 1.0, side, side, None, chosen)
    assert batches.parse(batches.render("c", batch)) == ("c", batch)


@given(st.binary(max_size=200))
@settings(max_examples=300)
def test_any_bytes_are_a_batch_or_a_reason(data: bytes) -> None:
    reader = batches.Reader(skip_bad=True)
    list(reader.read(data.split(b"\n")))


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=8,
)


@given(
    st.sampled_from(["canary", "metric", "t", "stable", "candidate", "weight", "edges", "error", "instance"]),
    json_values,
)
@settings(max_examples=150)
def test_any_value_in_any_field_is_a_batch_or_a_reason(field: str, value: object) -> None:
    for base in (LINE, LATENCY):
        reader = batches.Reader(skip_bad=True)
        for _, _, batch in reader.read([json.dumps({**json.loads(base), field: value})]):
            assert all(side is None or 0 <= side.events <= side.n for side in (batch.stable, batch.candidate))
        assert not reader.bad or len(reader.first_bad) > len("line 1: ")
